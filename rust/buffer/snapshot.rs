//! A table at one moment, as queries read it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, Int32Array, RecordBatch, RecordBatchOptions, StringArray,
    TimestampNanosecondArray, UInt32Array,
};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::compute::take;
use arrow::datatypes::{Field, Int32Type, Schema, SchemaRef};

use super::block::Block;
use super::few_series::rows_of;
use super::series_choice::SeriesChoice;
use super::series_set::{NO_TAG, TagSnapshot};
use crate::error::{EngineError, Result};
use crate::schema::{ColumnId, ColumnKind, Table, TimeRange, TimeRanges, arrow_schema};

/// What a column of the schema is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    Time,
    Tag(ColumnId),
    Field(ColumnId),
}

/// Ranges of times that a chunk tells at most.
const SPANS_TOLD: usize = 256;

/// See the head of this file. Rows are merged: each (series, time) stands once.
#[derive(Debug)]
pub struct Snapshot {
    schema: SchemaRef,
    sources: Vec<Source>,
    blocks: Vec<Arc<Block>>,
    tags: BTreeMap<ColumnId, TagSnapshot>,
    series_count: usize,
    /// The tags, in the order of the series key.
    tag_order: Vec<ColumnId>,
}

impl Snapshot {
    pub(super) fn new(
        table: &Table,
        blocks: Vec<Arc<Block>>,
        tags: BTreeMap<ColumnId, TagSnapshot>,
        series_count: usize,
    ) -> Self {
        let (schema, columns) = arrow_schema(table);
        let source = |column: Option<ColumnId>| match column {
            None => Source::Time,
            Some(id) if table.columns[usize::from(id)].kind == ColumnKind::Tag => Source::Tag(id),
            Some(id) => Source::Field(id),
        };
        let sources = columns.into_iter().map(source).collect();
        let blocks = blocks.into_iter().filter(|block| block.rows() > 0).collect();
        let tag_order = table.tags().map(|tag| tag.id).collect();
        Self { schema, sources, blocks, tags, series_count, tag_order }
    }

    /// A table without rows.
    #[must_use]
    pub fn empty(table: &Table) -> Self {
        Self::new(table, Vec::new(), BTreeMap::new(), 0)
    }

    /// Columns in byte order of their names.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(super) fn source(&self, column: usize) -> Source {
        self.sources[column]
    }

    pub(super) fn tag_order(&self) -> &[ColumnId] {
        &self.tag_order
    }

    pub(super) fn tag(&self, column: ColumnId) -> Option<&TagSnapshot> {
        self.tags.get(&column)
    }

    pub(super) fn series_count(&self) -> usize {
        self.series_count
    }

    /// The times that its rows lie in.
    #[must_use]
    pub fn times(&self) -> TimeRange {
        self.blocks.iter().fold(TimeRange::EMPTY, |hull, block| hull.hull(block.times()))
    }

    /// Ranges that hold the times of its rows, without wide gaps.
    #[must_use]
    pub fn spans(&self) -> TimeRanges {
        spans_of_blocks(self.blocks.iter())
    }

    /// Of those the ones of blocks in which a row lacks the value of a field: there, what was
    /// written before may still show.
    #[must_use]
    pub fn incomplete_spans(&self) -> TimeRanges {
        let fields = || {
            self.sources.iter().filter_map(|source| match source {
                Source::Field(id) => Some(*id),
                Source::Tag(_) | Source::Time => None,
            })
        };
        spans_of_blocks(self.blocks.iter().filter(|block| !block.has_all(fields())))
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.blocks.iter().map(|block| block.rows()).sum()
    }

    /// The blocks, none of them empty.
    #[must_use]
    pub fn blocks(&self) -> &[Arc<Block>] {
        &self.blocks
    }

    /// The numbers of these series, ascending.
    pub(super) fn numbers(&self, series: Option<&SeriesChoice>) -> Vec<u32> {
        let all = || (0..self.series_count).filter_map(|one| u32::try_from(one).ok()).collect();
        series.map_or_else(all, SeriesChoice::numbers)
    }

    /// One row per series, by ascending number: the tag columns, in the order of the schema. Each
    /// has rows.
    ///
    /// # Errors
    /// `Internal` where tags do not fit their codes.
    pub fn series(&self, series: Option<&SeriesChoice>) -> Result<RecordBatch> {
        let all = self.numbers(series);
        let mut fields: Vec<Field> = Vec::new();
        let mut arrays = Vec::new();
        for (field, source) in self.schema.fields().iter().zip(&self.sources) {
            if let Source::Tag(column) = source {
                fields.push(field.as_ref().clone());
                arrays.push(self.tag_array(*column, &all)?);
            }
        }
        batch_of(Arc::new(Schema::new(fields)), arrays, all.len())
    }

    /// The rows of a block whose series is wanted and whose time lies in the ranges.
    ///
    /// # Errors
    /// `Internal` where columns do not fit each other.
    pub fn read(
        &self,
        index: usize,
        projection: &[usize],
        series: Option<&SeriesChoice>,
        times: &TimeRanges,
    ) -> Result<RecordBatch> {
        let block = &self.blocks[index];
        let rows = select(block, series, times);
        let mut arrays = Vec::with_capacity(projection.len());
        for column in projection {
            arrays.push(self.read_column(block, *column, rows.as_ref())?);
        }
        let schema = self.schema.project(projection).map_err(misfit)?;
        batch_of(Arc::new(schema), arrays, rows.map_or(block.rows(), |rows| rows.len()))
    }

    fn read_column(
        &self,
        block: &Block,
        column: usize,
        rows: Option<&UInt32Array>,
    ) -> Result<ArrayRef> {
        let array: ArrayRef = match self.sources[column] {
            Source::Tag(id) => {
                let series: Vec<u32> = match rows {
                    Some(rows) => {
                        rows.values().iter().map(|row| block.series[*row as usize]).collect()
                    }
                    None => return self.tag_array(id, &block.series),
                };
                return self.tag_array(id, &series);
            }
            Source::Time => Arc::new(TimestampNanosecondArray::new(block.time.clone(), None)),
            Source::Field(id) => block.field(id, self.schema.field(column).data_type()),
        };
        match rows {
            Some(rows) => take(&array, rows, None).map_err(misfit),
            None => Ok(array),
        }
    }

    pub(super) fn tag_array(&self, column: ColumnId, series: &[u32]) -> Result<ArrayRef> {
        let none = Arc::new(StringArray::from(Vec::<&str>::new()));
        let (codes, values) = match self.tags.get(&column) {
            Some(tag) => (tag.codes.clone(), Arc::clone(&tag.values)),
            None => (ScalarBuffer::from(Vec::new()), none),
        };
        let code = |series: &u32| codes.get(*series as usize).copied().unwrap_or(NO_TAG);
        let keys: Vec<i32> = series.iter().map(code).collect();
        let nulls = keys
            .contains(&NO_TAG)
            .then(|| keys.iter().map(|key| *key != NO_TAG).collect::<NullBuffer>());
        let keys = keys.into_iter().map(|key| key.max(0)).collect::<Vec<_>>();
        let keys = Int32Array::new(keys.into(), nulls);
        let array = DictionaryArray::<Int32Type>::try_new(keys, values).map_err(misfit)?;
        Ok(Arc::new(array))
    }
}

fn spans_of_blocks<'b>(blocks: impl Iterator<Item = &'b Arc<Block>>) -> TimeRanges {
    let ranges = blocks.flat_map(|block| block.spans().ranges().iter().copied());
    TimeRanges::union_of(ranges.collect()).coarser(SPANS_TOLD)
}

/// The rows to read; `None` stands for all.
fn select(block: &Block, series: Option<&SeriesChoice>, times: &TimeRanges) -> Option<UInt32Array> {
    let all = times.covers(block.times());
    if series.is_none() && all {
        return None;
    }
    if let Some(few) = series.and_then(SeriesChoice::few) {
        return Some(rows_of(block, few, times).into());
    }
    let wanted = |row: &usize| {
        let in_series = series.is_none_or(|series| series.has(block.series[*row]));
        in_series && (all || times.contains(block.time[*row]))
    };
    let rows = (0..block.rows()).filter(wanted).filter_map(|row| u32::try_from(row).ok());
    Some(UInt32Array::from_iter_values(rows))
}

pub(super) fn batch_of(
    schema: SchemaRef,
    arrays: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema, arrays, &options).map_err(misfit)
}

pub(super) fn misfit(error: arrow::error::ArrowError) -> EngineError {
    EngineError::internal("columns of a table do not fit").caused_by(error)
}
