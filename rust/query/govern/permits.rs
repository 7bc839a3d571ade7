//! How many queries run at once, and who waits.
//!
//! Comes in: the weight of a query that has been planned. Goes out: a permit, in the order of
//! asking among those of one weight. Stays true: no more run than there are permits; large queries
//! never hold all of them, so that a small one waits for small ones alone, which end soon; who
//! waits has a plan and the snapshots of its tables, and nothing else. Refuses, with `Busy`, where
//! as many of its weight wait as may.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Weight;
use crate::error::{EngineError, Result};

/// Queries that may wait for a permit, of each weight: a thread of the server waits for each.
pub const QUERIES_WAITING_MAX: usize = 64;

/// Part of the permits that large queries leave to small ones.
const SMALL_SHARE: usize = 4;

/// The permits of an engine.
#[derive(Debug)]
pub(in crate::query) struct Permits {
    running_max: usize,
    all: Arc<Semaphore>,
    /// One more for each large query.
    large: Arc<Semaphore>,
    small_waiting: AtomicUsize,
    large_waiting: AtomicUsize,
}

/// What lets one query run.
#[derive(Debug)]
struct Permit {
    _one: OwnedSemaphorePermit,
    _large: Option<OwnedSemaphorePermit>,
}

/// The turn of one query: it may run while it has its permit.
#[derive(Debug)]
pub(in crate::query) struct Turn {
    permits: Arc<Permits>,
    weight: Weight,
    permit: Option<Permit>,
}

impl Turn {
    /// Lets another run, while this one waits for its reader.
    pub(in crate::query) fn pause(&mut self) {
        self.permit = None;
    }

    /// Waits until it may go on, however many wait.
    ///
    /// # Errors
    /// `Closed` where the engine is.
    pub(in crate::query) async fn resume(&mut self) -> Result<()> {
        self.permit = Some(self.permits.wait(self.weight).await?);
        Ok(())
    }
}

impl Permits {
    pub(in crate::query) fn new(running_max: usize) -> Self {
        let running_max = running_max.clamp(1, Semaphore::MAX_PERMITS);
        let left_to_small = running_max.div_ceil(SMALL_SHARE).min(running_max - 1);
        Self {
            running_max,
            all: Arc::new(Semaphore::new(running_max)),
            large: Arc::new(Semaphore::new(running_max - left_to_small)),
            small_waiting: AtomicUsize::new(0),
            large_waiting: AtomicUsize::new(0),
        }
    }

    /// Waits for the turn of a query that begins.
    ///
    /// # Errors
    /// `Busy` where [`QUERIES_WAITING_MAX`] of this weight wait already.
    pub(in crate::query) async fn turn(self: &Arc<Self>, weight: Weight) -> Result<Turn> {
        let permit = if let Some(permit) = self.acquire_now(weight) {
            permit
        } else {
            let _place = self.place(weight)?;
            self.wait(weight).await?
        };
        Ok(Turn { permits: Arc::clone(self), weight, permit: Some(permit) })
    }

    async fn wait(&self, weight: Weight) -> Result<Permit> {
        let large = match weight {
            Weight::Small => None,
            Weight::Large => Some(next(&self.large).await?),
        };
        Ok(Permit { _one: next(&self.all).await?, _large: large })
    }

    fn acquire_now(&self, weight: Weight) -> Option<Permit> {
        let large = match weight {
            Weight::Small => None,
            Weight::Large => Some(Arc::clone(&self.large).try_acquire_owned().ok()?),
        };
        let one = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Permit { _one: one, _large: large })
    }

    fn place(&self, weight: Weight) -> Result<Place<'_>> {
        let waiting = match weight {
            Weight::Small => &self.small_waiting,
            Weight::Large => &self.large_waiting,
        };
        let place = Place(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) < QUERIES_WAITING_MAX {
            return Ok(place);
        }
        Err(EngineError::busy(format!(
            "{QUERIES_WAITING_MAX} queries wait, the maximum, for one of the {} that may run at \
             once (--max-concurrent-queries): try again later",
            self.running_max
        )))
    }
}

async fn next(semaphore: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
    let permit = Arc::clone(semaphore).acquire_owned().await;
    permit.map_err(|_| EngineError::closed("the query engine is closed"))
}

/// A place among those that wait, while it lives.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
