//! The Python face of the engine: convert, enter, convert. The only user of pyo3.
//!
//! What stays true: the interpreter lock is released while the engine works; Rust never calls
//! Python; nothing here is done per row. `_engine.pyi` says what each item means.

mod backup;
mod cache;
mod catalog;
mod engine;
mod enter;
mod errors;
mod feed;
mod influxql;
mod location;
mod names;
mod query;
mod stats;
mod stream;
mod write;

use pyo3::prelude::*;

/// The extension module `influxpe._engine`.
#[pymodule]
mod _engine {
    #[pymodule_export]
    use super::backup::{
        Backup, ManifestInfo, ObjectStore, SegmentInfo, StoredObject, read_manifest, read_segment,
    };
    #[pymodule_export]
    use super::cache::CacheInfo;
    #[pymodule_export]
    use super::catalog::{DatabaseInfo, TokenInfo, TriggerInfo};
    #[pymodule_export]
    use super::engine::Engine;
    #[pymodule_export]
    use super::errors::{
        BusyError, CancelledError, ClosedError, ConflictError, CorruptError, EngineError,
        InternalError, InvalidError, NotFoundError, TimedOutError, TooLargeError, UnsupportedError,
    };
    #[pymodule_export]
    use super::feed::{Feed, FeedRead, FeedTable};
    #[pymodule_export]
    use super::influxql::{InfluxqlStatement, influxql_statements};
    #[pymodule_export]
    use super::names::{check_database_name, check_namespace};
    #[pymodule_export]
    use super::query::SeriesFormat;
    #[pymodule_export]
    use super::stats::EngineStats;
    #[pymodule_export]
    use super::stream::{Cancellation, QueryStream};
    #[pymodule_export]
    use super::write::{LineError, WriteTicket};
}
