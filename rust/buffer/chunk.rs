//! Chunks: the rows of one table from one stretch of the log.

use std::sync::Arc;

use super::table::TableBuffer;
use crate::schema::Position;

/// Rows of one table.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// It holds no frame behind this one; `Position::MAX` in the chunk that grows.
    pub last: Position,
    /// The rows.
    pub rows: Arc<TableBuffer>,
}

/// The chunks of one table.
#[derive(Debug, Default)]
pub(super) struct TableChunks {
    /// From the oldest to the newest.
    sealed: Vec<Chunk>,
    growing: Arc<TableBuffer>,
}

impl TableChunks {
    pub(super) fn growing(&self) -> Arc<TableBuffer> {
        Arc::clone(&self.growing)
    }

    pub(super) fn all(&self) -> Vec<Chunk> {
        let growing = Chunk { last: Position::MAX, rows: self.growing() };
        self.sealed.iter().cloned().chain([growing]).collect()
    }

    pub(super) fn seal(&mut self, position: Position) -> Option<Chunk> {
        if self.growing.is_empty() {
            return None;
        }
        let chunk = Chunk { last: position, rows: std::mem::take(&mut self.growing) };
        self.sealed.push(chunk.clone());
        Some(chunk)
    }

    /// Drops what is stored; returns the bytes that were accounted for it.
    pub(super) fn forget(&mut self, position: Position) -> usize {
        let stored = self.sealed.partition_point(|chunk| chunk.last <= position);
        self.sealed.drain(..stored).map(|chunk| chunk.rows.accounted()).sum()
    }

    pub(super) fn accounted(&self) -> usize {
        let sealed = self.sealed.iter().map(|chunk| chunk.rows.accounted());
        sealed.sum::<usize>() + self.growing.accounted()
    }
}
