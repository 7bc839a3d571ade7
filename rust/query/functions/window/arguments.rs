//! What a window function is given: its types, its literals, and its columns in few types.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, IntervalUnit, TimeUnit};
use datafusion::common::{internal_err, plan_datafusion_err, plan_err};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::expressions::Literal;
use datafusion::scalar::ScalarValue;

use super::Kind;

/// The unit of a derivative that names none.
const SECOND_NS: i64 = 1_000_000_000;
const DAY_NS: i64 = 86_400 * SECOND_NS;

const TIMES: DataType = DataType::Timestamp(TimeUnit::Nanosecond, None);

/// The type that the first argument is computed in.
///
/// # Errors
/// `Plan` where the arguments are too few, too many or of a wrong type.
pub(super) fn checked(kind: Kind, fields: &[FieldRef]) -> Result<DataType> {
    let types: Vec<&DataType> = fields.iter().map(|field| field.data_type()).collect();
    match (kind, &*types) {
        (Kind::Derivative | Kind::NonNegativeDerivative, [value, time, unit @ ..]) => {
            check_time(kind, 1, time)?;
            if unit.len() > 1 {
                return counted(kind, fields.len());
            }
            computed(kind, value)
        }
        (Kind::Elapsed, [time, _unit]) => {
            check_time(kind, 0, time)?;
            Ok(TIMES)
        }
        (Kind::MovingAverage, [value, _count]) => computed(kind, value),
        (Kind::Difference | Kind::NonNegativeDifference | Kind::CumulativeSum, [value]) => {
            computed(kind, value)
        }
        _ => counted(kind, fields.len()),
    }
}

fn counted(kind: Kind, got: usize) -> Result<DataType> {
    let expected = match kind {
        Kind::Derivative | Kind::NonNegativeDerivative => "2 or 3 arguments",
        Kind::MovingAverage | Kind::Elapsed => "2 arguments",
        _ => "1 argument",
    };
    plan_err!("{} expects {expected}, got {got}", kind.name())
}

fn check_time(kind: Kind, index: usize, data_type: &DataType) -> Result<()> {
    match data_type {
        DataType::Timestamp(..) | DataType::Null => Ok(()),
        other => {
            plan_err!("{} requires a timestamp as argument {}, got {other}", kind.name(), index + 1)
        }
    }
}

/// Numbers are computed as one of three types.
fn computed(kind: Kind, data_type: &DataType) -> Result<DataType> {
    match data_type {
        other if other.is_signed_integer() => Ok(DataType::Int64),
        other if other.is_unsigned_integer() => Ok(DataType::UInt64),
        other if other.is_floating() || other.is_decimal() || other.is_null() => {
            Ok(DataType::Float64)
        }
        other => plan_err!("{} requires a number as argument 1, got {other}", kind.name()),
    }
}

/// The last argument: a unit in nanoseconds, or a number of values; at least 1.
///
/// # Errors
/// `Plan` where it is no literal, or is not positive.
pub(super) fn literal(kind: Kind, arguments: &[Arc<dyn PhysicalExpr>]) -> Result<i64> {
    let (index, what) = match kind {
        Kind::Derivative | Kind::NonNegativeDerivative => (2, "unit"),
        Kind::Elapsed => (1, "unit"),
        Kind::MovingAverage => (1, "number of values"),
        Kind::Difference | Kind::NonNegativeDifference | Kind::CumulativeSum => return Ok(1),
    };
    let Some(argument) = arguments.get(index) else {
        return Ok(SECOND_NS);
    };
    let name = kind.name();
    let Some(literal) = argument.downcast_ref::<Literal>() else {
        return plan_err!("{name} requires a literal as its {what}, got {argument}");
    };
    let value = literal.value();
    let number = match kind {
        Kind::MovingAverage => integer(value),
        _ => nanoseconds(value),
    };
    number.filter(|number| *number > 0).ok_or_else(|| {
        let expected = match kind {
            Kind::MovingAverage => "an integer of at least 1",
            _ => "a positive interval without months, or nanoseconds,",
        };
        plan_datafusion_err!("{name} requires {expected} as its {what}, got {value}")
    })
}

fn integer(value: &ScalarValue) -> Option<i64> {
    let integer = value.data_type().is_integer().then(|| value.cast_to(&DataType::Int64));
    match integer?.ok()? {
        ScalarValue::Int64(number) => number,
        _ => None,
    }
}

/// An interval without months, a duration, or a number of nanoseconds.
fn nanoseconds(value: &ScalarValue) -> Option<i64> {
    let target = match value.data_type() {
        DataType::Interval(_) => DataType::Interval(IntervalUnit::MonthDayNano),
        DataType::Duration(_) => DataType::Duration(TimeUnit::Nanosecond),
        _ => return integer(value),
    };
    match value.cast_to(&target).ok()? {
        ScalarValue::IntervalMonthDayNano(Some(step)) if step.months == 0 => {
            i64::from(step.days).checked_mul(DAY_NS)?.checked_add(step.nanoseconds)
        }
        ScalarValue::DurationNanosecond(step) => step,
        _ => None,
    }
}

/// The columns of a partition as Int64, `UInt64` or Float64; times as Int64 nanoseconds.
pub(super) fn columns(kind: Kind, values: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    let Some((first, times)) = values.split_first() else {
        return internal_err!("{} without a column", kind.name());
    };
    let first = match kind {
        Kind::Elapsed => instants(first)?,
        _ => cast(first, &computed(kind, first.data_type())?)?,
    };
    std::iter::once(Ok(first)).chain(times.iter().map(instants)).collect()
}

fn instants(times: &ArrayRef) -> Result<ArrayRef> {
    let zone = match times.data_type() {
        DataType::Timestamp(_, zone) => zone.clone(),
        _ => None,
    };
    let times = cast(times, &DataType::Timestamp(TimeUnit::Nanosecond, zone))?;
    Ok(cast(&times, &DataType::Int64)?)
}
