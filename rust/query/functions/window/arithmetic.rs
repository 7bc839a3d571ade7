//! The numbers of window functions.
//!
//! Comes in: the columns of one partition. Goes out: one column. Stays true: integers are exact,
//! and one that does not fit is an error and not another number.

use std::fmt::Display;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, PrimitiveArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float64Type, Int64Type, UInt64Type};
use arrow::error::ArrowError;
use datafusion::common::internal_err;
use datafusion::error::{DataFusionError, Result};

use super::Kind;

/// What `kind` makes of `columns`, which are Int64, `UInt64` or Float64, and times Int64.
pub(super) fn evaluate(kind: Kind, columns: &[ArrayRef], literal: i64) -> Result<ArrayRef> {
    match (kind, columns) {
        (Kind::Derivative | Kind::NonNegativeDerivative, [values, times]) => {
            let times = times.as_primitive();
            derivative(values, times, literal, kind == Kind::NonNegativeDerivative)
        }
        (Kind::Difference, [values]) => difference(values),
        (Kind::NonNegativeDifference, [values]) => non_negative_difference(values),
        (Kind::CumulativeSum, [values]) => cumulative_sum(values),
        (Kind::MovingAverage, [values]) => moving_average(values, literal),
        (Kind::Elapsed, [times]) => elapsed(times.as_primitive(), literal),
        _ => internal_err!("{} over {} columns", kind.name(), columns.len()),
    }
}

/// What `step` makes of each value and the one before it, nulls left out.
fn steps<T: Copy, R>(
    values: impl Iterator<Item = Option<T>>,
    step: impl Fn(T, T) -> Result<Option<R>>,
) -> Result<Vec<Option<R>>> {
    let mut previous = None;
    let stepped = values.map(|value| {
        let before = value.and_then(|value| previous.replace(value));
        before.zip(value).map_or(Ok(None), |(before, value)| step(before, value))
    });
    stepped.collect()
}

fn overflow(operation: &str) -> DataFusionError {
    ArrowError::ArithmeticOverflow(format!("Overflow happened on: {operation}")).into()
}

#[expect(clippy::cast_precision_loss, reason = "a rate is a float, as precise as one is")]
fn derivative(
    values: &ArrayRef,
    times: &Int64Array,
    unit_ns: i64,
    non_negative: bool,
) -> Result<ArrayRef> {
    let rate = |change: f64, from: i64, to: i64| {
        let ns = i128::from(to) - i128::from(from);
        let rate = change / (ns as f64 / unit_ns as f64);
        // two values of one time have no rate
        Ok((ns != 0 && !(non_negative && rate < 0.0)).then_some(rate))
    };
    let exact = |from: i128, to: i128| (to - from) as f64;
    let rates = match values.data_type() {
        DataType::Int64 => {
            steps(timed(values.as_primitive::<Int64Type>(), times), |(a, from), (b, to)| {
                rate(exact(a.into(), b.into()), from, to)
            })?
        }
        DataType::UInt64 => {
            steps(timed(values.as_primitive::<UInt64Type>(), times), |(a, from), (b, to)| {
                rate(exact(a.into(), b.into()), from, to)
            })?
        }
        _ => steps(timed(values.as_primitive::<Float64Type>(), times), |(a, from), (b, to)| {
            rate(b - a, from, to)
        })?,
    };
    Ok(Arc::new(Float64Array::from(rates)))
}

/// Each value with its time, where neither is null.
fn timed<T: ArrowPrimitiveType>(
    values: &PrimitiveArray<T>,
    times: &Int64Array,
) -> impl Iterator<Item = Option<(T::Native, i64)>> {
    values.iter().zip(times).map(|(value, time)| value.zip(time))
}

fn difference(values: &ArrayRef) -> Result<ArrayRef> {
    Ok(match values.data_type() {
        DataType::Int64 => {
            Arc::new(Int64Array::from(steps(values.as_primitive::<Int64Type>().iter(), |a, b| {
                subtracted(b.into(), a.into())
            })?))
        }
        DataType::UInt64 => Arc::new(Int64Array::from(steps(
            values.as_primitive::<UInt64Type>().iter(),
            |a, b| subtracted(b.into(), a.into()),
        )?)),
        _ => Arc::new(Float64Array::from(steps(
            values.as_primitive::<Float64Type>().iter(),
            |a, b| Ok(Some(b - a)),
        )?)),
    })
}

fn subtracted(value: i128, before: i128) -> Result<Option<i64>> {
    let fitting = i64::try_from(value - before);
    fitting.map(Some).map_err(|_| overflow(&format!("{value} - {before}")))
}

fn non_negative_difference(values: &ArrayRef) -> Result<ArrayRef> {
    Ok(match values.data_type() {
        DataType::Int64 => {
            Arc::new(Int64Array::from(steps(values.as_primitive::<Int64Type>().iter(), |a, b| {
                if b < a { Ok(None) } else { subtracted(b.into(), a.into()) }
            })?))
        }
        DataType::UInt64 => Arc::new(UInt64Array::from(steps(
            values.as_primitive::<UInt64Type>().iter(),
            |a, b| Ok(b.checked_sub(a)),
        )?)),
        _ => Arc::new(Float64Array::from(steps(
            values.as_primitive::<Float64Type>().iter(),
            |a, b| Ok(Some(b - a).filter(|change| change.is_nan() || *change >= 0.0)),
        )?)),
    })
}

fn cumulative_sum(values: &ArrayRef) -> Result<ArrayRef> {
    Ok(match values.data_type() {
        DataType::Int64 => Arc::new(Int64Array::from(sums(
            values.as_primitive::<Int64Type>().iter(),
            |sum: i64, value| sum.checked_add(value),
        )?)),
        DataType::UInt64 => Arc::new(UInt64Array::from(sums(
            values.as_primitive::<UInt64Type>().iter(),
            |sum: u64, value| sum.checked_add(value),
        )?)),
        _ => Arc::new(Float64Array::from(sums(
            values.as_primitive::<Float64Type>().iter(),
            |sum: f64, value| Some(sum + value),
        )?)),
    })
}

fn sums<T: Copy + Default + Display>(
    values: impl Iterator<Item = Option<T>>,
    add: impl Fn(T, T) -> Option<T>,
) -> Result<Vec<Option<T>>> {
    let mut sum = T::default();
    let summed = values.map(|value| match value {
        None => Ok(None),
        Some(value) => {
            sum = add(sum, value).ok_or_else(|| overflow(&format!("{sum} + {value}")))?;
            Ok(Some(sum))
        }
    });
    summed.collect()
}

#[expect(clippy::cast_precision_loss, reason = "a mean is a float, as precise as one is")]
fn moving_average(values: &ArrayRef, count: i64) -> Result<ArrayRef> {
    let values = cast(values, &DataType::Float64)?;
    let values: &Float64Array = values.as_primitive();
    let present: Vec<f64> = values.iter().flatten().collect();
    let width = usize::try_from(count).unwrap_or(usize::MAX);
    let mut means = windows(&present, width).map(|sum| sum.map(|sum| sum / count as f64));
    let averages = values.iter().map(|value| value.and_then(|_| means.next().flatten()));
    Ok(Arc::new(averages.collect::<Float64Array>()))
}

/// The sum of the `width` values that end at each one, `None` where there are not so many.
///
/// Each window is the end of one stretch of `width` values and the start of the next: adding these
/// two takes no value away again, so that an infinite one spoils no later window.
fn windows(values: &[f64], width: usize) -> impl Iterator<Item = Option<f64>> {
    let (mut starts, mut ends) = (values.to_vec(), values.to_vec());
    for stretch in starts.chunks_mut(width) {
        (1..stretch.len()).for_each(|index| stretch[index] += stretch[index - 1]);
    }
    for stretch in ends.chunks_mut(width) {
        (1..stretch.len()).rev().for_each(|index| stretch[index - 1] += stretch[index]);
    }
    (0..values.len()).map(move |last| {
        let first = (last + 1).checked_sub(width)?;
        let whole = first.is_multiple_of(width);
        Some(if whole { starts[last] } else { ends[first] + starts[last] })
    })
}

fn elapsed(times: &Int64Array, unit_ns: i64) -> Result<ArrayRef> {
    let units = |from: i64, to: i64| {
        let units = (i128::from(to) - i128::from(from)) / i128::from(unit_ns);
        let fitting = i64::try_from(units).map(Some);
        fitting.map_err(|_| overflow(&format!("{to} - {from}")))
    };
    Ok(Arc::new(Int64Array::from(steps(times.iter(), units)?)))
}
