//! Values on a straight line between two others.
//!
//! Comes in: a column and, for each row to make, where its value comes from. Goes out: the column
//! of these rows. Stays true: the values of integers are exact, and cut towards zero.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, StructArray,
    TimestampNanosecondArray, UInt32Array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::take;
use arrow::datatypes::{
    DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::common::exec_err;
use datafusion::error::Result;

/// The field of a struct, as a selector makes it, that lines are drawn through.
pub(super) const VALUE: &str = "value";
const TIME: &str = "time";

/// Where the value of a row comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Source {
    None,
    Row(u32),
    /// Between two rows: so much time after the first, of so much between them.
    Line {
        from: u32,
        to: u32,
        elapsed: i128,
        whole: i128,
    },
}

/// Whether lines can be drawn through values of this type.
pub(super) fn has_lines(data_type: &DataType) -> bool {
    match data_type {
        DataType::Float32 | DataType::Float64 => true,
        DataType::Struct(fields) => {
            fields.iter().any(|field| field.name() == VALUE && has_lines(field.data_type()))
        }
        other => other.is_integer(),
    }
}

/// The column that `sources` make of `column`; `times` are those of its rows.
pub(super) fn on_lines(
    column: &ArrayRef,
    sources: &[Source],
    times: &[Option<i64>],
) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Int8 => Ok(numbers::<Int8Type>(column, sources)),
        DataType::Int16 => Ok(numbers::<Int16Type>(column, sources)),
        DataType::Int32 => Ok(numbers::<Int32Type>(column, sources)),
        DataType::Int64 => Ok(numbers::<Int64Type>(column, sources)),
        DataType::UInt8 => Ok(numbers::<UInt8Type>(column, sources)),
        DataType::UInt16 => Ok(numbers::<UInt16Type>(column, sources)),
        DataType::UInt32 => Ok(numbers::<UInt32Type>(column, sources)),
        DataType::UInt64 => Ok(numbers::<UInt64Type>(column, sources)),
        DataType::Float32 => Ok(numbers::<Float32Type>(column, sources)),
        DataType::Float64 => Ok(numbers::<Float64Type>(column, sources)),
        DataType::Struct(_) => points(column.as_struct(), sources, times),
        other => exec_err!("unsupported data type {other} for interpolation gap filling"),
    }
}

/// A number that has others on a line to a second one.
trait OnLine: Copy {
    fn between(self, to: Self, elapsed: i128, whole: i128) -> Self;
}

macro_rules! integers {
    ($($native:ty),*) => {$(
        impl OnLine for $native {
            fn between(self, to: Self, elapsed: i128, whole: i128) -> Self {
                let value = integer(self.into(), to.into(), elapsed, whole);
                Self::try_from(value).unwrap_or(self) // it lies between two that fit
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64);

/// The integer on the line, cut towards zero; `elapsed` lies in `whole`.
fn integer(from: i128, to: i128, elapsed: i128, whole: i128) -> i128 {
    // a product of two numbers of 64 bits fits if one of them has 62
    let shift = if whole >> 62 == 0 { 0 } else { 3 };
    let (elapsed, whole) = (elapsed >> shift, (whole >> shift).max(1));
    let product = (to - from) * elapsed;
    let (down, rest) = (from + product.div_euclid(whole), product.rem_euclid(whole));
    if rest != 0 && down < 0 { down + 1 } else { down }
}

#[expect(clippy::cast_precision_loss, reason = "a fraction of time as precise as a float is")]
fn fraction(elapsed: i128, whole: i128) -> (f64, f64) {
    (elapsed as f64, whole as f64)
}

impl OnLine for f64 {
    /// As InfluxDB does: the slope first.
    fn between(self, to: Self, elapsed: i128, whole: i128) -> Self {
        let (elapsed, whole) = fraction(elapsed, whole);
        (to - self) / whole * elapsed + self
    }
}

impl OnLine for f32 {
    #[expect(clippy::cast_possible_truncation, reason = "the precision of the column")]
    fn between(self, to: Self, elapsed: i128, whole: i128) -> Self {
        f64::from(self).between(to.into(), elapsed, whole) as f32
    }
}

fn numbers<T: ArrowPrimitiveType<Native: OnLine>>(
    column: &ArrayRef,
    sources: &[Source],
) -> ArrayRef {
    let column = column.as_primitive::<T>();
    let at = |row: u32| column.value(row as usize);
    let value = |source: &Source| match *source {
        Source::None => None,
        Source::Row(row) => column.is_valid(row as usize).then(|| at(row)),
        Source::Line { from, to, elapsed, whole } => Some(at(from).between(at(to), elapsed, whole)),
    };
    let made: PrimitiveArray<T> = sources.iter().map(value).collect();
    Arc::new(made)
}

/// Structs: `value` on the line, `time` that of the row; other fields stay empty between rows.
fn points(column: &StructArray, sources: &[Source], times: &[Option<i64>]) -> Result<ArrayRef> {
    let row = |source: &Source| if let Source::Row(row) = source { Some(*row) } else { None };
    let rows: UInt32Array = sources.iter().map(row).collect();
    let mut columns = Vec::with_capacity(column.num_columns());
    for (field, values) in column.fields().iter().zip(column.columns()) {
        columns.push(match (field.name().as_str(), field.data_type()) {
            (VALUE, _) => on_lines(values, sources, times)?,
            (TIME, DataType::Timestamp(TimeUnit::Nanosecond, _)) => {
                point_times(values, sources, times)
            }
            _ => take(values, &rows, None)?,
        });
    }
    let present = |source: &Source| match *source {
        Source::None => false,
        Source::Row(row) => column.is_valid(row as usize),
        Source::Line { .. } => true,
    };
    let nulls: NullBuffer = sources.iter().map(present).collect();
    Ok(Arc::new(StructArray::try_new(column.fields().clone(), columns, Some(nulls))?))
}

fn point_times(values: &ArrayRef, sources: &[Source], times: &[Option<i64>]) -> ArrayRef {
    let known = values.as_primitive::<TimestampNanosecondType>();
    let zone = known.timezone().map(Arc::from);
    let time = |(source, time): (&Source, &Option<i64>)| match *source {
        Source::None => None,
        Source::Row(row) => known.is_valid(row as usize).then(|| known.value(row as usize)),
        Source::Line { .. } => *time,
    };
    let made: TimestampNanosecondArray = sources.iter().zip(times).map(time).collect();
    Arc::new(made.with_timezone_opt(zone))
}
