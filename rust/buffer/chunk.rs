//! Chunks: the rows of one table from one stretch of the log, and what was deleted of them.

use std::sync::Arc;

use super::table::TableBuffer;
use crate::schema::{Position, RowDeletion, Tombstone};

/// Rows of one table.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// It holds no frame behind this one; `Position::MAX` in the chunk that grows.
    pub last: Position,
    /// The rows.
    pub rows: Arc<TableBuffer>,
}

/// What the buffer knows of one table at one moment.
#[derive(Debug, Clone, Default)]
pub struct TableRows {
    /// From the oldest to the newest.
    pub chunks: Vec<Chunk>,
    /// Deletions of rows before them, in chunks and in files; from the oldest to the newest.
    pub tombstones: Vec<Tombstone>,
}

/// The chunks of one table.
#[derive(Debug, Default)]
pub(super) struct TableChunks {
    sealed: TableRows,
    growing: Arc<TableBuffer>,
}

impl TableChunks {
    pub(super) fn growing(&self) -> Arc<TableBuffer> {
        Arc::clone(&self.growing)
    }

    pub(super) fn all(&self) -> TableRows {
        let mut all = self.sealed.clone();
        all.chunks.push(Chunk { last: Position::MAX, rows: self.growing() });
        all
    }

    /// Ends the chunk that grows; gives what is to be stored, if anything.
    pub(super) fn seal(&mut self, position: Position) -> Option<TableRows> {
        if !self.growing.is_empty() {
            let rows = std::mem::take(&mut self.growing);
            self.sealed.chunks.push(Chunk { last: position, rows });
        }
        let waits = !self.sealed.chunks.is_empty() || !self.sealed.tombstones.is_empty();
        waits.then(|| self.sealed.clone())
    }

    /// Deletes rows of all frames before `position`.
    pub(super) fn delete(&mut self, position: Position, rows: Arc<RowDeletion>) {
        self.seal(position - 1);
        self.sealed.tombstones.push(Tombstone { position, rows });
    }

    /// Drops what is stored; returns the bytes that were accounted for it.
    pub(super) fn forget(&mut self, position: Position) -> usize {
        let TableRows { chunks, tombstones } = &mut self.sealed;
        tombstones.retain(|one| one.position > position);
        let stored = chunks.partition_point(|chunk| chunk.last <= position);
        chunks.drain(..stored).map(|chunk| chunk.rows.accounted()).sum()
    }

    pub(super) fn accounted(&self) -> usize {
        let sealed = self.sealed.chunks.iter().map(|chunk| chunk.rows.accounted());
        sealed.sum::<usize>() + self.growing.accounted()
    }

    pub(super) fn tombstones_after(&self, stored: Position) -> usize {
        self.sealed.tombstones.iter().filter(|one| one.position > stored).count()
    }
}
