//! Aggregates that look at all values of a group at once.
//!
//! Comes in: values, beside each its time or the percent that is asked for. Goes out: one of the
//! values. Stays true: nothing but the order of the values decides, whatever parts they came in.
//! Refuses nothing.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{concat, filter, is_not_null, partition, sort_to_indices, take};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, TimestampNanosecondType};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};
use datafusion::scalar::ScalarValue;

/// Which value is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Choice {
    /// `(value, time)`: the most frequent, of several the one with the earliest time.
    Mode,
    /// `(value, percent)`: by the nearest rank.
    Percentile,
}

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Gather {
    choice: Choice,
    signature: Signature,
}

impl Gather {
    pub(super) fn new(choice: Choice) -> Self {
        Self { choice, signature: Signature::any(2, Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for Gather {
    fn name(&self) -> &'static str {
        match self.choice {
            Choice::Mode => "mode",
            Choice::Percentile => "percentile",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments[0].clone())
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let list = |(index, field): (usize, &FieldRef)| {
            let items = Arc::new(Field::new_list_field(field.data_type().clone(), true));
            let name = format!("{}[{index}]", arguments.name);
            Arc::new(Field::new(name, DataType::List(items), true))
        };
        Ok(arguments.input_fields.iter().enumerate().map(list).collect())
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let types = arguments.expr_fields.iter().map(|field| field.data_type().clone()).collect();
        Ok(Box::new(Gathered { choice: self.choice, types, parts: [Vec::new(), Vec::new()] }))
    }
}

/// The values of one group, and what stands beside them.
#[derive(Debug)]
struct Gathered {
    choice: Choice,
    types: Vec<DataType>,
    parts: [Vec<ArrayRef>; 2],
}

impl Gathered {
    fn column(&self, index: usize) -> Result<ArrayRef> {
        let empty = arrow::array::new_empty_array(&self.types[index]);
        let parts = self.parts[index].iter().map(AsRef::as_ref);
        let parts: Vec<&dyn Array> = std::iter::once(empty.as_ref()).chain(parts).collect();
        Ok(concat(&parts)?)
    }

    fn list(&self, index: usize) -> Result<ScalarValue> {
        let column = self.column(index)?;
        let items = Arc::new(Field::new_list_field(column.data_type().clone(), true));
        let offsets = OffsetBuffer::from_lengths([column.len()]);
        Ok(ScalarValue::List(Arc::new(ListArray::new(items, offsets, column, None))))
    }
}

impl Accumulator for Gathered {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let known = is_not_null(&values[0])?;
        for (part, column) in self.parts.iter_mut().zip(values) {
            part.push(filter(column, &known)?);
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let lists = [states[0].as_list::<i32>(), states[1].as_list::<i32>()];
        for row in 0..lists[0].len() {
            self.update_batch(&lists.map(|list| list.value(row)))?;
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.list(0)?, self.list(1)?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let (values, beside) = (self.column(0)?, self.column(1)?);
        let order = sort_to_indices(&values, None, None)?;
        let values = take(&values, &order, None)?;
        let chosen = match self.choice {
            Choice::Mode => most_frequent(&values, &take(&beside, &order, None)?)?,
            Choice::Percentile => by_rank(values.len(), &beside),
        };
        match chosen {
            Some(index) => ScalarValue::try_from_array(&values, index),
            None => ScalarValue::try_from(&self.types[0]),
        }
    }

    fn size(&self) -> usize {
        let arrays = self.parts.iter().flatten();
        size_of_val(self) + arrays.map(Array::get_array_memory_size).sum::<usize>()
    }
}

/// Where in the sorted `values` the most frequent one stands.
fn most_frequent(values: &ArrayRef, times: &ArrayRef) -> Result<Option<usize>> {
    if values.is_empty() {
        return Ok(None);
    }
    let times = times.as_primitive::<TimestampNanosecondType>().values();
    let runs = partition(std::slice::from_ref(values))?.ranges();
    let earliest = |run: &Range<usize>| times[run.clone()].iter().min().copied();
    let best = runs.into_iter().min_by_key(|run| (std::cmp::Reverse(run.len()), earliest(run)));
    Ok(best.map(|run| run.start))
}

/// Where in `count` sorted values the one of the nearest rank stands.
fn by_rank(count: usize, percents: &ArrayRef) -> Option<usize> {
    let percents = percents.as_primitive::<Float64Type>();
    let percent = percents.iter().next().flatten()?;
    rank(count, percent).checked_sub(1).filter(|index| *index < count)
}

/// The rank of a percentile among `count` sorted values, from 1; 0 where it has none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "percent lies between 0 and 100, so that the rank lies between 0 and the count"
)]
fn rank(count: usize, percent: f64) -> usize {
    (count as f64 * percent / 100.0 + 0.5).floor() as usize
}
