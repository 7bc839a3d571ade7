//! `csv`: a header with the first batch, `\n` line ends, quotes where they are needed, nulls empty.

use arrow::csv::WriterBuilder;
use arrow::record_batch::RecordBatch;

use super::Encoder;
use crate::error::Result;
use crate::query::errors::from_arrow;

/// The text so far; without a batch it stays empty, header included.
#[derive(Default)]
pub(super) struct Csv {
    text: Vec<u8>,
    started: bool,
}

impl Encoder for Csv {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        // a writer cannot give up its text before it ends, so there is one for each step
        let mut writer = WriterBuilder::new().with_header(!self.started).build(&mut self.text);
        self.started = true;
        writer.write(batch).map_err(|error| from_arrow(&error))
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }
}
