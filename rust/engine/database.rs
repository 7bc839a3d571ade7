//! A database as queries see it: each table frozen when the query first names it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::SchemaRef;
use parking_lot::Mutex;

use crate::buffer::{self, Buffer, Snapshot};
use crate::error::Result;
use crate::query::{self, BlockInfo, TableSnapshot, TimeRange};
use crate::schema::{Database, Table};

/// One database for one query.
#[derive(Debug)]
pub(super) struct DatabaseView {
    database: Arc<Database>,
    buffer: Arc<Buffer>,
    frozen: Mutex<HashMap<String, Arc<dyn TableSnapshot>>>,
}

impl DatabaseView {
    pub(super) fn new(database: Arc<Database>, buffer: Arc<Buffer>) -> Self {
        Self { database, buffer, frozen: Mutex::default() }
    }

    fn freeze(&self, table: &Table) -> Result<Snapshot> {
        match self.buffer.table(table.id) {
            Some(rows) => rows.snapshot(table),
            None => Ok(Snapshot::empty(table)),
        }
    }
}

impl query::Database for DatabaseView {
    fn name(&self) -> &str {
        &self.database.name
    }

    fn table_names(&self) -> Vec<String> {
        self.database.tables.keys().map(ToString::to_string).collect()
    }

    fn table(&self, name: &str) -> Option<Arc<dyn TableSnapshot>> {
        let table = self.database.tables.get(name)?;
        let mut frozen = self.frozen.lock();
        if let Some(snapshot) = frozen.get(name) {
            return Some(Arc::clone(snapshot));
        }
        let snapshot: Arc<dyn TableSnapshot> = Arc::new(self.freeze(table).ok()?);
        frozen.insert(name.to_owned(), Arc::clone(&snapshot));
        Some(snapshot)
    }
}

impl TableSnapshot for Snapshot {
    fn schema(&self) -> SchemaRef {
        Arc::clone(Snapshot::schema(self))
    }

    fn series(&self) -> Result<RecordBatch> {
        Snapshot::series(self)
    }

    fn block_count(&self) -> usize {
        self.blocks().len()
    }

    fn block(&self, index: usize) -> BlockInfo {
        let block = &self.blocks()[index];
        BlockInfo { rows: block.rows(), time_min: block.time_min, time_max: block.time_max }
    }

    fn read(
        &self,
        index: usize,
        projection: &[usize],
        series: Option<&BooleanBuffer>,
        time: TimeRange,
    ) -> Result<RecordBatch> {
        let time = buffer::TimeRange { min: time.min, max: time.max };
        Snapshot::read(self, index, projection, series, time)
    }

    fn row_count_exact(&self) -> Option<usize> {
        Some(self.blocks().iter().map(|block| block.rows()).sum())
    }
}
