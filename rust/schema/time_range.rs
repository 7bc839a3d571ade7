//! A range of times, as queries and blocks have it.

/// Times from `min` to `max`, both included, in nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// The earliest time; greater than `max` in a range that holds nothing.
    pub min: i64,
    /// The latest time.
    pub max: i64,
}

impl TimeRange {
    /// Every time there is.
    pub const ALL: Self = Self { min: i64::MIN, max: i64::MAX };
    /// No time at all.
    pub const EMPTY: Self = Self { min: i64::MAX, max: i64::MIN };

    /// Whether no time lies in the range.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.min > self.max
    }

    /// The times that lie in both ranges.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        let both = Self { min: self.min.max(other.min), max: self.max.min(other.max) };
        if both.is_empty() { Self::EMPTY } else { both }
    }

    /// The smallest range that holds both ranges.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other,
            (_, true) => self,
            _ => Self { min: self.min.min(other.min), max: self.max.max(other.max) },
        }
    }
}
