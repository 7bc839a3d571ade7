//! The manifest: what the store holds at one moment.
//!
//! What stays true: the layers of a table stand from the oldest to the newest, and the positions
//! that they cover do not overlap; the files of one layer do not overlap in time.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::schema::{DatabaseId, Position, TableId, TimeRange, Tombstone};

/// One Parquet file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Name of the object, relative to the root of the store.
    pub path: Arc<str>,
    /// Length of the object.
    pub bytes: u64,
    /// CRC-32 of the whole object.
    pub checksum: u32,
    /// Rows in it.
    pub rows: u64,
    /// Earliest time, in nanoseconds since the epoch.
    pub time_min: i64,
    /// Latest time, in nanoseconds since the epoch.
    pub time_max: i64,
}

impl FileEntry {
    /// The times that its rows lie in.
    #[must_use]
    pub fn times(&self) -> TimeRange {
        TimeRange { min: self.time_min, max: self.time_max }
    }
}

/// Files that were made from the rows of one range of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// First position of the log that it covers.
    pub first: Position,
    /// Last position of the log that it covers.
    pub last: Position,
    /// Files in the order of their times.
    pub files: Vec<FileEntry>,
}

/// The files of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFiles {
    /// The database that the table belongs to.
    pub database: DatabaseId,
    /// From the oldest to the newest.
    pub layers: Vec<Layer>,
    /// Deletions that files of earlier layers do not show yet; from the oldest to the newest.
    pub tombstones: Vec<Tombstone>,
}

/// See the head of this file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Counts manifests from 1; 0 stands for a store without one.
    pub sequence: u64,
    /// Identity of the data directory.
    pub uuid: Arc<str>,
    /// Chosen by the process that wrote it: tells its own manifest from another's.
    pub nonce: u32,
    /// The rows of all frames up to here are in the files.
    pub position: Position,
    /// Number for the next file.
    pub next_file: u64,
    /// Records of the log that rebuild the catalog as it stood at `position`.
    pub catalog: Vec<u8>,
    /// Files by table.
    pub tables: BTreeMap<TableId, TableFiles>,
}

impl Manifest {
    /// Every file that exists.
    pub fn files(&self) -> impl Iterator<Item = &FileEntry> {
        let layers = self.tables.values().flat_map(|table| &table.layers);
        layers.flat_map(|layer| &layer.files)
    }
}
