//! Which columns of an answer name its series, which are shown, and where series end.
//!
//! Comes in: a schema with its metadata, batches. Goes out: the names that a series is shown with,
//! and runs of rows. Stays true: tags stand in the order of their names; a tag without a value is
//! an empty text. Refuses a schema without columns, and metadata that does not fit it.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use serde_json::Value as Json;

use super::column::{Column, Unit};
use crate::error::{EngineError, Result};
use crate::query::errors::from_arrow;
use crate::query::influxql::GROUP_KEY;

/// The names of an answer.
pub(super) struct Heading {
    /// The tags of each series.
    pub(super) tags: Vec<String>,
    /// The columns of its values.
    pub(super) columns: Vec<String>,
}

/// What sets a series apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Series {
    pub(super) name: String,
    /// In the order of `Heading::tags`.
    pub(super) tags: Vec<String>,
}

/// Rows of one series that come together; more of it may follow.
pub(super) struct Run<'a> {
    pub(super) series: Series,
    pub(super) columns: &'a [Column],
    pub(super) rows: Range<usize>,
}

/// A tag of the groups, as the schema tells it.
struct Tag {
    name: String,
    column: usize,
    is_shown: bool,
}

/// The columns of an answer by their use.
pub(super) struct Shape {
    heading: Arc<Heading>,
    /// The column of the name, then those of the tags.
    keys: Vec<usize>,
    shown: Vec<usize>,
}

impl Shape {
    /// # Errors
    /// `Invalid` for a schema without columns, `Internal` for metadata that names what is missing.
    pub(super) fn of(schema: &SchemaRef) -> Result<Self> {
        let fields = schema.fields();
        if fields.is_empty() {
            return Err(EngineError::invalid("an answer without columns has no series"));
        }
        let tags = match schema.metadata().get(GROUP_KEY) {
            None => Vec::new(),
            Some(text) => tags(text, fields.len())?,
        };
        let hidden = |index: &usize| tags.iter().any(|tag| !tag.is_shown && tag.column == *index);
        let shown: Vec<usize> = (1..fields.len()).filter(|index| !hidden(index)).collect();
        let columns = shown.iter().map(|&index| fields[index].name().clone()).collect();
        let keys = std::iter::once(0).chain(tags.iter().map(|tag| tag.column)).collect();
        let tags = tags.into_iter().map(|tag| tag.name).collect();
        Ok(Self { heading: Arc::new(Heading { tags, columns }), keys, shown })
    }

    pub(super) fn heading(&self) -> Arc<Heading> {
        Arc::clone(&self.heading)
    }

    /// The columns whose values are shown.
    ///
    /// # Errors
    /// `Invalid` where a column has no text.
    pub(super) fn columns(&self, batch: &RecordBatch, unit: Option<Unit>) -> Result<Vec<Column>> {
        self.shown.iter().map(|&index| Column::of(batch.column(index), unit)).collect()
    }

    /// The series of a batch, each with its rows.
    ///
    /// # Errors
    /// `Invalid` where the name or a tag has no text.
    pub(super) fn series(&self, batch: &RecordBatch) -> Result<Vec<(Series, Range<usize>)>> {
        let keys: Result<Vec<StringArray>> =
            self.keys.iter().map(|&index| texts(batch.column(index).as_ref())).collect();
        let keys = keys?;
        let ends = |row: &usize| {
            *row == batch.num_rows()
                || keys.iter().any(|key| text(key, *row) != text(key, *row - 1))
        };
        let mut found = Vec::new();
        let mut start = 0;
        for end in (1..=batch.num_rows()).filter(ends) {
            found.push((series(&keys, start), start..end));
            start = end;
        }
        Ok(found)
    }
}

fn series(keys: &[StringArray], row: usize) -> Series {
    let mut texts = keys.iter().map(|key| text(key, row).to_owned());
    Series { name: texts.next().unwrap_or_default(), tags: texts.collect() }
}

fn text(key: &StringArray, row: usize) -> &str {
    if key.is_null(row) { "" } else { key.value(row) }
}

fn texts(column: &dyn Array) -> Result<StringArray> {
    let texts = cast(column, &DataType::Utf8).map_err(|error| from_arrow(&error))?;
    Ok(texts.as_string().clone())
}

/// The tags that the metadata of a schema names, in the order of their names.
fn tags(text: &str, columns: usize) -> Result<Vec<Tag>> {
    let told: Json = serde_json::from_str(text)
        .map_err(|error| EngineError::internal("unreadable group key").caused_by(error))?;
    let told = told["tag_key_columns"].as_array().map_or(&[][..], Vec::as_slice);
    let tags: Option<Vec<Tag>> = told.iter().map(|tag| tag_of(tag, columns)).collect();
    let mut tags = tags.ok_or_else(|| EngineError::internal(format!("odd group key: {text}")))?;
    tags.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(tags)
}

fn tag_of(told: &Json, columns: usize) -> Option<Tag> {
    let column = usize::try_from(told["column_index"].as_u64()?).ok()?;
    let is_shown = told["is_projected"].as_bool()?;
    let name = told["tag_key"].as_str()?.to_owned();
    (column < columns).then_some(Tag { name, column, is_shown })
}
