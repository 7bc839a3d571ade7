//! A stored Parquet file, as queries and merges read it.
//!
//! Comes in: the columns, times and tags that are wanted. Goes out: their rows, in the order of the
//! file. What stays true: the bytes are checked against the manifest before the first row of a
//! process is read; a column that the file does not have holds no value; a condition on tags is
//! evaluated once per series; only the pages of rows that the times and tags leave are decoded.
//! Refuses a file that is not what was stored, by name.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Schema, SchemaRef, TimestampNanosecondType};
use arrow::error::ArrowError;
use bytes::Bytes;
use parking_lot::Mutex;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicate, ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions,
    ParquetRecordBatchReaderBuilder, RowFilter, RowSelection,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;

use super::client::StoreClient;
use super::file_batches::{FileBatches, error_of_store, unreadable};
use super::file_memory::FileMemory;
use super::manifest::FileEntry;
use super::object_reader::ObjectReader;
use super::opened_file::OpenedFile;
use super::series_index::{IndexBuilder, SeriesIndex, pages_within};
use super::tag_choice::{TagChoice, passing};
use crate::error::{EngineError, Result};
use crate::limits::BLOCK_ROWS_MAX;
use crate::schema::{TimeRange, TimeRanges};

/// The time column, in every file.
pub(super) const TIME: &str = "time";

/// See the head of this file.
#[derive(Debug)]
pub struct RowFile {
    entry: FileEntry,
    client: Arc<StoreClient>,
    pub(super) memory: Arc<FileMemory>,
    /// Of all files of the process.
    pub(super) number: u64,
    /// Whether this process has checked the bytes; held while the file is opened.
    checked: Mutex<bool>,
}

/// Which rows of a file are wanted.
#[derive(Debug, Clone)]
pub struct RowRequest {
    /// The columns, as their table has them.
    pub schema: SchemaRef,
    /// The times.
    pub times: TimeRanges,
    /// The tags, of this very file; `None` for all.
    pub tags: Option<Arc<TagChoice>>,
    /// Rows of a batch, at most.
    pub rows_max: usize,
    /// Rows of the one row group that is read, ascending, that are not wanted.
    pub replaced: Arc<[u32]>,
}

impl RowRequest {
    /// The rows of all series in these times.
    #[must_use]
    pub fn of_all(schema: SchemaRef, times: TimeRanges) -> Self {
        let rows_max = BLOCK_ROWS_MAX;
        Self { schema, times, tags: None, rows_max, replaced: Arc::default() }
    }
}

/// Rows that are read and encoded together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowGroup {
    /// How many.
    pub rows: usize,
    /// The times that they lie in.
    pub times: TimeRange,
}

impl RowFile {
    /// A file that a manifest names. Nothing is read yet.
    pub(super) fn new(entry: FileEntry, client: Arc<StoreClient>, memory: Arc<FileMemory>) -> Self {
        let number = memory.next_file();
        Self { entry, client, memory, number, checked: Mutex::default() }
    }

    /// A number that no other file of this process has.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What the manifest says of it.
    #[must_use]
    pub fn entry(&self) -> &FileEntry {
        &self.entry
    }

    /// The times that its rows lie in.
    #[must_use]
    pub fn times(&self) -> TimeRange {
        self.entry.times()
    }

    /// The row groups, in the order of the file.
    ///
    /// # Errors
    /// `Corrupt` where the file is not what was stored, `Internal` where it cannot be read.
    pub fn row_groups(&self) -> Result<Vec<RowGroup>> {
        Ok(self.opened()?.groups.clone())
    }

    /// The series; `None` where they are too many to be listed. The first call reads the tags and
    /// the times of the whole file.
    ///
    /// # Errors
    /// As `row_groups`.
    pub fn series(&self) -> Result<Option<Arc<SeriesIndex>>> {
        self.series_of(&self.opened()?)
    }

    /// For each row group the number of its rows whose tags pass; `None` where that takes more than
    /// to look at what is in memory.
    ///
    /// # Errors
    /// What evaluating the tags meets.
    pub fn rows_passing(&self, tags: &TagChoice) -> Result<Option<Vec<usize>>> {
        let Some(opened) = self.memory.opened.get(&self.entry.path) else { return Ok(None) };
        let Some(series) = opened.series.get().and_then(Option::as_ref) else { return Ok(None) };
        let passing = tags.passing(series)?;
        let of_group = |group| series.rows_passing(&opened.rows_of(group), passing);
        Ok(Some((0..opened.groups.len()).map(of_group).collect()))
    }

    /// The wanted rows; of one row group, or of all.
    ///
    /// # Errors
    /// As `row_groups`; what evaluating the tags meets; the iterator has the errors of what it
    /// reads.
    pub fn read(&self, request: &RowRequest, group: Option<usize>) -> Result<FileBatches> {
        let opened = self.opened()?;
        if let Some(group) = group
            && let Some(kept) = self.kept(&opened, request, group)?
        {
            return Ok(kept);
        }
        let touched = opened.touched(&request.times, group);
        let times = touched.iter().map(|group| opened.groups[*group].times);
        let cut = !request.times.covers(times.fold(TimeRange::EMPTY, TimeRange::hull));
        let series = if request.tags.is_some() {
            self.series_of(&opened)?
        } else {
            opened.series.get().cloned().flatten() // not worth the work for times alone
        };
        let chosen = match series.filter(|_| cut || request.tags.is_some()) {
            Some(series) => by_series(&opened, &series, request, &touched)?,
            None => by_rows(&opened, request, touched, cut),
        };
        self.batches(&opened, request, chosen)
    }

    /// These rows, counted from the start of the file, which must ascend.
    ///
    /// # Errors
    /// As `read`.
    pub fn read_rows(&self, schema: &SchemaRef, rows: &[Range<usize>]) -> Result<FileBatches> {
        let opened = self.opened()?;
        if let Some(kept) = self.kept_at(&opened, schema, rows)? {
            return Ok(kept);
        }
        let groups: Vec<usize> = (0..opened.groups.len()).collect();
        let chosen = selected(&opened, &groups, |group| rows_within(rows, group));
        let (schema, times) = (SchemaRef::clone(schema), TimeRange::ALL.into());
        let request = RowRequest::of_all(schema, times);
        self.batches(&opened, &request, chosen)
    }

    fn batches(
        &self,
        opened: &OpenedFile,
        request: &RowRequest,
        chosen: Chosen,
    ) -> Result<FileBatches> {
        let (name, schema) = (self.name(), SchemaRef::clone(&request.schema));
        if chosen.groups.is_empty() {
            return Ok(FileBatches::none(name, schema));
        }
        let metadata = opened.metadata.clone();
        let projection = mask(&metadata, &request.schema);
        let mut builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.reader(), metadata)
                .with_row_groups(chosen.groups)
                .with_projection(projection)
                .with_batch_size(request.rows_max);
        if let Some(rows) = chosen.rows {
            builder = builder.with_row_selection(rows);
        }
        if !chosen.filter.is_empty() {
            builder = builder.with_row_filter(RowFilter::new(chosen.filter));
        }
        let reader = builder.build().map_err(|error| self.unreadable(error))?;
        Ok(FileBatches::decoded(name, schema, reader))
    }

    pub(super) fn name(&self) -> Arc<str> {
        Arc::clone(&self.entry.path)
    }

    pub(super) fn reader(&self) -> ObjectReader {
        let client = Arc::clone(&self.client);
        ObjectReader { client, path: Arc::clone(&self.entry.path), bytes: self.entry.bytes }
    }

    /// The footer; the first call checks the whole file.
    pub(super) fn opened(&self) -> Result<Arc<OpenedFile>> {
        let mut checked = self.checked.lock();
        if let Some(opened) = self.memory.opened.get(&self.entry.path) {
            return Ok(opened);
        }
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = if *checked {
            ArrowReaderMetadata::load(&self.reader(), options)
        } else {
            ArrowReaderMetadata::load(&self.checked_bytes()?, options)
        };
        let metadata = metadata.map_err(|error| self.unreadable(error))?;
        *checked = true;
        let opened = OpenedFile::new(metadata, TIME, self.times());
        let opened = Arc::new(opened.ok_or_else(|| self.damaged("it has no time"))?);
        self.keep(&opened);
        Ok(opened)
    }

    /// As if others had pushed it out of the memory.
    #[cfg(test)]
    pub(super) fn forget(&self) {
        self.memory.opened.remove(&self.entry.path);
    }

    fn keep(&self, opened: &Arc<OpenedFile>) {
        self.memory.opened.put(self.name(), Arc::clone(opened), opened.bytes());
    }

    pub(super) fn series_of(&self, opened: &Arc<OpenedFile>) -> Result<Option<Arc<SeriesIndex>>> {
        if let Some(series) = opened.series.get() {
            return Ok(series.clone());
        }
        let _alone = self.checked.lock();
        if let Some(series) = opened.series.get() {
            return Ok(series.clone()); // another query has listed them meanwhile
        }
        let listed = self.listed(opened)?.map(Arc::new);
        let series = opened.series.get_or_init(|| listed).clone();
        self.keep(opened);
        Ok(series)
    }

    fn listed(&self, opened: &OpenedFile) -> Result<Option<SeriesIndex>> {
        let sorted_by = |column: &usize| {
            let field = opened.metadata.schema().field(*column);
            field.name() == TIME || matches!(field.data_type(), DataType::Dictionary(..))
        };
        let columns: Vec<usize> =
            (0..opened.metadata.schema().fields().len()).filter(sorted_by).collect();
        let schema = opened.metadata.schema().project(&columns);
        let schema = Arc::new(schema.map_err(|error| unreadable(&self.entry.path, error))?);
        let mut builder = IndexBuilder::new(&schema)?;
        let times = TimeRange::ALL.into();
        let request = RowRequest::of_all(schema, times);
        let groups = (0..opened.groups.len()).collect();
        for batch in self.batches(opened, &request, Chosen::all_of(groups))? {
            if !builder.add(&batch?)? {
                return Ok(None);
            }
        }
        builder.finish().map(Some)
    }

    /// The whole file, checked.
    ///
    /// # Errors
    /// `Corrupt` where it is not what was stored, or is gone.
    pub fn checked_bytes(&self) -> Result<Bytes> {
        let bytes = self.client.get(&self.entry.path)?;
        let stored = bytes.len() as u64 == self.entry.bytes;
        if stored && crc32fast::hash(&bytes) == self.entry.checksum {
            return Ok(bytes);
        }
        Err(self.damaged("its bytes are not those that were stored"))
    }

    pub(super) fn damaged(&self, why: &str) -> EngineError {
        EngineError::corrupt(format!(
            "file {} of the store is damaged: {why}; restore it from a backup",
            self.entry.path
        ))
    }

    pub(super) fn unreadable(&self, error: ParquetError) -> EngineError {
        let of_store = error_of_store(&error);
        of_store.unwrap_or_else(|| self.damaged("it is no Parquet file").caused_by(error))
    }
}

impl Drop for RowFile {
    fn drop(&mut self) {
        self.memory.columns.retain(|(file, ..)| *file != self.number);
        self.memory.opened.remove(&self.entry.path);
    }
}

/// What is decoded of a file.
#[derive(Default)]
struct Chosen {
    groups: Vec<usize>,
    /// The rows of the groups; `None` for all.
    rows: Option<RowSelection>,
    /// Conditions on rows.
    filter: Vec<Box<dyn ArrowPredicate>>,
}

impl Chosen {
    fn all_of(groups: Vec<usize>) -> Self {
        Self { groups, ..Self::default() }
    }
}

/// The rows of those series that pass; the times are looked at where they cut a series.
fn by_series(
    opened: &OpenedFile,
    series: &SeriesIndex,
    request: &RowRequest,
    touched: &[usize],
) -> Result<Chosen> {
    let passing = request.tags.as_ref().map(|tags| tags.passing(series)).transpose()?;
    let mut cut = false;
    let mut chosen = selected(opened, touched, |group| {
        let found = series.stretches(group, passing, &request.times, &opened.pages);
        cut |= found.cut;
        found.rows
    });
    if cut {
        chosen.filter.push(time_filter(&opened.metadata, &request.times));
    }
    Ok(chosen)
}

/// Those of these groups that have wanted rows, and only these rows of them.
fn selected(
    opened: &OpenedFile,
    groups: &[usize],
    mut rows_of: impl FnMut(&Range<usize>) -> Vec<Range<usize>>,
) -> Chosen {
    let (mut chosen, mut rows, mut total) = (Chosen::default(), Vec::new(), 0);
    for group in groups {
        let of_group = opened.rows_of(*group);
        let wanted = rows_of(&of_group);
        if wanted.is_empty() {
            continue;
        }
        chosen.groups.push(*group);
        let moved = |one: Range<usize>| {
            one.start - of_group.start + total..one.end - of_group.start + total
        };
        rows.extend(wanted.into_iter().map(moved));
        total += of_group.len();
    }
    chosen.rows = Some(RowSelection::from_consecutive_ranges(rows.into_iter(), total));
    chosen
}

/// The parts of these stretches, which ascend, that lie in a group.
pub(super) fn rows_within(rows: &[Range<usize>], group: &Range<usize>) -> Vec<Range<usize>> {
    let first = rows.partition_point(|one| one.end <= group.start);
    let behind = rows.partition_point(|one| one.start < group.end);
    let part = |one: &Range<usize>| one.start.max(group.start)..one.end.min(group.end);
    rows[first..behind.max(first)].iter().map(part).collect()
}

pub(super) fn column(metadata: &ArrowReaderMetadata, name: &str) -> Option<usize> {
    metadata.schema().column_with_name(name).map(|(index, _)| index)
}

fn mask(metadata: &ArrowReaderMetadata, schema: &Schema) -> ProjectionMask {
    let columns = schema.fields().iter().filter_map(|one| column(metadata, one.name()));
    ProjectionMask::roots(metadata.parquet_schema(), columns)
}

/// All rows of these groups whose tags and times pass, row by row; tags first, for they are long
/// runs of the same codes.
fn by_rows(opened: &OpenedFile, request: &RowRequest, groups: Vec<usize>, cut: bool) -> Chosen {
    let metadata = &opened.metadata;
    let of_pages =
        |rows: &Range<usize>| pages_within(&opened.pages, rows, &request.times).collect();
    let mut chosen = if cut { selected(opened, &groups, of_pages) } else { Chosen::all_of(groups) };
    if let Some(tags) = &request.tags {
        let filter = Arc::clone(tags.filter());
        let mask = mask(metadata, filter.schema());
        let passes = move |batch: RecordBatch| {
            let passing = passing(&*filter, &batch);
            let passing = passing.map_err(|error| ArrowError::ExternalError(error.into()))?;
            Ok(BooleanArray::new(passing, None))
        };
        chosen.filter.push(Box::new(ArrowPredicateFn::new(mask, passes)));
    }
    if cut {
        chosen.filter.push(time_filter(metadata, &request.times));
    }
    chosen
}

fn time_filter(metadata: &ArrowReaderMetadata, times: &TimeRanges) -> Box<dyn ArrowPredicate> {
    let mask = ProjectionMask::roots(metadata.parquet_schema(), column(metadata, TIME));
    let times = times.clone();
    let passes = move |batch: RecordBatch| in_times(&times, &batch);
    Box::new(ArrowPredicateFn::new(mask, passes))
}

fn in_times(times: &TimeRanges, batch: &RecordBatch) -> Result<BooleanArray, ArrowError> {
    let column = batch.column(0).as_primitive_opt::<TimestampNanosecondType>();
    let column = column.ok_or_else(|| ArrowError::SchemaError("the time is no time".to_owned()))?;
    let passing: BooleanBuffer = column.values().iter().map(|time| times.contains(*time)).collect();
    Ok(BooleanArray::new(passing, None))
}
