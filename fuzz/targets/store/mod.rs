//! The part of `rust/store/` that manifests are made of, without Parquet and object stores.
//!
//! Comes in: nothing. Goes out: the engine's own files, in a module that its claims share, because
//! the codec is for its siblings alone.

pub mod claims;
#[path = "../../../rust/store/manifest.rs"]
#[allow(dead_code, reason = "other parts of the engine use the rest")]
mod manifest;
#[path = "../../../rust/store/manifest_codec.rs"]
mod manifest_codec;
