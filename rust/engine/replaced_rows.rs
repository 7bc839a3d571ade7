//! Rows of files that rows in memory replace.
//!
//! Comes in: a row group of a file, and the chunks that are newer. Goes out: the places of its rows
//! that a chunk has again. What stays true: it is asked of chunks whose rows have a value in every
//! field, so that nothing of what they replace shows any more; others are merged. A block that is
//! complete finds its places once for each row group.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, SchemaRef};
use parking_lot::Mutex;

use super::table_view::{Part, Rows, misfit};
use crate::buffer::{Block, Snapshot};
use crate::error::Result;
use crate::schema::TimeRange;
use crate::store::RowFile;
use crate::store::merge::keys_of;

/// The series of a file that those of a chunk are, by their numbers; `None` where it lacks one.
type Places = Arc<[Option<u32>]>;

/// See the head of this file.
#[derive(Debug, Default)]
pub(super) struct ReplacedRows {
    /// By chunk, as its place among the parts, and by file.
    places: Mutex<HashMap<(usize, u64), Places>>,
}

/// Blocks of a newer chunk that may have rows of a file again.
#[derive(Debug, Clone)]
pub(super) struct Newer {
    /// The chunk, as a place among the parts.
    chunk: usize,
    blocks: Vec<usize>,
}

/// For each part the newer blocks that may have its rows again; none of chunks.
pub(super) fn newer_blocks(parts: &[Part]) -> Vec<Vec<Newer>> {
    let of_part = |(place, part): (usize, &Part)| match &part.rows {
        Rows::File(..) => {
            (place + 1..parts.len()).filter_map(|chunk| newer(parts, part, chunk)).collect()
        }
        Rows::Chunk(..) => Vec::new(),
    };
    parts.iter().enumerate().map(of_part).collect()
}

fn newer(parts: &[Part], file: &Part, chunk: usize) -> Option<Newer> {
    let Rows::Chunk(snapshot, _) = &parts[chunk].rows else { return None };
    if parts[chunk].times.intersect(file.times).is_empty() {
        return None;
    }
    let blocks = snapshot.blocks().iter().enumerate();
    let near = blocks.filter(|(_, block)| block.spans().touches(file.times));
    let blocks: Vec<usize> = near.map(|(block, _)| block).collect();
    (!blocks.is_empty()).then_some(Newer { chunk, blocks })
}

impl ReplacedRows {
    /// The rows of a row group that newer blocks replace, ascending, counted from its start.
    pub(super) fn of_group(
        &self,
        parts: &[Part],
        newer: &[Newer],
        (file, group): (&RowFile, usize),
        tags: &SchemaRef,
    ) -> Result<Arc<[u32]>> {
        let mut all: Vec<Arc<[u32]>> = Vec::new();
        for Newer { chunk, blocks } in newer {
            let Rows::Chunk(snapshot, _) = &parts[*chunk].rows else { continue };
            for block in blocks.iter().map(|block| &snapshot.blocks()[*block]) {
                let find = || self.find(block, (*chunk, snapshot), (file, group), tags);
                all.push(block.replaced((file.number(), group), find)?);
            }
        }
        Ok(united(&all))
    }

    fn find(
        &self,
        block: &Block,
        chunk: (usize, &Snapshot),
        (file, group): (&RowFile, usize),
        tags: &SchemaRef,
    ) -> Result<Arc<[u32]>> {
        let Some(series) = file.series()? else { return Ok(Arc::default()) };
        let places = self.places(chunk, file, tags)?;
        let of_group = file.rows_of_group(group)?;
        let times = file.times_of_group(group)?;
        let mut found = Vec::new();
        for (number, wanted) in block.times_by_series() {
            let Some(place) = places.get(number as usize).copied().flatten() else { continue };
            let rows = series.rows(place as usize);
            let rows = rows.start.max(of_group.start)..rows.end.min(of_group.end);
            if rows.is_empty() {
                continue;
            }
            let first = rows.start - of_group.start;
            let known = &times.values()[first..rows.end - of_group.start];
            let known = wanted.filter_map(|time| known.binary_search(&time).ok());
            found.extend(known.filter_map(|row| u32::try_from(first + row).ok()));
        }
        found.sort_unstable();
        Ok(found.into())
    }

    fn places(
        &self,
        (number, chunk): (usize, &Snapshot),
        file: &RowFile,
        tags: &SchemaRef,
    ) -> Result<Places> {
        let key = (number, file.number());
        if let Some(known) = self.places.lock().get(&key) {
            return Ok(Arc::clone(known));
        }
        let places = places(chunk, file, tags)?;
        self.places.lock().insert(key, Arc::clone(&places));
        Ok(places)
    }
}

/// Finds the series of a chunk among those of a file.
fn places(chunk: &Snapshot, file: &RowFile, tags: &SchemaRef) -> Result<Places> {
    let Some(series) = file.series()? else { return Ok(Arc::default()) };
    let listed = keys_of(&series.tags_as(tags)?)?;
    let known: HashMap<Vec<u8>, u32> = listed.into_iter().zip(0..).collect();
    let own = chunk.series(None)?;
    let place = |field: &Arc<Field>| own.schema_ref().index_of(field.name());
    let columns = tags.fields().iter().map(place).collect::<Result<Vec<_>, _>>().map_err(misfit)?;
    let own = keys_of(&own.project(&columns).map_err(misfit)?)?;
    Ok(own.into_iter().map(|key| known.get(&key).copied()).collect())
}

fn united(all: &[Arc<[u32]>]) -> Arc<[u32]> {
    if let [only] = all {
        return Arc::clone(only);
    }
    let mut rows: Vec<u32> = all.iter().flat_map(|rows| rows.iter().copied()).collect();
    rows.sort_unstable();
    rows.dedup();
    rows.into()
}

/// The times in which a file must be merged row by row with newer blocks.
pub(super) fn merged_times(parts: &[Part], file: &Part, newer: &[Newer]) -> Result<Vec<TimeRange>> {
    let mut merged = Vec::new();
    for Newer { chunk, .. } in newer {
        let (Rows::File(rows, _), Rows::Chunk(snapshot, _)) = (&file.rows, &parts[*chunk].rows)
        else {
            continue;
        };
        let is_listed = rows.series()?.is_some();
        let times = if is_listed { snapshot.incomplete_spans() } else { snapshot.spans() };
        merged.extend_from_slice(times.within(file.times).ranges());
    }
    Ok(merged)
}
