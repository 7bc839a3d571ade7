//! The rows of few series from many blocks, as few batches.
//!
//! Comes in: blocks, the series and the times that are wanted of them. Goes out: their rows, block
//! by block, in the order in which they were written. What stays true: rows of other series are not
//! looked at; a batch has at most `BLOCK_ROWS_MAX` rows, and is made from at most `BLOCKS_MAX`
//! blocks, so that who asks for one gets it soon, be it empty.

use std::sync::Arc;

use arrow::array::RecordBatch;

use super::block::Block;
use super::gather::{Gather, Place};
use super::snapshot::Snapshot;
use crate::error::Result;
use crate::limits::BLOCK_ROWS_MAX;
use crate::schema::TimeRanges;

/// Blocks that one batch is made from: their lists are made in some milliseconds.
const BLOCKS_MAX: usize = 256;

/// See the head of this file.
#[derive(Debug)]
pub struct FewSeries {
    snapshot: Arc<Snapshot>,
    projection: Vec<usize>,
    wanted: Arc<[u32]>,
    blocks: std::vec::IntoIter<(usize, TimeRanges)>,
    /// A block whose rows had no room in the last batch.
    ahead: Option<(usize, Vec<u32>)>,
}

impl FewSeries {
    /// The rows of the wanted series, which ascend, in these times of these blocks.
    #[must_use]
    pub fn new(
        snapshot: Arc<Snapshot>,
        projection: &[usize],
        wanted: Arc<[u32]>,
        blocks: Vec<(usize, TimeRanges)>,
    ) -> Self {
        let (projection, blocks) = (projection.to_vec(), blocks.into_iter());
        Self { snapshot, projection, wanted, blocks, ahead: None }
    }

    /// The next block with its wanted rows, which may be none.
    fn block(&mut self) -> Option<(usize, Vec<u32>)> {
        if let Some(ahead) = self.ahead.take() {
            return Some(ahead);
        }
        let (index, times) = self.blocks.next()?;
        Some((index, rows_of(&self.snapshot.blocks()[index], &self.wanted, &times)))
    }

    /// Blocks, and places of rows among them.
    fn places(&mut self) -> (Vec<usize>, Vec<Place>) {
        let (mut blocks, mut places) = (Vec::new(), Vec::new());
        for _ in 0..BLOCKS_MAX {
            let Some((index, rows)) = self.block() else { break };
            if !places.is_empty() && places.len() + rows.len() > BLOCK_ROWS_MAX {
                self.ahead = Some((index, rows));
                break;
            }
            if !rows.is_empty() {
                let slot = u32::try_from(blocks.len()).unwrap_or(u32::MAX);
                blocks.push(index);
                places.extend(rows.into_iter().map(|row| (slot, row)));
            }
        }
        (blocks, places)
    }
}

impl Iterator for FewSeries {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ahead.is_none() && self.blocks.as_slice().is_empty() {
            return None;
        }
        let (blocks, places) = self.places();
        let gather = Gather::new(Arc::clone(&self.snapshot), &self.projection, blocks.into_iter());
        Some(gather.and_then(|gather| gather.batch(&places)))
    }
}

/// The rows of a block that are of the wanted series, which ascend, and in the times; ascending.
pub(super) fn rows_of(block: &Block, wanted: &[u32], times: &TimeRanges) -> Vec<u32> {
    if times.within(block.times()).is_empty() {
        return Vec::new();
    }
    let all = times.covers(block.times());
    let (mut found, mut series) = (Vec::new(), 0);
    block.series_rows().each(wanted, |_, rows| {
        let passing = rows.iter().filter(|row| all || times.contains(block.time[**row as usize]));
        found.extend(passing.copied());
        series += 1;
    });
    if series > 1 {
        found.sort_unstable();
    }
    found
}
