//! Many sorted sources become one: by series, then time; of rows with the same series and time one
//! remains, each field with the value of the newest source that has one.
//!
//! Comes in: record batches of sources that are numbered from the oldest to the newest, each sorted
//! by (tags in the order of the series key, absent first, then time) and free of repetitions. Goes
//! out: batches of the same schema, sorted and free of repetitions over all sources. What stays
//! true: at most one batch per source is waited for; where the sources do not touch each other,
//! rows are copied in ranges and never compared one by one. It does no input or output: `step`
//! says which source it needs, so the same code serves files, streams and memory.

mod cursor;
mod merged_rows;
mod merger;
mod output;
mod series_spans;

#[cfg(test)]
mod tests;

pub use merged_rows::{MergedRows, Source};
pub use merger::{Merger, Step};
pub use series_spans::{Span, keys_of, spans_of};

use arrow::datatypes::Schema;

use crate::error::{EngineError, Result};
use crate::schema::Table;

/// Where the columns of a table stand in its batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortColumns {
    /// The tags, in the order of the series key: dictionaries with `Int32` keys and `Utf8` values.
    pub tags: Vec<usize>,
    /// The time, in nanoseconds, without nulls.
    pub time: usize,
}

impl SortColumns {
    /// Of batches of `schema` that hold rows of `table`, all its tags and the time among them.
    ///
    /// # Errors
    /// `Internal` where one is missing.
    pub fn of(table: &Table, schema: &Schema) -> Result<Self> {
        let place = |name: &str| {
            let found = schema.column_with_name(name).map(|(index, _)| index);
            found.ok_or_else(|| EngineError::internal(format!("no column '{name}' to sort by")))
        };
        let tags = table.tags().map(|tag| place(&tag.name)).collect::<Result<_>>()?;
        Ok(Self { tags, time: place("time")? })
    }
}

fn misfit(error: arrow::error::ArrowError) -> EngineError {
    EngineError::internal("rows that are to be merged do not fit").caused_by(error)
}
