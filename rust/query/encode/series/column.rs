//! The values of a column as the spellings know them.
//!
//! Comes in: an array of any type. Goes out: its values, each one of few kinds. Stays true: a
//! number that is whole is an integer, as far as those reach; NaN is no value; what is neither
//! number, truth nor time is text. Refuses a type without text.

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, PrimitiveArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Float64Type, Int64Type, TimeUnit, TimestampNanosecondType, UInt64Type,
};

use super::clock::Clock;
use crate::error::{EngineError, Result};
use crate::query::errors::from_arrow;

/// A whole number is shown as an integer below this.
const WHOLE_BELOW: f64 = 9_223_372_036_854_775_808.0;

/// The unit of times that are shown as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unit {
    nanoseconds: i64,
}

impl Unit {
    /// The unit that `epoch` names so in a request; `None` for another name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        const SECOND: i64 = 1_000_000_000;
        let nanoseconds = match name {
            "ns" => 1,
            "u" | "µ" => 1_000,
            "ms" => 1_000_000,
            "s" => SECOND,
            "m" => 60 * SECOND,
            "h" => 3_600 * SECOND,
            "d" => 86_400 * SECOND,
            "w" => 604_800 * SECOND,
            _ => return None,
        };
        Some(Self { nanoseconds })
    }
}

/// One value.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Unsigned(u64),
    /// Not NaN, and not an integer.
    Float(f64),
    Text(&'a str),
    /// An instant, shown as text.
    Time(i64, &'a Clock),
}

/// The values of a column.
pub(super) enum Column {
    Boolean(BooleanArray),
    Integer(PrimitiveArray<Int64Type>),
    Unsigned(PrimitiveArray<UInt64Type>),
    Float(PrimitiveArray<Float64Type>),
    Text(StringArray),
    Number(PrimitiveArray<TimestampNanosecondType>, Unit),
    Time(PrimitiveArray<TimestampNanosecondType>, Clock),
}

impl Column {
    /// # Errors
    /// `Invalid` for a type without text, `Internal` for a time zone that does not exist.
    pub(super) fn of(array: &ArrayRef, unit: Option<Unit>) -> Result<Self> {
        let to = |kind: &DataType| cast(array, kind).map_err(|error| from_arrow(&error));
        Ok(match array.data_type() {
            DataType::Boolean => Self::Boolean(array.as_boolean().clone()),
            DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
                Self::Integer(to(&DataType::Int64)?.as_primitive().clone())
            }
            DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
                Self::Unsigned(to(&DataType::UInt64)?.as_primitive().clone())
            }
            DataType::Float16 | DataType::Float32 | DataType::Float64 => {
                Self::Float(to(&DataType::Float64)?.as_primitive().clone())
            }
            DataType::Timestamp(_, zone) => {
                let times = to(&DataType::Timestamp(TimeUnit::Nanosecond, zone.clone()))?;
                let times = times.as_primitive().clone();
                match unit {
                    Some(unit) => Self::Number(times, unit),
                    None => Self::Time(times, clock(zone.as_deref())?),
                }
            }
            _ => Self::Text(to(&DataType::Utf8)?.as_string().clone()),
        })
    }

    pub(super) fn value(&self, row: usize) -> Value<'_> {
        if self.array().is_null(row) {
            return Value::Null;
        }
        match self {
            Self::Boolean(array) => Value::Boolean(array.value(row)),
            Self::Integer(array) => Value::Integer(array.value(row)),
            Self::Unsigned(array) => Value::Unsigned(array.value(row)),
            Self::Float(array) => number(array.value(row)),
            Self::Text(array) => Value::Text(array.value(row)),
            Self::Number(array, unit) => {
                Value::Integer(array.value(row).div_euclid(unit.nanoseconds))
            }
            Self::Time(array, clock) => Value::Time(array.value(row), clock),
        }
    }

    fn array(&self) -> &dyn Array {
        match self {
            Self::Boolean(array) => array,
            Self::Integer(array) => array,
            Self::Unsigned(array) => array,
            Self::Float(array) => array,
            Self::Text(array) => array,
            Self::Number(array, _) | Self::Time(array, _) => array,
        }
    }
}

fn clock(zone: Option<&str>) -> Result<Clock> {
    let zone: Option<Tz> = zone.map(str::parse).transpose().map_err(|error| from_arrow(&error))?;
    Ok(Clock::of(zone))
}

fn number(value: f64) -> Value<'static> {
    if value.is_nan() {
        return Value::Null;
    }
    if value.fract() == 0.0 && value.abs() < WHOLE_BELOW {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and in the range of i64")]
        return Value::Integer(value as i64);
    }
    Value::Float(value)
}

/// # Errors
/// `Invalid` for an infinite number, in the words of InfluxDB 1.
pub(super) fn check_finite(columns: &[Column]) -> Result<()> {
    for column in columns {
        let Column::Float(array) = column else { continue };
        if let Some(value) = array.iter().flatten().find(|value| value.is_infinite()) {
            let sign = if value > 0.0 { '+' } else { '-' };
            return Err(EngineError::invalid(format!("json: unsupported value: {sign}Inf")));
        }
    }
    Ok(())
}
