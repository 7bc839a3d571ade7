//! Batches to bytes, in the formats of `/api/v3/query_sql` and, as series, of `/query`.
//!
//! Comes in: the batches of one answer, in order. Goes out: bytes that, joined, are the answer.
//! Stays true: rendering is that of InfluxDB 3 to the letter; `json`, `json_lines`, `csv` and
//! `arrow` hold no more than a chunk, `pretty` and `parquet` need the whole answer and take its
//! memory from the pool of the queries. Refuses what a format cannot hold, such as lists in `csv`.

mod arrow_stream;
mod buffered;
mod csv;
mod json;
mod plain;
mod series;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::execution::memory_pool::MemoryReservation;

use self::series::SeriesEncoder;
pub use self::series::{SeriesFormat, Spelling, Unit};
use crate::error::Result;

/// Bytes of the first chunk, at least: small enough to start the answer soon.
pub(super) const FIRST_CHUNK_BYTES: usize = 64 * 1_024;
/// Each chunk is twice as large as the one before, up to here: large enough that handing it over
/// costs nothing beside making it.
pub(super) const FULL_CHUNK_BYTES: usize = 512 * 1_024;
/// Rows that are rendered before the size of the chunk is looked at again.
const ROWS_PER_STEP: usize = 256;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// One array of objects.
    Json,
    /// One object per line.
    JsonLines,
    /// Comma-separated values under a header.
    Csv,
    /// A table of characters.
    Pretty,
    /// A Parquet file.
    Parquet,
    /// An Arrow IPC stream; tags are plain strings in it, as over Flight.
    Arrow,
    /// The series of `InfluxDB` 1.
    Series(SeriesFormat),
}

/// Writes one answer. What is written gathers in [`Self::bytes`] until it is taken from there.
pub(super) trait Encoder: Send {
    /// Adds rows.
    fn write(&mut self, batch: &RecordBatch) -> Result<()>;
    /// Ends the answer.
    fn finish(&mut self) -> Result<()>;
    /// What has been written and not been taken.
    fn bytes(&mut self) -> &mut Vec<u8>;
    /// Ends an answer that failed: what of it is shown all the same. Mostly nothing, since a reader
    /// could not tell it from the whole.
    fn cut(&mut self) -> Vec<u8> {
        Vec::new()
    }
    /// Rows to add at a time, so that chunks stay near their size.
    fn rows_per_step(&self) -> usize {
        ROWS_PER_STEP
    }
}

/// A writer of `format` for batches of `schema`; `memory` is charged for what it must keep.
///
/// # Errors
/// `Invalid` where the format cannot hold the schema.
pub(super) fn encoder(
    format: Format,
    schema: &SchemaRef,
    memory: MemoryReservation,
) -> Result<Box<dyn Encoder>> {
    Ok(match format {
        Format::Json => Box::new(json::Json::array()),
        Format::JsonLines => Box::new(json::Json::lines()),
        Format::Csv => Box::new(csv::Csv::default()),
        Format::Pretty => Box::new(buffered::Pretty::new(memory)),
        Format::Parquet => Box::new(buffered::Parquet::new(memory)),
        Format::Arrow => Box::new(arrow_stream::ArrowStream::try_new(schema)?),
        Format::Series(format) => Box::new(SeriesEncoder::try_new(format, schema, memory)?),
    })
}
