//! The inputs that a target begins with.
//!
//! Comes in: bytes made by the engine itself. Goes out: files in the folder that `FUZZ_SEEDS`
//! names, so that no file of an old format is kept in the repository. Refused: a folder that is
//! not there.

use std::path::Path;

/// Writes the inputs, if a folder is named.
pub fn write(seeds: &[Vec<u8>]) {
    let Ok(folder) = std::env::var("FUZZ_SEEDS") else {
        return;
    };
    for (number, seed) in seeds.iter().enumerate() {
        let path = Path::new(&folder).join(format!("seed-{number}"));
        std::fs::write(path, seed).expect("FUZZ_SEEDS names a folder");
    }
}
