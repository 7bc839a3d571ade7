//! InfluxQL: any text.
//!
//! Comes in: the bytes of a text. Goes out: nothing, or a panic that names the broken claim. What
//! is claimed stands in `fuzz/README.md`. Refused: bytes that are not UTF-8, as by the server.

#![no_main]

#[path = "influxql/claims.rs"]
mod claims;

#[path = "../../rust/error.rs"]
#[allow(dead_code, reason = "other parts of the engine have other errors")]
mod error;
#[path = "../../rust/influxql/mod.rs"]
#[allow(dead_code, unused_imports, clippy::pedantic, reason = "checked with the engine")]
mod influxql;
#[path = "../../rust/limits.rs"]
#[allow(dead_code, reason = "other parts of the engine have limits too")]
mod limits;

use libfuzzer_sys::{Corpus, fuzz_target};

/// Another checkout compiles this again, see `fuzz/run`.
const _: Option<&str> = option_env!("FUZZ_CHECKOUT");

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Corpus::Reject;
    };
    claims::check(text);
    Corpus::Keep
});
