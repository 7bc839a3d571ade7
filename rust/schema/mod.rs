//! Points meet the catalog and become column batches.
//!
//! Comes in: points of line protocol or Arrow arrays, and the catalog as it stands. Goes out: one
//! batch per table, the changes of the catalog that they need, and the lines that were refused.
//! What stays true: a refused line leaves no trace, neither a row nor a table nor a column.

mod arrow;
mod batch;
mod cache;
mod catalog;
mod catalog_limits;
mod change;
mod columns;
mod deletion_codec;
mod names;
mod rebuild;
mod request;
mod resolve;
mod table_builder;
mod tag_filter;
mod time_range;
mod time_ranges;
mod tombstone;

#[cfg(test)]
mod tests;

pub use arrow::{arrow_schema, arrow_type, cells_to_array, rows_as_written};
pub use batch::{Cells, FieldColumn, Origin, SeriesKeys, TableBatch, Tags};
pub use cache::{CacheContents, CacheDefinition, CacheKind};
pub use catalog::{
    Catalog, Column, ColumnKind, Database, Deletion, Table, Token, Trigger, TriggerMemory,
};
pub use catalog_limits::CatalogLimits;
pub use change::{CURSOR_HERE, CatalogChange};
pub use columns::{ArrowOptions, ArrowRows};
pub(crate) use deletion_codec::{put_deletion, take_deletion};
pub use names::{check_database_name, check_namespace, is_reserved_column};
pub use resolve::{Outcome, RefusedLine, Resolver, WriteOptions};
pub use tag_filter::TagFilter;
pub use time_range::TimeRange;
pub use time_ranges::TimeRanges;
pub use tombstone::{Deleted, RowDeletion, TagCondition, Tombstone};

/// Number of a database, unique for the life of a data directory.
pub type DatabaseId = u32;
/// Number of a table, unique over all databases.
pub type TableId = u32;
/// Number of a column in its table.
pub type ColumnId = u16;
/// Number of a trigger, from 1; 0 means no trigger.
pub type TriggerId = u32;
/// Place of a frame in the log, from 1.
pub type Position = u64;
/// No log gets as far: at a million frames a second it would take 146,000 years.
pub const POSITION_END: Position = 1 << 62;

/// The database that every server has for its own tables.
pub const INTERNAL_DATABASE: &str = "_internal";
