//! What a query reads: databases and tables, frozen at one moment.
//!
//! Comes in: conditions on tags; the engine implements these traits over its buffer and its
//! files. Goes out: row counts and time bounds for pruning, and batches. Stays true: a snapshot
//! never changes while it is held, so a query sees one state of each table. Refuses: nothing by
//! itself; a failed read ends the query with the error of the implementation.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use super::system_tables::FileRow;
use crate::cache::KeyCondition;
use crate::error::Result;
pub use crate::schema::TimeRange;
use crate::schema::{CacheDefinition, CacheKind, TagFilter};

/// Batches of one block; an error ends them.
pub type Batches = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// What is known of a block without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockInfo {
    /// Rows in the block, at most.
    pub rows: usize,
    /// No row is earlier, in nanoseconds since the Unix epoch.
    pub time_min: i64,
    /// No row is later, in nanoseconds since the Unix epoch.
    pub time_max: i64,
}

impl BlockInfo {
    /// The times that the rows of the block lie in.
    #[must_use]
    pub fn times(&self) -> TimeRange {
        TimeRange { min: self.time_min, max: self.time_max }
    }
}

/// One table at one moment. Blocks are immutable; a row is visible once, already merged by
/// last-write-wins.
pub trait TableSnapshot: Send + Sync + fmt::Debug {
    /// Columns in byte order of their names: tags are `Dictionary(Int32, Utf8)` and nothing else
    /// is,
    /// `time` is `Timestamp(ns)` without zone and never null, fields are what they are. The
    /// metadata of InfluxDB 3 (`iox::…`) is in it.
    fn schema(&self) -> SchemaRef;

    /// This table without the rows whose tags do not pass.
    ///
    /// # Errors
    /// What evaluating the filter meets; it ends the query.
    fn with_tags(&self, filter: Arc<dyn TagFilter>) -> Result<Arc<dyn TableSnapshot>>;

    /// How many blocks the table has.
    fn block_count(&self) -> usize;

    /// What is known of block `index`, which is below [`Self::block_count`].
    fn block(&self, index: usize) -> BlockInfo;

    /// The rows of block `index` whose time lies in `time`, and no others: the query does not
    /// filter again. Columns are those of `projection` (positions in [`Self::schema`]) in its
    /// order; with none, a batch still tells its number of rows.
    ///
    /// # Errors
    /// What reading them meets; it ends the query.
    fn read(&self, index: usize, projection: &[usize], time: TimeRange) -> Result<Batches>;

    /// The rows of several blocks, as of each by itself, one block after the other. Blocks are
    /// opened while the batches are asked for; the rows of few series come in batches over many
    /// blocks. A batch may be empty: it stands for work that was done, so that who reads may let go
    /// of its thread.
    ///
    /// # Errors
    /// As [`Self::read`]; so do the batches.
    fn read_many(
        &self,
        blocks: &[usize],
        projection: &[usize],
        time: TimeRange,
    ) -> Result<Batches> {
        let batches = blocks.iter().map(|block| self.read(*block, projection, time));
        let batches: Vec<Batches> = batches.collect::<Result<_>>()?;
        Ok(Box::new(batches.into_iter().flatten()))
    }

    /// The tags of every series that has a row, each once: the tag columns, in the order of
    /// [`Self::schema`]; one row in a table without tags that has rows. `None` where only reading
    /// the rows can tell: some of them are deleted or past their retention, or there are very many
    /// series.
    ///
    /// # Errors
    /// What reading the lists of series meets.
    fn series(&self) -> Result<Option<RecordBatch>> {
        Ok(None)
    }

    /// Of each series the row with the greatest time in `time`, in no order of series; with
    /// `value`, of the rows in which that field is not null: then only that column, the tags and
    /// the time of the rows are right. Columns are those of `projection`, as in [`Self::read`];
    /// where it names only tags and the time, the rows of files are not read. `None` where only a
    /// scan can tell: rows are deleted, `time` ends among the rows of a part of the table, `value`
    /// is no field, or there are very many series.
    ///
    /// # Errors
    /// As [`Self::read`]; so do the batches.
    fn newest_rows(
        &self,
        _projection: &[usize],
        _time: TimeRange,
        _value: Option<usize>,
    ) -> Result<Option<Batches>> {
        Ok(None)
    }

    /// The number of rows of the whole table, where it is known without reading.
    fn row_count_exact(&self) -> Option<usize>;
}

/// One cache of a table, as it is when it is read.
pub trait CacheSource: Send + Sync + fmt::Debug {
    /// The key columns, and of a last-value cache then its values and `time`.
    fn schema(&self) -> SchemaRef;

    /// What it is made of.
    fn definition(&self) -> &CacheDefinition;

    /// What passes all conditions.
    ///
    /// # Errors
    /// What filling it meets; it ends the query.
    fn rows(&self, passing: &[KeyCondition]) -> Result<RecordBatch>;
}

/// One database at one moment.
pub trait Database: Send + Sync + fmt::Debug {
    /// Its name; `_internal` has more system tables than others.
    fn name(&self) -> &str;

    /// Names of its tables, sorted by bytes.
    fn table_names(&self) -> Vec<String>;

    /// The columns of a table, without freezing it.
    fn schema(&self, table: &str) -> Option<SchemaRef>;

    /// A table by its exact name.
    ///
    /// # Errors
    /// What freezing it meets; it ends the query.
    fn table(&self, name: &str) -> Result<Option<Arc<dyn TableSnapshot>>>;

    /// The files that hold its rows now.
    fn files(&self) -> Vec<FileRow> {
        Vec::new()
    }

    /// A cache of a table by its name, or the only one of its kind.
    fn cache(
        &self,
        _kind: CacheKind,
        _table: &str,
        _name: Option<&str>,
    ) -> Option<Arc<dyn CacheSource>> {
        None
    }
}
