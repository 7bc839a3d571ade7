//! An object store on a disk of this machine: what `--object-store file` is.
//!
//! Comes in: whole objects. Goes out: the same bytes, whole or in ranges. What stays true: an
//! object is durable, its name and the folders above it included, when `put` returns; it is there
//! whole or not at all, for it is written under another name first. What it refuses: parts of
//! objects (multipart) and conditions on versions, which a log of manifests does not need.
//!
//! The data directory is locked by one process, so "create where nothing exists" needs no more
//! than a look.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use object_store::path::Path;
use object_store::{
    Attributes, CopyMode, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};
use parking_lot::Mutex;

use crate::disk::Disk;

const STORE: &str = "file";
const ROOT: &str = "store";
const DRAFT: &str = ".draft";

/// See the head of this file.
#[derive(Debug)]
pub struct DiskStore {
    disk: Arc<dyn Disk>,
    /// Folders whose names are known to be durable.
    folders: Mutex<HashSet<String>>,
}

impl fmt::Display for DiskStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{STORE}:{}", self.disk.describe(ROOT))
    }
}

impl DiskStore {
    /// The objects below `store/` of a data directory. What an interrupted `put` left is removed.
    ///
    /// # Errors
    /// What the disk says.
    pub fn open(disk: Arc<dyn Disk>) -> io::Result<Self> {
        for (name, _) in disk.walk(ROOT)?.iter().filter(|(name, _)| name.ends_with(DRAFT)) {
            disk.remove(name)?;
        }
        Ok(Self { disk, folders: Mutex::default() })
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let draft = format!("{name}{DRAFT}");
        self.disk.create_with(&draft, bytes)?;
        self.disk.rename(&draft, name)?;
        self.sync_folders(name)
    }

    /// Makes the name of a file durable, and those of its folders where they are new.
    fn sync_folders(&self, name: &str) -> io::Result<()> {
        let mut folder = name;
        let mut synced = self.folders.lock();
        while let Some((parent, _)) = folder.rsplit_once('/') {
            self.disk.sync_folder(parent)?;
            if !synced.insert(parent.to_owned()) {
                return Ok(());
            }
            folder = parent;
        }
        self.disk.sync_folder(".")
    }

    fn exists(&self, name: &str) -> bool {
        self.disk.open(name).is_ok()
    }

    fn read(&self, location: &Path, options: &GetOptions) -> Result<GetResult> {
        let failed = |error| failed(location, error);
        let file = self.disk.open(&name_of(location)).map_err(failed)?;
        let size = file.length().map_err(failed)?;
        let meta = meta_of(location.clone(), size);
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            Some(range) => range.as_range(size).map_err(|error| generic(Box::new(error)))?,
            None => 0..size,
        };
        let length = if options.head { 0 } else { range.end - range.start };
        let mut bytes = vec![0; usize::try_from(length).map_err(|error| generic(error.into()))?];
        file.read_at(range.start, &mut bytes).map_err(failed)?;
        let payload = stream::once(std::future::ready(Ok(Bytes::from(bytes)))).boxed();
        let payload = GetResultPayload::Stream(payload);
        Ok(GetResult { payload, meta, range, attributes: Attributes::default() })
    }

    fn walk(&self, prefix: Option<&Path>) -> Result<Vec<ObjectMeta>> {
        let folder = prefix.map_or_else(|| ROOT.to_owned(), name_of);
        let found = self.disk.walk(&folder).map_err(|error| generic(error.into()))?;
        let objects = found.into_iter().filter(|(name, _)| !name.ends_with(DRAFT));
        let object = |(name, size): (String, u64)| {
            let inner = name.strip_prefix(ROOT).unwrap_or(&name);
            Ok(meta_of(Path::parse(inner)?, size))
        };
        objects.map(object).collect()
    }
}

fn remove(disk: &dyn Disk, location: &Path) -> Result<()> {
    let name = name_of(location);
    let folder = name.rsplit_once('/').map_or(ROOT, |(folder, _)| folder);
    let removed = disk.remove(&name).and_then(|()| disk.sync_folder(folder));
    removed.map_err(|error| failed(location, error))
}

/// The file of an object.
fn name_of(location: &Path) -> String {
    format!("{ROOT}/{location}")
}

/// Objects never change under their name, so the moment of a change means nothing.
fn meta_of(location: Path, size: u64) -> ObjectMeta {
    let last_modified = DateTime::UNIX_EPOCH;
    ObjectMeta { location, last_modified, size, e_tag: None, version: None }
}

fn generic(source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Generic { store: STORE, source }
}

fn failed(location: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => {
            Error::NotFound { path: location.to_string(), source: error.into() }
        }
        _ => generic(error.into()),
    }
}

fn not_implemented(operation: &str) -> Error {
    Error::NotImplemented { operation: operation.to_owned(), implementer: STORE.to_owned() }
}

#[async_trait]
impl ObjectStore for DiskStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let name = name_of(location);
        match options.mode {
            PutMode::Create if self.exists(&name) => {
                let source = io::Error::from(io::ErrorKind::AlreadyExists).into();
                return Err(Error::AlreadyExists { path: location.to_string(), source });
            }
            PutMode::Create | PutMode::Overwrite => {}
            PutMode::Update(_) => return Err(not_implemented("put where a version matches")),
        }
        let bytes = Bytes::from(payload);
        self.write(&name, &bytes).map_err(|error| failed(location, error))?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(
        &self,
        _location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(not_implemented("put in parts"))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.read(location, &options)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let disk = Arc::clone(&self.disk);
        let gone = move |location: Result<Path>| {
            let location = location?;
            remove(&*disk, &location).map(|()| location)
        };
        locations.map(gone).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.walk(prefix) {
            Ok(objects) => stream::iter(objects.into_iter().map(Ok)).boxed(),
            Err(error) => stream::once(std::future::ready(Err(error))).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let root = Path::default();
        let prefix = prefix.unwrap_or(&root);
        let (mut objects, mut common_prefixes) = (Vec::new(), Vec::new());
        for object in self.walk(Some(prefix))? {
            let parts: Vec<_> =
                object.location.prefix_match(prefix).into_iter().flatten().collect();
            match parts.as_slice() {
                [_] => objects.push(object),
                [folder, ..] => common_prefixes.push(prefix.clone().join(folder.clone())),
                [] => {}
            }
        }
        common_prefixes.dedup();
        Ok(ListResult { objects, common_prefixes })
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let mode = match options.mode {
            CopyMode::Overwrite => PutMode::Overwrite,
            CopyMode::Create => PutMode::Create,
        };
        let bytes = self.read(from, &GetOptions::default())?.bytes().await?;
        self.put_opts(to, bytes.into(), mode.into()).await.map(drop)
    }
}
