//! Which filters of a query its tables can answer themselves.
//!
//! Comes in: filters as DataFusion has simplified them. Goes out: the range of times that they
//! leave, and the ones that need nothing but tags. Stays true: a range never leaves out a row that
//! a filter keeps, and `exact` is said only where it keeps no other. Refuses nothing: what it
//! cannot read is left for DataFusion to filter row by row.

use std::collections::HashSet;

use arrow::datatypes::{DataType, Schema, TimeUnit};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use datafusion::scalar::ScalarValue;

use super::source::TimeRange;

const TIME: &str = "time";

/// What one filter asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Times of a range; if `exact`, nothing else.
    Time(TimeBounds),
    /// Something that the tags of a row decide alone.
    Tags,
    /// Anything else.
    Rows,
}

/// The times that a filter leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeBounds {
    pub(super) range: TimeRange,
    /// Whether the filter keeps every row whose time is in the range.
    pub(super) exact: bool,
}

/// Sorts a filter over a table with `schema`.
pub(super) fn kind(filter: &Expr, schema: &Schema) -> Kind {
    if let Some(bounds) = time_bounds(filter) {
        return Kind::Time(bounds);
    }
    if reads_only_tags(filter, schema) { Kind::Tags } else { Kind::Rows }
}

/// Whether a column of this type is a tag.
pub(super) fn is_tag(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Dictionary(..))
}

fn reads_only_tags(filter: &Expr, schema: &Schema) -> bool {
    let columns: HashSet<_> = filter.column_refs();
    let all_tags = columns.iter().all(|column| {
        schema.field_with_name(&column.name).is_ok_and(|field| is_tag(field.data_type()))
    });
    all_tags && !columns.is_empty() && !filter.is_volatile()
}

/// The times that `filter` leaves, where it says anything about `time`.
pub(super) fn time_bounds(filter: &Expr) -> Option<TimeBounds> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            both(time_bounds(left), time_bounds(right))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            either(time_bounds(left)?, time_bounds(right)?)
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => compared(left, *op, right),
        Expr::Between(Between { expr, negated: false, low, high }) if is_time(expr) => {
            let range = TimeRange { min: nanoseconds(low)?, max: nanoseconds(high)? };
            Some(TimeBounds { range: range.intersect(TimeRange::ALL), exact: true })
        }
        Expr::InList(InList { expr, list, negated: false }) if is_time(expr) => one_of(list),
        _ => None,
    }
}

fn both(left: Option<TimeBounds>, right: Option<TimeBounds>) -> Option<TimeBounds> {
    match (left, right) {
        (Some(left), Some(right)) => Some(TimeBounds {
            range: left.range.intersect(right.range),
            exact: left.exact && right.exact,
        }),
        (Some(known), None) | (None, Some(known)) => {
            Some(TimeBounds { range: known.range, exact: false })
        }
        (None, None) => None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the answer of `time_bounds`, like that of `both`")]
fn either(left: TimeBounds, right: TimeBounds) -> Option<TimeBounds> {
    Some(TimeBounds { range: left.range.hull(right.range), exact: left == right && left.exact })
}

fn one_of(list: &[Expr]) -> Option<TimeBounds> {
    let range = list.iter().try_fold(TimeRange::EMPTY, |range, value| {
        let time = nanoseconds(value)?;
        Some(range.hull(TimeRange { min: time, max: time }))
    })?;
    Some(TimeBounds { range, exact: range.min == range.max })
}

fn compared(left: &Expr, operator: Operator, right: &Expr) -> Option<TimeBounds> {
    let range = if is_time(left) {
        range_of(operator, nanoseconds(right)?)
    } else if is_time(right) {
        range_of(operator.swap()?, nanoseconds(left)?)
    } else {
        None
    };
    Some(TimeBounds { range: range?, exact: true })
}

/// The times `t` for which `t operator time` holds.
pub(super) fn range_of(operator: Operator, time: i64) -> Option<TimeRange> {
    let all = TimeRange::ALL;
    let range = match operator {
        Operator::Eq | Operator::IsNotDistinctFrom => TimeRange { min: time, max: time },
        Operator::GtEq => TimeRange { min: time, ..all },
        Operator::LtEq => TimeRange { max: time, ..all },
        Operator::Gt => {
            time.checked_add(1).map_or(TimeRange::EMPTY, |min| TimeRange { min, ..all })
        }
        Operator::Lt => {
            time.checked_sub(1).map_or(TimeRange::EMPTY, |max| TimeRange { max, ..all })
        }
        _ => return None,
    };
    Some(range)
}

/// Whether an expression is the column `time`, perhaps with a zone that does not move it.
fn is_time(expression: &Expr) -> bool {
    match expression {
        Expr::Column(column) => column.name == TIME,
        Expr::Cast(cast) => is_utc(cast.field.data_type()) && is_time(&cast.expr),
        _ => false,
    }
}

fn is_utc(data_type: &DataType) -> bool {
    match data_type {
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
            matches!(zone.as_deref(), None | Some("+00:00" | "UTC" | "Z"))
        }
        _ => false,
    }
}

fn nanoseconds(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::Literal(value, _) => scalar_nanoseconds(value),
        _ => None,
    }
}

/// The instant of a literal that is a timestamp in nanoseconds.
pub(super) fn scalar_nanoseconds(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::TimestampNanosecond(time, _) => *time,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{cast, col, lit};

    use super::*;

    fn at(time: i64) -> Expr {
        lit(ScalarValue::TimestampNanosecond(Some(time), None))
    }

    #[expect(clippy::unnecessary_wraps, reason = "the answer of `time_bounds`")]
    fn bounds(min: i64, max: i64, exact: bool) -> Option<TimeBounds> {
        Some(TimeBounds { range: TimeRange { min, max }, exact })
    }

    #[test]
    fn comparisons_with_time_are_exact() {
        assert_eq!(time_bounds(&col("time").gt(at(5))), bounds(6, i64::MAX, true));
        assert_eq!(time_bounds(&at(5).gt_eq(col("time"))), bounds(i64::MIN, 5, true));
        assert_eq!(time_bounds(&col("time").eq(at(5))), bounds(5, 5, true));
        assert_eq!(time_bounds(&col("time").between(at(5), at(7))), bounds(5, 7, true));
        let zone = DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into()));
        let zoned = lit(ScalarValue::TimestampNanosecond(Some(5), Some("+00:00".into())));
        assert_eq!(time_bounds(&cast(col("time"), zone).lt(zoned)), bounds(i64::MIN, 4, true));
    }

    #[test]
    fn ranges_that_hold_nothing_are_empty() {
        let nothing = col("time").gt(at(7)).and(col("time").lt(at(5)));
        assert!(time_bounds(&nothing).is_some_and(|bounds| bounds.range.is_empty()));
        assert!(range_of(Operator::Gt, i64::MAX).is_some_and(TimeRange::is_empty));
        assert!(range_of(Operator::Lt, i64::MIN).is_some_and(TimeRange::is_empty));
        let reversed = col("time").between(at(7), at(5));
        assert!(time_bounds(&reversed).is_some_and(|bounds| bounds.range.is_empty()));
    }

    #[test]
    fn disjunctions_leave_their_hull() {
        let two = col("time").between(at(1), at(2)).or(col("time").between(at(8), at(9)));
        assert_eq!(time_bounds(&two), bounds(1, 9, false));
        let open = col("time").eq(at(1)).or(col("value").eq(lit(1)));
        assert_eq!(time_bounds(&open), None);
        let list = col("time").in_list(vec![at(3), at(9)], false);
        assert_eq!(time_bounds(&list), bounds(3, 9, false));
    }

    #[test]
    fn other_conditions_make_a_range_inexact() {
        let mixed = col("time").gt_eq(at(5)).and(col("value").eq(lit(1)));
        assert_eq!(time_bounds(&mixed), bounds(5, i64::MAX, false));
        assert_eq!(time_bounds(&col("time").not_eq(at(5))), None);
        let other_zone = DataType::Timestamp(TimeUnit::Nanosecond, Some("Europe/Rome".into()));
        assert_eq!(time_bounds(&cast(col("time"), other_zone).gt(at(5))), None);
    }
}
