//! Times and durations that a statement writes down.
//!
//! Comes in: constant expressions, the time of the statement, and its zone. Goes out: nanoseconds
//! since the Unix epoch, and the range of times that a condition leaves. Stays true: a range and
//! the rest of its condition together keep the rows that the condition keeps. Refuses what is no
//! time, and times beyond those of a column.

use arrow::array::timezone::Tz;
use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, TimeZone};

use super::columns::TIME;
use crate::error::{EngineError, Result};
use crate::influxql::{Expr, Literal, Operator};
use crate::query::TimeRange;

/// What times are reckoned with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    /// When the statement began.
    pub(super) now_ns: i64,
    /// The zone of times that name none.
    pub(super) zone: Option<Tz>,
}

const FORMATS: [&str; 3] = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"];

/// A zone by its name.
///
/// # Errors
/// `Invalid` where there is none of that name.
pub(super) fn zone(name: &str) -> Result<Tz> {
    name.parse().map_err(|_| EngineError::invalid(format!("unable to find time zone {name}")))
}

impl Clock {
    /// A constant time or duration in nanoseconds; `None` where `expr` is none.
    ///
    /// # Errors
    /// `Invalid` for text that is no time, and for what overflows.
    pub(super) fn nanoseconds(self, expr: &Expr) -> Result<Option<i64>> {
        Ok(match expr {
            Expr::Nested(inner) => self.nanoseconds(inner)?,
            Expr::Negative(inner) => match self.nanoseconds(inner)? {
                Some(value) => Some(value.checked_neg().ok_or_else(overflow)?),
                None => None,
            },
            Expr::Literal(Literal::Integer(value) | Literal::Duration(value)) => Some(*value),
            #[expect(clippy::cast_possible_truncation, reason = "fractions of a nanosecond go")]
            Expr::Literal(Literal::Float(value)) => Some(*value as i64),
            Expr::Literal(Literal::String(text)) => Some(self.parse(text)?),
            Expr::Call { name, arguments } if name == "now" && arguments.is_empty() => {
                Some(self.now_ns)
            }
            Expr::Binary { left, operator, right } => self.computed(left, *operator, right)?,
            _ => None,
        })
    }

    fn computed(self, left: &Expr, operator: Operator, right: &Expr) -> Result<Option<i64>> {
        let (Some(left), Some(right)) = (self.nanoseconds(left)?, self.nanoseconds(right)?) else {
            return Ok(None);
        };
        let value = match operator {
            Operator::Add => left.checked_add(right),
            Operator::Subtract => left.checked_sub(right),
            Operator::Multiply => left.checked_mul(right),
            Operator::Divide => left.checked_div(right),
            Operator::Modulo => left.checked_rem(right),
            _ => return Ok(None),
        };
        value.map(Some).ok_or_else(overflow)
    }

    /// A time as text: RFC 3339, a date, or a date and a time of day in the zone of the statement.
    fn parse(self, text: &str) -> Result<i64> {
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return instant.timestamp_nanos_opt().ok_or_else(overflow);
        }
        let local = FORMATS.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        let local = local.or_else(|| {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            date.and_hms_opt(0, 0, 0)
        });
        let local = local
            .ok_or_else(|| EngineError::invalid(format!("'{text}' is not a valid timestamp")))?;
        self.instant(local).ok_or_else(overflow)
    }

    fn instant(self, local: NaiveDateTime) -> Option<i64> {
        let Some(zone) = self.zone else { return local.and_utc().timestamp_nanos_opt() };
        match zone.from_local_datetime(&local) {
            LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => {
                instant.timestamp_nanos_opt()
            }
            // an hour that the clocks leave out: as if they had not been changed yet
            LocalResult::None => {
                let before = zone.offset_from_utc_datetime(&local);
                let offset = chrono::Offset::fix(&before).local_minus_utc();
                (local - chrono::Duration::seconds(i64::from(offset)))
                    .and_utc()
                    .timestamp_nanos_opt()
            }
        }
    }

    /// The times that `condition` leaves, and what is left of it to decide row by row.
    ///
    /// # Errors
    /// `Invalid` for a comparison of `time` with something that is no time.
    pub(super) fn split(self, condition: Option<&Expr>) -> Result<(TimeRange, Option<Expr>)> {
        match condition {
            None => Ok((TimeRange::ALL, None)),
            Some(Expr::Nested(inner)) => self.split(Some(inner)),
            Some(Expr::Binary { left, operator: Operator::And, right }) => {
                let (left_range, left) = self.split(Some(left))?;
                let (right_range, right) = self.split(Some(right))?;
                Ok((left_range.intersect(right_range), both(left, right)))
            }
            Some(other) => match self.bounds(other)? {
                Some(range) => Ok((range, None)),
                None => Ok((TimeRange::ALL, Some(other.clone()))),
            },
        }
    }

    fn bounds(self, expr: &Expr) -> Result<Option<TimeRange>> {
        let Expr::Binary { left, operator, right } = expr else { return Ok(None) };
        let (operator, constant) = match (is_time(left), is_time(right)) {
            (true, false) => (*operator, right),
            (false, true) => (swapped(*operator), left),
            _ => return Ok(None),
        };
        let time = self.time(constant)?;
        range_of(operator, time).map(Some)
    }

    /// A time that a row's time is compared with.
    ///
    /// # Errors
    /// `Invalid` where `expr` is no constant time.
    pub(super) fn time(self, expr: &Expr) -> Result<i64> {
        self.nanoseconds(expr)?.ok_or_else(|| {
            EngineError::invalid(format!("invalid expression for a time: '{expr}' is no constant"))
        })
    }
}

/// Whether `expr` is the time of a row.
pub(super) fn is_time(expr: &Expr) -> bool {
    match expr {
        Expr::Column { name, .. } => name.eq_ignore_ascii_case(TIME),
        Expr::Nested(inner) => is_time(inner),
        _ => false,
    }
}

fn both(left: Option<Expr>, right: Option<Expr>) -> Option<Expr> {
    match (left, right) {
        (Some(left), Some(right)) => Some(Expr::Binary {
            left: Box::new(left),
            operator: Operator::And,
            right: Box::new(right),
        }),
        (one, other) => one.or(other),
    }
}

fn swapped(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        other => other,
    }
}

fn range_of(operator: Operator, time: i64) -> Result<TimeRange> {
    let all = TimeRange::ALL;
    Ok(match operator {
        Operator::Equal => TimeRange { min: time, max: time },
        Operator::Greater if time == i64::MAX => TimeRange::EMPTY,
        Operator::Greater => TimeRange { min: time + 1, ..all },
        Operator::GreaterOrEqual => TimeRange { min: time, ..all },
        Operator::Less if time == i64::MIN => TimeRange::EMPTY,
        Operator::Less => TimeRange { max: time - 1, ..all },
        Operator::LessOrEqual => TimeRange { max: time, ..all },
        _ => {
            return Err(EngineError::invalid(
                "invalid time comparison operator: use =, <, <=, > or >=",
            ));
        }
    })
}

fn overflow() -> EngineError {
    EngineError::invalid("a time or duration is out of range: times lie between 1677 and 2262")
}
