//! The newest row of each series of a chunk.
//!
//! Comes in: the series, the earliest time, and a field that must have a value, if any. Goes out:
//! one row per series that has such a row, in no order. What stays true: blocks are looked at from
//! the newest time on, and only until no series can have a newer row in those that are left; late
//! rows may put the newest row of a series into any block.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};

use super::block::Block;
use super::gather::{Gather, Place};
use super::series_choice::SeriesChoice;
use super::snapshot::{Snapshot, Source};
use crate::error::Result;
use crate::schema::ColumnId;

/// The newest row so far: its time, its block, its row.
type Newest = Option<(i64, usize, u32)>;

impl Snapshot {
    /// The newest row of each wanted series, where it has one at or after `since`; with `value`,
    /// of the rows with a value in that field.
    ///
    /// # Errors
    /// `Internal` where columns do not fit each other.
    pub fn newest_rows(
        self: &Arc<Self>,
        projection: &[usize],
        series: Option<&SeriesChoice>,
        since: i64,
        value: Option<usize>,
    ) -> Result<RecordBatch> {
        let wanted = self.numbers(series);
        let value = value.and_then(|column| match self.source(column) {
            Source::Field(id) => Some(id),
            Source::Tag(_) | Source::Time => None,
        });
        let mut newest: Vec<(i64, usize, u32)> =
            find(self.blocks(), &wanted, since, value).into_iter().flatten().collect();
        newest.sort_unstable_by_key(|(_, block, row)| (*block, *row));
        let (mut blocks, mut places) = (Vec::<usize>::new(), Vec::<Place>::new());
        for (_, block, row) in newest {
            if blocks.last() != Some(&block) {
                blocks.push(block);
            }
            places.push((u32::try_from(blocks.len() - 1).unwrap_or(u32::MAX), row));
        }
        Gather::new(Arc::clone(self), projection, blocks.into_iter())?.batch(&places)
    }
}

/// For each wanted series, which ascend, its newest row.
fn find(blocks: &[Arc<Block>], wanted: &[u32], since: i64, value: Option<ColumnId>) -> Vec<Newest> {
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    order.sort_by_key(|block| std::cmp::Reverse(blocks[*block].time_max));
    let mut newest: Vec<Newest> = vec![None; wanted.len()];
    // places of `wanted` whose newest row may lie in blocks that are left, and their numbers
    let mut open: Vec<usize> = (0..wanted.len()).collect();
    let mut numbers = wanted.to_vec();
    for index in order {
        let block = &blocks[index];
        let may_be_newer =
            |place: &usize| newest[*place].is_none_or(|(time, ..)| time < block.time_max);
        open.retain(may_be_newer);
        if open.is_empty() || block.time_max < since {
            break;
        }
        if open.len() < numbers.len() {
            numbers = open.iter().map(|place| wanted[*place]).collect();
        }
        look_into(block, index, &numbers, since, value, |at, found| {
            let best = &mut newest[open[at]];
            *best = (*best).max(Some(found));
        });
    }
    newest
}

/// Tells for each of these series, which ascend, its newest row in one block.
fn look_into(
    block: &Block,
    index: usize,
    series: &[u32],
    since: i64,
    value: Option<ColumnId>,
    mut found: impl FnMut(usize, (i64, usize, u32)),
) {
    let values = value.map(|id| {
        let place = block.fields.binary_search_by_key(&id, |(id, _)| *id);
        place.map(|place| &block.fields[place].1)
    });
    if matches!(values, Some(Err(_))) {
        return; // no row has the field
    }
    let has_value = |row: u32| match values {
        Some(Ok(values)) => values.is_valid(row as usize),
        _ => true,
    };
    block.series_rows().each(series, |at, rows| {
        let rows = rows.iter().map(|row| (block.time[*row as usize], index, *row));
        let newest = rows.filter(|(time, _, row)| *time >= since && has_value(*row)).max();
        if let Some(newest) = newest {
            found(at, newest);
        }
    });
}
