//! The engine of influxpe: a time-series database that keeps what it acknowledges.
//!
//! ```text
//! write   body -> line -> schema -> wal (fdatasync) -> buffer -> acknowledged
//! read    SQL -> query (over a buffer snapshot) -> encoded bytes
//! react   wal feed -> a trigger's run -> one commit {rows, cursor} -> write
//! ```
//!
//! Imports go one way: `error limits clock disk`, `line`, `schema`, `wal buffer`, `query`,
//! `engine`,
//! `py`. `wal` and `buffer` do not know each other; `engine` wires the parts.

pub mod buffer;
pub mod clock;
pub mod disk;
pub mod engine;
pub mod error;
pub mod limits;
pub mod line;
#[cfg(feature = "python")]
mod py;
pub mod query;
pub mod schema;
pub mod wal;
