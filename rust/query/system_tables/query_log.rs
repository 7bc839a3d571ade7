//! The newest queries, running ones included, for `system.queries`.
//!
//! Comes in: the steps of each query. Goes out: one row per query. Stays true: an entry ends when
//! the answer has been encoded to its end, has failed, or was given up by its reader, so its
//! durations are those of the whole query. Refuses nothing; the oldest entry goes first that has
//! ended, so that what runs can be found.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::clock::now_ns;
use crate::query::Language;
use crate::query::govern::{Ending, Work};

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
pub(in crate::query) struct Entry {
    pub(super) id: u64,
    pub(super) issue_time_ns: i64,
    pub(super) language: Language,
    pub(super) text: String,
    pub(in crate::query) started: Instant,
    /// The most bytes of memory that it has held so far.
    memory_peak: Arc<AtomicUsize>,
    work: OnceLock<Weak<Work>>,
    progress: Mutex<Progress>,
}

impl Entry {
    pub(super) fn progress(&self) -> Progress {
        self.progress.lock().clone()
    }

    pub(super) fn memory_peak(&self) -> Option<i64> {
        i64::try_from(self.memory_peak.load(Ordering::Relaxed)).ok()
    }

    /// Ends a query; `false` where it has ended.
    pub(in crate::query) fn interrupt(&self, ending: Ending) -> bool {
        let phase = match ending {
            Ending::Cancelled => Phase::Cancel,
            Ending::TimedOut(_) => Phase::Fail,
        };
        let ends = self.end(phase);
        if let (true, Some(work)) = (ends, self.work.get().and_then(Weak::upgrade)) {
            work.end(ending);
        }
        ends
    }

    /// `false` where it has ended.
    fn end(&self, phase: Phase) -> bool {
        let after = now().duration_since(self.started);
        let mut progress = self.progress.lock();
        let ends = !progress.phase.is_end();
        if ends {
            progress.phase = phase;
            progress.ended_after = Some(after);
        }
        ends
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
            memory_peak: Arc::default(),
            work: OnceLock::new(),
            progress: Mutex::new(progress),
        });
        let mut entries = self.entries.lock();
        if entries.len() == QUERIES_LOGGED_MAX {
            let ended = entries.iter().position(|entry| entry.progress().phase.is_end());
            entries.remove(ended.unwrap_or(0));
        }
        entries.push_back(Arc::clone(&entry));
        Logged { entry }
    }

    /// The queries that are kept now, oldest first.
    pub(super) fn snapshot(&self) -> Vec<Arc<Entry>> {
        self.entries.lock().iter().cloned().collect()
    }

    /// The queries that have not ended, oldest first.
    pub(in crate::query) fn running(&self) -> Vec<Arc<Entry>> {
        let is_running = |entry: &&Arc<Entry>| !entry.progress().phase.is_end();
        self.entries.lock().iter().filter(is_running).cloned().collect()
    }

    /// The query with a number, if it has not ended.
    pub(in crate::query) fn find_running(&self, id: u64) -> Option<Arc<Entry>> {
        self.running().into_iter().find(|entry| entry.id == id)
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a query took is what the log is for")]
pub(in crate::query) fn now() -> Instant {
    Instant::now()
}

/// A query that reports its steps; dropped before its end, it was cancelled.
#[derive(Debug)]
pub(in crate::query) struct Logged {
    entry: Arc<Entry>,
}

impl Logged {
    pub(in crate::query) fn logically_planned(&self) {
        self.reach(Phase::LogicallyPlanned, |_, _| {});
    }

    pub(in crate::query) fn physically_planned(&self, partitions: usize) {
        self.reach(Phase::PhysicallyPlanned, |progress, after| {
            progress.planned_after = Some(after);
            progress.partitions = i64::try_from(partitions).ok();
        });
    }

    pub(in crate::query) fn permitted(&self) {
        self.reach(Phase::Permitted, |progress, after| progress.permitted_after = Some(after));
    }

    /// Notes a step, unless the query was ended meanwhile.
    fn reach(&self, phase: Phase, note: impl FnOnce(&mut Progress, Duration)) {
        let after = now().duration_since(self.entry.started);
        let mut progress = self.entry.progress.lock();
        if !progress.phase.is_end() {
            progress.phase = phase;
            note(&mut progress, after);
        }
    }

    pub(in crate::query) fn ended(&self, phase: Phase) {
        self.entry.end(phase);
    }

    pub(in crate::query) fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }

    /// Where the most memory that it has held is noted.
    pub(in crate::query) fn memory_peak(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.entry.memory_peak)
    }

    /// What ending the query ends.
    pub(in crate::query) fn works_as(&self, work: &Arc<Work>) {
        let _ = self.entry.work.set(Arc::downgrade(work)); // once per query
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        self.ended(Phase::Cancel);
    }
}
