//! A condition on tags, evaluated once for the series of one file.
//!
//! Comes in: the condition, and the tags of the file's series or of its rows. Goes out: which of
//! them pass. What stays true: a tag that the file does not have holds no value. Refuses nothing:
//! an error is the condition's own.

use std::sync::{Arc, OnceLock};

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;

use super::file_batches::with_columns;
use super::series_index::SeriesIndex;
use crate::error::{EngineError, Result};
use crate::schema::TagFilter;

/// See the head of this file.
#[derive(Debug)]
pub struct TagChoice {
    filter: Arc<dyn TagFilter>,
    series: OnceLock<BooleanBuffer>,
}

impl TagChoice {
    /// Nothing is evaluated yet. Belongs to one file.
    #[must_use]
    pub fn new(filter: Arc<dyn TagFilter>) -> Self {
        Self { filter, series: OnceLock::new() }
    }

    pub(super) fn filter(&self) -> &Arc<dyn TagFilter> {
        &self.filter
    }

    /// For each series of its file whether it passes.
    ///
    /// # Errors
    /// What the evaluation meets.
    pub fn passing(&self, index: &SeriesIndex) -> Result<&BooleanBuffer> {
        if let Some(passing) = self.series.get() {
            return Ok(passing);
        }
        let passing = passing(&*self.filter, index.tags())?;
        Ok(self.series.get_or_init(|| passing))
    }
}

/// For each row of a batch of the file whether its tags pass.
pub(super) fn passing(filter: &dyn TagFilter, batch: &RecordBatch) -> Result<BooleanBuffer> {
    let tags = with_columns(batch, filter.schema()).map_err(|error| {
        EngineError::internal("the tags of a file do not fit their table").caused_by(error)
    })?;
    filter.passing(&tags)
}
