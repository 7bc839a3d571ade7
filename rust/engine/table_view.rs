//! A table over everything that holds rows of it: files, chunks that wait to be stored, and the
//! chunk that grows.
//!
//! Comes in: parts from the oldest to the newest, each sorted or sortable and free of repetitions,
//! and what is deleted of each. Goes out: blocks. What stays true: a (series, time) stands in one
//! block alone, with the newest value of each field. Only where the times of two parts overlap can
//! it stand in both. Rows in memory that have all fields then replace those of files, which are
//! left out; all other rows of those times are merged. What lies in one part alone is read as it
//! lies.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Field, SchemaRef};

use super::newest_rows::newest_rows;
use super::pieces::Pieces;
use super::replaced_rows::{Newer, ReplacedRows, merged_times, newer_blocks};
use super::series_list::series_of;
use crate::buffer::{SeriesChoice, Snapshot, SortedRows};
use crate::error::{EngineError, Result};
use crate::limits::{BLOCK_ROWS_MAX, OVERLAPS_MAX, ROW_GROUP_ROWS_MAX};
use crate::query::{Batches, BlockInfo, TableSnapshot};
use crate::schema::{Deleted, Table, TagFilter, TimeRange, TimeRanges, arrow_schema};
use crate::store::merge::{MergedRows, SortColumns, Source};
use crate::store::{RowFile, RowRequest, TagChoice};

/// Rows that lie together.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) rows: Rows,
    pub(super) times: TimeRange,
    pub(super) deleted: Deleted,
}

#[derive(Debug, Clone)]
pub(super) enum Rows {
    /// A file, and the condition on its tags, if any.
    File(Arc<RowFile>, Option<Arc<TagChoice>>),
    /// A chunk, and which of its series are wanted; `None` for all.
    Chunk(Arc<Snapshot>, Option<SeriesChoice>),
}

impl Part {
    pub(super) fn file(file: &Arc<RowFile>, deleted: Deleted) -> Self {
        Self { times: file.times(), rows: Rows::File(Arc::clone(file), None), deleted }
    }

    pub(super) fn chunk(snapshot: Arc<Snapshot>, deleted: Deleted) -> Self {
        Self { times: snapshot.times(), rows: Rows::Chunk(snapshot, None), deleted }
    }

    fn as_chunk(&self) -> Option<&Snapshot> {
        match &self.rows {
            Rows::File(..) => None,
            Rows::Chunk(snapshot, _) => Some(snapshot),
        }
    }

    fn row_count(&self) -> usize {
        match &self.rows {
            Rows::File(file, _) => usize::try_from(file.entry().rows).unwrap_or(usize::MAX),
            Rows::Chunk(snapshot, _) => snapshot.rows(),
        }
    }

    /// Where its blocks are: row groups of a file, blocks of a chunk; with the rows that are wanted
    /// of them, about, and their times.
    fn blocks(&self) -> Result<Vec<(usize, TimeRange)>> {
        Ok(match &self.rows {
            Rows::File(file, tags) => {
                let passing = tags.as_ref().map(|tags| file.rows_passing(tags)).transpose()?;
                let rows = passing.flatten().unwrap_or_else(|| self.rows_of_groups());
                rows.into_iter().map(|rows| (rows, self.times)).collect()
            }
            Rows::Chunk(snapshot, series) => {
                let part = series.as_ref().map_or(1.0, SeriesChoice::part);
                let blocks = snapshot.blocks().iter();
                blocks.map(|block| (part_of(block.rows(), part), block.times())).collect()
            }
        })
    }

    /// The rows of each row group of a file.
    fn rows_of_groups(&self) -> Vec<usize> {
        let groups = (0..self.row_count()).step_by(ROW_GROUP_ROWS_MAX);
        groups.map(|start| ROW_GROUP_ROWS_MAX.min(self.row_count() - start)).collect()
    }

    /// Without the series that do not pass; `None` where none is left.
    fn with_tags(&self, filter: &Arc<dyn TagFilter>) -> Result<Option<Self>> {
        let rows = match &self.rows {
            Rows::File(file, _) => {
                let choice = TagChoice::new(Arc::clone(filter));
                Some(Rows::File(Arc::clone(file), Some(Arc::new(choice))))
            }
            Rows::Chunk(snapshot, _) => {
                let chosen = SeriesChoice::new(passing(snapshot, &**filter)?);
                (!chosen.is_empty()).then(|| Rows::Chunk(Arc::clone(snapshot), Some(chosen)))
            }
        };
        Ok(rows.map(|rows| Self { rows, ..self.clone() }))
    }
}

/// So many of the rows, one at least.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "an estimate of the rows of a block, which are few"
)]
fn part_of(rows: usize, part: f64) -> usize {
    ((rows as f64 * part) as usize).max(1)
}

/// For each series of a chunk whether it passes.
fn passing(snapshot: &Snapshot, filter: &dyn TagFilter) -> Result<BooleanBuffer> {
    let series = snapshot.series(None)?;
    let place = |field: &Arc<Field>| series.schema_ref().index_of(field.name());
    let columns = filter.schema().fields().iter().map(place);
    let columns = columns.collect::<Result<Vec<_>, _>>().map_err(misfit)?;
    filter.passing(&series.project(&columns).map_err(misfit)?)
}

/// What one block reads.
#[derive(Debug, Clone)]
pub(super) enum Block {
    /// A block of one part, but for the times that are merged.
    Plain { part: usize, block: usize, times: TimeRanges },
    /// All rows of these times, of all parts.
    Overlap(TimeRange),
}

/// See the head of this file.
#[derive(Debug, Clone)]
pub(super) struct TableView {
    pub(super) schema: SchemaRef,
    pub(super) columns: SortColumns,
    /// From the oldest to the newest.
    pub(super) parts: Arc<[Part]>,
    /// Whether rows were chosen by their tags.
    filtered: bool,
    pub(super) kept: TimeRange,
    blocks: Arc<[(BlockInfo, Block)]>,
    /// For each part the newer blocks that may have its rows again.
    newer: Arc<[Vec<Newer>]>,
    replaced: Arc<ReplacedRows>,
}

impl TableView {
    /// A view of the rows of these times.
    pub(super) fn new(table: &Table, parts: Vec<Part>, kept: TimeRange) -> Result<Self> {
        let schema = arrow_schema(table).0;
        let columns = SortColumns::of(table, &schema)?;
        let newer = newer_blocks(&parts);
        let blocks = blocks(&parts, &newer, kept)?.into();
        let (parts, newer, replaced) = (parts.into(), newer.into(), Arc::default());
        Ok(Self { schema, columns, parts, filtered: false, kept, blocks, newer, replaced })
    }

    pub(super) fn block_of(&self, index: usize) -> &Block {
        &self.blocks[index].1
    }

    pub(super) fn projected(&self, projection: &[usize]) -> Result<SchemaRef> {
        self.schema.project(projection).map(Arc::new).map_err(misfit)
    }

    fn read_plain(
        &self,
        part: usize,
        block: usize,
        projection: &[usize],
        times: &TimeRanges,
    ) -> Result<Batches> {
        if !self.parts[part].deleted.reads_tags() {
            return self.read_block(part, block, projection, times);
        }
        let needed = self.needed(projection);
        let (batches, deleted) =
            (self.read_block(part, block, &needed, times)?, self.parts[part].deleted.clone());
        Ok(chosen(batches.map(move |batch| deleted.left_of(batch?)), &needed, projection))
    }

    fn read_block(
        &self,
        part: usize,
        block: usize,
        projection: &[usize],
        times: &TimeRanges,
    ) -> Result<Batches> {
        Ok(match &self.parts[part].rows {
            Rows::File(file, tags) => {
                let schema = self.projected(projection)?;
                let mut request = request(&schema, times.clone(), tags.as_ref());
                request.replaced = self.replaced(part, block)?;
                Box::new(file.read(&request, Some(block))?)
            }
            Rows::Chunk(snapshot, series) => {
                let rows = snapshot.read(block, projection, series.as_ref(), times)?;
                Box::new(std::iter::once(Ok(rows)))
            }
        })
    }

    /// The rows of a row group of a file that newer blocks replace.
    fn replaced(&self, part: usize, group: usize) -> Result<Arc<[u32]>> {
        let Rows::File(file, _) = &self.parts[part].rows else { return Ok(Arc::default()) };
        let newer = &self.newer[part];
        if newer.is_empty() {
            return Ok(Arc::default());
        }
        let tags = self.projected(&self.columns.tags)?;
        self.replaced.of_group(&self.parts, newer, (file, group), &tags)
    }

    /// The rows of a part that newer blocks do not replace.
    fn rows_left(&self, part: usize) -> Result<usize> {
        let rows = self.parts[part].row_count();
        if self.newer[part].is_empty() {
            return Ok(rows);
        }
        let groups = 0..rows.div_ceil(ROW_GROUP_ROWS_MAX);
        groups
            .map(|group| Ok(self.replaced(part, group)?.len()))
            .try_fold(rows, |rows, gone| gone.map(|gone: usize| rows - gone))
    }

    fn read_overlap(&self, projection: &[usize], times: TimeRange) -> Result<Batches> {
        let needed = self.needed(projection);
        let schema = self.projected(&needed)?;
        let columns = self.sorted_by(&needed);
        let touching = self.parts.iter().filter(|part| !part.times.intersect(times).is_empty());
        let sources = touching.map(|part| source(part, &needed, &schema, times));
        let sources = sources.collect::<Result<Vec<_>>>()?;
        let merged = MergedRows::new(schema, columns, sources, BLOCK_ROWS_MAX);
        Ok(chosen(merged, &needed, projection))
    }

    /// Where the tags and the time stand among columns that have them.
    pub(super) fn sorted_by(&self, columns: &[usize]) -> SortColumns {
        SortColumns {
            tags: places(&self.columns.tags, columns),
            time: places(&[self.columns.time], columns).first().copied().unwrap_or_default(),
        }
    }

    /// The columns that a merge or a deletion must see: those that are wanted, and the tags and the
    /// time.
    pub(super) fn needed(&self, projection: &[usize]) -> Vec<usize> {
        let sorted_by = self.columns.tags.iter().chain([&self.columns.time]);
        let mut needed: Vec<usize> = projection.iter().chain(sorted_by).copied().collect();
        needed.sort_unstable();
        needed.dedup();
        needed
    }
}

/// The rows of a part, in the order of a merge.
fn source(part: &Part, needed: &[usize], schema: &SchemaRef, times: TimeRange) -> Result<Source> {
    let times = TimeRanges::from(times).without(part.deleted.times());
    let rows: Source = match &part.rows {
        Rows::File(file, tags) => {
            Box::new(file.read(&request(schema, times, tags.as_ref()), None)?)
        }
        Rows::Chunk(snapshot, series) => {
            let (snapshot, series) = (Arc::clone(snapshot), series.as_ref());
            Box::new(SortedRows::new(snapshot, needed, series, &times, BLOCK_ROWS_MAX)?)
        }
    };
    let deleted = part.deleted.clone();
    Ok(Box::new(rows.map(move |batch| deleted.left_of(batch?))))
}

fn request(schema: &SchemaRef, times: TimeRanges, tags: Option<&Arc<TagChoice>>) -> RowRequest {
    RowRequest { tags: tags.cloned(), ..RowRequest::of_all(Arc::clone(schema), times) }
}

/// Where each of these columns stands among those that were read.
fn places(columns: &[usize], read: &[usize]) -> Vec<usize> {
    columns.iter().filter_map(|column| read.iter().position(|one| one == column)).collect()
}

/// The wanted columns of those that were read.
pub(super) fn chosen(
    batches: impl Iterator<Item = Result<RecordBatch>> + Send + 'static,
    read: &[usize],
    wanted: &[usize],
) -> Batches {
    let wanted = places(wanted, read);
    Box::new(batches.map(move |batch| batch?.project(&wanted).map_err(misfit)))
}

/// The blocks of a table that consists of these parts.
fn blocks(
    parts: &[Part],
    newer: &[Vec<Newer>],
    kept: TimeRange,
) -> Result<Vec<(BlockInfo, Block)>> {
    let times: Vec<TimeRange> = parts.iter().map(|part| part.times.intersect(kept)).collect();
    let overlaps = merged(parts, newer)?.within(kept);
    let mut blocks = Vec::new();
    for (part, times) in times.iter().enumerate() {
        let alone =
            TimeRanges::from(*times).without(&overlaps).without(parts[part].deleted.times());
        for (block, (rows, times)) in parts[part].blocks()?.into_iter().enumerate() {
            let times = alone.within(times);
            if rows > 0 && !times.is_empty() {
                let info = info(rows, times.hull());
                blocks.push((info, Block::Plain { part, block, times }));
            }
        }
    }
    for overlap in overlaps.ranges() {
        let touching = parts.iter().filter(|part| !part.times.intersect(*overlap).is_empty());
        let rows = touching.map(Part::row_count).sum();
        blocks.push((info(rows, *overlap), Block::Overlap(*overlap)));
    }
    Ok(blocks)
}

fn info(rows: usize, times: TimeRange) -> BlockInfo {
    BlockInfo { rows, time_min: times.min, time_max: times.max }
}

/// The times in which rows of several parts are merged, in few ranges: merging more than is needed
/// changes nothing.
fn merged(parts: &[Part], newer: &[Vec<Newer>]) -> Result<TimeRanges> {
    let is_file = |part: &&Part| matches!(part.rows, Rows::File(..));
    let mut merged = overlaps(parts.iter().filter(is_file).map(|part| part.times).collect());
    for (part, newer) in parts.iter().zip(newer) {
        merged.extend(merged_times(parts, part, newer)?);
    }
    let chunks: Vec<&Snapshot> = parts.iter().filter_map(Part::as_chunk).collect();
    for (place, chunk) in chunks.iter().enumerate() {
        let near = chunks[place + 1..].iter();
        let near = near.filter(|other| !other.times().intersect(chunk.times()).is_empty());
        merged.extend(near.flat_map(|other| other.spans().both(&chunk.spans()).ranges().to_vec()));
    }
    Ok(TimeRanges::union_of(merged).coarser(OVERLAPS_MAX))
}

/// The times that lie in two of the ranges or more.
fn overlaps(mut ranges: Vec<TimeRange>) -> Vec<TimeRange> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.min);
    let mut reached = TimeRange::EMPTY;
    let mut shared = Vec::new();
    for range in ranges {
        shared.push(reached.intersect(range));
        reached = reached.hull(range);
    }
    shared
}

pub(super) fn misfit(error: arrow::error::ArrowError) -> EngineError {
    EngineError::internal("columns of a table do not fit").caused_by(error)
}

impl TableSnapshot for TableView {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn with_tags(&self, filter: Arc<dyn TagFilter>) -> Result<Arc<dyn TableSnapshot>> {
        let parts = self.parts.iter().map(|part| part.with_tags(&filter));
        let parts: Arc<[Part]> = parts.filter_map(Result::transpose).collect::<Result<_>>()?;
        let newer = newer_blocks(&parts);
        let blocks = blocks(&parts, &newer, self.kept)?.into();
        let (newer, replaced) = (newer.into(), Arc::default()); // parts have other places now
        Ok(Arc::new(Self { parts, blocks, newer, replaced, filtered: true, ..self.clone() }))
    }

    fn block_count(&self) -> usize {
        self.blocks.len()
    }

    fn block(&self, index: usize) -> BlockInfo {
        self.blocks[index].0
    }

    fn read(&self, index: usize, projection: &[usize], time: TimeRange) -> Result<Batches> {
        match &self.blocks[index].1 {
            Block::Plain { part, block, times } => {
                self.read_plain(*part, *block, projection, &times.within(time))
            }
            Block::Overlap(times) => self.read_overlap(projection, times.intersect(time)),
        }
    }

    fn read_many(
        &self,
        blocks: &[usize],
        projection: &[usize],
        time: TimeRange,
    ) -> Result<Batches> {
        Ok(Pieces::of(self, blocks, time).read(projection))
    }

    fn series(&self) -> Result<Option<RecordBatch>> {
        series_of(self)
    }

    fn newest_rows(
        &self,
        projection: &[usize],
        time: TimeRange,
        value: Option<usize>,
    ) -> Result<Option<Batches>> {
        newest_rows(self, projection, time, value)
    }

    fn row_count_exact(&self) -> Option<usize> {
        let all_kept =
            |part: &Part| part.deleted.is_empty() && part.times.intersect(self.kept) == part.times;
        let plain = |(_, block): &(BlockInfo, Block)| matches!(block, Block::Plain { .. });
        let exact =
            !self.filtered && self.parts.iter().all(all_kept) && self.blocks.iter().all(plain);
        let rows = || (0..self.parts.len()).map(|part| self.rows_left(part).ok()).sum();
        if exact { rows() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(min: i64, max: i64) -> TimeRange {
        TimeRange { min, max }
    }

    #[test]
    fn times_of_two_parts_or_more_overlap() {
        let shared = overlaps(vec![range(10, 30), range(0, 10), range(25, 27), range(26, 40)]);
        assert_eq!(TimeRanges::union_of(shared).ranges(), [range(10, 10), range(25, 30)]);
        let apart = overlaps(vec![range(0, 9), TimeRange::EMPTY, range(10, 19)]);
        assert!(TimeRanges::union_of(apart).is_empty());
    }

    #[test]
    fn many_overlaps_are_taken_together() {
        let pairs = 0..i64::try_from(3 * OVERLAPS_MAX).expect("a small number");
        let ranges: Vec<TimeRange> =
            pairs.flat_map(|pair| [range(10 * pair, 10 * pair + 2); 2]).collect();
        let shared = TimeRanges::union_of(overlaps(ranges.clone())).coarser(OVERLAPS_MAX);
        assert_eq!(shared.ranges().len(), OVERLAPS_MAX);
        assert!(ranges.iter().all(|one| shared.covers(*one)));
    }
}
