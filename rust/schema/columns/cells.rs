//! Field columns and times: whole arrays become whole columns of a batch.
//!
//! What stays true: a row without a value holds zero, false or "", whatever lay under its null.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Float64Type, Int64Type, TimeUnit, UInt64Type,
};

use super::super::arrow_type;
use super::super::batch::{Cells, FieldColumn, length_u32};
use super::super::catalog::{Column, ColumnKind};
use super::texts::Texts;
use crate::error::{EngineError, Result};
use crate::limits::BATCH_TEXT_BYTES_MAX;
use crate::line::Precision;

/// Refuses more text than a batch may have.
pub(super) fn check_text_bytes(bytes: usize, table: &str) -> Result<()> {
    if bytes <= BATCH_TEXT_BYTES_MAX {
        return Ok(());
    }
    Err(EngineError::too_large(format!(
        "the rows of table '{table}' would hold more than {BATCH_TEXT_BYTES_MAX} bytes of text in \
         one request; send them in smaller requests"
    )))
}

/// One field of all batches. `text_bytes` counts the texts of the whole request.
pub(super) fn field(
    batches: &[RecordBatch],
    index: usize,
    column: &Column,
    text_bytes: &mut usize,
    table: &str,
) -> Result<FieldColumn> {
    let mut cells = Cells::of(column.kind);
    let mut present = None;
    let mut rows = 0;
    for batch in batches {
        let array = widened(batch.column(index), column.kind)?;
        add_presence(&mut present, rows, &array);
        add_cells(&mut cells, &array, text_bytes, table)?;
        rows += array.len();
    }
    Ok(FieldColumn { column: column.id, cells, present })
}

fn add_presence(present: &mut Option<Vec<bool>>, rows: usize, array: &ArrayRef) {
    match array.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
        Some(nulls) => present.get_or_insert_with(|| vec![true; rows]).extend(nulls.iter()),
        None => {
            if let Some(present) = present {
                present.resize(rows + array.len(), true);
            }
        }
    }
}

/// Numbers in 64 bits; texts stay as they are.
fn widened(array: &ArrayRef, kind: ColumnKind) -> Result<ArrayRef> {
    let wanted = arrow_type(kind);
    if kind == ColumnKind::String || *array.data_type() == wanted {
        return Ok(Arc::clone(array));
    }
    cast(array, &wanted)
        .map_err(|error| EngineError::internal("numbers cannot be widened").caused_by(error))
}

fn add_cells(
    cells: &mut Cells,
    array: &ArrayRef,
    text_bytes: &mut usize,
    table: &str,
) -> Result<()> {
    match cells {
        Cells::Integer(values) => add_numbers::<Int64Type>(values, array.as_primitive()),
        Cells::Unsigned(values) => add_numbers::<UInt64Type>(values, array.as_primitive()),
        Cells::Float(values) => add_numbers::<Float64Type>(values, array.as_primitive()),
        Cells::Boolean(values) => {
            values.extend(array.as_boolean().iter().map(Option::unwrap_or_default));
        }
        Cells::String { ends, bytes } => {
            let texts = Texts::of(array);
            let texts = texts.ok_or_else(|| EngineError::internal("a text column has no texts"))?;
            for row in 0..texts.len() {
                let text = texts.get(row).unwrap_or_default();
                *text_bytes += text.len();
                check_text_bytes(*text_bytes, table)?;
                bytes.extend_from_slice(text.as_bytes());
                ends.push(length_u32(bytes.len()));
            }
        }
    }
    Ok(())
}

fn add_numbers<T: ArrowPrimitiveType>(values: &mut Vec<T::Native>, array: &PrimitiveArray<T>) {
    let from = values.len();
    values.extend_from_slice(array.values());
    if array.null_count() > 0 {
        for row in (0..array.len()).filter(|row| array.is_null(*row)) {
            values[from + row] = T::Native::default();
        }
    }
}

/// How the numbers of a time column are to be read.
pub(super) fn unit_of(time: &DataType, precision: Precision) -> Precision {
    match time {
        DataType::Timestamp(TimeUnit::Second, _) => Precision::Second,
        DataType::Timestamp(TimeUnit::Millisecond, _) => Precision::Millisecond,
        DataType::Timestamp(TimeUnit::Microsecond, _) => Precision::Microsecond,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => Precision::Nanosecond,
        _ => precision,
    }
}

/// The numbers of a time column, whatever their unit; `None` where it is all null.
pub(super) fn raw_times(array: &ArrayRef) -> Result<Option<PrimitiveArray<Int64Type>>> {
    if *array.data_type() == DataType::Null {
        return Ok(None);
    }
    let data = array.to_data().into_builder().data_type(DataType::Int64).build();
    let data = data.map_err(|error| EngineError::internal("times are no numbers").caused_by(error));
    Ok(Some(PrimitiveArray::from(data?)))
}

/// The times of all rows in nanoseconds; `now_ns` where there is none.
pub(super) fn times(
    batches: &[RecordBatch],
    index: Option<usize>,
    precision: Precision,
    now_ns: i64,
) -> Result<Vec<i64>> {
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let mut times = Vec::with_capacity(rows);
    for batch in batches {
        let array = index.map(|index| batch.column(index));
        let raw = array.map(raw_times).transpose()?.flatten();
        let Some((array, raw)) = array.zip(raw) else {
            times.resize(times.len() + batch.num_rows(), now_ns);
            continue;
        };
        let unit = unit_of(array.data_type(), precision);
        let to_ns = |time: i64| unit.to_nanoseconds(time).unwrap_or(now_ns); // checked before
        match raw.null_count() {
            0 if unit == Precision::Nanosecond => times.extend_from_slice(raw.values()),
            0 => times.extend(raw.values().iter().map(|time| to_ns(*time))),
            _ => times.extend(raw.iter().map(|time| time.map_or(now_ns, to_ns))),
        }
    }
    Ok(times)
}
