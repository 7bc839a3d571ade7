//! Selected rows per group, as the aggregation of DataFusion asks for them.
//!
//! Comes in: batches of values with times, or the states of other threads, which are the same. Goes
//! out: structs, or states. Stays true: one group is kept as many are.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StructArray};
use arrow::buffer::NullBuffer;
use arrow::compute::{cast, nullif};
use arrow::datatypes::{DataType, Fields, Int64Type};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion::scalar::ScalarValue;

use super::Kind;
use super::best::{self, Best, Rows};

/// The selected row of each group.
#[derive(Debug)]
pub(super) struct Groups {
    kind: Kind,
    /// `value` and `time`.
    fields: Fields,
    best: Box<dyn Best>,
}

impl Groups {
    pub(super) fn new(kind: Kind, fields: Fields) -> Self {
        let best = best::of_type(fields[0].data_type());
        Self { kind, fields, best }
    }

    fn structs(&self, columns: Vec<ArrayRef>) -> Result<ArrayRef> {
        Ok(Arc::new(StructArray::try_new(self.fields.clone(), columns, None)?))
    }
}

/// Rows to take: those with a value and a time, and for which `filter` is true.
fn taken(value: &ArrayRef, time: &ArrayRef, filter: Option<&BooleanArray>) -> Option<NullBuffer> {
    let present = NullBuffer::union(value.logical_nulls().as_ref(), time.logical_nulls().as_ref());
    let passing = filter.map(|filter| {
        let values = NullBuffer::new(filter.values().clone());
        NullBuffer::union(Some(&values), filter.nulls()).unwrap_or(values)
    });
    NullBuffer::union(present.as_ref(), passing.as_ref())
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        group_count: usize,
    ) -> Result<()> {
        let [value, time] = values else {
            return internal_err!("a selector over {} columns", values.len());
        };
        self.best.resize(group_count);
        let times = cast(time, &DataType::Int64)?;
        let times = times.as_primitive::<Int64Type>().values();
        let rows = Rows { groups, times, taken: taken(value, time, filter) };
        self.best.update(self.kind, value, &rows)
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        groups: &[usize],
        group_count: usize,
    ) -> Result<()> {
        GroupsAccumulator::update_batch(self, states, groups, None, group_count)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let columns = GroupsAccumulator::state(self, emit)?;
        self.structs(columns)
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let (values, times) = self.best.take(emit, self.fields[0].data_type())?;
        Ok(vec![values, cast(&times, self.fields[1].data_type())?])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let [value, time] = values else {
            return internal_err!("a selector over {} columns", values.len());
        };
        let time = cast(time, self.fields[1].data_type())?;
        let Some(taken) = taken(value, &time, filter) else {
            return Ok(vec![Arc::clone(value), time]);
        };
        let left_out = BooleanArray::new(!taken.inner(), None);
        Ok(vec![nullif(value, &left_out)?, nullif(&time, &left_out)?])
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.best.size()
    }
}

/// The selected row where there are no groups.
#[derive(Debug)]
pub(super) struct OneGroup(Groups);

impl OneGroup {
    pub(super) fn new(mut groups: Groups) -> Self {
        groups.best.resize(1);
        Self(groups)
    }

    /// The state, which stays: a running window asks for it again and again.
    fn columns(&mut self) -> Result<Vec<ArrayRef>> {
        let columns = GroupsAccumulator::state(&mut self.0, EmitTo::All)?;
        self.update_batch(&columns)?;
        Ok(columns)
    }
}

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let groups = vec![0; values.first().map_or(0, Array::len)];
        GroupsAccumulator::update_batch(&mut self.0, values, &groups, None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        Accumulator::update_batch(self, states)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let columns = self.columns()?;
        ScalarValue::try_from_array(&self.0.structs(columns)?, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.columns()?.iter().map(|column| ScalarValue::try_from_array(column, 0)).collect()
    }

    fn size(&self) -> usize {
        GroupsAccumulator::size(&self.0)
    }
}
