//! The newest lines that plugins have logged, in memory.
//!
//! Comes in: lines. Goes out: the lines that are kept, oldest first. Stays true: no more than
//! `LOG_LINES_MAX` lines are kept; the oldest goes first. Refuses nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::limits::LOG_LINES_MAX;

/// A row of `processing_engine_logs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Nanoseconds since the Unix epoch.
    pub event_time_ns: i64,
    /// The trigger whose plugin wrote it.
    pub trigger_name: String,
    /// `INFO`, `WARN` or `ERROR`.
    pub log_level: String,
    /// What was written.
    pub log_text: String,
}

/// The lines, shared by those who write and those who read them.
#[derive(Debug, Default)]
pub struct LogRing {
    lines: Mutex<VecDeque<Arc<LogLine>>>,
}

impl LogRing {
    /// Adds a line, and lets go of the oldest where there are too many.
    pub fn push(&self, line: LogLine) {
        let mut lines = self.lines.lock();
        if lines.len() == LOG_LINES_MAX {
            lines.pop_front();
        }
        lines.push_back(Arc::new(line));
    }

    /// The lines that are kept now, oldest first.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Arc<LogLine>> {
        self.lines.lock().iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize) -> LogLine {
        LogLine {
            event_time_ns: 0,
            trigger_name: "t".to_owned(),
            log_level: "INFO".to_owned(),
            log_text: number.to_string(),
        }
    }

    #[test]
    fn the_newest_lines_are_kept() {
        let ring = LogRing::default();
        for number in 0..=LOG_LINES_MAX {
            ring.push(line(number));
        }
        let kept = ring.snapshot();
        assert_eq!(kept.len(), LOG_LINES_MAX);
        assert_eq!(kept[0].log_text, "1");
        assert_eq!(kept[LOG_LINES_MAX - 1].log_text, LOG_LINES_MAX.to_string());
    }
}
