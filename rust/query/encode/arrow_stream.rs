//! `arrow`: an IPC stream, its schema first, even where there are no rows.

use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamEncoder;
use arrow::record_batch::RecordBatch;

use super::Encoder;
use super::plain::{plain_batch, plain_schema};
use crate::error::{EngineError, Result};
use crate::query::errors::from_arrow;

/// Bytes of a message, about: it stays in the caches of the processor on its way out, and below
/// what clients of Flight take at once.
const MESSAGE_BYTES: usize = 2 * 1_024 * 1_024;
/// Bytes that are reckoned for a value of no fixed width.
const TEXT_BYTES: usize = 16;

/// The stream so far.
pub(super) struct ArrowStream {
    /// `None` once the stream has its end.
    encoder: Option<StreamEncoder>,
    schema: SchemaRef,
    bytes: Vec<u8>,
}

impl ArrowStream {
    pub(super) fn try_new(schema: &SchemaRef) -> Result<Self> {
        let schema = plain_schema(schema);
        let encoder = StreamEncoder::try_new(&schema).map_err(|error| from_arrow(&error))?;
        Ok(Self { encoder: Some(encoder), schema, bytes: Vec::new() })
    }

    /// Copies what the encoder only points at, once, into as much room as it needs.
    fn add(&mut self, pieces: std::result::Result<Vec<Buffer>, ArrowError>) -> Result<()> {
        let pieces = pieces.map_err(|error| from_arrow(&error))?;
        self.bytes.reserve(pieces.iter().map(Buffer::len).sum());
        for piece in &pieces {
            self.bytes.extend_from_slice(piece);
        }
        Ok(())
    }
}

fn ended() -> EngineError {
    EngineError::internal("the stream of an answer has ended")
}

impl Encoder for ArrowStream {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let batch = plain_batch(batch, &self.schema)?;
        let pieces = self.encoder.as_mut().ok_or_else(ended)?.encode(&batch);
        self.add(pieces)
    }

    fn finish(&mut self) -> Result<()> {
        let pieces = self.encoder.take().ok_or_else(ended)?.finish();
        self.add(pieces)
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    fn rows_per_step(&self) -> usize {
        let kinds = self.schema.fields().iter().map(|field| field.data_type());
        let row_bytes = kinds.map(|kind| kind.primitive_width().unwrap_or(TEXT_BYTES)).sum();
        MESSAGE_BYTES / usize::max(1, row_bytes)
    }
}
