//! Opening: lock the directory, replay the log, start the writer, make what every server has.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::sink::{self, BufferSink, Effect};
use super::stats::Counters;
use super::{Engine, hex};
use crate::buffer::Buffer;
use crate::disk::{Disk, LocalDisk, MemoryDisk};
use crate::error::{EngineError, Result};
use crate::limits::{INTERNAL_RETENTION_NS, SEGMENT_BYTES};
use crate::query::{LogRing, QueryEngine};
use crate::schema::{Catalog, CatalogChange, INTERNAL_DATABASE, Position};
use crate::wal::{LogOptions, Queue, Record, Records, Recovered, recover, run_writer};

/// What an engine is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory; `None` keeps everything in memory.
    pub data_dir: Option<PathBuf>,
    /// Bytes of rows in memory at which writers are answered `Busy`.
    pub buffer_bytes_max: usize,
    /// Bytes that all queries together may hold.
    pub query_bytes_max: usize,
    /// Threads that run queries.
    pub query_threads: usize,
}

impl Engine {
    /// Opens a data directory, or makes one, and replays its log.
    ///
    /// # Errors
    /// `Conflict` where another process has it open, `Corrupt` with file, offset and remedy,
    /// `Internal` where it cannot be used.
    pub fn open(options: &Options) -> Result<Arc<Self>> {
        let disk: Arc<dyn Disk> = match &options.data_dir {
            Some(root) => Arc::new(open_disk(root)?),
            None => Arc::new(MemoryDisk::default()),
        };
        let log = LogOptions { segment_bytes: SEGMENT_BYTES, prepare_ahead: disk.is_durable() };
        Self::open_on(disk, log, options)
    }

    /// Opens what lies on a disk.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        log_options: LogOptions,
        options: &Options,
    ) -> Result<Arc<Self>> {
        let is_durable = disk.is_durable();
        let mut state = Replayed::default();
        let recovered =
            recover(disk, log_options, |position, payload| state.replay(position, payload))?;
        let (wake, wake_writer) = wake_pair()?;
        let log = Arc::clone(recovered.writer.log());
        let (queue, writer) = start_writer(recovered, Arc::clone(&state.buffer), wake_writer)?;
        let query = QueryEngine::new(options.query_bytes_max, options.query_threads)?;
        let engine = Arc::new(Self {
            catalog: ArcSwap::from_pointee(state.catalog),
            catalog_lock: Mutex::new(()),
            buffer: state.buffer,
            buffer_bytes_max: options.buffer_bytes_max,
            queue,
            log,
            writer: Mutex::new(Some(writer)),
            wake,
            counters: Counters::default(),
            feeds: Mutex::default(),
            log_lines: Arc::new(LogRing::default()),
            query,
            is_durable,
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

/// The reading end does not block, and neither does the writing one.
fn wake_pair() -> Result<(UnixStream, UnixStream)> {
    let pair = || {
        let (reader, writer) = UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        Ok((reader, writer))
    };
    pair().map_err(|error: io::Error| EngineError::internal("no socket pair").caused_by(error))
}

type Writer = (Arc<Queue<Effect>>, thread::JoinHandle<()>);

fn start_writer(recovered: Recovered, buffer: Arc<Buffer>, wake: UnixStream) -> Result<Writer> {
    let queue = Arc::new(Queue::new(recovered.newest));
    let sink = BufferSink { buffer, wake };
    let for_thread = Arc::clone(&queue);
    let run = move || run_writer(&for_thread, recovered.writer, sink);
    let thread = thread::Builder::new().name("wal-writer".to_owned()).spawn(run);
    let thread = thread.map_err(|error| EngineError::internal("no thread").caused_by(error))?;
    Ok((queue, thread))
}

/// A random (version 4) UUID.
#[expect(clippy::disallowed_methods, reason = "an identity must differ from every other")]
fn random_uuid() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| EngineError::internal("no random bytes").caused_by(error))?;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let parts = [&bytes[..4], &bytes[4..6], &bytes[6..8], &bytes[8..10], &bytes[10..]];
    Ok(parts.map(hex).join("-"))
}

/// What the log comes to.
#[derive(Default)]
struct Replayed {
    catalog: Catalog,
    buffer: Arc<Buffer>,
}

impl Replayed {
    fn replay(&mut self, position: Position, payload: &[u8]) -> Result<()> {
        for record in Records::of(payload).decode_all()? {
            let mut effect = Effect::default();
            match record {
                Record::Change(change) => {
                    let changes = [change];
                    effect.purged = sink::purged_tables(&self.catalog, &changes);
                    self.catalog.apply(&changes[0], position)?;
                }
                Record::Batch(batch) => effect.batches.push(batch),
            }
            sink::apply(&self.buffer, &effect);
        }
        Ok(())
    }
}
