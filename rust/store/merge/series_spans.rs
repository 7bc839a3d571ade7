//! Rows of one series in a sorted batch, and a key by which series compare.

use arrow::array::{Array, AsArray, DictionaryArray, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;

use super::SortColumns;
use crate::error::{EngineError, Result};

/// Adjacent rows of one series.
#[derive(Debug, Clone)]
pub struct Span {
    /// One behind the last row.
    pub end: usize,
    /// Compares as the tags do: absent before any value, values by their bytes.
    pub key: Vec<u8>,
}

/// One tag column, with its values at hand.
struct Tag<'a> {
    codes: &'a DictionaryArray<Int32Type>,
    values: &'a StringArray,
}

impl<'a> Tag<'a> {
    fn of(batch: &'a RecordBatch, column: usize) -> Result<Self> {
        let codes = batch.column(column).as_dictionary_opt::<Int32Type>();
        let codes = codes.ok_or_else(|| wrong_type(batch, column))?;
        let values = codes.values().as_string_opt::<i32>();
        Ok(Self { codes, values: values.ok_or_else(|| wrong_type(batch, column))? })
    }

    fn value(&self, row: usize) -> Option<&'a str> {
        let code = self.codes.key(row)?;
        self.values.is_valid(code).then(|| self.values.value(code))
    }

    /// Whether two rows have the same value. A dictionary may name a value twice.
    fn same(&self, left: usize, right: usize) -> bool {
        let code = |row| self.codes.key(row);
        code(left) == code(right) || self.value(left) == self.value(right)
    }
}

fn wrong_type(batch: &RecordBatch, column: usize) -> EngineError {
    let name = batch.schema_ref().field(column).name().clone();
    EngineError::internal(format!("tag column '{name}' is not a dictionary of texts"))
}

/// The spans of a batch, in its order.
///
/// # Errors
/// `Internal` where a tag column is not a dictionary of texts.
pub fn spans_of(batch: &RecordBatch, columns: &SortColumns) -> Result<Vec<Span>> {
    let tags = columns.tags.iter().map(|column| Tag::of(batch, *column));
    let tags = tags.collect::<Result<Vec<_>>>()?;
    let mut spans = Vec::new();
    for row in 1..=batch.num_rows() {
        let ends = row == batch.num_rows() || !tags.iter().all(|tag| tag.same(row - 1, row));
        if ends {
            spans.push(Span { end: row, key: key_of(&tags, row - 1) });
        }
    }
    Ok(spans)
}

/// The key of each row of a list of series: tags alone, no two rows of which are the same.
///
/// # Errors
/// As [`spans_of`].
pub fn keys_of(tags: &RecordBatch) -> Result<Vec<Vec<u8>>> {
    let columns = SortColumns { tags: (0..tags.num_columns()).collect(), time: 0 };
    Ok(spans_of(tags, &columns)?.into_iter().map(|span| span.key).collect())
}

/// For each tag a byte 0 where it is absent; or a byte 1 and its bytes, in which a zero is followed
/// by 255, and the end is a zero followed by 1.
fn key_of(tags: &[Tag<'_>], row: usize) -> Vec<u8> {
    let mut key = Vec::with_capacity(16 * tags.len());
    for tag in tags {
        let Some(value) = tag.value(row) else {
            key.push(0);
            continue;
        };
        key.push(1);
        for byte in value.bytes() {
            key.push(byte);
            if byte == 0 {
                key.push(u8::MAX);
            }
        }
        key.extend_from_slice(&[0, 1]);
    }
    key
}
