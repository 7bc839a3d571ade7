//! The newest queries, running ones included, for `system.queries`.
//!
//! Comes in: the steps of each query. Goes out: one row per query. Stays true: an entry ends when
//! the answer has been encoded to its end, has failed, or was given up by its reader, so its
//! durations are those of the whole query. Refuses nothing; the oldest entry goes first.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::clock::now_ns;
use crate::query::Language;

/// Queries that are kept (as InfluxDB 3 Core).
pub const QUERIES_LOGGED_MAX: usize = 1_000;

/// How far a query has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum Phase {
    Received,
    LogicallyPlanned,
    PhysicallyPlanned,
    Permitted,
    Success,
    Fail,
    Cancel,
}

impl Phase {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::LogicallyPlanned => "logically_planned",
            Self::PhysicallyPlanned => "physically_planned",
            Self::Permitted => "execution_permit",
            Self::Success => "success",
            Self::Fail => "fail",
            Self::Cancel => "cancel",
        }
    }

    pub(super) fn is_end(self) -> bool {
        matches!(self, Self::Success | Self::Fail | Self::Cancel)
    }
}

/// What is known of a query so far; durations are since it was received.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    pub(super) phase: Phase,
    pub(super) partitions: Option<i64>,
    pub(super) planned_after: Option<Duration>,
    pub(super) permitted_after: Option<Duration>,
    pub(super) ended_after: Option<Duration>,
}

/// One query of the log.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: u64,
    pub(super) issue_time_ns: i64,
    pub(super) language: Language,
    pub(super) text: String,
    started: Instant,
    progress: Mutex<Progress>,
}

impl Entry {
    pub(super) fn progress(&self) -> Progress {
        self.progress.lock().clone()
    }
}

/// The log, shared by all queries.
#[derive(Debug, Default)]
pub(in crate::query) struct QueryLog {
    next_id: AtomicU64,
    entries: Mutex<VecDeque<Arc<Entry>>>,
}

impl QueryLog {
    /// Adds a query that has just been received.
    pub(in crate::query) fn received(&self, language: Language, text: &str) -> Logged {
        let progress = Progress {
            phase: Phase::Received,
            partitions: None,
            planned_after: None,
            permitted_after: None,
            ended_after: None,
        };
        let entry = Arc::new(Entry {
            id: self.next_id.fetch_add(1, Ordering::Relaxed),
            issue_time_ns: now_ns(),
            language,
            text: text.to_owned(),
            started: now(),
            progress: Mutex::new(progress),
        });
        let mut entries = self.entries.lock();
        if entries.len() == QUERIES_LOGGED_MAX {
            entries.pop_front();
        }
        entries.push_back(Arc::clone(&entry));
        Logged { entry }
    }

    /// The queries that are kept now, oldest first.
    pub(super) fn snapshot(&self) -> Vec<Arc<Entry>> {
        self.entries.lock().iter().cloned().collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a query took is what the log is for")]
fn now() -> Instant {
    Instant::now()
}

/// A query that reports its steps; dropped before its end, it was cancelled.
#[derive(Debug)]
pub(in crate::query) struct Logged {
    entry: Arc<Entry>,
}

impl Logged {
    pub(in crate::query) fn logically_planned(&self) {
        self.entry.progress.lock().phase = Phase::LogicallyPlanned;
    }

    pub(in crate::query) fn physically_planned(&self, partitions: usize) {
        let after = now().duration_since(self.entry.started);
        let mut progress = self.entry.progress.lock();
        progress.phase = Phase::PhysicallyPlanned;
        progress.planned_after = Some(after);
        progress.partitions = i64::try_from(partitions).ok();
    }

    pub(in crate::query) fn permitted(&self) {
        let after = now().duration_since(self.entry.started);
        let mut progress = self.entry.progress.lock();
        progress.phase = Phase::Permitted;
        progress.permitted_after = Some(after);
    }

    pub(in crate::query) fn ended(&self, phase: Phase) {
        let after = now().duration_since(self.entry.started);
        let mut progress = self.entry.progress.lock();
        if !progress.phase.is_end() {
            progress.phase = phase;
            progress.ended_after = Some(after);
        }
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        self.ended(Phase::Cancel);
    }
}
