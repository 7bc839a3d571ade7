//! Queries that have something for their reader, told to whoever cannot wait for each of them.
//!
//! Comes in: the numbers of queries, each time one has sent something. Goes out: a descriptor that
//! becomes readable, and those numbers. Stays true: what was sent before a number was taken is
//! there when its stream is asked; a number may come without need.

use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::Result;
use crate::wake::{wake, wake_pair};

/// See the head of this file.
#[derive(Debug)]
pub struct ReadyQueries {
    numbers: Mutex<Vec<u64>>,
    wake: UnixStream,
    wake_writer: UnixStream,
}

impl ReadyQueries {
    /// # Errors
    /// `Internal` where the system has no descriptors left.
    pub fn new() -> Result<Arc<Self>> {
        let (wake, wake_writer) = wake_pair()?;
        Ok(Arc::new(Self { numbers: Mutex::default(), wake, wake_writer }))
    }

    /// Readable once there are numbers to take; whoever reads it takes them after.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.wake.as_raw_fd()
    }

    /// The numbers that came since they were last taken.
    #[must_use]
    pub fn take(&self) -> Vec<u64> {
        std::mem::take(&mut *self.numbers.lock())
    }

    fn add(&self, number: u64) {
        let mut numbers = self.numbers.lock();
        let first = numbers.is_empty();
        numbers.push(number);
        drop(numbers);
        if first {
            wake(&self.wake_writer);
        }
    }
}

/// Tells that one query has something for its reader; nobody, where its reader waits by itself.
#[derive(Debug, Clone, Default)]
pub struct Bell(Option<(Arc<ReadyQueries>, u64)>);

impl Bell {
    /// The bell of the query of this number.
    #[must_use]
    pub fn of(ready: &Arc<ReadyQueries>, number: u64) -> Self {
        Self(Some((Arc::clone(ready), number)))
    }

    pub(super) fn ring(&self) {
        if let Some((ready, number)) = &self.0 {
            ready.add(*number);
        }
    }
}
