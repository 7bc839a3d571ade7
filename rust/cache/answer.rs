//! What a cache holds as Arrow columns.
//!
//! Comes in: what was read of a cache, its definition, and its table as the reader sees it. Goes
//! out: a batch. What stays true: columns are the key columns, and of a last-value cache then the
//! values and `time`; a column that a row lacks is null.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    StringDictionaryBuilder, StringViewArray, TimestampNanosecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef, TimeUnit};

use super::last::Found;
use super::value::{Cell, Key, KeyValue};
use crate::error::{EngineError, Result};
use crate::schema::{CacheContents, CacheDefinition, Column, ColumnKind, Table, Tags, arrow_type};

/// The columns of the answers of a cache of that table.
#[must_use]
pub fn cache_schema(definition: &CacheDefinition, table: &Table) -> SchemaRef {
    let is_last = matches!(definition.contents, CacheContents::Last { .. });
    let text = if is_last { DataType::Utf8 } else { DataType::Utf8View };
    let key = |column: &Column| match column.kind {
        ColumnKind::Tag | ColumnKind::String => Field::new(&*column.name, text.clone(), !is_last),
        kind => Field::new(&*column.name, arrow_type(kind), !is_last),
    };
    let value = |column: &Column| Field::new(&*column.name, arrow_type(column.kind), true);
    let mut fields: Vec<Field> = key_columns(definition, table).map(key).collect();
    if is_last {
        fields.extend(value_columns(definition, table).into_iter().map(value));
        let time = DataType::Timestamp(TimeUnit::Nanosecond, None);
        fields.push(Field::new("time", time, false));
    }
    Arc::new(Schema::new(fields))
}

fn key_columns<'t>(
    definition: &'t CacheDefinition,
    table: &'t Table,
) -> impl Iterator<Item = &'t Column> {
    definition.key_columns().iter().filter_map(|id| table.columns.get(usize::from(*id)))
}

/// The values of a last-value cache: those that were named, or all others in byte order.
#[must_use]
pub fn value_columns<'t>(definition: &CacheDefinition, table: &'t Table) -> Vec<&'t Column> {
    let CacheContents::Last { keys, values, .. } = &definition.contents else { return Vec::new() };
    if let Some(values) = values {
        return values.iter().filter_map(|id| table.columns.get(usize::from(*id))).collect();
    }
    let mut all: Vec<_> = table.columns.iter().filter(|one| !keys.contains(&one.id)).collect();
    all.sort_by(|left, right| left.name.cmp(&right.name));
    all
}

/// Rows of a last-value cache.
pub(super) fn last_rows(
    definition: &CacheDefinition,
    table: &Table,
    found: &[Found],
) -> Result<RecordBatch> {
    let keys = key_columns(definition, table).enumerate();
    let key = |(place, column): (usize, &Column)| {
        let values = found.iter().map(|(key, _)| key[place].clone().map(Cell::Other));
        column_of(
            if column.kind == ColumnKind::Tag { ColumnKind::String } else { column.kind },
            values,
        )
    };
    let mut arrays: Vec<ArrayRef> = keys.map(key).collect();
    for column in value_columns(definition, table) {
        arrays.push(value_array(column, found));
    }
    let time = found.iter().map(|(_, row)| row.time);
    arrays.push(Arc::new(TimestampNanosecondArray::from_iter_values(time)));
    batch(definition, table, arrays)
}

/// Combinations of a distinct-value cache.
pub(super) fn combinations(
    definition: &CacheDefinition,
    table: &Table,
    found: &[Key],
) -> Result<RecordBatch> {
    let text = |key: &Key, place: usize| match &key[place] {
        Some(KeyValue::Text(text)) => Some(Arc::clone(text)),
        _ => None,
    };
    let column = |place| -> ArrayRef {
        Arc::new(found.iter().map(|key| text(key, place)).collect::<StringViewArray>())
    };
    let arrays = (0..definition.key_columns().len()).map(column).collect();
    batch(definition, table, arrays)
}

fn batch(
    definition: &CacheDefinition,
    table: &Table,
    arrays: Vec<ArrayRef>,
) -> Result<RecordBatch> {
    RecordBatch::try_new(cache_schema(definition, table), arrays)
        .map_err(|error| EngineError::internal("a cache does not fit its table").caused_by(error))
}

fn value_array(column: &Column, found: &[Found]) -> ArrayRef {
    if column.kind != ColumnKind::Tag {
        let cell = |(_, row): &Found| {
            let place = row.cells.binary_search_by_key(&column.id, |(id, _)| *id).ok()?;
            Some(row.cells[place].1.clone())
        };
        return column_of(column.kind, found.iter().map(cell));
    }
    let mut values = StringDictionaryBuilder::<Int32Type>::new();
    for (_, row) in found {
        let tag = Tags::of(&row.series).find(|(id, _)| *id == column.id);
        values.append_option(tag.and_then(|(_, value)| std::str::from_utf8(value).ok()));
    }
    Arc::new(values.finish())
}

fn column_of(kind: ColumnKind, values: impl Iterator<Item = Option<Cell>>) -> ArrayRef {
    macro_rules! collect {
        ($array:ty, $pattern:pat => $value:expr) => {{
            let value = |cell: Option<Cell>| match cell {
                Some($pattern) => Some($value),
                _ => None,
            };
            Arc::new(values.map(value).collect::<$array>())
        }};
    }
    match kind {
        ColumnKind::Integer => collect!(Int64Array, Cell::Other(KeyValue::Integer(one)) => one),
        ColumnKind::Unsigned => collect!(UInt64Array, Cell::Other(KeyValue::Unsigned(one)) => one),
        ColumnKind::Boolean => collect!(BooleanArray, Cell::Other(KeyValue::Boolean(one)) => one),
        ColumnKind::Float => collect!(Float64Array, Cell::Float(one) => one),
        ColumnKind::String | ColumnKind::Tag => {
            collect!(StringArray, Cell::Other(KeyValue::Text(one)) => one)
        }
    }
}
