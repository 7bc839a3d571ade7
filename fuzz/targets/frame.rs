//! The payload of a frame: any bytes.
//!
//! Comes in: the payload. Goes out: nothing, or a panic that names the broken claim. What is
//! claimed stands in `fuzz/README.md`. Refuses nothing.

#![no_main]

mod allocation;
#[path = "frame/claims.rs"]
mod claims;
mod records;
mod seeds;

#[path = "../../rust/clock.rs"]
#[allow(dead_code, reason = "other parts of the engine use the rest")]
mod clock;
#[path = "../../rust/codec.rs"]
#[allow(dead_code, reason = "other parts of the engine use the rest")]
mod codec;
#[path = "../../rust/disk/mod.rs"]
#[allow(dead_code, unused_imports, clippy::pedantic, reason = "checked with the engine")]
mod disk;
#[path = "../../rust/error.rs"]
#[allow(dead_code, reason = "other parts of the engine use the rest")]
mod error;
#[path = "../../rust/limits.rs"]
#[allow(dead_code, reason = "other parts of the engine have limits too")]
mod limits;
#[path = "../../rust/line/mod.rs"]
#[allow(dead_code, unused_imports, clippy::pedantic, reason = "checked with the engine")]
mod line;
#[path = "../../rust/schema/mod.rs"]
#[allow(dead_code, unused_imports, clippy::pedantic, reason = "checked with the engine")]
mod schema;
#[path = "../../rust/wal/mod.rs"]
#[allow(dead_code, unused_imports, clippy::pedantic, reason = "checked with the engine")]
mod wal;

use libfuzzer_sys::fuzz_target;

/// Another checkout compiles this again, see `fuzz/run`.
const _: Option<&str> = option_env!("FUZZ_CHECKOUT");

fuzz_target!(
    init: seeds::write(&records::seeds()),
    |payload: &[u8]| claims::check(payload)
);
