//! A database as queries see it: a table is frozen when a query opens it.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::SchemaRef;

use crate::buffer::{Buffer, Snapshot};
use crate::error::Result;
use crate::query::{self, BlockInfo, TableSnapshot, TimeRange};
use crate::schema::{Database, arrow_schema};

/// One database for one query.
#[derive(Debug)]
pub(super) struct DatabaseView {
    database: Arc<Database>,
    buffer: Arc<Buffer>,
}

impl DatabaseView {
    pub(super) fn new(database: Arc<Database>, buffer: Arc<Buffer>) -> Self {
        Self { database, buffer }
    }
}

impl query::Database for DatabaseView {
    fn name(&self) -> &str {
        &self.database.name
    }

    fn table_names(&self) -> Vec<String> {
        self.database.tables.keys().map(ToString::to_string).collect()
    }

    fn schema(&self, table: &str) -> Option<SchemaRef> {
        self.database.tables.get(table).map(|table| arrow_schema(table).0)
    }

    fn table(&self, name: &str) -> Result<Option<Arc<dyn TableSnapshot>>> {
        let Some(table) = self.database.tables.get(name) else { return Ok(None) };
        let rows = match self.buffer.table(table.id) {
            Some(rows) => rows.snapshot(table)?,
            None => Snapshot::empty(table),
        };
        Ok(Some(Arc::new(rows)))
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
        Snapshot::read(self, index, projection, series, time)
    }

    fn row_count_exact(&self) -> Option<usize> {
        Some(self.blocks().iter().map(|block| block.rows()).sum())
    }
}
