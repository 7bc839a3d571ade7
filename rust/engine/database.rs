//! A database as queries see it: a table is frozen when a query opens it.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use super::cache_view::{CacheDoor, CacheView};
use super::compact::kept_times;
use super::table_view::{Part, TableView};
use crate::buffer::{Buffer, TableRows};
use crate::error::Result;
use crate::query::{self, CacheSource, FileRow, TableSnapshot};
use crate::schema::{CacheKind, Database, Deleted, Table, TableId, arrow_schema};
use crate::store::{FileEntry, RowStore, StoredTable};

/// One database for one query.
#[derive(Debug, Clone)]
pub(super) struct DatabaseView {
    pub(super) database: Arc<Database>,
    pub(super) buffer: Arc<Buffer>,
    pub(super) store: Arc<RowStore>,
    pub(super) door: CacheDoor,
}

impl DatabaseView {
    /// What is stored of a table, and what waits to be.
    ///
    /// Rows go from a chunk into files: the files become visible before the chunk is forgotten, and
    /// so do tombstones. So where the files were the same before and after the chunks were taken,
    /// one is missing only if the files have it, and what is there twice is told by its position.
    fn stored_and_buffered(&self, id: TableId) -> (Arc<StoredTable>, TableRows) {
        loop {
            let stored = self.store.stored();
            let mut rows = self.buffer.rows_of(id);
            if Arc::ptr_eq(&stored, &self.store.stored()) {
                rows.chunks.retain(|chunk| chunk.last > stored.position);
                rows.tombstones.retain(|one| one.position > stored.position);
                return (stored.table(id), rows);
            }
        }
    }

    pub(super) fn view(&self, table: &Table) -> Result<TableView> {
        let (stored, TableRows { chunks, tombstones }) = self.stored_and_buffered(table.id);
        let tombstones: Vec<_> = stored.tombstones.iter().chain(&tombstones).collect();
        let deleted = |last, times| Deleted::of(tombstones.iter().copied(), last, times);
        let mut parts = Vec::new();
        for layer in &stored.layers {
            let file = |file| Part::file(file, deleted(layer.last, file.times()));
            parts.extend(layer.files.iter().map(file));
        }
        for chunk in chunks {
            let snapshot = Arc::new(chunk.rows.snapshot(table)?);
            let deleted = deleted(chunk.last, snapshot.times());
            parts.extend((snapshot.rows() > 0).then(|| Part::chunk(snapshot, deleted)));
        }
        TableView::new(table, parts, kept_times(&self.database, table))
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

    fn files(&self) -> Vec<FileRow> {
        let stored = self.store.stored();
        let of_table = |table: &Arc<Table>| -> Vec<FileRow> {
            let layers = &stored.table(table.id).layers;
            let files = layers.iter().flat_map(|layer| &layer.files);
            files.map(|file| file_row(table, file.entry())).collect()
        };
        self.database.tables.values().flat_map(of_table).collect()
    }

    fn cache(
        &self,
        kind: CacheKind,
        table: &str,
        name: Option<&str>,
    ) -> Option<Arc<dyn CacheSource>> {
        CacheView::find(self, kind, table, name).map(|found| Arc::new(found) as _)
    }
}

fn file_row(table: &Table, file: &FileEntry) -> FileRow {
    FileRow {
        table_name: table.name.to_string(),
        path: file.path.to_string(),
        size_bytes: file.bytes,
        row_count: file.rows,
        time_min: file.time_min,
        time_max: file.time_max,
    }
}
