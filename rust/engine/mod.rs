//! The engine: wires log, buffer, catalog and queries, and owns their order.
//!
//! Comes in: requests of any thread. Goes out: positions to wait for, and answers. What stays true:
//! a frame that names a table or a column stands in the log behind the frame that made it; a
//! position is committed when its frame is durable and visible; the catalog that readers see is
//! never older than what they were answered.

mod admin;
mod background;
mod backup;
mod cache_view;
mod caches;
mod commit_run;
mod compact;
mod database;
mod delete_rows;
mod erase;
mod feed;
mod newest_rows;
mod newest_stored;
mod node;
mod open;
mod persist;
mod pieces;
mod query;
mod replaced_rows;
mod series_list;
mod signal;
mod sink;
mod stats;
mod system;
mod table_view;
mod tokens;
mod triggers;
mod write_path;

#[cfg(test)]
#[cfg(test)]
mod tests;

pub use backup::{Backup, BackupObject};
pub use caches::{CreatedCache, NewDistinctCache, NewLastCache};
pub use commit_run::{RunOutput, RunRecord, RunRows};
pub use feed::{Feed, FeedChoice, FeedRead, FeedTable};
pub use open::{Options, persist_bytes};
pub use stats::Stats;
pub use triggers::NewTrigger;
pub use write_path::{ArrowRequest, Ticket, WriteRequest};

use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::buffer::Buffer;
use crate::cache::Caches;
use crate::error::Result;
use crate::query::{LogLine, LogRing, NodeRow, PluginFileRow, QueryEngine};
use crate::schema::{Catalog, CatalogLimits, Position};
use crate::store::RowStore;
use crate::wal::Queue;

use background::Background;
use persist::LogRelease;
use sink::{Applied, Effect};
use stats::Counters;

/// See the head of this file.
#[derive(Debug)]
pub struct Engine {
    catalog: ArcSwap<Catalog>,
    /// Held while the catalog is changed, until the change is in the queue.
    catalog_lock: Mutex<()>,
    buffer: Arc<Buffer>,
    caches: Arc<Caches>,
    buffer_bytes_max: usize,
    catalog_limits: CatalogLimits,
    queue: Arc<Queue<Effect>>,
    applied: Arc<Mutex<Applied>>,
    store: Arc<RowStore>,
    release: LogRelease,
    background: Background,
    writer: Mutex<Option<JoinHandle<()>>>,
    wake: UnixStream,
    counters: Counters,
    warning: Option<String>,
    log_lines: Arc<LogRing>,
    /// What `system.plugin_files` shows.
    plugin_files: ArcSwap<Vec<PluginFileRow>>,
    node: Arc<NodeRow>,
    query: QueryEngine,
}

impl Engine {
    /// The catalog as it stands.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog.load_full()
    }

    /// The newest position that is durable and visible.
    #[must_use]
    pub fn committed(&self) -> Position {
        self.queue.committed()
    }

    /// Blocks until `position` is committed.
    ///
    /// # Errors
    /// `Closed` where that cannot happen any more.
    pub fn wait(&self, position: Position) -> Result<()> {
        self.queue.wait(position)
    }

    /// What whoever opened it should be told.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Why rows could not be stored, for as long as they cannot.
    #[must_use]
    pub fn store_failure(&self) -> Option<String> {
        self.background.persister.failure()
    }

    /// The first position that is still in the log.
    #[must_use]
    pub fn log_first(&self) -> Position {
        self.release.log.first()
    }

    /// Whether anything can still be written.
    ///
    /// # Errors
    /// `Closed`, with the reason.
    pub fn check_writable(&self) -> Result<()> {
        self.queue.check_open()
    }

    /// Becomes readable after every group commit; bytes read from it mean nothing.
    #[must_use]
    pub fn commit_descriptor(&self) -> RawFd {
        self.wake.as_raw_fd()
    }

    /// Adds a line to `system.processing_engine_logs`.
    pub fn log(&self, time_ns: i64, trigger_name: &str, level: &str, text: &str) {
        self.log_lines.push(LogLine {
            event_time_ns: time_ns,
            trigger_name: trigger_name.to_owned(),
            log_level: level.to_owned(),
            log_text: text.to_owned(),
        });
    }

    /// Sets the rows of `system.plugin_files`: who hosts the plugins knows their files.
    pub fn set_plugin_files(&self, rows: Vec<PluginFileRow>) {
        self.plugin_files.store(Arc::new(rows));
    }

    /// Stores the rows that are committed by now; they are in the store, durably, on return.
    ///
    /// # Errors
    /// `Internal` where the store does not answer: the rows stay where they are, and it is tried
    /// again.
    pub fn persist(&self) -> Result<()> {
        self.background.persister.ask_and_wait()
    }

    /// Merges the layers of all tables as far as that is due.
    ///
    /// # Errors
    /// As `persist`.
    pub fn compact(&self) -> Result<()> {
        self.background.compactor.ask_and_wait()
    }

    /// Takes no more writes, and returns once all that are queued are durable and another process
    /// may open the data directory.
    pub fn close(&self) {
        self.background.stop();
        self.queue.close();
        if let Some(writer) = self.writer.lock().take() {
            drop(writer.join());
            self.release.log.release_folder();
        }
    }
}

/// Bytes as lower-case hexadecimal text.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        for digit in [byte >> 4, byte & 0xf] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
        text
    })
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}
