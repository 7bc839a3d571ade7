//! Last write wins: rows of one (series, time) become one row, each field with the value that was
//! written last.
//!
//! Only a row that came late, and in no gap of its series, can repeat an earlier one: the work is
//! in proportion to such rows and to the blocks whose times they touch.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::interleave;
use arrow::datatypes::DataType;

use super::block::Block;
use crate::error::{EngineError, Result};
use crate::schema::ColumnId;

/// Where a row is: block, row.
type Place = (usize, usize);
/// The rows of each (series, time) that may be repeated, oldest first.
type Repeated = HashMap<(u32, i64), Vec<Place>, hashbrown::DefaultHashBuilder>;

/// Blocks without repetitions.
#[derive(Debug)]
pub(super) struct Merged {
    /// As many as there were; a block from which all rows went is empty.
    pub(super) blocks: Vec<Arc<Block>>,
    /// Whether any block differs from what it was made from.
    pub(super) changed: bool,
}

/// Merges the repetitions of blocks that stand in the order of the log.
pub(super) fn merge(blocks: &[Arc<Block>], series_count: usize) -> Result<Merged> {
    let mut merged: Vec<Arc<Block>> = blocks.to_vec();
    let mut repeated = suspect_keys(blocks);
    if repeated.is_empty() {
        return Ok(Merged { blocks: merged, changed: false });
    }
    find_places(blocks, series_count, &mut repeated);
    let fates = fates(blocks, repeated);
    for (index, block) in blocks.iter().enumerate() {
        let fate = &fates[index];
        if !fate.is_empty() {
            merged[index] = Arc::new(rebuild(blocks, index, fate)?);
        } else if !block.suspects.is_empty() {
            merged[index] = Arc::new(block.cleared());
        }
    }
    Ok(Merged { blocks: merged, changed: true })
}

fn suspect_keys(blocks: &[Arc<Block>]) -> Repeated {
    let mut keys = Repeated::default();
    for block in blocks {
        for row in &block.suspects {
            let row = *row as usize;
            keys.entry((block.series[row], block.time[row])).or_default();
        }
    }
    keys
}

fn find_places(blocks: &[Arc<Block>], series_count: usize, repeated: &mut Repeated) {
    let mut is_suspect = vec![false; series_count];
    let (mut time_min, mut time_max) = (i64::MAX, i64::MIN);
    for (series, time) in repeated.keys() {
        is_suspect[*series as usize] = true;
        time_min = time_min.min(*time);
        time_max = time_max.max(*time);
    }
    for (index, block) in blocks.iter().enumerate() {
        if block.time_max < time_min || block.time_min > time_max {
            continue;
        }
        for (row, (series, time)) in block.series.iter().zip(block.time.iter()).enumerate() {
            let may_repeat = is_suspect[*series as usize] && (time_min..=time_max).contains(time);
            if may_repeat && let Some(places) = repeated.get_mut(&(*series, *time)) {
                places.push((index, row));
            }
        }
    }
}

/// What becomes of a row that is repeated: nothing, or the places to take its fields from.
#[derive(Debug)]
enum Fate {
    Replaced,
    Wins(Vec<Place>),
}

/// For each block the fates of its repeated rows.
fn fates(blocks: &[Arc<Block>], repeated: Repeated) -> Vec<HashMap<usize, Fate>> {
    let mut fates: Vec<HashMap<usize, Fate>> = blocks.iter().map(|_| HashMap::new()).collect();
    for places in repeated.into_values().filter(|places| places.len() > 1) {
        let (winner, replaced) = (places[places.len() - 1], &places[..places.len() - 1]);
        for (block, row) in replaced {
            fates[*block].insert(*row, Fate::Replaced);
        }
        fates[winner.0].insert(winner.1, Fate::Wins(places));
    }
    fates
}

fn rebuild(blocks: &[Arc<Block>], index: usize, fate: &HashMap<usize, Fate>) -> Result<Block> {
    let block = &blocks[index];
    let stays = |row: &usize| !matches!(fate.get(row), Some(Fate::Replaced));
    let kept: Vec<usize> = (0..block.rows()).filter(stays).collect();
    let series = kept.iter().map(|row| block.series[*row]).collect();
    let time = kept.iter().map(|row| block.time[*row]).collect();
    let mut fields = Vec::new();
    for (column, kind) in columns_of(blocks, index, fate) {
        fields.push((column, rebuild_field(blocks, index, fate, &kept, column, &kind)?));
    }
    Ok(Block::new(series, time, fields, Vec::new()))
}

/// The columns of a block and of the blocks that its winners take fields from, ascending.
fn columns_of(
    blocks: &[Arc<Block>],
    index: usize,
    fate: &HashMap<usize, Fate>,
) -> Vec<(ColumnId, DataType)> {
    let mut sources: Vec<usize> = vec![index];
    for fate in fate.values() {
        if let Fate::Wins(places) = fate {
            sources.extend(places.iter().map(|(block, _)| *block));
        }
    }
    sources.sort_unstable();
    sources.dedup();
    let fields = sources.iter().flat_map(|source| &blocks[*source].fields);
    let mut columns: Vec<(ColumnId, DataType)> =
        fields.map(|(column, array)| (*column, array.data_type().clone())).collect();
    columns.sort_by_key(|(column, _)| *column);
    columns.dedup_by_key(|(column, _)| *column);
    columns
}

fn rebuild_field(
    blocks: &[Arc<Block>],
    index: usize,
    fate: &HashMap<usize, Fate>,
    kept: &[usize],
    column: ColumnId,
    kind: &DataType,
) -> Result<ArrayRef> {
    let mut sources = Sources::default();
    let mut picks = Vec::with_capacity(kept.len());
    for row in kept {
        let place = match fate.get(row) {
            Some(Fate::Wins(places)) => newest_value(blocks, places, column),
            _ => (index, *row),
        };
        picks.push((sources.slot(blocks, place.0, column, kind), place.1));
    }
    if sources.arrays.is_empty() {
        return Ok(new_null_array(kind, 0));
    }
    let arrays: Vec<&dyn Array> = sources.arrays.iter().map(|array| &**array).collect();
    interleave(&arrays, &picks)
        .map_err(|error| EngineError::internal("repeated rows cannot be merged").caused_by(error))
}

/// The arrays that one column is put together from, each named once.
#[derive(Default)]
struct Sources {
    slots: HashMap<usize, usize>,
    arrays: Vec<ArrayRef>,
}

impl Sources {
    fn slot(
        &mut self,
        blocks: &[Arc<Block>],
        block: usize,
        column: ColumnId,
        kind: &DataType,
    ) -> usize {
        *self.slots.entry(block).or_insert_with(|| {
            self.arrays.push(blocks[block].field(column, kind));
            self.arrays.len() - 1
        })
    }
}

/// The newest of these places that has a value in the column; the newest of all where none has.
fn newest_value(blocks: &[Arc<Block>], places: &[Place], column: ColumnId) -> Place {
    let has_value = |place: &&Place| {
        let fields = &blocks[place.0].fields;
        let found = fields.binary_search_by_key(&column, |(id, _)| *id);
        found.is_ok_and(|field| fields[field].1.is_valid(place.1))
    };
    *places.iter().rev().find(has_value).unwrap_or(&places[places.len() - 1])
}
