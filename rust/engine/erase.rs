//! Deletions of rows reach the files: each file that has such rows is written anew without them.
//!
//! What stays true: the manifest that names the new files forgets the tombstones that they show;
//! until then queries leave the rows out. It comes before any merge, since the rows of a merged
//! layer were written before and after a tombstone.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::compact::Compactor;
use super::table_view::misfit;
use crate::error::Result;
use crate::schema::{
    Database, Deleted, Position, Table, TableId, TimeRange, TimeRanges, arrow_schema,
};
use crate::store::merge::SortColumns;
use crate::store::{FileEntry, Layer, Manifest, RowRequest, TableFiles};

impl Compactor {
    /// Applies the tombstones of a table; false where it has none.
    pub(super) fn erase(&self, database: &Database, table: &Table) -> Result<bool> {
        let manifest = self.store.manifest();
        let Some(files) = manifest.tables.get(&table.id) else { return Ok(false) };
        let Some(newest) = files.tombstones.last() else { return Ok(false) };
        let mut layers = Vec::with_capacity(files.layers.len());
        for layer in &files.layers {
            let files = self.erase_layer(database, table, files, layer)?;
            layers.push(Layer { files, ..layer.clone() });
        }
        let applied = newest.position;
        self.store.commit(|manifest| put(manifest, table.id, &files.layers, layers, applied))?;
        Ok(true)
    }

    fn erase_layer(
        &self,
        database: &Database,
        table: &Table,
        files: &TableFiles,
        layer: &Layer,
    ) -> Result<Vec<FileEntry>> {
        let mut left = Vec::with_capacity(layer.files.len());
        for file in &layer.files {
            let deleted = Deleted::of(&files.tombstones, layer.last, file.times());
            if deleted.is_empty() || self.rows_left(table, file, &deleted)? == file.rows {
                left.push(file.clone()); // a file without such rows is not written again
            } else {
                left.extend(self.write_without(database, table, file, &deleted)?);
            }
        }
        Ok(left)
    }

    fn rows_left(&self, table: &Table, file: &FileEntry, deleted: &Deleted) -> Result<u64> {
        let schema = arrow_schema(table).0;
        let columns = SortColumns::of(table, &schema)?;
        let keys: Vec<usize> = columns.tags.iter().copied().chain([columns.time]).collect();
        let schema = Arc::new(schema.project(&keys).map_err(misfit)?);
        let mut batches = self.left_of(file, deleted, &schema)?;
        batches.try_fold(0, |rows, batch| Ok(rows + batch?.num_rows() as u64))
    }

    fn write_without(
        &self,
        database: &Database,
        table: &Table,
        file: &FileEntry,
        deleted: &Deleted,
    ) -> Result<Option<FileEntry>> {
        let schema = arrow_schema(table).0;
        let columns = SortColumns::of(table, &schema)?;
        let rows = self.left_of(file, deleted, &schema)?;
        self.store.write((database.id, table.id), &schema, &columns, rows)
    }

    /// The rows of a file that are not deleted.
    fn left_of(
        &self,
        file: &FileEntry,
        deleted: &Deleted,
        schema: &SchemaRef,
    ) -> Result<impl Iterator<Item = Result<RecordBatch>>> {
        let times = TimeRanges::from(TimeRange::ALL).without(deleted.times());
        let schema = Arc::clone(schema);
        let request = RowRequest::of_all(schema, times);
        let rows = self.store.file(file).read(&request, None)?;
        Ok(self.signal.until_closing(rows.map(|batch| deleted.left_of(batch?))))
    }
}

/// Puts layers in the place of those that they were made from, and forgets the tombstones up to
/// `applied`.
fn put(
    manifest: &mut Manifest,
    table: TableId,
    before: &[Layer],
    layers: Vec<Layer>,
    applied: Position,
) {
    let Some(files) = manifest.tables.get_mut(&table) else { return };
    if !files.layers.starts_with(before) {
        return;
    }
    let left = layers.into_iter().filter(|layer| !layer.files.is_empty());
    files.layers.splice(..before.len(), left);
    files.tombstones.retain(|one| one.position > applied);
}
