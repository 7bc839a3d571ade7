//! Rows from several blocks as one batch.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, TimestampNanosecondArray};
use arrow::compute::interleave;
use arrow::datatypes::SchemaRef;

use super::block::Block;
use super::snapshot::{Snapshot, Source, batch_of, misfit};
use crate::error::Result;
use crate::schema::ColumnId;

/// Some blocks of a snapshot, and the columns that are taken of their rows.
#[derive(Debug)]
pub(super) struct Gather {
    snapshot: Arc<Snapshot>,
    schema: SchemaRef,
    blocks: Vec<Arc<Block>>,
    columns: Vec<Column>,
}

/// Place of a block among those of a `Gather`, and a row of it.
pub(super) type Place = (u32, u32);

/// Where the values of one column come from.
#[derive(Debug)]
enum Column {
    Time,
    Tag(ColumnId),
    /// One array per block.
    Field(Vec<ArrayRef>),
}

impl Gather {
    /// Of these columns of the schema and these blocks of the snapshot.
    pub(super) fn new(
        snapshot: Arc<Snapshot>,
        projection: &[usize],
        blocks: impl Iterator<Item = usize>,
    ) -> Result<Self> {
        let schema = Arc::new(snapshot.schema().project(projection).map_err(misfit)?);
        let blocks: Vec<Arc<Block>> =
            blocks.map(|block| Arc::clone(&snapshot.blocks()[block])).collect();
        let columns = projection.iter().map(|column| column_of(&snapshot, &blocks, *column));
        let columns = columns.collect();
        Ok(Self { snapshot, schema, blocks, columns })
    }

    /// The rows at these places, in their order.
    pub(super) fn batch(&self, places: &[Place]) -> Result<RecordBatch> {
        if places.is_empty() {
            return Ok(RecordBatch::new_empty(SchemaRef::clone(&self.schema)));
        }
        let arrays = self.columns.iter().map(|column| self.array(column, places));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        batch_of(SchemaRef::clone(&self.schema), arrays, places.len())
    }

    fn array(&self, column: &Column, places: &[Place]) -> Result<ArrayRef> {
        let blocks = &self.blocks;
        match column {
            Column::Time => {
                let time = |(block, row): &Place| blocks[*block as usize].time[*row as usize];
                let times = places.iter().map(time);
                Ok(Arc::new(TimestampNanosecondArray::from_iter_values(times)))
            }
            Column::Tag(id) => {
                let series = |(block, row): &Place| blocks[*block as usize].series[*row as usize];
                let series: Vec<u32> = places.iter().map(series).collect();
                self.snapshot.tag_array(*id, &series)
            }
            Column::Field(arrays) => gathered(arrays, places),
        }
    }
}

fn column_of(snapshot: &Snapshot, blocks: &[Arc<Block>], column: usize) -> Column {
    match snapshot.source(column) {
        Source::Time => Column::Time,
        Source::Tag(id) => Column::Tag(id),
        Source::Field(id) => {
            let kind = snapshot.schema().field(column).data_type().clone();
            Column::Field(blocks.iter().map(|block| block.field(id, &kind)).collect())
        }
    }
}

fn gathered(arrays: &[ArrayRef], places: &[Place]) -> Result<ArrayRef> {
    let sources: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    let picks: Vec<(usize, usize)> =
        places.iter().map(|(block, row)| (*block as usize, *row as usize)).collect();
    interleave(&sources, &picks).map_err(misfit)
}
