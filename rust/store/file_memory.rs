//! What is kept in memory of the files of one store: footers, lists of series, and columns that
//! queries ask for again and again, decoded.
//!
//! Comes in: what was read. Goes out: the same, as long as there is room for it; what was not used
//! for longest goes first. What stays true: a row group of a column is kept from the second time on
//! that it is asked for, so that one walk through all files pushes nothing out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array, ArrayRef};

use super::opened_file::OpenedFile;
use crate::limits::OPENED_FILES_BYTES_MAX;
use crate::recent_cache::RecentCache;

/// A row group of a column: the number of its file in this process, the row group, the column.
pub(super) type ColumnPiece = (u64, usize, usize);

/// See the head of this file.
#[derive(Debug)]
pub(super) struct FileMemory {
    pub(super) opened: RecentCache<Arc<str>, Arc<OpenedFile>>,
    pub(super) columns: RecentCache<ColumnPiece, ArrayRef>,
    files: AtomicU64,
}

impl FileMemory {
    /// With so many bytes for decoded columns; none are kept where there is no room.
    pub(super) fn new(column_bytes_max: usize) -> Self {
        let opened = RecentCache::new(OPENED_FILES_BYTES_MAX);
        Self { opened, columns: RecentCache::new(column_bytes_max), files: AtomicU64::new(0) }
    }

    /// A number that no other file has.
    pub(super) fn next_file(&self) -> u64 {
        self.files.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn keep_column(&self, piece: ColumnPiece, column: &ArrayRef) {
        self.columns.put(piece, Arc::clone(column), column.get_array_memory_size());
    }
}
