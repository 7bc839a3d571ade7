//! `json` and `json_lines`: compact objects, nulls left out, NaN and infinities as `null`.

use arrow::json::writer::{JsonArray, JsonFormat, LineDelimited, Writer, WriterBuilder};
use arrow::record_batch::RecordBatch;

use super::Encoder;
use crate::error::Result;
use crate::query::errors::from_arrow;

/// An array, or lines, after the type of its framing.
pub(super) struct Json<F: JsonFormat> {
    writer: Writer<Vec<u8>, F>,
}

impl Json<JsonArray> {
    /// `[{…},{…}]`; `[]` without rows.
    pub(super) fn array() -> Self {
        Self { writer: WriterBuilder::new().build(Vec::new()) }
    }
}

impl Json<LineDelimited> {
    /// One object and a line end per row; nothing without rows.
    pub(super) fn lines() -> Self {
        Self { writer: WriterBuilder::new().build(Vec::new()) }
    }
}

impl<F: JsonFormat + Send> Encoder for Json<F> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.writer.write(batch).map_err(|error| from_arrow(&error))
    }

    fn finish(&mut self) -> Result<()> {
        self.writer.finish().map_err(|error| from_arrow(&error))
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        self.writer.get_mut()
    }
}
