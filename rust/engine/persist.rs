//! From the buffer to the store: what is committed becomes files, and the log is let go.
//!
//! Comes in: the word that the buffer is full enough, or that enough time went by. Goes out: a
//! manifest. The steps, each of which may be cut off: seal the buffer at a position; write the
//! sealed rows as one file per table; wait until the log is durable up to the position; commit the
//! manifest, which holds the catalog of that position; forget the sealed rows; release the log. An
//! attempt that fails is made again, with the same sealed rows.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::signal::Signal;
use super::sink::{Applied, Effect};
use super::triggers::reads_log;
use crate::buffer::{Buffer, Chunk, SortedRows, TableRows};
use crate::error::{EngineError, Result};
use crate::limits::BLOCK_ROWS_MAX;
use crate::schema::{
    Catalog, DatabaseId, Deleted, Position, RowDeletion, Table, TableId, TimeRange, TimeRanges,
    Tombstone, Trigger, TriggerId,
};
use crate::store::merge::SortColumns;
use crate::store::{FileEntry, Layer, Manifest, RowStore, TableFiles};
use crate::wal::{Log, Queue, encode_changes};

/// The buffer at one position, on its way to the store.
#[derive(Debug)]
struct Sealed {
    position: Position,
    catalog: Catalog,
    tables: Vec<(TableId, TableRows)>,
}

/// What the store gets of one table.
#[derive(Debug)]
struct Written {
    database: DatabaseId,
    table: TableId,
    /// One file of each chunk that has rows, with the last position that the chunk holds.
    files: Vec<(Position, FileEntry)>,
    tombstones: Vec<Tombstone>,
}

impl Written {
    fn entries(&self) -> impl Iterator<Item = &FileEntry> {
        self.files.iter().map(|(_, file)| file)
    }
}

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Persister {
    pub(super) applied: Arc<Mutex<Applied>>,
    pub(super) buffer: Arc<Buffer>,
    pub(super) queue: Arc<Queue<Effect>>,
    pub(super) release: LogRelease,
    pub(super) store: Arc<RowStore>,
    pub(super) signal: Arc<Signal>,
    /// Told after each manifest; `None` leaves merging to whoever asks for it.
    pub(super) compactor: Option<Arc<Signal>>,
    /// `None` persists only when it is asked for.
    pub(super) persist_after: Option<Duration>,
}

impl Persister {
    /// Runs until the signal is closed.
    pub(super) fn run(self) {
        let mut sealed = None;
        self.signal.serve(self.persist_after, || self.persist(&mut sealed));
    }

    fn persist(&self, pending: &mut Option<Sealed>) -> Result<()> {
        self.store_sealed(pending)?; // what an earlier attempt left
        *pending = self.seal()?;
        self.store_sealed(pending)?;
        let durable = self.applied.lock().catalog.clone();
        self.release.release(&durable, self.store.stored().position)?;
        self.store.collect()?;
        if let Some(compactor) = &self.compactor {
            compactor.ask();
        }
        Ok(())
    }

    fn store_sealed(&self, pending: &mut Option<Sealed>) -> Result<()> {
        if let Some(sealed) = pending {
            let written = self.write(sealed)?;
            self.wait_durable(sealed.position)?;
            let files: Vec<FileEntry> =
                written.iter().flat_map(Written::entries).cloned().collect();
            let _held = self.store.open_ahead(&files);
            self.store.commit(|manifest| add_layers(manifest, sealed, written))?;
            self.buffer.forget_stored(sealed.position);
        }
        *pending = None;
        Ok(())
    }

    /// `None` where nothing was committed since the newest manifest.
    fn seal(&self) -> Result<Option<Sealed>> {
        let applied = self.applied.lock();
        if let Some(reason) = &applied.failure {
            return Err(EngineError::corrupt(reason.clone()));
        }
        if applied.position <= self.store.stored().position {
            return Ok(None);
        }
        let tables = self.buffer.seal(applied.position);
        Ok(Some(Sealed { position: applied.position, catalog: applied.catalog.clone(), tables }))
    }

    fn write(&self, sealed: &Sealed) -> Result<Vec<Written>> {
        let tables = tables_of(&sealed.catalog);
        let mut all = Vec::with_capacity(sealed.tables.len());
        for (id, rows) in &sealed.tables {
            let Some((database, table)) = tables.get(id) else { continue };
            let tombstones = rows.tombstones.clone();
            let mut written =
                Written { database: *database, table: *id, files: Vec::new(), tombstones };
            for chunk in &rows.chunks {
                let file = self.write_chunk(*database, table, chunk, &rows.tombstones)?;
                written.files.extend(file.map(|file| (chunk.last, file)));
            }
            all.push(written);
        }
        Ok(all)
    }

    fn write_chunk(
        &self,
        database: DatabaseId,
        table: &Table,
        chunk: &Chunk,
        tombstones: &[Tombstone],
    ) -> Result<Option<FileEntry>> {
        let snapshot = Arc::new(chunk.rows.snapshot(table)?);
        let schema = Arc::clone(snapshot.schema());
        let columns = SortColumns::of(table, &schema)?;
        let all: Vec<usize> = (0..schema.fields().len()).collect();
        let deleted = Deleted::of(tombstones, chunk.last, snapshot.times());
        let times = TimeRanges::from(TimeRange::ALL).without(deleted.times());
        let rows = SortedRows::new(snapshot, &all, None, &times, BLOCK_ROWS_MAX)?;
        let rows = self.signal.until_closing(rows.map(|batch| deleted.left_of(batch?)));
        self.store.write((database, table.id), &schema, &columns, rows)
    }

    /// A manifest must not reach beyond the log: frames that nobody waits for are applied before
    /// they are durable.
    fn wait_durable(&self, position: Position) -> Result<()> {
        self.queue.wait_synced(position, &self.release.log)
    }
}

fn tables_of(catalog: &Catalog) -> HashMap<TableId, (DatabaseId, Arc<Table>)> {
    let databases = catalog.databases.values();
    let tables = databases.flat_map(|one| one.tables.values().map(move |table| (one.id, table)));
    tables.map(|(database, table)| (table.id, (database, Arc::clone(table)))).collect()
}

fn add_layers(manifest: &mut Manifest, sealed: &Sealed, written: Vec<Written>) {
    if manifest.position >= sealed.position {
        return; // an earlier attempt was done, though its answer was lost
    }
    for table in written {
        let files = manifest.tables.entry(table.table).or_insert_with(|| TableFiles {
            database: table.database,
            layers: Vec::new(),
            tombstones: Vec::new(),
        });
        let due = table.tombstones.into_iter().filter(|one| is_due(&files.layers, &one.rows));
        files.tombstones.extend(due);
        let mut first = manifest.position + 1;
        for (last, file) in table.files {
            files.layers.push(Layer { first, last, files: vec![file] });
            first = last + 1;
        }
    }
    let tables = tables_of(&sealed.catalog);
    manifest.tables.retain(|table, files| tables.contains_key(table) && !files.layers.is_empty());
    manifest.uuid = Arc::clone(&sealed.catalog.uuid);
    manifest.position = sealed.position;
    manifest.catalog = encode_changes(&sealed.catalog.changes());
}

/// Whether a deletion may cover rows of these layers, all of which are older.
fn is_due(layers: &[Layer], rows: &RowDeletion) -> bool {
    let mut files = layers.iter().flat_map(|layer| &layer.files);
    files.any(|file| !file.times().intersect(rows.times).is_empty())
}

/// Lets go of the log that neither a restart nor a trigger needs.
#[derive(Debug, Clone)]
pub(super) struct LogRelease {
    pub(super) log: Arc<Log>,
    /// How far triggers have read; a restart does not know that, so it counts in memory alone.
    pub(super) feeds: Arc<Mutex<HashMap<TriggerId, Position>>>,
    pub(super) is_durable: bool,
    /// Bytes of log that are kept for triggers that lag.
    pub(super) lag_bytes_max: u64,
}

impl LogRelease {
    /// Releases the log up to `stored`, or to the trigger that is furthest behind, unless that
    /// takes more than `lag_bytes_max`.
    ///
    /// # Errors
    /// `Internal` where the medium refuses.
    pub(super) fn release(&self, catalog: &Catalog, stored: Position) -> Result<()> {
        let feeds = self.feeds.lock();
        let reached = |one: &Arc<Trigger>| match feeds.get(&one.id) {
            Some(position) if !self.is_durable => *position,
            _ => one.cursor,
        };
        let reads = |one: &&Arc<Trigger>| !one.disabled && reads_log(&one.specification);
        let served = catalog.triggers.values().filter(reads).map(reached).min();
        let wanted = served.map_or(stored, |served| served.min(stored)) + 1;
        let within = self.log.first_within(self.lag_bytes_max).min(stored + 1);
        self.log.release(wanted.max(within)).map(drop)
    }
}
