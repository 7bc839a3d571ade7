//! Counters since the start, and sizes now.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Engine;
use crate::schema::Position;

/// What has been done so far.
#[derive(Debug, Default)]
pub(super) struct Counters {
    rows: AtomicU64,
    bytes: AtomicU64,
    refused: AtomicU64,
}

impl Counters {
    pub(super) fn written(&self, rows: usize, bytes: usize, refused: usize) {
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.refused(refused);
    }

    pub(super) fn refused(&self, lines: usize) {
        self.refused.fetch_add(lines as u64, Ordering::Relaxed);
    }
}

/// A reading of all counters.
#[derive(Debug, Clone, Copy)]
pub struct Stats {
    /// Rows taken.
    pub rows_written: u64,
    /// Lines refused.
    pub lines_rejected: u64,
    /// Bytes of line protocol taken.
    pub bytes_written: u64,
    /// Syncs of the log.
    pub wal_syncs: u64,
    /// Bytes of log segments.
    pub wal_bytes: u64,
    /// Bytes of rows in memory.
    pub buffer_bytes: u64,
    /// The newest position that is durable and visible.
    pub position: Position,
}

impl Engine {
    /// All counters now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            rows_written: self.counters.rows.load(Ordering::Relaxed),
            lines_rejected: self.counters.refused.load(Ordering::Relaxed),
            bytes_written: self.counters.bytes.load(Ordering::Relaxed),
            wal_syncs: self.log.syncs(),
            wal_bytes: self.log.bytes(),
            buffer_bytes: self.buffer.bytes() as u64,
            position: self.committed(),
        }
    }
}
