//! Sorted rows as the bytes of a Parquet file, and back.
//!
//! Comes in: record batches, sorted and free of repetitions. Goes out: a file that any reader of
//! Parquet understands: its footer names the sort order and the Arrow schema with the metadata of
//! InfluxDB 3; there are statistics per row group and per page. Sorted neighbours differ little, so
//! times and integers are stored as differences, tags and texts as codes, floats as codes or with
//! their bytes apart; all of it compressed with zstd.

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{max, min};
use arrow::datatypes::{DataType, SchemaRef, TimestampNanosecondType};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::merge::SortColumns;
use crate::error::{EngineError, Result};
use crate::limits::{PAGE_ROWS_MAX, ROW_GROUP_ROWS_MAX};

/// A file that is not stored yet.
#[derive(Debug, Clone)]
pub struct FileRows {
    /// The bytes of the file.
    pub bytes: Bytes,
    /// CRC-32 of the bytes.
    pub checksum: u32,
    /// Rows in it.
    pub rows: u64,
    /// Earliest time; greater than `time_max` in a file without rows.
    pub time_min: i64,
    /// Latest time.
    pub time_max: i64,
}

/// Encodes batches of one schema.
///
/// # Errors
/// The error of a batch; `Internal` where rows do not fit the schema.
pub fn encode_file(
    schema: &SchemaRef,
    columns: &SortColumns,
    batches: impl Iterator<Item = Result<RecordBatch>>,
) -> Result<FileRows> {
    let properties = properties(schema, columns)?;
    let writer = ArrowWriter::try_new(Vec::new(), SchemaRef::clone(schema), Some(properties));
    let mut writer = writer.map_err(not_encoded)?;
    let (mut rows, mut time_min, mut time_max) = (0, i64::MAX, i64::MIN);
    for batch in batches {
        let batch = batch?;
        let times = batch.column(columns.time).as_primitive_opt::<TimestampNanosecondType>();
        let times = times.ok_or_else(|| EngineError::internal("the time is no time"))?;
        time_min = time_min.min(min(times).unwrap_or(i64::MAX));
        time_max = time_max.max(max(times).unwrap_or(i64::MIN));
        rows += batch.num_rows() as u64;
        writer.write(&batch).map_err(not_encoded)?;
    }
    let bytes = Bytes::from(writer.into_inner().map_err(not_encoded)?);
    Ok(FileRows { checksum: crc32fast::hash(&bytes), bytes, rows, time_min, time_max })
}

fn properties(schema: &SchemaRef, columns: &SortColumns) -> Result<WriterProperties> {
    let sorted = columns.tags.iter().chain([&columns.time]);
    let sorted = sorted.map(|column| {
        let column_idx = i32::try_from(*column).map_err(|_| too_many(*column))?;
        Ok(SortingColumn { column_idx, descending: false, nulls_first: true })
    });
    let mut builder = WriterProperties::builder()
        .set_created_by(concat!("influxpe ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        .set_data_page_row_count_limit(PAGE_ROWS_MAX)
        .set_sorting_columns(Some(sorted.collect::<Result<_>>()?));
    for field in schema.fields() {
        let path = ColumnPath::new(vec![field.name().clone()]);
        builder = with_encoding(builder, path, field.data_type());
    }
    Ok(builder.build())
}

fn too_many(column: usize) -> EngineError {
    EngineError::too_large(format!("a Parquet file has no column {column}"))
}

/// The encoding of a column; where it is a dictionary's, what follows once that is full.
fn with_encoding(
    builder: WriterPropertiesBuilder,
    path: ColumnPath,
    kind: &DataType,
) -> WriterPropertiesBuilder {
    match kind {
        DataType::Int64 | DataType::UInt64 | DataType::Timestamp(..) => builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
        DataType::Float64 => builder.set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT),
        DataType::Utf8 => builder.set_column_encoding(path, Encoding::DELTA_LENGTH_BYTE_ARRAY),
        _ => builder,
    }
}

/// Decodes a file, in batches of `rows_max` rows.
///
/// # Errors
/// `Corrupt` where the bytes are no such file.
pub fn read_file(
    bytes: Bytes,
    rows_max: usize,
) -> Result<impl Iterator<Item = Result<RecordBatch>>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(not_decoded)?;
    let reader = builder.with_batch_size(rows_max).build().map_err(not_decoded)?;
    Ok(reader.map(|batch| {
        batch.map_err(|error| EngineError::corrupt("rows cannot be decoded").caused_by(error))
    }))
}

fn not_encoded(error: ParquetError) -> EngineError {
    EngineError::internal("rows cannot be encoded as Parquet").caused_by(error)
}

fn not_decoded(error: ParquetError) -> EngineError {
    EngineError::corrupt("it is no Parquet file").caused_by(error)
}
