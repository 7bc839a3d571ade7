//! Rows of the system tables, as the engine hands them over.
//!
//! Comes in: nothing; the engine implements [`SystemSource`] over its catalog. Goes out: plain
//! values. Stays true: a method is called when its table is scanned and at no other time.

use std::fmt;
use std::sync::Arc;

use super::log_ring::LogLine;
use crate::error::Result;
use crate::query::source::TableSnapshot;

/// A row of `processing_engine_triggers`, and its rows of `processing_engine_trigger_arguments`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TriggerRow {
    /// Name of the trigger.
    pub trigger_name: String,
    /// Path of its plugin.
    pub plugin_filename: String,
    /// Canonical text, such as `every:1m`.
    pub specification: String,
    /// Whether it rests.
    pub disabled: bool,
    /// `Log`, `Retry` or `Disable`, in the spelling to show.
    pub error_behavior: String,
    /// Names and values, in the order to show.
    pub arguments: Vec<(String, String)>,
    /// Whether runs may overlap.
    pub run_async: bool,
    /// What it was told beyond the reference, as JSON; empty for nothing.
    pub options: String,
    /// Position in the log up to which it has been served.
    pub cursor: u64,
    /// The last tick of its schedule that was served, in nanoseconds since the epoch.
    pub tick_ns: Option<i64>,
    /// Bytes of the state that its plugin keeps.
    pub state_bytes: u64,
}

/// A row of `databases`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatabaseRow {
    /// Name of the database.
    pub database_name: String,
    /// How long rows are kept; `None` is for ever.
    pub retention_period_ns: Option<u64>,
    /// Whether it is marked for deletion.
    pub deleted: bool,
    /// Seconds since the Unix epoch.
    pub hard_deletion_time_s: Option<i64>,
}

/// A row of `tables`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableRow {
    /// Name of its database.
    pub database_name: String,
    /// Name of the table.
    pub table_name: String,
    /// Columns, `time` counted.
    pub column_count: u64,
    /// Names of the tags in the order of the series key.
    pub series_key: Vec<String>,
    /// Last-value caches.
    pub last_caches: u64,
    /// Distinct-value caches.
    pub distinct_caches: u64,
    /// Whether it is marked for deletion.
    pub deleted: bool,
    /// Seconds since the Unix epoch.
    pub hard_deletion_time_s: Option<i64>,
}

/// A row of `parquet_files`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileRow {
    /// Name of the table whose rows are in it.
    pub table_name: String,
    /// Name of the object in the store.
    pub path: String,
    /// Its length.
    pub size_bytes: u64,
    /// Rows in it.
    pub row_count: u64,
    /// The earliest time, in nanoseconds since the epoch.
    pub time_min: i64,
    /// The latest time.
    pub time_max: i64,
}

/// A row of `last_caches`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastCacheRow {
    /// Name of its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// Numbers and names of the key columns.
    pub keys: Vec<(u16, String)>,
    /// Numbers and names of the values; `None` where all other columns are.
    pub values: Option<Vec<(u16, String)>>,
    /// Rows of each key.
    pub count: u64,
    /// Seconds that a row is kept.
    pub ttl_s: u64,
}

/// A row of `distinct_caches`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DistinctCacheRow {
    /// Name of its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// Numbers and names of the columns.
    pub columns: Vec<(u16, String)>,
    /// Combinations, at most.
    pub max_cardinality: u64,
    /// Seconds that a combination is kept.
    pub max_age_s: u64,
}

/// A row of `tokens`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenRow {
    /// Number of the token.
    pub id: u64,
    /// Its unique name.
    pub name: String,
    /// The beginning of its hash, as text.
    pub hash: String,
    /// Milliseconds since the Unix epoch.
    pub created_at_ms: i64,
    /// Milliseconds since the Unix epoch.
    pub updated_at_ms: Option<i64>,
    /// Milliseconds since the Unix epoch; `None` never expires.
    pub expiry_ms: Option<i64>,
    /// What it allows, such as `*:*:*`.
    pub permissions: String,
}

/// A row of `nodes`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeRow {
    /// Name of the node.
    pub node_id: String,
    /// Its number in the catalog.
    pub catalog_id: u32,
    /// Identity of this run of the process.
    pub instance_id: String,
    /// What it does, such as `core`.
    pub modes: Vec<String>,
    /// Processors that it uses.
    pub core_count: u64,
    /// `running` or `stopped`.
    pub state: String,
    /// Milliseconds since the Unix epoch.
    pub updated_at_ms: Option<i64>,
    /// Its command line as JSON.
    pub cli_params: Option<String>,
}

/// A row of `plugin_files`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PluginFileRow {
    /// Name of the plugin.
    pub plugin_name: String,
    /// Name of the file.
    pub file_name: String,
    /// Path of the file.
    pub file_path: String,
    /// Its size.
    pub size_bytes: i64,
    /// Milliseconds since the Unix epoch.
    pub last_modified_ms: i64,
}

/// Where the rows of the system tables come from.
pub trait SystemSource: Send + Sync + fmt::Debug {
    /// Triggers of the database that is queried.
    fn triggers(&self) -> Vec<TriggerRow>;
    /// What plugins have logged, oldest first.
    fn log_lines(&self) -> Vec<Arc<LogLine>>;
    /// All databases.
    fn databases(&self) -> Vec<DatabaseRow>;
    /// The tables of all databases.
    fn tables(&self) -> Vec<TableRow>;
    /// All tokens; none where the server runs without authentication.
    fn tokens(&self) -> Vec<TokenRow>;
    /// All nodes.
    fn nodes(&self) -> Vec<NodeRow>;
    /// A table of `_internal`, as it stands.
    ///
    /// # Errors
    /// What freezing it meets; it ends the query.
    fn internal_table(&self, _name: &str) -> Result<Option<Arc<dyn TableSnapshot>>> {
        Ok(None)
    }
    /// Last-value caches of the database that is queried.
    fn last_caches(&self) -> Vec<LastCacheRow> {
        Vec::new()
    }
    /// Distinct-value caches of the database that is queried.
    fn distinct_caches(&self) -> Vec<DistinctCacheRow> {
        Vec::new()
    }
    /// The files of all plugins that have a trigger.
    fn plugin_files(&self) -> Vec<PluginFileRow> {
        Vec::new()
    }
}
