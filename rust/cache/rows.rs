//! Rows of one table as caches read them: those of a write, or those of a scan of the table.
//!
//! Comes in: a batch of columns. Goes out: series, times, and values of single cells. What stays
//! true: a tag is found in the series of a row, a field in its column. Refuses a scan without
//! times.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Float64Type, Int32Type, Int64Type, TimestampNanosecondType, UInt64Type,
};

use super::value::{Cell, Key, KeyValue};
use crate::error::{EngineError, Result};
use crate::schema::{Cells, ColumnId, ColumnKind, FieldColumn, SeriesKeys, Table, TableBatch};

/// A column of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyColumn {
    pub(super) id: ColumnId,
    pub(super) is_tag: bool,
}

/// The columns of these numbers.
pub(super) fn key_columns(table: &Table, ids: &[ColumnId]) -> Vec<KeyColumn> {
    let is_tag = |id: ColumnId| {
        table.columns.get(usize::from(id)).is_some_and(|one| one.kind == ColumnKind::Tag)
    };
    ids.iter().map(|id| KeyColumn { id: *id, is_tag: is_tag(*id) }).collect()
}

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    pub(super) series: Cow<'a, SeriesKeys>,
    pub(super) series_of_row: Cow<'a, [u32]>,
    pub(super) time: &'a [i64],
    fields: Vec<(ColumnId, Values<'a>)>,
}

#[derive(Debug)]
enum Values<'a> {
    Written(&'a FieldColumn),
    Scanned(&'a dyn Array),
}

impl<'a> Rows<'a> {
    /// The rows of a write.
    pub(super) fn of_write(batch: &'a TableBatch) -> Self {
        let field = |field: &'a FieldColumn| (field.column, Values::Written(field));
        Self {
            series: Cow::Borrowed(&batch.series),
            series_of_row: Cow::Borrowed(&batch.series_of_row),
            time: &batch.time,
            fields: batch.fields.iter().map(field).collect(),
        }
    }

    /// The rows of a scan; beside each column stands its number, which `time` has not.
    pub(super) fn of_scan(batch: &'a RecordBatch, columns: &[Option<ColumnId>]) -> Result<Self> {
        let (mut tags, mut fields, mut time) = (Vec::new(), Vec::new(), None);
        for (column, array) in columns.iter().zip(batch.columns()) {
            match column {
                None => time = array.as_primitive_opt::<TimestampNanosecondType>(),
                Some(id) if matches!(array.data_type(), DataType::Dictionary(..)) => {
                    tags.push((*id, array));
                }
                Some(id) => fields.push((*id, Values::Scanned(&**array))),
            }
        }
        tags.sort_by_key(|(id, _)| *id);
        let (series, series_of_row) = series_of_tags(&tags, batch.num_rows())?;
        let time = time.ok_or_else(|| EngineError::internal("rows of a scan have no time"))?;
        Ok(Self {
            series: Cow::Owned(series),
            series_of_row: Cow::Owned(series_of_row),
            time: time.values(),
            fields,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.time.len()
    }

    /// The tags of a row, as bytes.
    pub(super) fn series_of(&self, row: usize) -> &[u8] {
        self.series.key(self.series_of_row[row] as usize)
    }

    /// The value of a field.
    pub(super) fn cell(&self, column: ColumnId, row: usize) -> Option<Cell> {
        let (_, values) = self.fields.iter().find(|(id, _)| *id == column)?;
        values.cell(row)
    }

    /// The fields of a row that are wanted, by ascending number.
    pub(super) fn cells(
        &self,
        row: usize,
        wanted: impl Fn(ColumnId) -> bool,
    ) -> Vec<(ColumnId, Cell)> {
        let fields = self.fields.iter().filter(|(id, _)| wanted(*id));
        let cell = |(id, values): &(ColumnId, Values<'_>)| Some((*id, values.cell(row)?));
        let mut cells: Vec<_> = fields.filter_map(cell).collect();
        cells.sort_by_key(|(id, _)| *id);
        cells
    }

    /// The values that these columns have in the series of that number; fields are absent.
    pub(super) fn key_of_series(
        &self,
        columns: &[KeyColumn],
        series: usize,
    ) -> Vec<Option<KeyValue>> {
        let value = |column: &KeyColumn| {
            let mut tags = self.series.tags(series);
            let (_, bytes) = tags.find(|(id, _)| column.is_tag && *id == column.id)?;
            Some(KeyValue::Text(std::str::from_utf8(bytes).ok()?.into()))
        };
        columns.iter().map(value).collect()
    }

    /// The values that these columns have in a row.
    pub(super) fn key_of_row(&self, columns: &[KeyColumn], row: usize) -> Vec<Option<KeyValue>> {
        let mut key = self.key_of_series(columns, self.series_of_row[row] as usize);
        for (value, column) in key.iter_mut().zip(columns).filter(|(_, column)| !column.is_tag) {
            *value = match self.cell(column.id, row) {
                Some(Cell::Other(value)) => Some(value),
                _ => None,
            };
        }
        key
    }
}

impl Values<'_> {
    fn cell(&self, row: usize) -> Option<Cell> {
        match self {
            Self::Written(field) => written(field, row),
            Self::Scanned(array) => scanned(*array, row),
        }
    }
}

fn written(field: &FieldColumn, row: usize) -> Option<Cell> {
    if field.present.as_ref().is_some_and(|present| !present[row]) {
        return None;
    }
    Some(match &field.cells {
        Cells::Integer(values) => Cell::Other(KeyValue::Integer(values[row])),
        Cells::Unsigned(values) => Cell::Other(KeyValue::Unsigned(values[row])),
        Cells::Float(values) => Cell::Float(values[row]),
        Cells::Boolean(values) => Cell::Other(KeyValue::Boolean(values[row])),
        Cells::String { ends, bytes } => {
            let start = if row == 0 { 0 } else { ends[row - 1] as usize };
            let text = std::str::from_utf8(&bytes[start..ends[row] as usize]).unwrap_or_default();
            Cell::Other(KeyValue::Text(text.into()))
        }
    })
}

fn scanned(array: &dyn Array, row: usize) -> Option<Cell> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Int64 => {
            Cell::Other(KeyValue::Integer(array.as_primitive::<Int64Type>().value(row)))
        }
        DataType::UInt64 => {
            Cell::Other(KeyValue::Unsigned(array.as_primitive::<UInt64Type>().value(row)))
        }
        DataType::Float64 => Cell::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => Cell::Other(KeyValue::Boolean(array.as_boolean().value(row))),
        _ => Cell::Other(KeyValue::Text(array.as_string_opt::<i32>()?.value(row).into())),
    })
}

/// The tag sets of the rows of a scan, and for each row the number of its own.
fn series_of_tags(
    tags: &[(ColumnId, &Arc<dyn Array>)],
    rows: usize,
) -> Result<(SeriesKeys, Vec<u32>)> {
    let no_tag = || EngineError::internal("tags of a scan are no texts");
    let mut columns = Vec::with_capacity(tags.len());
    for (id, array) in tags {
        let codes = array.as_dictionary_opt::<Int32Type>().ok_or_else(no_tag)?;
        let values = codes.values().as_string_opt::<i32>().ok_or_else(no_tag)?;
        columns.push((*id, codes.keys(), values));
    }
    let mut series = SeriesKeys::default();
    let mut known: HashMap<Vec<Option<i32>>, u32> = HashMap::new();
    let mut series_of_row: Vec<u32> = Vec::with_capacity(rows);
    let mut before: Vec<Option<i32>> = Vec::new();
    for row in 0..rows {
        let codes = columns.iter().map(|(_, keys, _)| keys.is_valid(row).then(|| keys.value(row)));
        if let Some(number) = series_of_row.last().copied()
            && codes.clone().eq(before.iter().copied())
        {
            series_of_row.push(number); // rows of one series mostly follow each other
            continue;
        }
        before = codes.collect();
        let number = known.entry(before.clone()).or_insert_with(|| {
            for ((id, _, values), code) in columns.iter().zip(&before) {
                if let Some(code) = code.and_then(|code| usize::try_from(code).ok()) {
                    series.push_tag(*id, values.value(code));
                }
            }
            series.end_key()
        });
        series_of_row.push(*number);
    }
    Ok((series, series_of_row))
}

/// The keys of the rows of a batch; where tags decide, they are made once for each series.
#[derive(Debug)]
pub(super) struct RowKeys<'a> {
    columns: &'a [KeyColumn],
    of_series: Option<Vec<Key>>,
}

impl<'a> RowKeys<'a> {
    pub(super) fn of(rows: &Rows<'_>, columns: &'a [KeyColumn]) -> Self {
        let of_tags = columns.iter().all(|column| column.is_tag);
        let key = |series| Key::from(rows.key_of_series(columns, series));
        let of_series = of_tags.then(|| (0..rows.series.len()).map(key).collect());
        Self { columns, of_series }
    }

    /// The key of each series, where tags decide.
    pub(super) fn of_series(&self) -> Option<&[Key]> {
        self.of_series.as_deref()
    }

    /// The key of a row.
    pub(super) fn key(&self, rows: &Rows<'_>, row: usize) -> Key {
        match &self.of_series {
            Some(keys) => Arc::clone(&keys[rows.series_of_row[row] as usize]),
            None => rows.key_of_row(self.columns, row).into(),
        }
    }

    /// The key of a row, if no part of it is absent.
    pub(super) fn whole(&self, rows: &Rows<'_>, row: usize) -> Option<Key> {
        let key = self.key(rows, row);
        key.iter().all(Option::is_some).then_some(key)
    }
}
