//! The Arrow face of tables: the schema that queries see, and the rows that triggers receive.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampNanosecondArray, UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef, TimeUnit};

use super::ColumnId;
use super::batch::{Cells, FieldColumn, TableBatch};
use super::catalog::{Column, ColumnKind, Table};
use crate::error::{EngineError, Result};

const COLUMN_TYPE: &str = "iox::column::type";
const TIME_NAME: &str = "time";

/// The Arrow type of a kind of column.
#[must_use]
pub fn arrow_type(kind: ColumnKind) -> DataType {
    match kind {
        ColumnKind::Tag => {
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
        }
        ColumnKind::Integer => DataType::Int64,
        ColumnKind::Unsigned => DataType::UInt64,
        ColumnKind::Float => DataType::Float64,
        ColumnKind::String => DataType::Utf8,
        ColumnKind::Boolean => DataType::Boolean,
    }
}

fn arrow_field(column: &Column) -> Field {
    let metadata = HashMap::from([(COLUMN_TYPE.to_owned(), column.kind.iox_name().to_owned())]);
    Field::new(&*column.name, arrow_type(column.kind), true).with_metadata(metadata)
}

fn time_field() -> Field {
    let kind = "iox::column_type::timestamp".to_owned();
    let metadata = HashMap::from([(COLUMN_TYPE.to_owned(), kind)]);
    let time = DataType::Timestamp(TimeUnit::Nanosecond, None);
    Field::new(TIME_NAME, time, false).with_metadata(metadata)
}

/// The schema of a table as queries see it: columns in byte order of their names, `time` among
/// them, with the metadata of InfluxDB 3. Beside each column stands its number; `None` is `time`.
#[must_use]
pub fn arrow_schema(table: &Table) -> (SchemaRef, Vec<Option<ColumnId>>) {
    let mut fields: Vec<(Field, Option<ColumnId>)> =
        table.columns.iter().map(|column| (arrow_field(column), Some(column.id))).collect();
    fields.push((time_field(), None));
    fields.sort_by(|(left, _), (right, _)| left.name().cmp(right.name()));
    let (fields, columns): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    let series_key: Vec<&str> = table.tags().map(|column| &*column.name).collect();
    let metadata = HashMap::from([
        ("iox::measurement::name".to_owned(), table.name.to_string()),
        ("iox::series::key".to_owned(), series_key.join("/")),
    ]);
    (Arc::new(Schema::new(fields).with_metadata(metadata)), columns)
}

/// Rows of one table as a trigger receives them: the tags that occur, the fields that occur, both
/// in order of first appearance, and `time` last; rows in the order of the batches.
///
/// # Errors
/// `Corrupt` where a batch names a column that the table does not have.
pub fn rows_as_written(table: &Table, batches: &[TableBatch]) -> Result<RecordBatch> {
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for (column, array) in tag_columns(table, batches)? {
        fields.push(arrow_field(column));
        arrays.push(array);
    }
    for column in field_columns(table, batches)? {
        fields.push(arrow_field(column));
        arrays.push(field_array(column, batches));
    }
    let time: Vec<i64> = batches.iter().flat_map(|batch| batch.time.iter().copied()).collect();
    fields.push(time_field());
    arrays.push(Arc::new(TimestampNanosecondArray::from(time)));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .map_err(|error| EngineError::internal("rows do not fit their schema").caused_by(error))
}

fn column_of(table: &Table, id: ColumnId) -> Result<&Column> {
    table.columns.get(usize::from(id)).ok_or_else(|| {
        EngineError::corrupt(format!("table '{}' has no column number {id}", table.name))
    })
}

/// Codes of one tag for every tag set of every batch, and the values that they stand for.
#[derive(Default)]
struct TagCodes<'a> {
    codes: HashMap<&'a [u8], i32>,
    values: Vec<&'a str>,
}

impl<'a> TagCodes<'a> {
    fn code(&mut self, value: &'a [u8]) -> Option<i32> {
        if let Some(code) = self.codes.get(value) {
            return Some(*code);
        }
        let code = i32::try_from(self.values.len()).ok()?;
        self.values.push(std::str::from_utf8(value).ok()?);
        self.codes.insert(value, code);
        Some(code)
    }
}

fn tag_columns<'t>(
    table: &'t Table,
    batches: &[TableBatch],
) -> Result<Vec<(&'t Column, ArrayRef)>> {
    let mut order: Vec<ColumnId> = Vec::new();
    for (batch, series) in all_series(batches) {
        for (column, _) in batch.series.tags(series) {
            if !order.contains(&column) {
                order.push(column);
            }
        }
    }
    let column = |id| Ok((column_of(table, id)?, tag_array(id, batches)?));
    order.into_iter().map(column).collect()
}

fn all_series(batches: &[TableBatch]) -> impl Iterator<Item = (&TableBatch, usize)> {
    batches.iter().flat_map(|batch| (0..batch.series.len()).map(move |series| (batch, series)))
}

fn tag_array(id: ColumnId, batches: &[TableBatch]) -> Result<ArrayRef> {
    let mut codes = TagCodes::default();
    let mut keys: Vec<Option<i32>> = Vec::new();
    for batch in batches {
        let code_of = |series| {
            let mut tags = batch.series.tags(series);
            tags.find(|(column, _)| *column == id).and_then(|(_, value)| codes.code(value))
        };
        let of_series: Vec<Option<i32>> = (0..batch.series.len()).map(code_of).collect();
        keys.extend(batch.series_of_row.iter().map(|series| of_series[*series as usize]));
    }
    let values = Arc::new(StringArray::from(codes.values));
    let array = DictionaryArray::<Int32Type>::try_new(Int32Array::from(keys), values)
        .map_err(|error| EngineError::internal("tag codes do not fit").caused_by(error))?;
    Ok(Arc::new(array))
}

fn field_columns<'t>(table: &'t Table, batches: &[TableBatch]) -> Result<Vec<&'t Column>> {
    let mut order: Vec<ColumnId> = Vec::new();
    for field in batches.iter().flat_map(|batch| &batch.fields) {
        if !order.contains(&field.column) {
            order.push(field.column);
        }
    }
    order.into_iter().map(|id| column_of(table, id)).collect()
}

fn field_array(column: &Column, batches: &[TableBatch]) -> ArrayRef {
    let cells = Cells::of(column.kind);
    let mut all = FieldColumn { column: column.id, cells, present: None };
    let mut rows = 0;
    for batch in batches {
        if let Some(field) = batch.fields.iter().find(|field| field.column == column.id) {
            all.append(field, &(0..batch.rows()));
        }
        rows += batch.rows();
        all.pad(rows);
    }
    cells_to_array(all.cells, all.present)
}

/// Turns cells into an Arrow array; numbers are not copied.
#[must_use]
pub fn cells_to_array(cells: Cells, present: Option<Vec<bool>>) -> ArrayRef {
    let nulls = present.map(NullBuffer::from).filter(|nulls| nulls.null_count() > 0);
    match cells {
        Cells::Integer(values) => Arc::new(Int64Array::new(ScalarBuffer::from(values), nulls)),
        Cells::Unsigned(values) => Arc::new(UInt64Array::new(ScalarBuffer::from(values), nulls)),
        Cells::Float(values) => Arc::new(Float64Array::new(ScalarBuffer::from(values), nulls)),
        Cells::Boolean(values) => Arc::new(BooleanArray::new(values.into(), nulls)),
        Cells::String { ends, bytes } => {
            let lengths = ends.iter().scan(0, |start, end| {
                let length = (end - *start) as usize;
                *start = *end;
                Some(length)
            });
            let offsets = OffsetBuffer::from_lengths(lengths);
            Arc::new(StringArray::new(offsets, bytes.into(), nulls))
        }
    }
}
