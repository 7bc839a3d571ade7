//! The files of all tables: what queries read, and the steps by which that changes.
//!
//! Comes in: sorted rows, and then a manifest that names the files made of them. Goes out: the
//! files of each table, layer by layer. What stays true: readers see the files of one manifest, and
//! keep them for as long as they hold them; what no manifest and no reader knows is removed.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use parking_lot::Mutex;

use super::client::StoreClient;
use super::file_memory::FileMemory;
use super::layout::{self, FileId};
use super::manifest::{FileEntry, Manifest};
use super::manifest_codec;
use super::manifest_log::ManifestLog;
use super::merge::SortColumns;
use super::parquet_file::encode_file;
use super::row_file::RowFile;
use crate::error::Result;
use crate::schema::{DatabaseId, Position, TableId, Tombstone};

/// Files of one layer, and the last position of the log that they cover.
#[derive(Debug)]
pub struct StoredLayer {
    /// No frame behind this one is in them.
    pub last: Position,
    /// In the order of their times.
    pub files: Vec<Arc<RowFile>>,
}

/// One table as a manifest says it.
#[derive(Debug, Default)]
pub struct StoredTable {
    /// From the oldest to the newest.
    pub layers: Vec<StoredLayer>,
    /// Deletions that files of earlier layers do not show yet.
    pub tombstones: Vec<Tombstone>,
}

/// What one manifest says, as readers need it.
#[derive(Debug, Default)]
pub struct StoredRows {
    /// The rows of all frames up to here are in the files.
    pub position: Position,
    tables: HashMap<TableId, Arc<StoredTable>>,
}

impl StoredRows {
    /// A table; empty where nothing of it is stored.
    #[must_use]
    pub fn table(&self, table: TableId) -> Arc<StoredTable> {
        self.tables.get(&table).cloned().unwrap_or_default()
    }

    /// Number of files.
    #[must_use]
    pub fn file_count(&self) -> usize {
        self.files().count()
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files().map(|file| file.entry().bytes).sum()
    }

    /// Deletions that files do not show yet.
    #[must_use]
    pub fn tombstones(&self) -> usize {
        self.tables.values().map(|table| table.tombstones.len()).sum()
    }

    fn files(&self) -> impl Iterator<Item = &Arc<RowFile>> {
        let layers = self.tables.values().flat_map(|table| &table.layers);
        layers.flat_map(|layer| &layer.files)
    }
}

/// A manifest and its files, held.
#[derive(Debug)]
pub struct StoredFiles {
    path: Arc<str>,
    bytes: Bytes,
    manifest: Arc<Manifest>,
    _held: Arc<StoredRows>,
}

impl StoredFiles {
    /// Number of the manifest; 0 where there is none.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.manifest.sequence
    }

    /// Name and bytes of the manifest, where there is one.
    #[must_use]
    pub fn manifest(&self) -> Option<(&str, &Bytes)> {
        (self.sequence() > 0).then_some((&*self.path, &self.bytes))
    }

    /// What the manifest says of each file.
    pub fn entries(&self) -> impl Iterator<Item = &FileEntry> {
        self.manifest.files()
    }
}

/// See the head of this file.
#[derive(Debug)]
pub struct RowStore {
    client: Arc<StoreClient>,
    node: String,
    nonce: u32,
    next_file: AtomicU64,
    state: Mutex<State>,
    stored: ArcSwap<StoredRows>,
}

#[derive(Debug)]
struct State {
    log: ManifestLog,
    /// A manifest that may or may not have been put: it is put again before any other.
    unsure: Option<Manifest>,
    /// Every file that someone may still read, by name.
    known: HashMap<Arc<str>, Weak<RowFile>>,
    /// Files that were stored for a manifest to come. One that no manifest ever names stays here,
    /// and is removed after the next start.
    drafts: HashSet<Arc<str>>,
    /// For all files.
    memory: Arc<FileMemory>,
}

impl RowStore {
    /// Opens what the newest manifest of a node names.
    ///
    /// `nonce` tells this process from every other that has the store open; `column_bytes_max` is
    /// the memory for decoded columns.
    ///
    /// # Errors
    /// As [`ManifestLog::open`].
    pub fn open(
        client: Arc<StoreClient>,
        node: &str,
        nonce: u32,
        column_bytes_max: usize,
    ) -> Result<Self> {
        let log = client.block_on(ManifestLog::open(client.objects(), node, nonce))?;
        let next_file = AtomicU64::new(log.current().next_file);
        let mut state = State {
            log,
            unsure: None,
            known: HashMap::new(),
            drafts: HashSet::new(),
            memory: Arc::new(FileMemory::new(column_bytes_max)),
        };
        let stored = ArcSwap::new(state.stored(&client));
        let (node, state) = (node.to_owned(), Mutex::new(state));
        Ok(Self { client, node, nonce, next_file, state, stored })
    }

    /// The newest manifest.
    #[must_use]
    pub fn manifest(&self) -> Arc<Manifest> {
        Arc::clone(self.state.lock().log.current())
    }

    /// The files of the newest manifest.
    #[must_use]
    pub fn stored(&self) -> Arc<StoredRows> {
        self.stored.load_full()
    }

    /// The newest manifest, as it lies in the store, and its files, which stay for as long as this
    /// is held.
    ///
    /// # Errors
    /// `TooLarge` where the manifest cannot be encoded.
    pub fn files(&self) -> Result<StoredFiles> {
        let state = self.state.lock();
        let manifest = Arc::clone(state.log.current());
        let held = self.stored();
        let path = layout::manifest(&self.node, manifest.sequence);
        let bytes = manifest_codec::encode(&manifest)?.into();
        Ok(StoredFiles { path: path.as_ref().into(), bytes, manifest, _held: held })
    }

    /// Part of a file.
    ///
    /// # Errors
    /// `NotFound` where it is gone, `Internal` where the store does not answer.
    pub fn read(&self, path: &str, range: Range<u64>) -> Result<Bytes> {
        self.client.range(path, range)
    }

    /// Opens files that were just stored and lists their series, so that no query waits for it, as
    /// long as they are held. What cannot be read now is told to the query that needs it. What lies
    /// on a service is not fetched again.
    pub fn open_ahead(&self, entries: &[FileEntry]) -> Vec<Arc<RowFile>> {
        let files: Vec<Arc<RowFile>> = entries.iter().map(|entry| self.file(entry)).collect();
        if self.client.is_local() {
            for file in &files {
                drop(file.series());
            }
        }
        files
    }

    /// A file that a manifest names.
    #[must_use]
    pub fn file(&self, entry: &FileEntry) -> Arc<RowFile> {
        self.state.lock().file(&self.client, entry)
    }

    /// Stores rows, which must be sorted and free of repetitions, as one file; durable on return,
    /// but nobody's until a manifest names it. `None` where there are no rows.
    ///
    /// # Errors
    /// The error of a batch; `Internal` where the store does not answer.
    pub fn write(
        &self,
        owner: (DatabaseId, TableId),
        schema: &SchemaRef,
        columns: &SortColumns,
        batches: impl Iterator<Item = Result<RecordBatch>>,
    ) -> Result<Option<FileEntry>> {
        let rows = encode_file(schema, columns, batches)?;
        if rows.rows == 0 {
            return Ok(None);
        }
        let number = self.next_file.fetch_add(1, Ordering::Relaxed);
        let id = FileId { number, nonce: self.nonce };
        let path = layout::file(&self.node, owner, rows.time_min, id);
        let entry = FileEntry {
            path: path.as_ref().into(),
            bytes: rows.bytes.len() as u64,
            checksum: rows.checksum,
            rows: rows.rows,
            time_min: rows.time_min,
            time_max: rows.time_max,
        };
        self.state.lock().drafts.insert(Arc::clone(&entry.path));
        self.client.put(&entry.path, rows.bytes)?;
        Ok(Some(entry))
    }

    /// Edits the newest manifest and makes it the truth; durable, and what readers see, on return.
    /// After an error the edit may have been done: `edit` must find that out and then change
    /// nothing when it is called again.
    ///
    /// # Errors
    /// As [`ManifestLog::commit`].
    pub fn commit(&self, edit: impl FnOnce(&mut Manifest)) -> Result<()> {
        let mut state = self.state.lock();
        if let Some(unsure) = state.unsure.clone() {
            self.put(&mut state, unsure)?;
        }
        let mut next = Manifest::clone(state.log.current());
        edit(&mut next);
        if next == **state.log.current() {
            return Ok(());
        }
        next.next_file = self.next_file.load(Ordering::Relaxed);
        self.put(&mut state, next)
    }

    fn put(&self, state: &mut State, next: Manifest) -> Result<()> {
        state.unsure = Some(next.clone());
        self.client.block_on(state.log.commit(next))?;
        state.unsure = None;
        let manifest = Arc::clone(state.log.current());
        for file in manifest.files() {
            state.drafts.remove(&file.path);
        }
        self.stored.store(state.stored(&self.client));
        Ok(())
    }

    /// Removes what neither the newest manifest nor a reader nor a manifest to come knows. Returns
    /// how many objects went.
    ///
    /// # Errors
    /// `Internal` where the store does not answer; the next call finds what is left.
    pub fn collect(&self) -> Result<usize> {
        let mut state = self.state.lock();
        if state.unsure.is_some() {
            return Ok(0);
        }
        state.known.retain(|_, file| file.strong_count() > 0);
        let in_use = state.known.keys().chain(&state.drafts).cloned().collect();
        self.client.block_on(state.log.collect(&in_use))
    }
}

impl State {
    fn file(&mut self, client: &Arc<StoreClient>, entry: &FileEntry) -> Arc<RowFile> {
        if let Some(known) = self.known.get(&entry.path).and_then(Weak::upgrade) {
            return known;
        }
        let file =
            Arc::new(RowFile::new(entry.clone(), Arc::clone(client), Arc::clone(&self.memory)));
        self.known.insert(Arc::clone(&entry.path), Arc::downgrade(&file));
        file
    }

    fn stored(&mut self, client: &Arc<StoreClient>) -> Arc<StoredRows> {
        let manifest = Arc::clone(self.log.current());
        let mut tables = HashMap::with_capacity(manifest.tables.len());
        for (table, files) in &manifest.tables {
            let mut layers = Vec::with_capacity(files.layers.len());
            for layer in &files.layers {
                let files = layer.files.iter().map(|file| self.file(client, file)).collect();
                layers.push(StoredLayer { last: layer.last, files });
            }
            let tombstones = files.tombstones.clone();
            tables.insert(*table, Arc::new(StoredTable { layers, tombstones }));
        }
        Arc::new(StoredRows { position: manifest.position, tables })
    }
}
