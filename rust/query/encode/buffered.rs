//! `pretty` and `parquet`: the whole answer is kept until its end, charged to the memory of
//! queries.

use arrow::record_batch::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use datafusion::execution::memory_pool::MemoryReservation;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::Encoder;
use super::plain::{plain_batch, plain_schema};
use crate::error::{EngineError, Result};
use crate::query::errors::{from_arrow, from_datafusion};

/// Rows of a row group, at most (as InfluxDB 3 Core).
const ROW_GROUP_ROWS_MAX: usize = 100_000;

/// A table of characters: the widths of its columns are known at the end only.
pub(super) struct Pretty {
    memory: MemoryReservation,
    batches: Vec<RecordBatch>,
    text: Vec<u8>,
}

impl Pretty {
    pub(super) fn new(memory: MemoryReservation) -> Self {
        Self { memory, batches: Vec::new(), text: Vec::new() }
    }
}

impl Encoder for Pretty {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let batch = plain_batch(batch, &plain_schema(batch.schema_ref()))?;
        let bytes = batch.get_array_memory_size();
        self.memory.try_grow(bytes).map_err(|error| from_datafusion(&error))?;
        self.batches.push(batch);
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        let table = pretty_format_batches(&self.batches).map_err(|error| from_arrow(&error))?;
        self.text = table.to_string().into_bytes();
        self.batches.clear();
        Ok(())
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    fn rows_per_step(&self) -> usize {
        usize::MAX
    }
}

/// A Parquet file: a failure before its end must still be an error and not half a file.
pub(super) struct Parquet {
    memory: MemoryReservation,
    writer: Option<ArrowWriter<Vec<u8>>>,
    file: Vec<u8>,
}

impl Parquet {
    pub(super) fn new(memory: MemoryReservation) -> Self {
        Self { memory, writer: None, file: Vec::new() }
    }

    /// The writer, made with the first batch: without any batch the answer is empty.
    fn writer(&mut self, batch: &RecordBatch) -> Result<&mut ArrowWriter<Vec<u8>>> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties()))
                .map_err(parquet_failed)?,
        };
        Ok(self.writer.insert(writer))
    }
}

impl Encoder for Parquet {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let writer = self.writer(batch)?;
        writer.write(batch).map_err(parquet_failed)?;
        let bytes = writer.memory_size() + writer.inner().len();
        self.memory.try_resize(bytes).map_err(|error| from_datafusion(&error))
    }

    fn finish(&mut self) -> Result<()> {
        if let Some(writer) = self.writer.take() {
            self.file = writer.into_inner().map_err(parquet_failed)?;
        }
        Ok(())
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.file
    }

    fn rows_per_step(&self) -> usize {
        usize::MAX
    }
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        .build()
}

fn parquet_failed(error: ParquetError) -> EngineError {
    match error {
        ParquetError::NYI(text) => EngineError::unsupported(format!("Parquet error: {text}")),
        error => EngineError::internal(format!("Parquet error: {error}")),
    }
}
