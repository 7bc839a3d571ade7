//! A database as queries see it: a table is frozen when a query opens it.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use super::compact::kept_times;
use super::table_view::{Part, TableView};
use crate::buffer::{Buffer, Chunk};
use crate::error::Result;
use crate::query::{self, TableSnapshot};
use crate::schema::{Database, Table, TableId, arrow_schema};
use crate::store::{RowStore, TableLayers};

/// One database for one query.
#[derive(Debug)]
pub(super) struct DatabaseView {
    pub(super) database: Arc<Database>,
    pub(super) buffer: Arc<Buffer>,
    pub(super) store: Arc<RowStore>,
}

impl DatabaseView {
    /// The files of a table, and the chunks whose rows are in none of them.
    ///
    /// Rows go from a chunk into files: the files become visible before the chunk is forgotten. So
    /// where the files were the same before and after the chunks were taken, a chunk is missing
    /// only if its rows are in these files, and one that is there twice is told by its position.
    fn layers_and_chunks(&self, id: TableId) -> (TableLayers, Vec<Chunk>) {
        loop {
            let stored = self.store.stored();
            let mut chunks = self.buffer.chunks(id);
            if Arc::ptr_eq(&stored, &self.store.stored()) {
                chunks.retain(|chunk| chunk.last > stored.position);
                return (stored.layers(id), chunks);
            }
        }
    }

    fn view(&self, table: &Table) -> Result<TableView> {
        let (layers, chunks) = self.layers_and_chunks(table.id);
        let mut parts: Vec<Part> = layers.iter().flatten().map(Part::file).collect();
        for chunk in chunks {
            let snapshot = Arc::new(chunk.rows.snapshot(table)?);
            parts.extend((snapshot.rows() > 0).then(|| Part::chunk(snapshot)));
        }
        TableView::new(table, parts, kept_times(&self.database))
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
        Ok(Some(Arc::new(self.view(table)?)))
    }
}
