//! Several ranges of times that do not touch each other.

use super::time_range::TimeRange;

/// Sorted ranges, none of them empty, none touching another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimeRanges(Vec<TimeRange>);

impl From<TimeRange> for TimeRanges {
    fn from(range: TimeRange) -> Self {
        Self(if range.is_empty() { Vec::new() } else { vec![range] })
    }
}

impl TimeRanges {
    /// The times that lie in any of these ranges.
    #[must_use]
    pub fn union_of(mut ranges: Vec<TimeRange>) -> Self {
        ranges.retain(|range| !range.is_empty());
        ranges.sort_by_key(|range| range.min);
        let mut united: Vec<TimeRange> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match united.last_mut().filter(|last| range.min <= last.max.saturating_add(1)) {
                Some(last) => last.max = last.max.max(range.max),
                None => united.push(range),
            }
        }
        Self(united)
    }

    /// The ranges, in order.
    #[must_use]
    pub fn ranges(&self) -> &[TimeRange] {
        &self.0
    }

    /// Whether no time is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a time is in it.
    #[must_use]
    pub fn contains(&self, time: i64) -> bool {
        if let [only] = self.0[..] {
            return only.min <= time && time <= only.max;
        }
        let after = self.0.partition_point(|range| range.min <= time);
        after > 0 && time <= self.0[after - 1].max
    }

    /// Whether every time of a range is in it.
    #[must_use]
    pub fn covers(&self, range: TimeRange) -> bool {
        let holds = |one: &TimeRange| one.min <= range.min && range.max <= one.max;
        range.is_empty() || self.0.iter().any(holds)
    }

    /// Whether any time of a range is in it.
    #[must_use]
    pub fn touches(&self, range: TimeRange) -> bool {
        self.0.iter().any(|one| !one.intersect(range).is_empty())
    }

    /// The times that are also in `range`.
    #[must_use]
    pub fn within(&self, range: TimeRange) -> Self {
        let both = self.0.iter().map(|one| one.intersect(range));
        Self(both.filter(|one| !one.is_empty()).collect())
    }

    /// The times that are also in `others`.
    #[must_use]
    pub fn both(&self, others: &Self) -> Self {
        let (mut left, mut right, mut both) = (0, 0, Vec::new());
        while let (Some(one), Some(other)) = (self.0.get(left), others.0.get(right)) {
            both.extend(Some(one.intersect(*other)).filter(|shared| !shared.is_empty()));
            if one.max < other.max { left += 1 } else { right += 1 }
        }
        Self(both)
    }

    /// At most `ranges_max` ranges that hold all of these, neighbours taken together.
    #[must_use]
    pub fn coarser(&self, ranges_max: usize) -> Self {
        let together = self.0.len().div_ceil(ranges_max).max(1);
        let hull =
            |some: &[TimeRange]| some.iter().fold(TimeRange::EMPTY, |all, one| all.hull(*one));
        Self(self.0.chunks(together).map(hull).collect())
    }

    /// The times that are not in `others`.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        let mut left = Vec::with_capacity(self.0.len());
        for range in &self.0 {
            let mut rest = *range;
            for other in others.0.iter().filter(|other| !other.intersect(*range).is_empty()) {
                if other.min > rest.min {
                    left.push(TimeRange { min: rest.min, max: other.min - 1 });
                }
                match other.max.checked_add(1) {
                    Some(next) => rest.min = next,
                    None => rest = TimeRange::EMPTY,
                }
            }
            left.extend((!rest.is_empty()).then_some(rest));
        }
        Self(left)
    }

    /// The smallest range that holds all of it.
    #[must_use]
    pub fn hull(&self) -> TimeRange {
        self.0.iter().fold(TimeRange::EMPTY, |hull, range| hull.hull(*range))
    }
}
