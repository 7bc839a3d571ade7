//! The clock of queries that take too long.
//!
//! Comes in: the log of queries. Goes out: the end of those that are older than the limit. Stays
//! true: the clock has a thread of its own, as those of queries may be busy, planning included.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::Ending;
use crate::error::{EngineError, Result};
use crate::query::system_tables::{QueryLog, now};

/// The shortest limit: the clock looks no more often.
const SHORTEST: Duration = Duration::from_millis(1);

/// Ends queries that are older than a limit, while it lives.
#[derive(Debug)]
pub(in crate::query) struct TimeLimit {
    closing: Arc<Closing>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Closing {
    is_closed: Mutex<bool>,
    changed: Condvar,
}

impl TimeLimit {
    /// # Errors
    /// `Internal` where no thread can be started.
    pub(in crate::query) fn start(limit: Duration, queries: Arc<QueryLog>) -> Result<Self> {
        let limit = limit.max(SHORTEST);
        let closing = Arc::<Closing>::default();
        let watched = Arc::clone(&closing);
        let watch = move || {
            let mut next = Some(now());
            while watched.sleep_until(next) {
                next = end_older(&queries, limit);
            }
        };
        let thread = thread::Builder::new().name("query-clock".to_owned()).spawn(watch);
        let thread = thread.map_err(|error| EngineError::internal("no thread").caused_by(error))?;
        Ok(Self { closing, thread: Some(thread) })
    }
}

impl Drop for TimeLimit {
    fn drop(&mut self) {
        *self.closing.is_closed.lock() = true;
        self.closing.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            drop(thread.join()); // it does not panic
        }
    }
}

impl Closing {
    /// `false` once it is closed. Without a time, sleeps until then.
    fn sleep_until(&self, time: Option<Instant>) -> bool {
        let mut is_closed = self.is_closed.lock();
        if !*is_closed {
            match time {
                Some(time) => {
                    self.changed.wait_until(&mut is_closed, time);
                }
                None => self.changed.wait(&mut is_closed),
            }
        }
        !*is_closed
    }
}

/// Ends queries; returns when the next may be too old. `None` lies beyond what a clock can show.
fn end_older(queries: &QueryLog, limit: Duration) -> Option<Instant> {
    let present = now();
    let mut next = present.checked_add(limit);
    for query in queries.running() {
        match query.started.checked_add(limit) {
            Some(end) if end <= present => {
                query.interrupt(Ending::TimedOut(limit));
            }
            Some(end) => next = next.min(Some(end)),
            None => {}
        }
    }
    next
}
