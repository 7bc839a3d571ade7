//! The disk of this machine. The only user of `std::fs` in the crate.
//!
//! What stays true: one process at a time holds the lock file of a data directory; a created file
//! is written through once, so that later writes in place change no metadata and one `fdatasync`
//! suffices.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "the door to std::fs")]

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Disk, File};

const LOCK_NAME: &str = "influxpe.lock";
const SPILL_NAME: &str = "influxpe.spill";
/// How the folders begin that DataFusion makes for its files, one for each process.
const SPILLED_PREFIX: &str = "datafusion-";
static ZEROS: [u8; 1 << 18] = [0; 1 << 18];

/// A data directory on a local file system, locked for this process while it lives.
#[derive(Debug)]
pub struct LocalDisk {
    root: PathBuf,
    lock: fs::File,
}

impl LocalDisk {
    /// Opens a data directory, making it if need be, and locks it.
    ///
    /// # Errors
    /// `WouldBlock` where another process holds the lock; otherwise what the file system says.
    pub fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(root.join(LOCK_NAME))?;
        lock.try_lock()?;
        Ok(Self { root: root.to_path_buf(), lock })
    }

    /// The folder for what queries spill, made if need be. What an earlier process left there,
    /// which did not end in good order, is removed.
    ///
    /// # Errors
    /// What the file system says.
    pub fn spill_folder(&self) -> io::Result<PathBuf> {
        let folder = self.path(SPILL_NAME);
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(SPILLED_PREFIX) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Makes an empty file, and its folder if need be.
    fn new_file(&self, name: &str) -> io::Result<fs::File> {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        OpenOptions::new().read(true).write(true).create_new(true).open(path)
    }
}

impl Disk for LocalDisk {
    fn create(&self, name: &str, bytes: u64) -> io::Result<Arc<dyn File>> {
        let mut file = self.new_file(name)?;
        let mut left = usize::try_from(bytes).map_err(io::Error::other)?;
        while left > 0 {
            let part = left.min(ZEROS.len());
            file.write_all(&ZEROS[..part])?;
            left -= part;
        }
        file.sync_all()?;
        Ok(Arc::new(LocalFile(file)))
    }

    fn create_with(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.new_file(name)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let file = OpenOptions::new().read(true).write(true).open(self.path(name))?;
        Ok(Arc::new(LocalFile(file)))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.path(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn walk(&self, folder: &str) -> io::Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(self.path(&folder)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
                let found = match entry.metadata() {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue, // just gone
                    found => found?,
                };
                if found.is_dir() {
                    folders.push(name);
                } else {
                    files.push((name, found.len()));
                }
            }
        }
        files.sort();
        Ok(files)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        fs::File::open(self.path(folder))?.sync_all()
    }

    fn describe(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn release(&self) {
        // The lock goes with the last handle at the latest, so a failure only delays it.
        drop(self.lock.unlock());
    }

    fn is_durable(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct LocalFile(fs::File);

impl File for LocalFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
