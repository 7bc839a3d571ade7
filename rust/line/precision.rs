//! The unit of the timestamps of a request.
//!
//! Comes in: the word of the request, and timestamps as written. Goes out: nanoseconds since 1970.
//! Stays true: `Auto` decides for each timestamp on its own, by its magnitude. Refused: a timestamp
//! that leaves the range of `i64` nanoseconds.

use super::LineError;

/// The unit of the timestamps of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Precision {
    /// Guessed per timestamp: see [`Precision::to_nanoseconds`].
    #[default]
    Auto,
    /// Seconds.
    Second,
    /// Milliseconds.
    Millisecond,
    /// Microseconds.
    Microsecond,
    /// Nanoseconds.
    Nanosecond,
}

impl Precision {
    /// The unit named by the `precision` parameter of a request; `None` for an unknown word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "auto" => Some(Self::Auto),
            "second" | "s" => Some(Self::Second),
            "millisecond" | "ms" => Some(Self::Millisecond),
            "microsecond" | "us" | "u" => Some(Self::Microsecond),
            "nanosecond" | "ns" | "n" => Some(Self::Nanosecond),
            _ => None,
        }
    }

    /// The clock reading for lines without a timestamp: `time_ns` rounded down to this unit.
    #[must_use]
    pub fn truncate(self, time_ns: i64) -> i64 {
        let unit_ns = self.unit_ns();
        time_ns.div_euclid(unit_ns).saturating_mul(unit_ns)
    }

    /// `timestamp`, counted in this unit, in nanoseconds. `Auto` takes what is below 5·10⁹ as
    /// seconds, below 5·10¹² as milliseconds, below 5·10¹⁵ as microseconds, else as nanoseconds.
    ///
    /// # Errors
    /// A timestamp that is out of the range of `i64` nanoseconds.
    #[inline]
    pub fn to_nanoseconds(self, timestamp: i64) -> Result<i64, LineError> {
        let unit = if self == Self::Auto { Self::guess(timestamp) } else { self };
        timestamp.checked_mul(unit.unit_ns()).ok_or_else(|| self.out_of_range(timestamp))
    }

    fn guess(timestamp: i64) -> Self {
        match timestamp.unsigned_abs() / 1_000_000_000 {
            0..5 => Self::Second,
            5..5_000 => Self::Millisecond,
            5_000..5_000_000 => Self::Microsecond,
            _ => Self::Nanosecond,
        }
    }

    fn unit_ns(self) -> i64 {
        match self {
            Self::Second => 1_000_000_000,
            Self::Millisecond => 1_000_000,
            Self::Microsecond => 1_000,
            Self::Auto | Self::Nanosecond => 1,
        }
    }

    #[cold]
    fn out_of_range(self, timestamp: i64) -> LineError {
        let message = format!("timestamp, {timestamp}, out of range for precision: {self:?}");
        LineError { message }
    }
}
