//! A manifest: any bytes.
//!
//! Comes in: one byte that says which version, then the body. Goes out: nothing, or a panic that
//! names the broken claim. What is claimed stands in `fuzz/README.md`. Refuses nothing.

#![no_main]

mod allocation;
mod seeds;
mod store;

#[path = "../../rust/codec.rs"]
#[allow(dead_code, reason = "other parts of the engine use the rest")]
mod codec;
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

use libfuzzer_sys::fuzz_target;

/// Another checkout compiles this again, see `fuzz/run`.
const _: Option<&str> = option_env!("FUZZ_CHECKOUT");

fuzz_target!(
    init: seeds::write(&store::claims::seeds()),
    |bytes: &[u8]| store::claims::check(bytes)
);
