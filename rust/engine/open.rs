//! Opening: lock the directory, replay the log, start the writer, make what every server has.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::background::Background;
use super::compact::Compactor;
use super::node::this_node;
use super::persist::{LogRelease, Persister};
use super::signal::Signal;
use super::sink::{self, Applied, BufferSink, Effect};
use super::stats::Counters;
use super::{Engine, hex};
use crate::buffer::Buffer;
use crate::cache::Caches;
use crate::clock;
use crate::disk::{Disk, LocalDisk, MemoryDisk};
use crate::error::{EngineError, Result};
use crate::limits::{INTERNAL_RETENTION_NS, PERSIST_BYTES_MAX, PERSIST_SHARE, SEGMENT_BYTES};
use crate::query::{LogRing, QueryEngine, QueryLimits};
use crate::schema::{
    Catalog, CatalogChange, CatalogLimits, INTERNAL_DATABASE, Position, Table, TableBatch, TableId,
};
use crate::store::{Manifest, RowStore, StoreClient, StoreLocation};
use crate::wake::wake_pair;
use crate::wal::{LogOptions, Queue, Record, Records, Recovered, recover, run_writer};

/// What an engine is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory; `None` keeps everything in memory.
    pub data_dir: Option<PathBuf>,
    /// Name of this server in the store.
    pub node_id: String,
    /// Where files of rows are kept.
    pub store: StoreLocation,
    /// Bytes of rows in memory at which writers are answered `Busy`.
    pub buffer_bytes_max: usize,
    /// Bytes of rows in memory at which they are stored.
    pub persist_bytes: usize,
    /// How long rows stay in memory at most before they are stored.
    pub persist_after: Duration,
    /// Bytes of decoded columns of files that are kept in memory for queries; 0 keeps none.
    pub column_cache_bytes: usize,
    /// Bytes of stored rows that stay in the log for triggers that have not read them.
    pub lag_bytes_max: u64,
    /// What queries may use. Where there is a data directory, they spill into it.
    pub queries: QueryLimits,
    /// How far the catalog may grow.
    pub catalog_limits: CatalogLimits,
}

/// When a buffer of that limit is stored: early enough that the rest takes what comes meanwhile.
#[must_use]
pub fn persist_bytes(buffer_bytes_max: usize) -> usize {
    PERSIST_BYTES_MAX.min(buffer_bytes_max / PERSIST_SHARE)
}

impl Default for Options {
    /// Everything in memory, for a small machine.
    fn default() -> Self {
        Self {
            data_dir: None,
            node_id: "node0".to_owned(),
            store: StoreLocation::Memory,
            buffer_bytes_max: 256 << 20,
            persist_bytes: 64 << 20,
            persist_after: Duration::from_mins(10),
            column_cache_bytes: 64 << 20,
            lag_bytes_max: 8 << 30,
            queries: QueryLimits::of(256 << 20, 1),
            catalog_limits: CatalogLimits::default(),
        }
    }
}

impl Engine {
    /// Opens a data directory, or makes one, and replays its log.
    ///
    /// # Errors
    /// `Conflict` where another process has it open, `Corrupt` with file, offset and remedy,
    /// `Internal` where it cannot be used, `Invalid` for limits that cannot be kept.
    pub fn open(options: &Options) -> Result<Arc<Self>> {
        let mut options = options.clone();
        let disk: Arc<dyn Disk> = match &options.data_dir {
            Some(root) => {
                let disk = open_disk(root)?;
                options.queries.spill_folder = Some(spill_folder(&disk)?);
                Arc::new(disk)
            }
            None => Arc::new(MemoryDisk::default()),
        };
        let log = LogOptions { segment_bytes: SEGMENT_BYTES, prepare_ahead: disk.is_durable() };
        Self::open_on(disk, log, &options, true)
    }

    /// Opens what lies on a disk. Without `in_background` nothing is stored or merged unless it is
    /// asked for, so that operations on the disk come in one order.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        log_options: LogOptions,
        options: &Options,
        in_background: bool,
    ) -> Result<Arc<Self>> {
        options.catalog_limits.check()?;
        let is_durable = disk.is_durable();
        let store = open_rows(options, &disk)?;
        let mut state = Replayed::of(&store.manifest())?;
        let recovered = recover(disk, log_options, state.start, |position, payload| {
            state.replay(position, payload)
        })?;
        state.check(&recovered)?;
        let warning = state.warning(&recovered);
        let (wake, wake_writer) = wake_pair()?;
        let catalog = state.applied.catalog.clone();
        let (buffer, applied) = (state.buffer, Arc::new(Mutex::new(state.applied)));
        let (persister, caches) = (Arc::new(Signal::default()), caches_of(&catalog));
        let sink = BufferSink {
            buffer: Arc::clone(&buffer),
            applied: Arc::clone(&applied),
            caches: Arc::clone(&caches),
            wake: wake_writer,
            persister: Arc::clone(&persister),
            persist_bytes: if in_background { options.persist_bytes } else { usize::MAX },
        };
        let log = Arc::clone(recovered.writer.log());
        let lag_bytes_max = options.lag_bytes_max;
        let release = LogRelease { log, feeds: Arc::default(), is_durable, lag_bytes_max };
        let (queue, writer) = start_writer(recovered, sink)?;
        let compactor = Compactor {
            applied: Arc::clone(&applied),
            store: Arc::clone(&store),
            signal: Arc::default(),
        };
        let persister = Persister {
            applied: Arc::clone(&applied),
            buffer: Arc::clone(&buffer),
            queue: Arc::clone(&queue),
            release: release.clone(),
            store: Arc::clone(&store),
            signal: persister,
            compactor: in_background.then(|| Arc::clone(&compactor.signal)),
            persist_after: in_background.then_some(options.persist_after),
        };
        let engine = Arc::new(Self {
            catalog: ArcSwap::from_pointee(catalog),
            catalog_lock: Mutex::new(()),
            buffer,
            caches,
            buffer_bytes_max: options.buffer_bytes_max,
            catalog_limits: options.catalog_limits,
            queue,
            applied,
            store,
            release,
            background: Background::start(persister, compactor)?,
            writer: Mutex::new(Some(writer)),
            wake,
            counters: Counters::default(),
            warning,
            log_lines: Arc::new(LogRing::default()),
            plugin_files: ArcSwap::default(),
            node: Arc::new(this_node(&options.node_id)?),
            query: QueryEngine::new(&options.queries)?,
        });
        engine.make_identity()?;
        Ok(engine)
    }

    /// A new data directory gets its identity and the database of the server itself.
    fn make_identity(&self) -> Result<()> {
        if !self.catalog().uuid.is_empty() {
            return Ok(());
        }
        let uuid = random_uuid()?;
        self.change(|resolver| {
            resolver.change(CatalogChange::Identify { uuid: uuid.into() })?;
            let id = resolver.catalog().next_database_id();
            resolver.change(CatalogChange::CreateDatabase {
                id,
                name: INTERNAL_DATABASE.into(),
                retention_ns: Some(INTERNAL_RETENTION_NS),
            })
        })
    }
}

fn caches_of(catalog: &Catalog) -> Arc<Caches> {
    let caches = Caches::new(clock::now_ns);
    caches.open(catalog);
    Arc::new(caches)
}

fn open_disk(root: &Path) -> Result<LocalDisk> {
    LocalDisk::open(root).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => EngineError::conflict(format!(
            "data directory {} is open in another process",
            root.display()
        )),
        _ => EngineError::internal(format!("data directory {} cannot be used", root.display()))
            .caused_by(error),
    })
}

fn open_rows(options: &Options, disk: &Arc<dyn Disk>) -> Result<Arc<RowStore>> {
    let client = Arc::new(StoreClient::open(&options.store, disk)?);
    let (nonce, columns) = (random_u32()?, options.column_cache_bytes);
    Ok(Arc::new(RowStore::open(client, &options.node_id, nonce, columns)?))
}

fn spill_folder(disk: &LocalDisk) -> Result<PathBuf> {
    disk.spill_folder().map_err(|error| {
        EngineError::internal("the folder for what queries spill cannot be used").caused_by(error)
    })
}

type Writer = (Arc<Queue<Effect>>, thread::JoinHandle<()>);

fn start_writer(recovered: Recovered, sink: BufferSink) -> Result<Writer> {
    let queue = Arc::new(Queue::new(recovered.newest));
    let for_thread = Arc::clone(&queue);
    let run = move || run_writer(&for_thread, recovered.writer, sink);
    let thread = thread::Builder::new().name("wal-writer".to_owned()).spawn(run);
    let thread = thread.map_err(|error| EngineError::internal("no thread").caused_by(error))?;
    Ok((queue, thread))
}

fn random_u32() -> Result<u32> {
    random_bytes().map(u32::from_le_bytes)
}

#[expect(clippy::disallowed_methods, reason = "an identity must differ from every other")]
fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| EngineError::internal("no random bytes").caused_by(error))?;
    Ok(bytes)
}

/// A random (version 4) UUID.
pub(super) fn random_uuid() -> Result<String> {
    let mut bytes: [u8; 16] = random_bytes()?;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let parts = [&bytes[..4], &bytes[4..6], &bytes[6..8], &bytes[8..10], &bytes[10..]];
    Ok(parts.map(hex).join("-"))
}

/// What manifest and log come to.
#[derive(Default)]
struct Replayed {
    /// The position that the manifest reaches: frames up to it are in files and in its catalog.
    start: Position,
    applied: Applied,
    buffer: Arc<Buffer>,
    /// Tables as the catalog has them now, as far as rows were met.
    tables: HashMap<TableId, Arc<Table>>,
}

impl Replayed {
    fn of(manifest: &Manifest) -> Result<Self> {
        let mut state = Self { start: manifest.position, ..Self::default() };
        state.applied.position = manifest.position;
        for record in Records::of(&manifest.catalog).decode_all()? {
            if let Record::Change(change) = record {
                state.applied.catalog.apply(&change, manifest.position)?;
            }
        }
        Ok(state)
    }

    fn replay(&mut self, position: Position, payload: &[u8]) -> Result<()> {
        if position <= self.start {
            return Ok(()); // still there for a trigger
        }
        let mut effect = Effect::default();
        for record in Records::of(payload).decode_all()? {
            match record {
                Record::Change(change) => effect.changes.push(change),
                Record::Batch(batch) => effect.batches.push(batch),
                Record::Deletion(rows) => effect.deletions.push(rows.into()),
            }
        }
        effect.purged = sink::purged_tables(&self.applied.catalog, &effect.changes);
        self.applied.apply(&self.buffer, position, &effect);
        match self.applied.failure.take() {
            Some(failure) => Err(EngineError::corrupt(failure)),
            None => self.check_rows(&effect),
        }
    }

    fn check_rows(&mut self, effect: &Effect) -> Result<()> {
        if !effect.changes.is_empty() {
            self.tables.clear();
        }
        effect.batches.iter().try_for_each(|batch| self.check_batch(batch))
    }

    fn check_batch(&mut self, batch: &TableBatch) -> Result<()> {
        let id = batch.table;
        if !self.tables.contains_key(&id) {
            let database = self.applied.catalog.database_by_id(batch.database);
            let Some(table) = database.and_then(|one| one.table_by_id(id)) else {
                return Ok(()); // a table that is gone takes its rows with it
            };
            self.tables.insert(id, Arc::clone(table));
        }
        if batch.fits(&self.tables[&id]) {
            return Ok(());
        }
        Err(EngineError::corrupt(format!("rows do not have the columns of their table {id}")))
    }

    /// Whether log and store belong together.
    fn check(&self, log: &Recovered) -> Result<()> {
        let reached = self.start;
        if log.first > reached + 1 {
            let (from, until) = (reached + 1, log.first - 1);
            return Err(EngineError::corrupt(format!(
                "the store ends at position {reached} and the log begins at {}: positions {from} \
                 to {until} are lost; restore both from one backup",
                log.first
            )));
        }
        if log.newest < reached {
            return Err(EngineError::corrupt(format!(
                "the log ends at position {} and the store reaches {reached}: they do not belong \
                 together; restore both from one backup, or remove the folder wal to go on from \
                 the store",
                log.newest
            )));
        }
        Ok(())
    }

    /// Without a log, whatever was only there is lost; whether anything was cannot be known.
    fn warning(&self, log: &Recovered) -> Option<String> {
        let lost = log.is_new && self.start > 0;
        lost.then(|| {
            format!(
                "there is no log behind the files of the store, which end at position {}: what was \
                 written after it is lost, unless the server was stopped in good order",
                self.start
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_stored_before_it_is_full_and_never_all_of_a_large_one_at_once() {
        assert_eq!(persist_bytes(4_000), 4_000 / PERSIST_SHARE);
        assert_eq!(persist_bytes(usize::MAX), PERSIST_BYTES_MAX);
    }
}
