//! The one door to the object store, for threads that wait for its answers.
//!
//! Comes in: names of objects. Goes out: their bytes. What stays true: a service is asked from
//! threads of its own, so that any thread may wait, one of a query too; objects of a service are
//! kept in memory up to a limit, objects of this machine are not. Refuses nothing by itself.

use std::future::Future;
use std::ops::Range;
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::{Builder, Runtime};

use super::open::{StoreLocation, open_store};
use crate::disk::Disk;
use crate::error::{EngineError, Result};
use crate::limits::OBJECT_CACHE_BYTES_MAX;
use crate::recent_cache::RecentCache;

/// See the head of this file.
#[derive(Debug)]
pub struct StoreClient {
    objects: Arc<dyn ObjectStore>,
    /// For stores that answer later; others answer at once.
    service: Option<Service>,
}

#[derive(Debug)]
struct Service {
    /// There until this is dropped.
    runtime: Option<Runtime>,
    cache: RecentCache<Arc<str>, Bytes>,
}

impl StoreClient {
    /// Opens a store. No request is sent yet.
    ///
    /// # Errors
    /// As [`open_store`]; `Internal` where threads cannot be started.
    pub fn open(location: &StoreLocation, disk: &Arc<dyn Disk>) -> Result<Self> {
        let service = match location {
            StoreLocation::Memory | StoreLocation::Disk => None,
            StoreLocation::S3(_) => Some(Service::start()?),
        };
        Ok(Self { objects: open_store(location, disk)?, service })
    }

    /// The store itself, for what [`Self::block_on`] is to run.
    #[must_use]
    pub fn objects(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.objects)
    }

    /// Runs a request to its end, on a thread that runs no other.
    pub fn block_on<T>(&self, request: impl Future<Output = T>) -> T {
        match &self.service {
            Some(service) => service.runtime().block_on(request),
            None => at_once(request),
        }
    }

    /// Makes an object, or replaces it; durable on return.
    ///
    /// # Errors
    /// `Internal` where the store does not answer, or refuses.
    pub fn put(&self, path: &str, bytes: Bytes) -> Result<()> {
        let path = Path::from(path);
        let put = self.block_on(self.objects.put(&path, bytes.into()));
        put.map(drop).map_err(|error| unreachable(&path, error))
    }

    /// Whether objects lie on this machine.
    pub fn is_local(&self) -> bool {
        self.service.is_none()
    }

    /// A whole object. Any thread may call this.
    ///
    /// # Errors
    /// As `put`; `NotFound` where there is none.
    pub fn get(&self, path: &str) -> Result<Bytes> {
        if let Some(bytes) = self.service.as_ref().and_then(|service| service.cache.get(path)) {
            return Ok(bytes);
        }
        let (objects, name) = (self.objects(), Path::from(path));
        let request = async move { objects.get(&name).await?.bytes().await };
        let bytes = self.wait(path, request)?;
        if let Some(service) = &self.service {
            service.cache.put(path.into(), bytes.clone(), bytes.len());
        }
        Ok(bytes)
    }

    /// Part of an object. Any thread may call this. From a service the whole object is read, as the
    /// other parts of it are wanted soon.
    ///
    /// # Errors
    /// As `get`.
    pub fn range(&self, path: &str, range: Range<u64>) -> Result<Bytes> {
        if self.service.is_some() {
            let bytes = self.get(path)?;
            let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            return Ok(bytes.slice(at(range.start)..at(range.end)));
        }
        let (objects, name) = (self.objects(), Path::from(path));
        self.wait(path, async move { objects.get_range(&name, range).await })
    }

    /// Names and lengths of the objects in a folder, and in those below it.
    ///
    /// # Errors
    /// As `put`.
    pub fn list(&self, folder: &str) -> Result<Vec<(String, u64)>> {
        let folder = Path::from(folder);
        let objects = self
            .objects
            .list(Some(&folder))
            .map_ok(|object| (object.location.to_string(), object.size));
        self.block_on(objects.try_collect()).map_err(|error| unreachable(&folder, error))
    }

    fn wait<T: Send + 'static>(
        &self,
        path: &str,
        request: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> Result<T> {
        let failed = |error| unreachable(&Path::from(path), error);
        let Some(service) = &self.service else {
            return at_once(request).map_err(failed);
        };
        let (answer, wait) = mpsc::sync_channel(1);
        service.runtime().spawn(async move { answer.send(request.await) });
        match wait.recv() {
            Ok(answer) => answer.map_err(failed),
            Err(_) => Err(EngineError::internal(format!("reading {path} was cut off"))),
        }
    }
}

impl Service {
    fn start() -> Result<Self> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name("store").enable_all().build();
        let runtime = runtime.map_err(|error| {
            EngineError::internal("threads for the object store do not start").caused_by(error)
        })?;
        let cache = RecentCache::new(OBJECT_CACHE_BYTES_MAX);
        Ok(Self { runtime: Some(runtime), cache })
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is there until this is dropped")
    }
}

impl Drop for Service {
    /// The last one who lets go may be a thread of another runtime, which may not wait.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The answer of a request that waits for nothing but this thread.
fn at_once<T>(request: impl Future<Output = T>) -> T {
    let mut request = pin!(request);
    loop {
        if let Poll::Ready(answer) = request.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            return answer;
        }
        std::thread::yield_now();
    }
}

/// A store that did not answer, or refused.
pub(super) fn unreachable(path: &Path, error: object_store::Error) -> EngineError {
    let message = format!("the object store failed at {path}");
    let error_of = match error {
        object_store::Error::NotFound { .. } => EngineError::not_found,
        _ => EngineError::internal,
    };
    error_of(message).caused_by(error)
}
