//! Caches of tables: the newest rows of each key, and the values that columns have together.
//!
//! Comes in: definitions of the catalog, every committed write and deletion in the order of the
//! log, and scans of the tables. Goes out: Arrow batches. What stays true: contents are in memory
//! only, and are what the same question to the table would answer; they are bounded in bytes; a
//! table without caches pays nothing. Refuses nothing: what is too much is let go.

mod answer;
mod arrivals;
mod bounds;
#[expect(clippy::module_inception, reason = "the room is named for what it holds")]
mod cache;
mod contents;
mod distinct;
mod key_rows;
mod last;
mod progress;
mod registry;
mod rows;
#[cfg(test)]
mod tests;
mod value;

pub use answer::{cache_schema, value_columns};
pub use cache::Cache;
pub use progress::Fill;
pub use registry::Caches;
pub use value::{KeyCondition, KeyValue};
