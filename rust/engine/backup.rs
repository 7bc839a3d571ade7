//! A consistent copy of a running engine, one object at a time.
//!
//! Comes in: nothing; the engine goes on. Goes out: the newest manifest, its files, and the log up
//! to what was durable when the copy began: opened together they are the engine at that position.
//! What stays true: what a backup names can be read for as long as it is held, whatever is merged,
//! deleted or released meanwhile.

use std::sync::Arc;

use bytes::Bytes;

use super::Engine;
use crate::error::{EngineError, Result};
use crate::schema::Position;
use crate::store::{FileEntry, RowStore, StoredFiles};
use crate::wal::LogCopy;

/// Where the objects of the store lie in a data directory.
const STORE_FOLDER: &str = "store/";

/// One object of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupObject {
    /// Its place in a data directory whose store is the disk.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// CRC-32 of a file of rows; others check themselves.
    pub checksum: Option<u32>,
}

impl From<&FileEntry> for BackupObject {
    fn from(file: &FileEntry) -> Self {
        let name = format!("{STORE_FOLDER}{}", file.path);
        Self { name, bytes: file.bytes, checksum: Some(file.checksum) }
    }
}

/// See the head of this file.
#[derive(Debug)]
pub struct Backup {
    /// The newest position that is in it.
    pub position: Position,
    store: Arc<RowStore>,
    files: StoredFiles,
    log: LogCopy,
}

impl Engine {
    /// Begins a backup.
    ///
    /// # Errors
    /// `Internal` where the log cannot be read.
    pub fn begin_backup(&self) -> Result<Backup> {
        let log = &self.release.log;
        loop {
            // The log is released behind a manifest alone, so these two fit each other.
            let files = self.store.files()?;
            let position = log.synced();
            let copy = log.copy(position)?;
            if self.store.manifest().sequence == files.sequence() {
                let store = Arc::clone(&self.store);
                return Ok(Backup { position, store, files, log: copy });
            }
        }
    }
}

impl Backup {
    /// Name of the manifest; `None` where nothing was ever stored.
    #[must_use]
    pub fn manifest(&self) -> Option<String> {
        self.files.manifest().map(|(path, _)| format!("{STORE_FOLDER}{path}"))
    }

    /// Everything that is to be copied, the manifest last.
    #[must_use]
    pub fn objects(&self) -> Vec<BackupObject> {
        let files = self.files.entries().map(BackupObject::from);
        let log = self.log.parts().map(|(name, bytes)| BackupObject {
            name: name.to_owned(),
            bytes,
            checksum: None,
        });
        let manifest = self.files.manifest().map(|(path, bytes)| BackupObject {
            name: format!("{STORE_FOLDER}{path}"),
            bytes: bytes.len() as u64,
            checksum: None,
        });
        files.chain(log).chain(manifest).collect()
    }

    /// Bytes of an object from `offset` on, at most `length`.
    ///
    /// # Errors
    /// `NotFound` for a name that is not in it, `Internal` where it cannot be read.
    pub fn read(&self, name: &str, offset: u64, length: usize) -> Result<Bytes> {
        let Some(path) = name.strip_prefix(STORE_FOLDER) else {
            return self.log.read(name, offset, length).map(Bytes::from);
        };
        if let Some((_, bytes)) = self.files.manifest().filter(|(manifest, _)| *manifest == path) {
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            return Ok(bytes.slice(start..bytes.len().min(start.saturating_add(length))));
        }
        let file = self.files.entries().find(|file| *file.path == *path);
        let file =
            file.ok_or_else(|| EngineError::not_found(format!("{name} is not in the backup")))?;
        let start = offset.min(file.bytes);
        let end = file.bytes.min(start.saturating_add(length as u64));
        if start == end {
            return Ok(Bytes::new());
        }
        self.store.read(&file.path, start..end)
    }
}
