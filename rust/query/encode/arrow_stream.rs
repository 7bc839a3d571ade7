//! `arrow`: an IPC stream, its schema first, even where there are no rows.

use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;

use super::Encoder;
use super::plain::{plain_batch, plain_schema};
use crate::error::Result;
use crate::query::errors::from_arrow;

/// The stream so far.
pub(super) struct ArrowStream {
    writer: StreamWriter<Vec<u8>>,
    schema: SchemaRef,
}

impl ArrowStream {
    pub(super) fn try_new(schema: &SchemaRef) -> Result<Self> {
        let schema = plain_schema(schema);
        let writer = StreamWriter::try_new(Vec::new(), &schema);
        Ok(Self { writer: writer.map_err(|error| from_arrow(&error))?, schema })
    }
}

impl Encoder for ArrowStream {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let batch = plain_batch(batch, &self.schema)?;
        self.writer.write(&batch).map_err(|error| from_arrow(&error))
    }

    fn finish(&mut self) -> Result<()> {
        self.writer.finish().map_err(|error| from_arrow(&error))
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        self.writer.get_mut()
    }

    fn rows_per_step(&self) -> usize {
        usize::MAX
    }
}
