//! Merging the layers of tables in the background, and dropping rows that are deleted or past their
//! retention.
//!
//! Comes in: the word that there is a new manifest. Goes out: manifests whose tables have fewer
//! layers, with the same rows. What stays true: a merge reads files and writes new ones; nothing
//! changes for anybody until its manifest is committed, and a crash leaves files that nobody names.
//! Memory holds one batch per file that is merged, and one row group.

use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;

use super::signal::Signal;
use super::sink::Applied;
use crate::clock;
use crate::error::Result;
use crate::limits::BLOCK_ROWS_MAX;
use crate::schema::{Catalog, Database, Table, TableId, TimeRange, arrow_schema};
use crate::store::compaction::{self, Unit};
use crate::store::merge::{MergedRows, SortColumns, Source};
use crate::store::{FileEntry, Layer, Manifest, RowRequest, RowStore};

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Compactor {
    pub(super) applied: Arc<Mutex<Applied>>,
    pub(super) store: Arc<RowStore>,
    pub(super) signal: Arc<Signal>,
}

impl Compactor {
    /// Runs until the signal is closed.
    pub(super) fn run(self) {
        self.signal.serve(None, || self.compact_all());
    }

    fn compact_all(&self) -> Result<()> {
        let catalog = self.applied.lock().catalog.clone();
        self.expire(&catalog)?;
        for database in catalog.databases.values() {
            for table in database.tables.values() {
                while !self.signal.is_closing() && self.compact_table(database, table)? {}
            }
        }
        self.store.collect().map(drop)
    }

    /// Drops files all of whose rows are past their retention.
    fn expire(&self, catalog: &Catalog) -> Result<()> {
        self.store.commit(|manifest| {
            for (id, files) in &mut manifest.tables {
                let database = catalog.database_by_id(files.database);
                let table = database.and_then(|one| Some((one, one.table_by_id(*id)?)));
                let kept = table.map_or(TimeRange::ALL, |(one, table)| kept_times(one, table));
                for layer in &mut files.layers {
                    layer.files.retain(|file| file.time_max >= kept.min);
                }
                files.layers.retain(|layer| !layer.files.is_empty());
            }
        })
    }

    /// Applies the deletions of a table, or merges one run of layers; false where neither is due.
    fn compact_table(&self, database: &Database, table: &Table) -> Result<bool> {
        if self.erase(database, table)? {
            return Ok(true);
        }
        let manifest = self.store.manifest();
        let Some(files) = manifest.tables.get(&table.id) else { return Ok(false) };
        if !files.tombstones.is_empty() {
            return Ok(true); // they came meanwhile, and are applied first
        }
        let Some(run) = compaction::choose(&files.layers) else { return Ok(false) };
        let layers = &files.layers[run];
        let merged = self.merge(database, table, layers)?;
        let _held = self.store.open_ahead(&merged);
        self.store.commit(|manifest| replace(manifest, table.id, layers, merged))?;
        Ok(true)
    }

    fn merge(
        &self,
        database: &Database,
        table: &Table,
        layers: &[Layer],
    ) -> Result<Vec<FileEntry>> {
        let mut merged = Vec::new();
        for unit in compaction::plan(layers) {
            match unit {
                Unit::Move(file) => merged.push(file),
                Unit::Merge { files, windows } => {
                    for window in windows {
                        merged.extend(self.merge_files(database, table, &files, window)?);
                    }
                }
            }
        }
        merged.sort_by_key(|file| file.time_min);
        Ok(merged)
    }

    fn merge_files(
        &self,
        database: &Database,
        table: &Table,
        files: &[FileEntry],
        window: TimeRange,
    ) -> Result<Option<FileEntry>> {
        let schema = arrow_schema(table).0;
        let columns = SortColumns::of(table, &schema)?;
        let window = window.intersect(kept_times(database, table));
        let (times, rows_max) = (window.into(), BLOCK_ROWS_MAX);
        let request = RowRequest { rows_max, ..RowRequest::of_all(Arc::clone(&schema), times) };
        let sources = files.iter().map(|file| {
            let rows = self.store.file(file).read(&request, None)?;
            Ok(Box::new(rows) as Source)
        });
        let sources = sources.collect::<Result<Vec<_>>>()?;
        let rows = MergedRows::new(Arc::clone(&schema), columns.clone(), sources, BLOCK_ROWS_MAX);
        let rows = self.signal.until_closing(rows);
        self.store.write((database.id, table.id), &schema, &columns, rows)
    }
}

/// The times that a table still shows: its own retention goes before that of its database.
pub(super) fn kept_times(database: &Database, table: &Table) -> TimeRange {
    let kept = table.retention_ns.or(database.retention_ns);
    let oldest = kept.map(|kept| clock::now_ns().saturating_sub(kept));
    TimeRange { min: oldest.unwrap_or(i64::MIN), max: i64::MAX }
}

/// Puts one layer in the place of those that it was merged from.
fn replace(manifest: &mut Manifest, table: TableId, run: &[Layer], files: Vec<FileEntry>) {
    let Some(table) = manifest.tables.get_mut(&table) else { return };
    let Some(place) = place_of(&table.layers, run) else { return };
    let (first, last) = (run[0].first, run[run.len() - 1].last);
    let layer = (!files.is_empty()).then_some(Layer { first, last, files });
    table.layers.splice(place, layer);
}

/// Where a run of layers stands; `None` where it is no longer as it was.
fn place_of(layers: &[Layer], run: &[Layer]) -> Option<Range<usize>> {
    let start = layers.iter().position(|layer| layer.first == run[0].first)?;
    let place = start..start + run.len();
    (layers.get(place.clone()) == Some(run)).then_some(place)
}
