//! A disk in memory: for the object store `memory`, where nothing outlives the process.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use super::{Disk, File};

/// Files held in memory. A sync does nothing, for there is nothing to make durable.
#[derive(Debug, Default)]
pub struct MemoryDisk {
    files: Mutex<BTreeMap<String, Arc<MemoryFile>>>,
}

impl MemoryDisk {
    fn missing(name: &str) -> io::Error {
        io::Error::new(io::ErrorKind::NotFound, format!("no file {name}"))
    }
}

impl Disk for MemoryDisk {
    fn create(&self, name: &str, bytes: u64) -> io::Result<Arc<dyn File>> {
        let length = usize::try_from(bytes).map_err(io::Error::other)?;
        let file = Arc::new(MemoryFile(RwLock::new(vec![0; length])));
        let mut files = self.files.lock();
        if files.contains_key(name) {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                format!("file {name} exists"),
            ));
        }
        files.insert(name.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    fn create_with(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.create(name, bytes.len() as u64)?.write_at(0, bytes)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let files = self.files.lock();
        let file = files.get(name).ok_or_else(|| Self::missing(name))?;
        Ok(Arc::clone(file) as Arc<dyn File>)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let prefix = format!("{folder}/");
        let files = self.files.lock();
        Ok(files.keys().filter_map(|name| name.strip_prefix(&prefix)).map(str::to_owned).collect())
    }

    fn walk(&self, folder: &str) -> io::Result<Vec<(String, u64)>> {
        let prefix = format!("{folder}/");
        let files = self.files.lock();
        let below = files.iter().filter(|(name, _)| name.starts_with(&prefix));
        below.map(|(name, file)| Ok((name.clone(), file.length()?))).collect()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files.lock();
        let file = files.remove(from).ok_or_else(|| Self::missing(from))?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.files.lock().remove(name).map(drop).ok_or_else(|| Self::missing(name))
    }

    fn sync_folder(&self, _folder: &str) -> io::Result<()> {
        Ok(())
    }

    fn describe(&self, name: &str) -> String {
        format!("memory:{name}")
    }

    fn release(&self) {}

    fn is_durable(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct MemoryFile(RwLock<Vec<u8>>);

impl File for MemoryFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.read().len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let bytes = self.0.read();
        let range = range(offset, buffer.len())?;
        let source = bytes.get(range).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(source);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.0.write();
        let range = range(offset, bytes.len())?;
        if file.len() < range.end {
            file.resize(range.end, 0);
        }
        file[range].copy_from_slice(bytes);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

fn range(offset: u64, length: usize) -> io::Result<std::ops::Range<usize>> {
    let start = usize::try_from(offset).map_err(io::Error::other)?;
    let end = start.checked_add(length).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(start..end)
}
