//! A snapshot in the order of its series, then of its times: how rows are stored and merged.
//!
//! Series stand in the order of their tags, tag by tag in the order of the series key: an absent
//! tag before every value, values by their bytes.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};

use super::few_series::rows_of;
use super::gather::{Gather, Place};
use super::series_choice::SeriesChoice;
use super::series_set::NO_TAG;
use super::snapshot::Snapshot;
use crate::error::Result;
use crate::schema::{ColumnId, TimeRanges};

/// Gives the rows of a snapshot in batches.
#[derive(Debug)]
pub struct SortedRows {
    gather: Gather,
    /// In the order of the output.
    places: Vec<Place>,
    next: usize,
    rows_max: usize,
}

impl SortedRows {
    /// The rows of the wanted series, in these times, as batches of at most `rows_max` rows of the
    /// columns of `projection`.
    ///
    /// # Errors
    /// `Internal` where columns do not fit each other.
    pub fn new(
        snapshot: Arc<Snapshot>,
        projection: &[usize],
        series: Option<&SeriesChoice>,
        times: &TimeRanges,
        rows_max: usize,
    ) -> Result<Self> {
        let places = places(&snapshot, series, times);
        let blocks = 0..snapshot.blocks().len();
        let gather = Gather::new(snapshot, projection, blocks)?;
        Ok(Self { gather, places, next: 0, rows_max })
    }

    /// Rows that are left.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.places.len() - self.next
    }
}

impl Iterator for SortedRows {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = self.places.len().min(self.next + self.rows_max);
        let places = self.next..end;
        self.next = end;
        (!places.is_empty()).then(|| self.gather.batch(&self.places[places]))
    }
}

/// The wanted rows in their order: counted into their series, then put in order within each where
/// they are not yet.
fn places(snapshot: &Snapshot, series: Option<&SeriesChoice>, times: &TimeRanges) -> Vec<Place> {
    let ranks = series_ranks(snapshot, series);
    let mut starts = vec![0_usize; ranks.len() + 1];
    each_row(snapshot, times, series, |number, _| starts[ranks[number as usize] as usize + 1] += 1);
    for rank in 1..starts.len() {
        starts[rank] += starts[rank - 1];
    }
    let mut places = vec![(0, 0); starts.last().copied().unwrap_or(0)];
    let mut ends = starts.clone();
    each_row(snapshot, times, series, |number, place| {
        let end = &mut ends[ranks[number as usize] as usize];
        places[*end] = place;
        *end += 1;
    });
    let blocks = snapshot.blocks();
    let time = |(block, row): &Place| blocks[*block as usize].time[*row as usize];
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
    series: Option<&SeriesChoice>,
    mut visit: impl FnMut(u32, Place),
) {
    for (index, block) in (0..).zip(snapshot.blocks()) {
        let times = times.within(block.times());
        if times.is_empty() {
            continue;
        }
        if let Some(few) = series.and_then(SeriesChoice::few) {
            let rows = rows_of(block, few, &times).into_iter();
            rows.for_each(|row| visit(block.series[row as usize], (index, row)));
            continue;
        }
        let all = times.covers(block.times());
        let wanted = |number: u32| series.is_none_or(|series| series.has(number));
        for (row, (number, time)) in (0..).zip(block.series.iter().zip(block.time.iter())) {
            if (all || times.contains(*time)) && wanted(*number) {
                visit(*number, (index, row));
            }
        }
    }
}

/// For each wanted series its place among them; 0 for others.
fn series_ranks(snapshot: &Snapshot, series: Option<&SeriesChoice>) -> Vec<u32> {
    let few = series.and_then(SeriesChoice::few);
    let mut order = snapshot.numbers(series);
    match few {
        Some(_) => order.sort_unstable_by(|left, right| by_values(snapshot, *left, *right)),
        None => sort_by_ranks(snapshot, &mut order),
    }
    let mut ranks = vec![0; snapshot.series_count()];
    for (rank, series) in (0..).zip(&order) {
        ranks[*series as usize] = rank;
    }
    ranks
}

/// Compares two series by the values of their tags.
fn by_values(snapshot: &Snapshot, left: u32, right: u32) -> Ordering {
    let mut tags = snapshot.tag_order().iter().filter_map(|tag| snapshot.tag(*tag));
    let unequal = tags.find_map(|tag| {
        let order = tag.value(left).cmp(&tag.value(right));
        order.is_ne().then_some(order)
    });
    unequal.unwrap_or(Ordering::Equal)
}

/// As `by_values`, with each value compared once.
fn sort_by_ranks(snapshot: &Snapshot, order: &mut [u32]) {
    let tags: Vec<Vec<u32>> =
        snapshot.tag_order().iter().map(|tag| value_ranks(snapshot, *tag)).collect();
    order.sort_unstable_by(|left, right| {
        let of = |tag: &Vec<u32>, one: u32| tag[one as usize];
        let unequal = tags.iter().find(|tag| of(tag, *left) != of(tag, *right));
        unequal.map_or(Ordering::Equal, |tag| of(tag, *left).cmp(&of(tag, *right)))
    });
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
