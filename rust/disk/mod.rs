//! Where bytes become durable: files of fixed length, written in place, and the folder above them.
//!
//! Comes in: names such as `wal/00000000000000000001.wal`, relative to the data directory. Goes
//! out: bytes as they were written. What stays true: `sync` returns after the bytes of the file are
//! on the medium; `sync_folder` after its names are. Nothing here retries: an error is the
//! caller's.

mod faulty;
mod local;
mod memory;

pub use faulty::{FaultyDisk, Plan};
pub use local::LocalDisk;
pub use memory::MemoryDisk;

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

/// A folder of files. All names are relative to its root.
pub trait Disk: Debug + Send + Sync {
    /// Makes a new file of `bytes` zero bytes, allocated and synced; its name is not synced yet.
    ///
    /// # Errors
    /// Where the file exists, or the medium refuses.
    fn create(&self, name: &str, bytes: u64) -> io::Result<Arc<dyn File>>;

    /// Makes a new file that holds `bytes`, synced; its name is not synced yet.
    ///
    /// # Errors
    /// Where the file exists, or the medium refuses.
    fn create_with(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    /// Where it does not exist or cannot be read and written.
    fn open(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Names of the files of a folder, sorted; empty where the folder does not exist.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Names and lengths of the files below a folder, at any depth, sorted; the names are relative
    /// to the root. Empty where the folder does not exist.
    ///
    /// # Errors
    /// Where a folder cannot be read.
    fn walk(&self, folder: &str) -> io::Result<Vec<(String, u64)>>;

    /// Gives a file another name, replacing what had it; durable after `sync_folder`.
    ///
    /// # Errors
    /// Where the file does not exist or the medium refuses.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file; durable after `sync_folder`.
    ///
    /// # Errors
    /// Where the file does not exist or the medium refuses.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes the names of a folder durable.
    ///
    /// # Errors
    /// Where the medium refuses.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;

    /// What to call a file in a message to people.
    fn describe(&self, name: &str) -> String;

    /// Lets another process open the folder. Nothing may be written after that.
    fn release(&self);

    /// Whether what is synced here outlives the process.
    fn is_durable(&self) -> bool;
}

/// One open file. Reads and writes name their offset, so that threads may share it.
pub trait File: Debug + Send + Sync {
    /// Length in bytes.
    ///
    /// # Errors
    /// Where the medium refuses.
    fn length(&self) -> io::Result<u64>;

    /// Fills `buffer` from `offset`.
    ///
    /// # Errors
    /// Where the file ends before the buffer is full, or the medium refuses.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`; durable after `sync`.
    ///
    /// # Errors
    /// Where the medium refuses; how much was written is then unknown.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes the bytes of the file durable (`fdatasync`).
    ///
    /// # Errors
    /// Where the medium refuses; the state of the file is then unknown, and must not be built upon.
    fn sync(&self) -> io::Result<()>;
}
