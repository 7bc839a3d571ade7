//! Widths and origins of bins, as SQL gives them.

use arrow::datatypes::{
    DataType, IntervalDayTimeType, IntervalMonthDayNanoType, IntervalUnit, TimeUnit,
};
use datafusion::common::{exec_err, plan_datafusion_err, plan_err};
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

const NS_PER_DAY: i128 = 86_400_000_000_000;
const NS_PER_MS: i128 = 1_000_000;

/// The nanoseconds of an interval; `function` is for messages.
///
/// # Errors
/// `Execution` for months, whose lengths differ; `Plan` for what is no interval, or too long.
pub(in crate::query) fn stride_ns(stride: &ScalarValue, function: &str) -> Result<i64> {
    let (months, days, rest) = match stride {
        ScalarValue::IntervalMonthDayNano(Some(interval)) => {
            let (months, days, ns) = IntervalMonthDayNanoType::to_parts(*interval);
            (months, days, i128::from(ns))
        }
        ScalarValue::IntervalDayTime(Some(interval)) => {
            let (days, ms) = IntervalDayTimeType::to_parts(*interval);
            (0, days, i128::from(ms) * NS_PER_MS)
        }
        ScalarValue::IntervalYearMonth(Some(months)) => (*months, 0, 0),
        text if text.try_as_str().flatten().is_some() => {
            let interval = DataType::Interval(IntervalUnit::MonthDayNano);
            return stride_ns(&text.cast_to(&interval)?, function);
        }
        other => {
            let kind = other.data_type();
            return plan_err!("{function} requires an interval as the stride argument, got {kind}");
        }
    };
    if months != 0 {
        return exec_err!("gap filling does not support month intervals");
    }
    i64::try_from(i128::from(days) * NS_PER_DAY + rest)
        .map_err(|_| plan_datafusion_err!("the stride argument of {function} is too large"))
}

/// The nanoseconds of an origin, for a time in `zone`.
///
/// # Errors
/// `Plan` for what is no time, or is null.
pub(in crate::query) fn origin_ns(origin: &ScalarValue, zone: Option<&str>) -> Result<i64> {
    let time = DataType::Timestamp(TimeUnit::Nanosecond, zone.map(Into::into));
    let ScalarValue::TimestampNanosecond(Some(origin), _) = origin.cast_to(&time)? else {
        return plan_err!("the origin of bins is a time, got {origin}");
    };
    Ok(origin)
}
