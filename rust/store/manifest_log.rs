//! The manifests of a store, of which the newest is true.
//!
//! Comes in: the next manifest. Goes out: the newest one, after a restart too. What stays true: a
//! manifest is put under the next number, where nothing may be yet; that put is the commit. What it
//! refuses: to go on where another process has put a manifest, and to guess where the newest one is
//! damaged.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode};

use super::client::unreachable;
use super::manifest::Manifest;
use super::{layout, manifest_codec};
use crate::error::{EngineError, Result};
use crate::limits::MANIFESTS_KEPT;

/// See the head of this file.
#[derive(Debug)]
pub struct ManifestLog {
    store: Arc<dyn ObjectStore>,
    node: String,
    nonce: u32,
    current: Arc<Manifest>,
}

impl ManifestLog {
    /// The newest manifest of a node; an empty one where the store has none.
    ///
    /// `nonce` tells this process from every other that has the store open.
    ///
    /// # Errors
    /// `Corrupt`, with the object and the remedy, where the newest manifest is damaged;
    /// `Unsupported` for one of a later version; `Internal` where the store does not answer.
    pub async fn open(store: Arc<dyn ObjectStore>, node: &str, nonce: u32) -> Result<Self> {
        let mut log = Self { store, node: node.to_owned(), nonce, current: Arc::default() };
        if let Some(newest) = log.list().await?.into_iter().max() {
            let path = layout::manifest(&log.node, newest);
            log.current = Arc::new(log.load(&path, newest).await?);
        }
        Ok(log)
    }

    /// The newest manifest.
    #[must_use]
    pub fn current(&self) -> &Arc<Manifest> {
        &self.current
    }

    /// Puts the next manifest; durable, and the truth, on return. Its sequence and nonce are set
    /// here.
    ///
    /// # Errors
    /// `Internal` where the store does not answer: whether the manifest was put is then unknown,
    /// and nothing but a call with the same manifest may follow. `Conflict` where another process
    /// has put one.
    pub async fn commit(&mut self, mut next: Manifest) -> Result<()> {
        next.sequence = self.current.sequence + 1;
        next.nonce = self.nonce;
        let bytes = Bytes::from(manifest_codec::encode(&next)?);
        let path = layout::manifest(&self.node, next.sequence);
        let put = self.store.put_opts(&path, bytes.clone().into(), PutMode::Create.into()).await;
        match put {
            Ok(_) => {}
            Err(Error::AlreadyExists { .. }) => self.check_own(&path, &bytes).await?,
            Err(error) => return Err(unreachable(&path, error)),
        }
        self.current = Arc::new(next);
        Ok(())
    }

    /// A put whose answer was lost may have been done: then what lies there is what was to be put.
    async fn check_own(&self, path: &Path, bytes: &Bytes) -> Result<()> {
        let found = self.get(path).await?;
        if found == *bytes {
            return Ok(());
        }
        Err(EngineError::conflict(format!(
            "another process has written {path}: two servers must not share a node id and a store"
        )))
    }

    /// Removes the manifests that are older than the newest few, and every file that neither the
    /// newest manifest nor `in_use` names. Returns how many objects went.
    ///
    /// # Errors
    /// `Internal` where the store does not answer; the next call finds what is left.
    pub async fn collect(&self, in_use: &HashSet<Arc<str>>) -> Result<usize> {
        let folder = layout::rows(&self.node);
        let failed = |error| unreachable(&folder, error);
        let objects: Vec<_> = self.store.list(Some(&folder)).try_collect().await.map_err(failed)?;
        let live: HashSet<&str> = self.current.files().map(|file| &*file.path).collect();
        let is_orphan =
            |path: &Path| !live.contains(path.as_ref()) && !in_use.contains(path.as_ref());
        let mut gone: Vec<Path> =
            objects.into_iter().map(|object| object.location).filter(is_orphan).collect();
        let oldest = (self.current.sequence + 1).saturating_sub(MANIFESTS_KEPT);
        let old = self.list().await?.into_iter().filter(|sequence| *sequence < oldest);
        gone.extend(old.map(|sequence| layout::manifest(&self.node, sequence)));
        let count = gone.len();
        let removed = self.store.delete_stream(stream::iter(gone).map(Ok).boxed());
        removed.try_for_each(|_| std::future::ready(Ok(()))).await.map_err(failed)?;
        Ok(count)
    }

    async fn list(&self) -> Result<Vec<u64>> {
        let folder = layout::manifests(&self.node);
        let objects = self.store.list(Some(&folder));
        let sequences = objects
            .try_filter_map(|object| std::future::ready(Ok(layout::sequence_of(&object.location))));
        sequences.try_collect().await.map_err(|error| unreachable(&folder, error))
    }

    async fn load(&self, path: &Path, sequence: u64) -> Result<Manifest> {
        let manifest = manifest_codec::decode(&self.get(path).await?);
        let manifest = manifest.map_err(|error| damaged(path, &error))?;
        if manifest.sequence == sequence {
            return Ok(manifest);
        }
        let reason = format!("it says that its number is {}", manifest.sequence);
        Err(damaged(path, &EngineError::corrupt(reason)))
    }

    async fn get(&self, path: &Path) -> Result<Bytes> {
        let bytes = async { self.store.get(path).await?.bytes().await };
        bytes.await.map_err(|error| unreachable(path, error))
    }
}

fn damaged(path: &Path, error: &EngineError) -> EngineError {
    EngineError::new(
        error.kind(),
        format!(
            "manifest {path} cannot be used: {error}; restore it from a backup, or remove it to go \
             back to the manifest before it"
        ),
    )
}
