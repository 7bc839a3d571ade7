//! Rows that were chosen, as references to the batches that hold them, until they are put together.

use std::ops::Range;

use arrow::array::{
    Array, ArrayData, ArrayRef, MutableArrayData, RecordBatch, RecordBatchOptions, make_array,
};
use arrow::compute::concat;
use arrow::datatypes::{DataType, SchemaRef};
use hashbrown::HashMap;

use super::misfit;
use crate::error::Result;

/// Rows of the output, in its order.
#[derive(Debug)]
enum Pick {
    /// Rows of one batch.
    Range { batch: usize, rows: Range<usize> },
    /// One row from rows with the same series and time, from the oldest to the newest.
    United(Vec<(usize, usize)>),
}

#[derive(Debug)]
pub(super) struct Output {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    /// The batch in `batches` that a source stands in.
    current: HashMap<usize, usize>,
    picks: Vec<Pick>,
    rows: usize,
}

impl Output {
    pub(super) fn new(schema: SchemaRef) -> Self {
        Self { schema, batches: Vec::new(), current: HashMap::new(), picks: Vec::new(), rows: 0 }
    }

    /// Rows that were chosen and not given yet.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Adds rows of the batch that a source stands in.
    pub(super) fn copy(&mut self, source: usize, batch: &RecordBatch, rows: Range<usize>) {
        let batch = self.slot(source, batch);
        self.rows += rows.len();
        self.picks.push(Pick::Range { batch, rows });
    }

    /// Adds one row from rows with the same series and time, from the oldest to the newest.
    pub(super) fn unite<'r>(
        &mut self,
        rows: impl Iterator<Item = (usize, &'r RecordBatch, usize)>,
    ) {
        let places = rows.map(|(source, batch, row)| (self.slot(source, batch), row)).collect();
        self.rows += 1;
        self.picks.push(Pick::United(places));
    }

    /// A source goes on to its next batch.
    pub(super) fn leave(&mut self, source: usize) {
        self.current.remove(&source);
    }

    fn slot(&mut self, source: usize, batch: &RecordBatch) -> usize {
        *self.current.entry(source).or_insert_with(|| {
            self.batches.push(batch.clone());
            self.batches.len() - 1
        })
    }

    /// The rows chosen so far, as one batch.
    pub(super) fn take(&mut self) -> Result<RecordBatch> {
        let columns = (0..self.schema.fields().len()).map(|column| self.column(column));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let schema = SchemaRef::clone(&self.schema);
        let batch = RecordBatch::try_new_with_options(schema, columns, &options).map_err(misfit)?;
        self.batches.clear();
        self.current.clear();
        self.picks.clear();
        self.rows = 0;
        Ok(batch)
    }

    fn column(&self, column: usize) -> Result<ArrayRef> {
        let sources = self.sources(column)?;
        let data: Vec<ArrayData> = sources.iter().map(Array::to_data).collect();
        let mut values = MutableArrayData::new(data.iter().collect(), true, self.rows);
        for pick in &self.picks {
            let (batch, rows) = match pick {
                Pick::Range { batch, rows } => (*batch, rows.clone()),
                Pick::United(places) => {
                    let (batch, row) = newest_value(&sources, places);
                    (batch, row..row + 1)
                }
            };
            values.try_extend(batch, rows.start, rows.end).map_err(misfit)?;
        }
        Ok(make_array(values.freeze()))
    }

    /// The column in every batch; dictionaries get one set of values, so that codes may be copied.
    fn sources(&self, column: usize) -> Result<Vec<ArrayRef>> {
        let arrays: Vec<ArrayRef> =
            self.batches.iter().map(|batch| ArrayRef::clone(batch.column(column))).collect();
        if !matches!(self.schema.field(column).data_type(), DataType::Dictionary(..)) {
            return Ok(arrays);
        }
        let parts: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        let joined = concat(&parts).map_err(misfit)?;
        let mut start = 0;
        let slices = arrays.iter().map(|array| {
            let slice = joined.slice(start, array.len());
            start += array.len();
            slice
        });
        Ok(slices.collect())
    }
}

/// The newest of the places that holds a value; the newest of all where none does.
fn newest_value(sources: &[ArrayRef], places: &[(usize, usize)]) -> (usize, usize) {
    let found = places.iter().rev().find(|(batch, row)| sources[*batch].is_valid(*row));
    found.or(places.last()).copied().unwrap_or_default()
}
