//! The newest lines that plugins have logged, in memory.
//!
//! Comes in: lines. Goes out: the lines that are kept, in the order of their arrival. Stays true:
//! a trigger has no more than `LOG_LINES_PER_TRIGGER_MAX` lines and all of them together no more
//! than `LOG_LINES_MAX`; where that is full, the trigger with the most lines loses its oldest, so
//! that one which floods takes no line from those that do not. Refuses nothing.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::limits::{LOG_LINES_MAX, LOG_LINES_PER_TRIGGER_MAX};

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
    lines: Mutex<Lines>,
}

impl LogRing {
    /// Adds a line, and lets go of an old one where there are too many.
    pub fn push(&self, line: LogLine) {
        self.lines.lock().push(line);
    }

    /// The lines that are kept now, in the order of their arrival.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Arc<LogLine>> {
        let mut numbered = self.lines.lock().numbered();
        numbered.sort_unstable_by_key(|(number, _)| *number);
        numbered.into_iter().map(|(_, line)| line).collect()
    }
}

/// A line with the number of its arrival.
type Numbered = (u64, Arc<LogLine>);

/// `by_count` holds each trigger of `rings` once, with the count of its lines, fewest first.
#[derive(Debug, Default)]
struct Lines {
    rings: HashMap<Arc<str>, VecDeque<Numbered>>,
    by_count: BTreeSet<(usize, Arc<str>)>,
    total: usize,
    arrived: u64,
}

impl Lines {
    fn push(&mut self, line: LogLine) {
        let trigger: Arc<str> = Arc::from(line.trigger_name.as_str());
        let count = self.rings.get(&trigger).map_or(0, VecDeque::len);
        if count == LOG_LINES_PER_TRIGGER_MAX {
            self.drop_oldest(&trigger);
        } else if self.total == LOG_LINES_MAX {
            self.drop_of_the_longest();
        }
        self.append(trigger, line);
    }

    fn append(&mut self, trigger: Arc<str>, line: LogLine) {
        let ring = self.rings.entry(Arc::clone(&trigger)).or_default();
        self.by_count.remove(&(ring.len(), Arc::clone(&trigger)));
        ring.push_back((self.arrived, Arc::new(line)));
        self.by_count.insert((ring.len(), trigger));
        self.arrived += 1;
        self.total += 1;
    }

    fn drop_of_the_longest(&mut self) {
        let longest = self.by_count.last().map(|(_, trigger)| Arc::clone(trigger));
        if let Some(trigger) = longest {
            self.drop_oldest(&trigger);
        }
    }

    /// Lets go of the oldest line of a trigger, and of the trigger with its last line.
    fn drop_oldest(&mut self, trigger: &Arc<str>) {
        let Some(ring) = self.rings.get_mut(trigger) else {
            return;
        };
        self.by_count.remove(&(ring.len(), Arc::clone(trigger)));
        if ring.pop_front().is_some() {
            self.total -= 1;
        }
        if ring.is_empty() {
            self.rings.remove(trigger);
        } else {
            self.by_count.insert((ring.len(), Arc::clone(trigger)));
        }
    }

    fn numbered(&self) -> Vec<Numbered> {
        self.rings.values().flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(ring: &LogRing, trigger: &str, number: usize) {
        ring.push(LogLine {
            event_time_ns: 0,
            trigger_name: trigger.to_owned(),
            log_level: "INFO".to_owned(),
            log_text: number.to_string(),
        });
    }

    fn texts_of(ring: &LogRing, trigger: &str) -> Vec<String> {
        let lines = ring.snapshot().into_iter();
        let own = lines.filter(|line| line.trigger_name == trigger);
        own.map(|line| line.log_text.clone()).collect()
    }

    #[test]
    fn a_trigger_keeps_its_newest_lines() {
        let ring = LogRing::default();
        for number in 0..=LOG_LINES_PER_TRIGGER_MAX {
            push(&ring, "t", number);
        }
        let kept = texts_of(&ring, "t");
        assert_eq!(kept.len(), LOG_LINES_PER_TRIGGER_MAX);
        assert_eq!(kept[0], "1");
        assert_eq!(kept[kept.len() - 1], LOG_LINES_PER_TRIGGER_MAX.to_string());
    }

    #[test]
    fn a_trigger_that_floods_takes_no_line_of_another() {
        let ring = LogRing::default();
        push(&ring, "quiet", 7);
        for number in 0..2 * LOG_LINES_MAX {
            push(&ring, "flood", number);
        }
        assert_eq!(texts_of(&ring, "quiet"), ["7"]);
    }

    #[test]
    fn where_all_is_full_the_trigger_with_the_most_lines_loses_its_oldest() {
        let ring = LogRing::default();
        push(&ring, "quiet", 7);
        for trigger in 0..=LOG_LINES_MAX / LOG_LINES_PER_TRIGGER_MAX {
            for number in 0..LOG_LINES_PER_TRIGGER_MAX {
                push(&ring, &format!("flood-{trigger}"), number);
            }
        }
        push(&ring, "late", 8);
        assert_eq!(ring.snapshot().len(), LOG_LINES_MAX);
        assert_eq!(texts_of(&ring, "quiet"), ["7"]);
        assert_eq!(texts_of(&ring, "late"), ["8"]);
    }

    #[test]
    fn lines_of_all_triggers_are_given_in_the_order_of_their_arrival() {
        let ring = LogRing::default();
        for number in 0..100 {
            push(&ring, &format!("t{}", number % 7), number);
        }
        let given: Vec<_> = ring.snapshot().iter().map(|line| line.log_text.clone()).collect();
        let pushed: Vec<_> = (0..100).map(|number| number.to_string()).collect();
        assert_eq!(given, pushed);
    }

    #[test]
    fn triggers_beyond_the_total_are_let_go_of_with_their_lines() {
        let ring = LogRing::default();
        for number in 0..2 * LOG_LINES_MAX {
            push(&ring, &format!("t{number}"), number);
        }
        let lines = ring.lines.lock();
        assert_eq!(lines.total, LOG_LINES_MAX);
        assert_eq!(lines.rings.len(), LOG_LINES_MAX);
        assert_eq!(lines.by_count.len(), LOG_LINES_MAX);
    }
}
