//! The rows of one chunk of a table: full blocks and a tail.

use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;

use super::block::Block;
use super::merge::merge;
use super::series_set::SeriesSet;
use super::snapshot::Snapshot;
use super::tail::Tail;
use crate::error::Result;
use crate::limits::BLOCK_ROWS_MAX;
use crate::schema::{Table, TableBatch};

#[derive(Debug, Default)]
struct State {
    series: SeriesSet,
    blocks: Vec<Arc<Block>>,
    tail: Tail,
    /// The tail as a block, as long as nothing was added to it since.
    frozen_tail: Option<Arc<Block>>,
    /// All rows without repetitions, as long as nothing was added since.
    merged: Option<Vec<Arc<Block>>>,
    block_bytes: usize,
    /// Bytes that the buffer as a whole counts for this chunk.
    accounted: usize,
}

/// See the head of this file.
#[derive(Debug, Default)]
pub struct TableBuffer {
    state: Mutex<State>,
}

impl TableBuffer {
    /// Adds a batch. Returns the bytes that are accounted for the chunk before and after.
    pub(super) fn append(&self, batch: &TableBatch) -> (usize, usize) {
        let mut state = self.state.lock();
        let before = state.accounted;
        let numbers: Vec<u32> =
            (0..batch.series.len()).map(|key| state.series.number(batch.series.key(key))).collect();
        (state.frozen_tail, state.merged) = (None, None);
        let mut start = 0;
        while start < batch.rows() {
            if state.tail.room() == 0 {
                state.seal();
            }
            let end = batch.rows().min(start + state.tail.room());
            state.append_rows(batch, &numbers, &(start..end));
            start = end;
        }
        state.accounted = state.bytes();
        (before, state.accounted)
    }

    /// Whether nothing was ever added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state.lock().series.len() == 0
    }

    pub(super) fn accounted(&self) -> usize {
        self.state.lock().accounted
    }

    /// All rows committed so far, as `table` names their columns.
    ///
    /// # Errors
    /// `Internal` where repeated rows cannot be merged.
    pub fn snapshot(&self, table: &Table) -> Result<Snapshot> {
        let (sealed, tail, tags, series_count) = {
            let mut state = self.state.lock();
            let (tags, series_count) = (state.series.freeze(), state.series.len());
            if let Some(blocks) = state.merged.clone() {
                return Ok(Snapshot::new(table, blocks, tags, series_count));
            }
            (state.blocks.clone(), state.frozen_tail(), tags, series_count)
        };
        let merged = merge(&sealed, series_count)?;
        if merged.changed {
            self.keep_merged(&sealed, &merged.blocks);
        }
        let mut blocks = merged.blocks;
        if let Some(tail) = &tail {
            blocks.push(Arc::clone(tail));
            blocks = merge(&blocks, series_count)?.blocks;
        }
        self.keep_whole(tail.as_ref(), &blocks);
        Ok(Snapshot::new(table, blocks, tags, series_count))
    }

    /// Keeps what queries read until the next row comes: a suspect of the tail is looked for in
    /// all blocks.
    fn keep_whole(&self, tail: Option<&Arc<Block>>, blocks: &[Arc<Block>]) {
        let mut state = self.state.lock();
        let now = state.frozen_tail.as_ref(); // a chunk with rows has a tail
        if now.zip(tail).is_some_and(|(now, then)| Arc::ptr_eq(now, then)) {
            state.merged = Some(blocks.to_vec());
        }
    }

    /// Puts merged blocks in the place of those that they were made from, so that a repetition is
    /// merged once and not by every query. A merge is for ever: what was written last stays last.
    ///
    /// All or none: a row that one block lost may live on in another. The tail is never among them,
    /// for it is still written to.
    fn keep_merged(&self, before: &[Arc<Block>], after: &[Arc<Block>]) {
        let mut state = self.state.lock();
        let same = |(now, then): (&Arc<Block>, &Arc<Block>)| Arc::ptr_eq(now, then);
        if state.blocks.len() < before.len() || !state.blocks.iter().zip(before).all(same) {
            return;
        }
        let bytes = |blocks: &[Arc<Block>]| blocks.iter().map(|block| block.bytes()).sum::<usize>();
        state.block_bytes = state.block_bytes + bytes(after) - bytes(before);
        state.blocks[..after.len()].clone_from_slice(after);
    }
}

impl State {
    fn bytes(&self) -> usize {
        self.series.bytes() + self.block_bytes + self.tail.bytes()
    }

    fn append_rows(&mut self, batch: &TableBatch, numbers: &[u32], range: &Range<usize>) {
        for row in range.clone() {
            let series = numbers[batch.series_of_row[row] as usize];
            let time = batch.time[row];
            if self.series.seen.may_repeat(series, time) {
                let row = u32::try_from(self.tail.rows()).unwrap_or(u32::MAX);
                self.tail.suspects.push(row);
            }
            self.tail.series.push(series);
            self.tail.time.push(time);
        }
        for field in &batch.fields {
            self.tail.append_field(field, range);
        }
    }

    fn seal(&mut self) {
        let full = std::mem::take(&mut self.tail);
        self.tail.series.reserve(BLOCK_ROWS_MAX);
        self.tail.time.reserve(BLOCK_ROWS_MAX);
        let block = full.into_block();
        self.block_bytes += block.bytes();
        self.blocks.push(Arc::new(block));
    }

    /// The tail as a block; `None` while it is empty.
    fn frozen_tail(&mut self) -> Option<Arc<Block>> {
        if self.tail.rows() == 0 {
            return None;
        }
        let tail = &self.tail;
        let frozen = self.frozen_tail.get_or_insert_with(|| Arc::new(tail.to_block()));
        Some(Arc::clone(frozen))
    }
}
