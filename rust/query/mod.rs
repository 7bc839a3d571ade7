//! SQL over snapshots of the tables: text in, a plan, encoded bytes out.
//!
//! Comes in: SQL, a database at one moment ([`Database`], [`TableSnapshot`]), rows about the system
//! ([`SystemSource`]) and a format. Goes out: a [`QueryStream`] of bytes. Stays true: a query
//! changes nothing and sees one state of each table; it runs on threads and in memory that
//! [`QueryEngine`] bounds; no SQL text ends the process. Refuses every statement that would write
//! or set something.

mod block_scan;
mod cache_functions;
mod catalog;
mod depth;
mod direct;
mod encode;
mod errors;
mod functions;
mod gap_fill;
mod govern;
mod influxql;
mod kept_plans;
mod leaf;
mod parameters;
mod params;
mod placeholders;
mod predicate;
mod query_engine;
mod ready;
mod references;
mod row_filter;
mod running_filter;
mod session;
mod source;
mod stream;
mod system_tables;
mod table_provider;
mod tag_bins;
#[cfg(test)]
mod tests;

pub use depth::SQL_DEPTH_MAX;
pub use encode::{Format, SeriesFormat, Spelling, Unit};
pub use govern::{Cancellation, QUERIES_WAITING_MAX, QueryLimits, SMALL_ROWS_MAX};
pub use params::Param;
pub use query_engine::{Language, QueryEngine, Question};
pub use ready::{Bell, ReadyQueries};
pub use references::TABLE_REFERENCES_MAX;
pub use row_filter::check_condition;
pub use session::PLAN_NODES_MAX;
pub use source::{Batches, BlockInfo, CacheSource, Database, TableSnapshot, TimeRange};
pub use stream::{Progress, QueryStream};
pub use system_tables::{
    DatabaseRow, DistinctCacheRow, FileRow, LastCacheRow, LogLine, LogRing, NodeRow, PluginFileRow,
    QUERIES_LOGGED_MAX, SystemSource, TableRow, TokenRow, TriggerRow,
};
