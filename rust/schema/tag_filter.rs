//! A condition on the tags of a row, which is the same for every row of a series.

use std::fmt::Debug;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::SchemaRef;

use crate::error::Result;

/// Says which tags pass. The layers below the queries evaluate it where they keep tags.
pub trait TagFilter: Debug + Send + Sync {
    /// The tag columns that it reads, as the table has them.
    fn schema(&self) -> &SchemaRef;

    /// For each row of those columns whether it passes.
    ///
    /// # Errors
    /// What the evaluation meets.
    fn passing(&self, tags: &RecordBatch) -> Result<BooleanBuffer>;
}
