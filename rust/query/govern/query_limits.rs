//! The limits of queries, as they are set for one run of the engine.

use std::path::PathBuf;
use std::time::Duration;

/// Part of the memory of all queries that one of them may hold: what sorts or groups more spills,
/// and two greedy ones leave room for others.
const QUERY_SHARE: usize = 3;

/// Queries that run at once, for each thread: more than threads, as many of them wait for their
/// readers.
const RUNNING_PER_THREAD: usize = 4;

/// Bytes of intermediate results that all queries together may have on disk.
const SPILL_BYTES: u64 = 8 << 30;

/// What all queries and each of them may use.
#[derive(Debug, Clone)]
pub struct QueryLimits {
    /// Bytes of memory of all queries together.
    pub memory_bytes: usize,
    /// Bytes of memory of each query; what sorts, groups and merges more spills to disk.
    pub query_bytes: usize,
    /// Bytes on disk of all queries together; 0 spills nothing.
    pub spill_bytes: u64,
    /// Where files for that are made, which are nobody's after this process; `None` is the folder
    /// for temporary files of the system.
    pub spill_folder: Option<PathBuf>,
    /// Threads that run large queries, at least one; twice as many plan, and run small ones.
    pub threads: usize,
    /// Queries that run at once, at least one; the others wait.
    pub running: usize,
    /// How long a query may take, from its arrival until its last row was made.
    pub timeout: Option<Duration>,
}

impl QueryLimits {
    /// The usual limits for so much memory and so many threads.
    #[must_use]
    pub fn of(memory_bytes: usize, threads: usize) -> Self {
        Self {
            memory_bytes,
            query_bytes: memory_bytes / QUERY_SHARE,
            spill_bytes: SPILL_BYTES,
            spill_folder: None,
            threads,
            running: threads.max(1).saturating_mul(RUNNING_PER_THREAD),
            timeout: None,
        }
    }
}
