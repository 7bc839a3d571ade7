//! What clocks show, and when they show it.
//!
//! Comes in: instants and readings, both in nanoseconds since an epoch. Goes out: the other of the
//! two. Stays true: a reading that a clock skips counts on from the reading before it was skipped,
//! so that every reading has an instant.

use arrow::array::timezone::Tz;
use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeZone};

use super::bins::Bins;

const NS_PER_SECOND: i128 = 1_000_000_000;
/// Nanoseconds of a day: no zone changes its clocks twice in it.
pub(super) const NS_PER_DAY: i128 = 86_400 * NS_PER_SECOND;

/// The clocks of a zone; without one, they show instants.
#[derive(Debug, Clone, Copy)]
pub(super) struct WallClock {
    zone: Option<Tz>,
}

fn calendar(ns: i128) -> Option<NaiveDateTime> {
    let seconds = i64::try_from(ns.div_euclid(NS_PER_SECOND)).ok()?;
    let rest = u32::try_from(ns.rem_euclid(NS_PER_SECOND)).ok()?;
    Some(DateTime::from_timestamp(seconds, rest)?.naive_utc())
}

fn nanoseconds(offset: &impl Offset) -> i128 {
    i128::from(offset.fix().local_minus_utc()) * NS_PER_SECOND
}

impl WallClock {
    pub(super) fn new(zone: Option<Tz>) -> Self {
        Self { zone }
    }

    /// What clocks show at `instant`, less the instant.
    pub(super) fn offset(self, instant: i128) -> i128 {
        match (self.zone, calendar(instant)) {
            (Some(zone), Some(time)) => nanoseconds(&zone.offset_from_utc_datetime(&time)),
            _ => 0,
        }
    }

    /// The first instant after `instant` at which clocks may be changed: exactly then, or a day
    /// later where there is no change until then.
    pub(super) fn steady_until(self, instant: i128) -> i128 {
        if self.zone.is_none() {
            return i128::MAX;
        }
        let (mut same, mut changed) = (instant, instant + NS_PER_DAY);
        let offset = self.offset(instant);
        if self.offset(changed) == offset {
            return changed;
        }
        while changed - same > 1 {
            let middle = same + (changed - same) / 2;
            if self.offset(middle) == offset { same = middle } else { changed = middle }
        }
        changed
    }

    /// When clocks show `reading`, the start of a bin in which an instant has `offset`. Of the two
    /// instants of a reading that clocks show twice, a bin that is longer than what is repeated
    /// starts at the earlier one; there are two bins otherwise.
    pub(super) fn instant(self, reading: i128, offset: i128, bins: &Bins) -> i128 {
        let (Some(zone), Some(time)) = (self.zone, calendar(reading)) else {
            return reading;
        };
        match zone.offset_from_local_datetime(&time) {
            LocalResult::Single(only) => reading - nanoseconds(&only),
            LocalResult::Ambiguous(one, other) => {
                let (one, other) = (nanoseconds(&one), nanoseconds(&other));
                let repeated = (one - other).abs();
                if i128::from(bins.stride()) <= repeated && (offset == one || offset == other) {
                    reading - offset
                } else {
                    reading - one.max(other)
                }
            }
            LocalResult::None => reading - self.offset(reading - NS_PER_DAY),
        }
    }
}
