//! A snapshot in the order of its series, then of its times: how rows are stored and merged.
//!
//! Series stand in the order of their tags, tag by tag in the order of the series key: an absent
//! tag before every value, values by their bytes.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, TimestampNanosecondArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::interleave;
use arrow::datatypes::SchemaRef;

use super::series_set::NO_TAG;
use super::snapshot::{Snapshot, Source, batch_of, misfit};
use crate::error::Result;
use crate::schema::{ColumnId, TimeRanges};

/// Gives the rows of a snapshot in batches.
#[derive(Debug)]
pub struct SortedRows {
    snapshot: Arc<Snapshot>,
    schema: SchemaRef,
    columns: Vec<Column>,
    /// Block and row, in the order of the output.
    places: Vec<(u32, u32)>,
    next: usize,
    rows_max: usize,
}

/// Where the values of one column come from.
#[derive(Debug)]
enum Column {
    Time,
    Tag(ColumnId),
    /// One array per block.
    Field(Vec<ArrayRef>),
}

impl SortedRows {
    /// The rows of the series that the mask names, in these times, as batches of at most `rows_max`
    /// rows of the columns of `projection`.
    ///
    /// # Errors
    /// `Internal` where columns do not fit each other.
    pub fn new(
        snapshot: Arc<Snapshot>,
        projection: &[usize],
        series: Option<&BooleanBuffer>,
        times: &TimeRanges,
        rows_max: usize,
    ) -> Result<Self> {
        let schema = Arc::new(snapshot.schema().project(projection).map_err(misfit)?);
        let columns = projection.iter().map(|column| column_of(&snapshot, *column)).collect();
        let places = places(&snapshot, series, times);
        Ok(Self { snapshot, schema, columns, places, next: 0, rows_max })
    }

    /// Rows that are left.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.places.len() - self.next
    }

    fn batch(&self, places: &[(u32, u32)]) -> Result<RecordBatch> {
        let arrays = self.columns.iter().map(|column| self.array(column, places));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        batch_of(SchemaRef::clone(&self.schema), arrays, places.len())
    }

    fn array(&self, column: &Column, places: &[(u32, u32)]) -> Result<ArrayRef> {
        let blocks = self.snapshot.blocks();
        match column {
            Column::Time => {
                let time = |(block, row): &(u32, u32)| blocks[*block as usize].time[*row as usize];
                let times = places.iter().map(time);
                Ok(Arc::new(TimestampNanosecondArray::from_iter_values(times)))
            }
            Column::Tag(id) => {
                let series =
                    |(block, row): &(u32, u32)| blocks[*block as usize].series[*row as usize];
                let series: Vec<u32> = places.iter().map(series).collect();
                self.snapshot.tag_array(*id, &series)
            }
            Column::Field(arrays) => gather(arrays, places),
        }
    }
}

impl Iterator for SortedRows {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = self.places.len().min(self.next + self.rows_max);
        let places = self.next..end;
        self.next = end;
        (!places.is_empty()).then(|| self.batch(&self.places[places]))
    }
}

fn column_of(snapshot: &Snapshot, column: usize) -> Column {
    match snapshot.source(column) {
        Source::Time => Column::Time,
        Source::Tag(id) => Column::Tag(id),
        Source::Field(id) => {
            let kind = snapshot.schema().field(column).data_type().clone();
            let blocks = snapshot.blocks().iter();
            Column::Field(blocks.map(|block| block.field(id, &kind)).collect())
        }
    }
}

fn gather(arrays: &[ArrayRef], places: &[(u32, u32)]) -> Result<ArrayRef> {
    let sources: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    let picks: Vec<(usize, usize)> =
        places.iter().map(|(block, row)| (*block as usize, *row as usize)).collect();
    interleave(&sources, &picks).map_err(misfit)
}

/// The wanted rows in their order: counted into their series, then put in order within each where
/// they are not yet.
fn places(
    snapshot: &Snapshot,
    series: Option<&BooleanBuffer>,
    times: &TimeRanges,
) -> Vec<(u32, u32)> {
    let ranks = series_ranks(snapshot);
    let wanted = |number: u32| series.is_none_or(|mask| mask.value(number as usize));
    let mut starts = vec![0_usize; ranks.len() + 1];
    each_row(snapshot, times, wanted, |number, _| starts[ranks[number as usize] as usize + 1] += 1);
    for rank in 1..starts.len() {
        starts[rank] += starts[rank - 1];
    }
    let mut places = vec![(0, 0); starts.last().copied().unwrap_or(0)];
    let mut ends = starts.clone();
    each_row(snapshot, times, wanted, |number, place| {
        let end = &mut ends[ranks[number as usize] as usize];
        places[*end] = place;
        *end += 1;
    });
    let blocks = snapshot.blocks();
    let time = |(block, row): &(u32, u32)| blocks[*block as usize].time[*row as usize];
    for bounds in starts.windows(2) {
        let of_series = &mut places[bounds[0]..bounds[1]];
        if !of_series.is_sorted_by_key(time) {
            of_series.sort_unstable_by_key(time);
        }
    }
    places
}

/// Calls `visit` with the series and the place of every wanted row, in the order of the blocks.
fn each_row(
    snapshot: &Snapshot,
    times: &TimeRanges,
    wanted: impl Fn(u32) -> bool,
    mut visit: impl FnMut(u32, (u32, u32)),
) {
    for (index, block) in (0..).zip(snapshot.blocks()) {
        let times = times.within(block.times());
        if times.is_empty() {
            continue;
        }
        let all = times.covers(block.times());
        for (row, (number, time)) in (0..).zip(block.series.iter().zip(block.time.iter())) {
            if (all || times.contains(*time)) && wanted(*number) {
                visit(*number, (index, row));
            }
        }
    }
}

/// For each series its place among all.
fn series_ranks(snapshot: &Snapshot) -> Vec<u32> {
    let count = snapshot.series_count();
    let tags: Vec<Vec<u32>> =
        snapshot.tag_order().iter().map(|tag| value_ranks(snapshot, *tag)).collect();
    let mut order: Vec<u32> = (0..count).filter_map(|one| u32::try_from(one).ok()).collect();
    order.sort_unstable_by(|left, right| {
        let of = |tag: &Vec<u32>, one: u32| tag[one as usize];
        let unequal = tags.iter().find(|tag| of(tag, *left) != of(tag, *right));
        unequal.map_or(std::cmp::Ordering::Equal, |tag| of(tag, *left).cmp(&of(tag, *right)))
    });
    let mut ranks = vec![0; count];
    for (rank, series) in (0..).zip(&order) {
        ranks[*series as usize] = rank;
    }
    ranks
}

/// For each series the place of its value of one tag among all values; 0 where it has none.
fn value_ranks(snapshot: &Snapshot, tag: ColumnId) -> Vec<u32> {
    let count = snapshot.series_count();
    let Some(tag) = snapshot.tag(tag) else { return vec![0; count] };
    let mut codes: Vec<i32> =
        (0..tag.values.len()).filter_map(|code| i32::try_from(code).ok()).collect();
    let value = |code: &i32| tag.values.value(usize::try_from(*code).unwrap_or_default());
    codes.sort_unstable_by(|left, right| value(left).cmp(value(right)));
    let mut ranks = vec![0; codes.len()];
    for (rank, code) in (1..).zip(&codes) {
        ranks[usize::try_from(*code).unwrap_or_default()] = rank;
    }
    let rank = |series: usize| match tag.codes.get(series).copied().unwrap_or(NO_TAG) {
        NO_TAG => 0,
        code => ranks[usize::try_from(code).unwrap_or_default()],
    };
    (0..count).map(rank).collect()
}
