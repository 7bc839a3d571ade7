//! The merge over sources that can simply be asked for their next batch.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::{Merger, SortColumns, Step};
use crate::error::Result;

/// Batches of one source.
pub type Source = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// The rows of several sources as those of one.
pub struct MergedRows {
    merger: Merger,
    sources: Vec<Source>,
}

impl MergedRows {
    /// Merges sources that stand from the oldest to the newest into batches of about `rows_max`
    /// rows.
    #[must_use]
    pub fn new(
        schema: SchemaRef,
        columns: SortColumns,
        sources: Vec<Source>,
        rows_max: usize,
    ) -> Self {
        Self { merger: Merger::new(schema, columns, sources.len(), rows_max), sources }
    }

    fn step(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            match self.merger.step()? {
                Step::Need(source) => {
                    let batch = self.sources[source].next().transpose()?;
                    self.merger.feed(source, batch)?;
                }
                Step::Batch(batch) => return Ok(Some(batch)),
                Step::Done => return Ok(None),
            }
        }
    }
}

impl Iterator for MergedRows {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}
