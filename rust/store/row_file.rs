//! A stored Parquet file, as queries and merges read it.
//!
//! Comes in: the columns, times and tags that are wanted. Goes out: their rows, in the order of the
//! file. What stays true: the bytes are checked against the manifest before the first row of a
//! process is read; a column that the file does not have holds no value; only the pages of rows
//! that the times and tags leave are decoded. Refuses a file that is not what was stored, by name.

use std::error::Error;
use std::io::Read;
use std::sync::Arc;

use arrow::array::new_null_array;
use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Schema, SchemaRef, TimestampNanosecondType};
use arrow::error::ArrowError;
use bytes::{Buf, Bytes};
use parking_lot::Mutex;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicate, ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions,
    ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowFilter,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;

use super::client::StoreClient;
use super::manifest::FileEntry;
use crate::error::{EngineError, ErrorKind, Result};
use crate::schema::{TagFilter, TimeRange, TimeRanges};

/// The time column, in every file.
const TIME: &str = "time";
/// Bytes that are read at a time where the length of a page is not known.
const READ_AHEAD_BYTES: u64 = 64 * 1_024;

/// See the head of this file.
#[derive(Debug)]
pub struct RowFile {
    entry: FileEntry,
    client: Arc<StoreClient>,
    opened: Mutex<Option<ArrowReaderMetadata>>,
}

/// Which rows of a file are wanted.
#[derive(Debug, Clone)]
pub struct RowRequest {
    /// The columns, as their table has them.
    pub schema: SchemaRef,
    /// The times.
    pub times: TimeRanges,
    /// The tags; `None` for all.
    pub tags: Option<Arc<dyn TagFilter>>,
    /// Rows of a batch, at most.
    pub rows_max: usize,
}

/// Rows that are read and encoded together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowGroup {
    /// How many.
    pub rows: usize,
    /// The times that they lie in.
    pub times: TimeRange,
}

/// The wanted rows of a file, in its order.
pub struct FileBatches {
    name: Arc<str>,
    schema: SchemaRef,
    reader: ParquetRecordBatchReader,
}

impl RowFile {
    /// A file that a manifest names. Nothing is read yet.
    #[must_use]
    pub fn new(entry: FileEntry, client: Arc<StoreClient>) -> Self {
        Self { entry, client, opened: Mutex::default() }
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
        let metadata = self.metadata()?;
        let time = column(&metadata, TIME).ok_or_else(|| self.damaged("it has no time"))?;
        let group = |group: &RowGroupMetaData| {
            let rows = usize::try_from(group.num_rows()).unwrap_or_default();
            RowGroup { rows, times: times_of(group, time).unwrap_or_else(|| self.times()) }
        };
        Ok(metadata.metadata().row_groups().iter().map(group).collect())
    }

    /// The wanted rows; of one row group, or of all.
    ///
    /// # Errors
    /// As `row_groups`; the iterator has the errors of what it reads.
    pub fn read(&self, request: &RowRequest, group: Option<usize>) -> Result<FileBatches> {
        let metadata = self.metadata()?;
        let groups = self.row_groups()?;
        let wanted = |index: &usize| {
            group.is_none_or(|only| only == *index)
                && !request.times.within(groups[*index].times).is_empty()
        };
        let wanted: Vec<usize> = (0..groups.len()).filter(wanted).collect();
        let hull = wanted.iter().fold(TimeRange::EMPTY, |all, one| all.hull(groups[*one].times));
        let reader = self.reader();
        let filter = row_filter(&metadata, request, hull);
        let projection = mask(&metadata, &request.schema);
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(reader, metadata)
            .with_row_groups(wanted)
            .with_projection(projection)
            .with_batch_size(request.rows_max);
        if !filter.is_empty() {
            builder = builder.with_row_filter(RowFilter::new(filter));
        }
        let reader = builder.build().map_err(|error| self.unreadable(error))?;
        let (name, schema) = (Arc::clone(&self.entry.path), SchemaRef::clone(&request.schema));
        Ok(FileBatches { name, schema, reader })
    }

    fn reader(&self) -> ObjectReader {
        let client = Arc::clone(&self.client);
        ObjectReader { client, path: Arc::clone(&self.entry.path), bytes: self.entry.bytes }
    }

    /// The footer; the first call checks the whole file.
    fn metadata(&self) -> Result<ArrowReaderMetadata> {
        let mut opened = self.opened.lock();
        if let Some(metadata) = &*opened {
            return Ok(metadata.clone());
        }
        let bytes = self.checked_bytes()?;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata =
            ArrowReaderMetadata::load(&bytes, options).map_err(|error| self.unreadable(error))?;
        Ok(opened.insert(metadata).clone())
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

    fn damaged(&self, why: &str) -> EngineError {
        EngineError::corrupt(format!(
            "file {} of the store is damaged: {why}; restore it from a backup",
            self.entry.path
        ))
    }

    fn unreadable(&self, error: ParquetError) -> EngineError {
        self.damaged("it is no Parquet file").caused_by(error)
    }
}

fn column(metadata: &ArrowReaderMetadata, name: &str) -> Option<usize> {
    metadata.schema().column_with_name(name).map(|(index, _)| index)
}

fn mask(metadata: &ArrowReaderMetadata, schema: &Schema) -> ProjectionMask {
    let columns = schema.fields().iter().filter_map(|one| column(metadata, one.name()));
    ProjectionMask::roots(metadata.parquet_schema(), columns)
}

/// Conditions on rows; tags first, for they are long runs of the same codes.
fn row_filter(
    metadata: &ArrowReaderMetadata,
    request: &RowRequest,
    hull: TimeRange,
) -> Vec<Box<dyn ArrowPredicate>> {
    let mut predicates: Vec<Box<dyn ArrowPredicate>> = Vec::new();
    if let Some(tags) = request.tags.clone() {
        let mask = mask(metadata, tags.schema());
        let passes = move |batch: RecordBatch| passing(&*tags, &batch);
        predicates.push(Box::new(ArrowPredicateFn::new(mask, passes)));
    }
    if !request.times.covers(hull) {
        let mask = ProjectionMask::roots(metadata.parquet_schema(), column(metadata, TIME));
        let times = request.times.clone();
        let passes = move |batch: RecordBatch| in_times(&times, &batch);
        predicates.push(Box::new(ArrowPredicateFn::new(mask, passes)));
    }
    predicates
}

fn times_of(group: &RowGroupMetaData, column: usize) -> Option<TimeRange> {
    match group.column(column).statistics()? {
        Statistics::Int64(times) => {
            Some(TimeRange { min: *times.min_opt()?, max: *times.max_opt()? })
        }
        _ => None,
    }
}

fn passing(tags: &dyn TagFilter, batch: &RecordBatch) -> Result<BooleanArray, ArrowError> {
    let rows = with_columns(batch, tags.schema())?;
    let passing = tags.passing(&rows).map_err(|error| ArrowError::ExternalError(error.into()))?;
    Ok(BooleanArray::new(passing, None))
}

fn in_times(times: &TimeRanges, batch: &RecordBatch) -> Result<BooleanArray, ArrowError> {
    let column = batch.column(0).as_primitive_opt::<TimestampNanosecondType>();
    let column = column.ok_or_else(|| ArrowError::SchemaError("the time is no time".to_owned()))?;
    let passing: BooleanBuffer = column.values().iter().map(|time| times.contains(*time)).collect();
    Ok(BooleanArray::new(passing, None))
}

/// The columns of `schema`; those that the batch lacks hold no value.
fn with_columns(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let column = |field: &Arc<arrow::datatypes::Field>| -> ArrayRef {
        match batch.column_by_name(field.name()) {
            Some(column) => Arc::clone(column),
            None => new_null_array(field.data_type(), batch.num_rows()),
        }
    };
    let columns = schema.fields().iter().map(column).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(SchemaRef::clone(schema), columns, &options)
}

impl Iterator for FileBatches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.next()?;
        let failed = |error| unreadable(&self.name, error);
        Some(batch.and_then(|batch| with_columns(&batch, &self.schema)).map_err(failed))
    }
}

/// A store that did not answer is no damaged file, however deep its error is wrapped.
fn unreadable(name: &str, error: ArrowError) -> EngineError {
    match own_error(&error) {
        Some(own) if own.kind() != ErrorKind::Corrupt => {
            EngineError::new(own.kind(), own.to_string())
        }
        _ => EngineError::corrupt(format!("file {name} of the store cannot be decoded"))
            .caused_by(error),
    }
}

fn own_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e EngineError> {
    let own = error.downcast_ref();
    own.or_else(|| error.source().and_then(own_error))
}

/// Reads parts of one object.
#[derive(Debug, Clone)]
struct ObjectReader {
    client: Arc<StoreClient>,
    path: Arc<str>,
    bytes: u64,
}

impl ObjectReader {
    fn range(&self, start: u64, length: u64) -> Result<Bytes, ParquetError> {
        let end = self.bytes.min(start + length);
        let bytes = self.client.range(&self.path, start.min(end)..end);
        bytes.map_err(|error| ParquetError::External(error.into()))
    }
}

impl Length for ObjectReader {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for ObjectReader {
    type T = SequentialReader;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(SequentialReader { object: self.clone(), next: start, ahead: Bytes::new() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.range(start, length as u64)
    }
}

/// Reads an object onwards, some way ahead.
struct SequentialReader {
    object: ObjectReader,
    next: u64,
    ahead: Bytes,
}

impl Read for SequentialReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.ahead.is_empty() {
            let ahead = self.object.range(self.next, READ_AHEAD_BYTES);
            self.ahead = ahead.map_err(std::io::Error::other)?;
            self.next += self.ahead.len() as u64;
        }
        let count = buffer.len().min(self.ahead.len());
        self.ahead.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}
