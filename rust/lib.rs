//! The engine of influxpe: a time-series database that keeps what it acknowledges.
//!
//! ```text
//! write   body -> line -> schema -> wal (fdatasync) -> buffer -> acknowledged
//! read    SQL -> query (over a buffer snapshot and files) -> encoded bytes
//! store   buffer -> sorted chunk -> Parquet file -> manifest; layers -> merge -> fewer layers
//! react   wal feed -> a trigger's run -> one commit {rows, cursor} -> write
//! ```
//!
//! Imports go one way: `error limits clock disk wake recent_cache`, `codec influxql line`,
//! `schema`, `wal buffer store cache`, `query`, `engine`, `py`. `wal`, `buffer`, `store` and
//! `cache` do not know each other; `engine` wires the parts.

pub mod buffer;
pub mod cache;
pub mod clock;
mod codec;
pub mod disk;
pub mod engine;
pub mod error;
pub mod influxql;
pub mod limits;
pub mod line;
#[cfg(feature = "python")]
mod py;
pub mod query;
mod recent_cache;
pub mod schema;
pub mod store;
mod wake;
pub mod wal;

/// Planning a query and decoding its columns are thousands of small allocations
/// (docs/decisions/0021).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
