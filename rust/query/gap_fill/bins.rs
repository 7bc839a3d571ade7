//! Bins of time: their starts, one after another.
//!
//! Comes in: a width, an origin, and a zone whose clocks count them. Goes out: the start of the bin
//! of an instant, and the starts of the bins of a range. Stays true: starts ascend, none is left
//! out and none comes twice, also where clocks are changed; a start outside of 64 bits is none.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::timezone::Tz;
use datafusion::common::{plan_datafusion_err, plan_err};
use datafusion::error::Result;

use super::wall_clock::WallClock;

/// Bins of one width.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub(in crate::query) struct Bins {
    stride_ns: i64,
    origin_ns: i64,
    zone: Option<Arc<str>>,
}

impl Bins {
    /// Bins of `stride_ns`, one of which starts at `origin_ns`: an instant or, where a zone is
    /// given, what its clocks show, counted from what they show as 1970-01-01T00:00.
    ///
    /// # Errors
    /// `Plan` for a stride that is not positive, and for an unknown zone.
    pub(in crate::query) fn new(
        stride_ns: i64,
        origin_ns: i64,
        zone: Option<&str>,
    ) -> Result<Self> {
        if stride_ns <= 0 {
            return plan_err!("a bin of time needs a positive width, got {stride_ns} nanoseconds");
        }
        let bins = Self { stride_ns, origin_ns, zone: zone.map(Arc::from) };
        bins.clock()?;
        Ok(bins)
    }

    pub(super) fn stride(&self) -> i64 {
        self.stride_ns
    }

    pub(super) fn clock(&self) -> Result<WallClock> {
        let parse = |name: &Arc<str>| {
            let zone = name.parse::<Tz>();
            zone.map_err(|_| plan_datafusion_err!("{name:?} is no name of a timezone"))
        };
        Ok(WallClock::new(self.zone.as_ref().map(parse).transpose()?))
    }

    /// What clocks show at the start of the bin in which they show `reading`.
    fn floor(&self, reading: i128) -> i128 {
        reading - (reading - i128::from(self.origin_ns)).rem_euclid(i128::from(self.stride_ns))
    }

    /// The start of the bin of `instant`, by `clock`.
    fn start(&self, clock: WallClock, instant: i64) -> Option<i64> {
        let offset = clock.offset(instant.into());
        let reading = self.floor(i128::from(instant) + offset);
        i64::try_from(clock.instant(reading, offset, self)).ok()
    }

    /// What gives the start of the bin of an instant; `None` for one outside of 64 bits.
    pub(in crate::query) fn start_of(&self) -> Result<impl Fn(i64) -> Option<i64>> {
        let clock = self.clock()?;
        Ok(move |instant| self.start(clock, instant))
    }

    /// The starts of the bins of the instants from `first` to `last`.
    pub(super) fn starts(&self, first: i64, last: i64) -> Result<Starts> {
        let clock = self.clock()?;
        Ok(Starts {
            bins: self.clone(),
            clock,
            instant: first.into(),
            last: last.into(),
            offset: clock.offset(first.into()),
            steady_until: clock.steady_until(first.into()),
            reading: None,
            next: None,
            ahead: BTreeSet::new(),
            given: None,
        })
    }
}

impl fmt::Display for Bins {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "stride={:?}", Duration::from_nanos(self.stride_ns.unsigned_abs()))?;
        if self.origin_ns != 0 {
            write!(text, ", origin={}", Instant(self.origin_ns))?;
        }
        match &self.zone {
            Some(zone) => write!(text, ", zone={zone}"),
            None => Ok(()),
        }
    }
}

/// An instant for people.
pub(super) struct Instant(pub(super) i64);

impl fmt::Display for Instant {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "{:?}", chrono::DateTime::from_timestamp_nanos(self.0))
    }
}

/// The starts of the bins of a range, ascending.
///
/// Time is walked in pieces that lie in one bin and have one offset. Most bins start where their
/// first piece does. Where clocks are put forward, a bin that would start in what they skip starts
/// later than its first piece does, and so perhaps later than the next bin: it waits in `ahead`.
#[derive(Debug, Clone)]
pub(super) struct Starts {
    bins: Bins,
    clock: WallClock,
    /// The start of the next piece, and the offset of clocks from it until `steady_until`.
    instant: i128,
    offset: i128,
    steady_until: i128,
    last: i128,
    /// What clocks show at the start of the bin that begins at `instant`, if one does.
    reading: Option<i128>,
    /// The first start that has been found in its place, and those that wait for theirs.
    next: Option<i64>,
    ahead: BTreeSet<i64>,
    given: Option<i64>,
}

impl Starts {
    /// Looks at the next piece of time.
    fn step(&mut self) {
        let begin = self.instant;
        let reading = self.reading.unwrap_or_else(|| self.bins.floor(begin + self.offset));
        let start = self.clock.instant(reading, self.offset, &self.bins);
        self.advance(reading + i128::from(self.bins.stride_ns));
        match i64::try_from(start) {
            Ok(start) if i128::from(start) > begin => {
                self.ahead.insert(start);
            }
            Ok(start) if self.given.is_none_or(|given| start > given) => self.next = Some(start),
            _ => {} // it has been given
        }
    }

    /// Goes on to where clocks show `reading`, or to where they are changed before.
    fn advance(&mut self, reading: i128) {
        let boundary = reading - self.offset;
        self.instant = boundary.min(self.steady_until);
        self.reading = (boundary < self.steady_until).then_some(reading);
        if self.instant == self.steady_until {
            self.offset = self.clock.offset(self.instant);
            self.steady_until = self.clock.steady_until(self.instant);
        }
    }
}

impl Iterator for Starts {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        loop {
            while self.next.is_none() && self.instant <= self.last {
                self.step();
            }
            let waiting = self.ahead.first().copied();
            let start = match (self.next, waiting) {
                (Some(next), Some(waiting)) => next.min(waiting),
                (next, waiting) => next.or(waiting)?,
            };
            self.next = self.next.filter(|next| *next != start);
            self.ahead.remove(&start);
            if self.given.is_none_or(|given| start > given) {
                self.given = Some(start);
                return self.given;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, prop_assert_eq, proptest};

    use super::*;

    const MINUTE: i64 = 60_000_000_000;

    fn instant(text: &str) -> i64 {
        let parsed = arrow::compute::kernels::cast_utils::string_to_timestamp_nanos(text);
        parsed.unwrap_or_else(|_| panic!("{text} is no time"))
    }

    fn bins(minutes: i64, zone: &str) -> Bins {
        Bins::new(minutes * MINUTE, 0, Some(zone)).expect("a zone")
    }

    /// Pairs of an instant and the start of its bin.
    fn assert_starts(bins: &Bins, pairs: &[(&str, &str)]) {
        let clock = bins.clock().expect("a zone");
        for (time, start) in pairs {
            let found = bins.start(clock, instant(time)).map(|start| Instant(start).to_string());
            assert_eq!(found, Some(Instant(instant(start)).to_string()), "{time}");
        }
    }

    #[test]
    fn days_begin_at_midnight_of_the_zone() {
        let days = [
            ("2024-03-30T22:59:59Z", "2024-03-29T23:00:00Z"),
            ("2024-03-31T12:00:00Z", "2024-03-30T23:00:00Z"),
            ("2024-03-31T22:00:00Z", "2024-03-31T22:00:00Z"),
            ("2024-10-27T22:59:59Z", "2024-10-26T22:00:00Z"),
            ("2024-10-27T23:00:00Z", "2024-10-27T23:00:00Z"),
        ];
        assert_starts(&bins(1_440, "Europe/Rome"), &days);
        // clocks skip the midnight of this day
        let days = [("2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z")];
        assert_starts(&bins(1_440, "America/Sao_Paulo"), &days);
    }

    #[test]
    fn a_reading_that_is_skipped_counts_on() {
        let halves = [("2024-03-31T01:10:00Z", "2024-03-31T01:00:00Z")];
        assert_starts(&bins(30, "Europe/Rome"), &halves);
        // 02:24, the start of this bin, is skipped: it is 03:24
        let odd = [("2024-03-31T01:05:00Z", "2024-03-31T01:24:00Z")];
        assert_starts(&bins(48, "Europe/Rome"), &odd);
    }

    #[test]
    fn a_reading_that_comes_twice_is_two_bins_or_the_earlier_one() {
        let hours = [
            ("2024-10-27T00:30:00Z", "2024-10-27T00:00:00Z"),
            ("2024-10-27T01:30:00Z", "2024-10-27T01:00:00Z"),
            ("2024-10-27T02:30:00Z", "2024-10-27T02:00:00Z"),
        ];
        assert_starts(&bins(60, "Europe/Rome"), &hours);
        let longer = [
            ("2024-10-27T00:30:00Z", "2024-10-27T00:00:00Z"),
            ("2024-10-27T01:30:00Z", "2024-10-27T00:00:00Z"),
            ("2024-10-27T02:30:00Z", "2024-10-27T00:00:00Z"),
        ];
        assert_starts(&bins(120, "Europe/Rome"), &longer);
    }

    proptest! {
        #[test]
        fn the_starts_of_a_range_are_those_of_its_instants(
            zone in prop::sample::select(vec![
                "Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
                "America/Sao_Paulo", "Asia/Kathmandu", "+05:30",
            ]),
            minutes in prop::sample::select(vec![
                15, 20, 30, 45, 48, 60, 75, 90, 120, 360, 720, 1_440, 10_080,
            ]),
            day in prop::sample::select(vec![
                "2024-03-31T00:00:00Z", "2024-10-27T00:00:00Z", "2024-03-10T06:00:00Z",
                "2024-11-03T05:00:00Z", "2024-04-06T14:00:00Z", "2024-10-05T15:00:00Z",
                "2011-12-30T08:00:00Z", "2018-11-04T02:00:00Z", "2018-02-18T01:00:00Z",
            ]),
            origin in 0_i64..60,
            from in -3_000_i64..3_000,
            length in 0_i64..6_000,
        ) {
            let bins = Bins::new(minutes * MINUTE, origin * MINUTE, Some(zone)).expect("a zone");
            let clock = bins.clock().expect("a zone");
            let first = instant(day) + from * MINUTE;
            let instants = (0..=length).map(|minute| first + minute * MINUTE);
            let mut expected: BTreeSet<i64> =
                instants.filter_map(|at| bins.start(clock, at)).collect();
            let begin = bins.start(clock, first).map_or(first, |start| start.min(first));
            expected.retain(|start| *start >= begin);
            let found = bins.starts(first, first + length * MINUTE).expect("a zone");
            prop_assert_eq!(found.collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
        }
    }
}
