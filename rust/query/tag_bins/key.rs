//! The columns to group by.

use std::sync::Arc;

use arrow::array::{AsArray, DictionaryArray, RecordBatch, TimestampNanosecondArray};
use arrow::datatypes::{DataType, Int32Type, IntervalMonthDayNano, Schema, TimeUnit};
use datafusion::common::{ScalarValue, internal_datafusion_err};
use datafusion::error::Result;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use crate::schema::TimeRange;

const NS_PER_DAY: i64 = 86_400_000_000_000;

/// One column to group by, as a place among the columns of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Tag(usize),
    Bin { time: usize, width: i64, origin: i64 },
}

impl Key {
    /// `None` for what is neither a tag nor a bin of fixed width.
    pub(super) fn of(expression: &Arc<dyn PhysicalExpr>, schema: &Schema) -> Option<Self> {
        if let Some(column) = expression.downcast_ref::<Column>() {
            return is_tag(schema.field(column.index()).data_type())
                .then_some(Self::Tag(column.index()));
        }
        let call = expression.downcast_ref::<ScalarFunctionExpr>()?;
        match (call.name(), call.args()) {
            ("date_bin", [width, time]) => bin(width, time, 0, schema),
            ("date_bin", [width, time, origin]) => bin(width, time, instant(origin)?, schema),
            _ => None,
        }
    }
}

fn is_tag(kind: &DataType) -> bool {
    let DataType::Dictionary(codes, values) = kind else { return false };
    matches!((&**codes, &**values), (DataType::Int32, DataType::Utf8))
}

fn bin(
    width: &Arc<dyn PhysicalExpr>,
    time: &Arc<dyn PhysicalExpr>,
    origin: i64,
    schema: &Schema,
) -> Option<Key> {
    let time = time.downcast_ref::<Column>()?.index();
    let field = schema.field(time);
    let is_time = *field.data_type() == DataType::Timestamp(TimeUnit::Nanosecond, None);
    let width = fixed_width(width)?;
    (is_time && !field.is_nullable() && width > 0).then_some(Key::Bin { time, width, origin })
}

fn fixed_width(expression: &Arc<dyn PhysicalExpr>) -> Option<i64> {
    let ScalarValue::IntervalMonthDayNano(Some(width)) = literal(expression)? else { return None };
    let IntervalMonthDayNano { months: 0, days, nanoseconds } = *width else { return None };
    i64::from(days).checked_mul(NS_PER_DAY)?.checked_add(nanoseconds)
}

fn instant(expression: &Arc<dyn PhysicalExpr>) -> Option<i64> {
    match literal(expression)? {
        ScalarValue::TimestampNanosecond(Some(origin), None) => Some(*origin),
        _ => None,
    }
}

fn literal(expression: &Arc<dyn PhysicalExpr>) -> Option<&ScalarValue> {
    expression.downcast_ref::<Literal>().map(Literal::value)
}

/// The tags of a batch, and its bins.
pub(super) struct KeyColumns {
    pub(super) tags: Vec<DictionaryArray<Int32Type>>,
    pub(super) bins: Option<Bins>,
}

impl KeyColumns {
    pub(super) fn of(keys: &[Key], batch: &RecordBatch) -> Result<Self> {
        let (mut tags, mut bins) = (Vec::with_capacity(keys.len()), None);
        for key in keys {
            match *key {
                Key::Tag(column) => {
                    let tag = batch.column(column).as_dictionary_opt::<Int32Type>().cloned();
                    tags.push(tag.ok_or_else(|| internal_datafusion_err!("a tag has no codes"))?);
                }
                Key::Bin { time, width, origin } => {
                    let times = batch.column(time).as_primitive_opt().cloned();
                    let times = times.ok_or_else(|| internal_datafusion_err!("no time"))?;
                    bins = Some(Bins::new(times, width, origin));
                }
            }
        }
        Ok(Self { tags, bins })
    }
}

/// The bins of the rows of a batch.
pub(super) struct Bins {
    times: TimestampNanosecondArray,
    width: i64,
    origin: i64,
    current: Option<i64>,
    /// The times of the current bin.
    inside: TimeRange,
}

impl Bins {
    fn new(times: TimestampNanosecondArray, width: i64, origin: i64) -> Self {
        Self { times, width, origin, current: None, inside: TimeRange::EMPTY }
    }

    /// The start of the bin of a row; `None` where that is no time, as `date_bin` has it.
    pub(super) fn start(&mut self, row: usize) -> Option<i64> {
        let time = self.times.value(row);
        if time < self.inside.min || self.inside.max < time {
            self.current = self.start_of(time);
            self.inside = self.current.map_or(TimeRange { min: time, max: time }, |start| {
                TimeRange { min: start, max: start.saturating_add(self.width - 1) }
            });
        }
        self.current
    }

    fn start_of(&self, time: i64) -> Option<i64> {
        let distance = time.checked_sub(self.origin)?;
        self.origin.checked_add(distance.checked_sub(distance.rem_euclid(self.width))?)
    }

    /// One behind the last row, from this one on and before `end`, that is in the bin of this one.
    pub(super) fn end_of_run(&self, row: usize, end: usize) -> usize {
        let times = &self.times.values()[row..end];
        let outside = |time: &i64| *time < self.inside.min || self.inside.max < *time;
        row + times.iter().position(outside).unwrap_or(times.len())
    }
}
