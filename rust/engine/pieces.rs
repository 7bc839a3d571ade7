//! Several blocks of a table, read one after the other.
//!
//! Comes in: numbers of blocks. Goes out: their rows. What stays true: neighbouring blocks of one
//! chunk of which few series are wanted are read as one, so that the rows of a series come in few
//! batches; every other block is opened when the rows before it were taken, and an empty batch says
//! so.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::table_view::{Block, Rows, TableView};
use crate::buffer::{FewSeries, Snapshot};
use crate::error::Result;
use crate::query::{Batches, TableSnapshot};
use crate::schema::{TimeRange, TimeRanges};

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Pieces {
    view: TableView,
    time: TimeRange,
    rest: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Block(usize),
    /// Blocks of a chunk, of which these series are wanted.
    Few(Few),
}

#[derive(Debug)]
struct Few {
    part: usize,
    snapshot: Arc<Snapshot>,
    wanted: Arc<[u32]>,
    blocks: Vec<(usize, TimeRanges)>,
}

impl Pieces {
    pub(super) fn of(view: &TableView, blocks: &[usize], time: TimeRange) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        for index in blocks {
            match (few(view, *index, time), pieces.last_mut()) {
                (Some(mut few), Some(Piece::Few(last))) if last.part == few.part => {
                    last.blocks.append(&mut few.blocks);
                }
                (Some(few), _) => pieces.push(Piece::Few(few)),
                (None, _) => pieces.push(Piece::Block(*index)),
            }
        }
        Self { view: view.clone(), time, rest: pieces }
    }

    pub(super) fn read(self, projection: &[usize]) -> Batches {
        let (view, time, projection) = (self.view, self.time, projection.to_vec());
        let read = move |piece| match batches(&view, piece, &projection, time) {
            Ok(batches) => batches,
            Err(error) => Box::new(std::iter::once(Err(error))) as Batches,
        };
        Box::new(self.rest.into_iter().flat_map(read))
    }
}

/// A block of which few series are wanted, and nothing is deleted by its tags.
fn few(view: &TableView, index: usize, time: TimeRange) -> Option<Few> {
    let Block::Plain { part, block, times } = view.block_of(index) else { return None };
    let (part, number) = (&view.parts[*part], *part);
    let Rows::Chunk(snapshot, Some(series)) = &part.rows else { return None };
    let wanted = series.few().filter(|_| !part.deleted.reads_tags())?;
    let (snapshot, wanted) = (Arc::clone(snapshot), Arc::clone(wanted));
    Some(Few { part: number, snapshot, wanted, blocks: vec![(*block, times.within(time))] })
}

fn batches(
    view: &TableView,
    piece: Piece,
    projection: &[usize],
    time: TimeRange,
) -> Result<Batches> {
    match piece {
        Piece::Block(index) => {
            let opened = RecordBatch::new_empty(SchemaRef::clone(&view.projected(projection)?));
            let rows = view.read(index, projection, time)?;
            Ok(Box::new(std::iter::once(Ok(opened)).chain(rows)))
        }
        Piece::Few(few) => {
            Ok(Box::new(FewSeries::new(few.snapshot, projection, few.wanted, few.blocks)))
        }
    }
}
