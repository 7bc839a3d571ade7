//! The threads of queries, in two groups.
//!
//! Comes in: tasks. Goes out: nothing. Stays true: all plans and all small queries run on the first
//! group, large queries on the second. A large query may compute for long between two moments at
//! which it lets go of its thread; with threads of their own, the others need not wait for that:
//! the system shares the cores out, and gives those of large queries what nobody else wants.

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::AbortHandle;

use crate::error::{EngineError, Result};

/// Bytes of the stack of a query thread: room for `SQL_DEPTH_MAX` levels in the greediest of the
/// functions that walk a plan. Only what is touched becomes memory.
const STACK_BYTES: usize = 256 * 1_024 * 1_024;

/// Threads for plans and small queries, for each one for large queries: a plan is made in one
/// piece, and a few that take long must not hold up all others.
const SMALL_FACTOR: usize = 2;

/// How far large queries step back for writers, the event loop and small queries (as InfluxDB 3).
#[cfg(target_os = "linux")]
const LARGE_NICENESS: i32 = 10;

/// Both groups.
#[derive(Debug)]
pub(in crate::query) struct QueryThreads {
    small: Runtime,
    large: Runtime,
}

impl QueryThreads {
    /// # Errors
    /// `Internal` where the threads cannot be started.
    pub(in crate::query) fn start(threads: usize) -> Result<Self> {
        let large = group(threads, "large-query").on_thread_start(step_back).build();
        let small = group(threads.saturating_mul(SMALL_FACTOR), "query").build();
        let failed = |error| EngineError::internal("query threads do not start").caused_by(error);
        Ok(Self { small: small.map_err(failed)?, large: large.map_err(failed)? })
    }

    /// Starts work on the threads for plans and small queries.
    pub(in crate::query) fn spawn(
        &self,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> AbortHandle {
        self.small.spawn(work).abort_handle()
    }

    /// The threads for large queries.
    pub(in crate::query) fn large(&self) -> Handle {
        self.large.handle().clone()
    }

    /// Waits for nothing: running queries end cut off.
    pub(in crate::query) fn shutdown(self) {
        self.small.shutdown_background();
        self.large.shutdown_background();
    }
}

fn group(threads: usize, name: &str) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(threads).thread_name(name).thread_stack_size(STACK_BYTES).enable_time();
    builder
}

/// Elsewhere than on Linux, niceness is that of the process.
fn step_back() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(LARGE_NICENESS); // a system that refuses shares out evenly
}
