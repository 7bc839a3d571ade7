//! Rows of one table as the bytes of a record, and back.

use super::record::{kind_code, take_kind};
use crate::codec::{Put, Take};
use crate::error::{EngineError, Result};
use crate::schema::{Cells, ColumnKind, FieldColumn, Origin, SeriesKeys, TableBatch};

pub(super) fn take_origin(take: &mut Take<'_>) -> Result<Origin> {
    Ok(Origin { trigger: take.u32()?, depth: take.u8()? })
}

pub(super) fn put_batch(out: &mut Vec<u8>, batch: &TableBatch) {
    out.reserve(bytes_about(batch));
    out.put_u32(batch.database);
    out.put_u32(batch.table);
    out.put_u32(batch.origin.trigger);
    out.put_u8(batch.origin.depth);
    out.put_u32(u32::try_from(batch.rows()).unwrap_or(u32::MAX));
    out.put_bytes(&batch.series.bytes);
    out.put_u32(u32::try_from(batch.series.len()).unwrap_or(u32::MAX));
    put_numbers(out, &batch.series.ends, |value| value.to_le_bytes());
    put_numbers(out, &batch.series_of_row, |value| value.to_le_bytes());
    put_numbers(out, &batch.time, |value| value.to_le_bytes());
    out.put_u16(u16::try_from(batch.fields.len()).unwrap_or(u16::MAX));
    for field in &batch.fields {
        put_field(out, field);
    }
}

/// Bytes that a batch takes at most: a frame that grows would be copied again and again.
fn bytes_about(batch: &TableBatch) -> usize {
    let fixed = 64 + batch.series.bytes.len() + 4 * batch.series.len();
    let field = |field: &FieldColumn| 16 + 9 * batch.rows() + field.cells.text_bytes();
    fixed + 12 * batch.rows() + batch.fields.iter().map(field).sum::<usize>()
}

fn put_numbers<T, const N: usize>(out: &mut Vec<u8>, values: &[T], bytes: impl Fn(&T) -> [u8; N]) {
    out.reserve(values.len() * N);
    out.extend(values.iter().flat_map(bytes));
}

fn put_field(out: &mut Vec<u8>, field: &FieldColumn) {
    out.put_u16(field.column);
    out.put_u8(u8::from(field.present.is_some()));
    if let Some(present) = &field.present {
        put_bits(out, present);
    }
    match &field.cells {
        Cells::Integer(values) => {
            out.put_u8(kind_code(ColumnKind::Integer));
            put_numbers(out, values, |value| value.to_le_bytes());
        }
        Cells::Unsigned(values) => {
            out.put_u8(kind_code(ColumnKind::Unsigned));
            put_numbers(out, values, |value| value.to_le_bytes());
        }
        Cells::Float(values) => {
            out.put_u8(kind_code(ColumnKind::Float));
            put_numbers(out, values, |value| value.to_le_bytes());
        }
        Cells::Boolean(values) => {
            out.put_u8(kind_code(ColumnKind::Boolean));
            put_bits(out, values);
        }
        Cells::String { ends, bytes } => {
            out.put_u8(kind_code(ColumnKind::String));
            put_numbers(out, ends, |value| value.to_le_bytes());
            out.put_bytes(bytes);
        }
    }
}

fn put_bits(out: &mut Vec<u8>, bits: &[bool]) {
    let byte = |part: &[bool]| {
        part.iter().enumerate().fold(0, |byte, (bit, set)| byte | (u8::from(*set) << bit))
    };
    out.extend(bits.chunks(8).map(byte));
}

fn take_bits(take: &mut Take<'_>, count: usize) -> Result<Vec<bool>> {
    let bytes = take.slice(count.div_ceil(8))?;
    Ok((0..count).map(|bit| bytes[bit / 8] & (1 << (bit % 8)) != 0).collect())
}

fn take_numbers<T, const N: usize>(
    take: &mut Take<'_>,
    count: usize,
    number: impl Fn([u8; N]) -> T,
) -> Result<Vec<T>> {
    let bytes = take.slice(count.saturating_mul(N))?;
    Ok(bytes.as_chunks::<N>().0.iter().map(|chunk| number(*chunk)).collect())
}

pub(super) fn take_batch(take: &mut Take<'_>) -> Result<TableBatch> {
    let (database, table) = (take.u32()?, take.u32()?);
    let origin = take_origin(take)?;
    let rows = take.u32()? as usize;
    let bytes = take.bytes()?.to_vec();
    let keys = take.u32()? as usize;
    let series = SeriesKeys { bytes, ends: take_numbers(take, keys, u32::from_le_bytes)? };
    let series_of_row = take_numbers(take, rows, u32::from_le_bytes)?;
    let time = take_numbers(take, rows, i64::from_le_bytes)?;
    let fields = take.u16()?;
    let fields = (0..fields).map(|_| take_field(take, rows)).collect::<Result<_>>()?;
    check_numbers(&series, &series_of_row)?;
    Ok(TableBatch { database, table, origin, series, series_of_row, time, fields })
}

/// A checksum says that bytes are those that were written, not that they make sense.
fn check_numbers(series: &SeriesKeys, series_of_row: &[u32]) -> Result<()> {
    let known = |number: &u32| (*number as usize) < series.len();
    if !series_of_row.iter().all(known) {
        return Err(EngineError::corrupt("a row names a series that its batch does not have"));
    }
    check_ends(&series.ends, series.bytes.len())
}

fn check_ends(ends: &[u32], bytes: usize) -> Result<()> {
    let last = ends.last().map_or(0, |end| *end as usize);
    if ends.is_sorted() && last == bytes {
        return Ok(());
    }
    Err(EngineError::corrupt("texts do not end where their bytes do"))
}

fn take_field(take: &mut Take<'_>, rows: usize) -> Result<FieldColumn> {
    let column = take.u16()?;
    let present = if take.flag()? { Some(take_bits(take, rows)?) } else { None };
    let cells = match take_kind(take)? {
        ColumnKind::Integer => Cells::Integer(take_numbers(take, rows, i64::from_le_bytes)?),
        ColumnKind::Unsigned => Cells::Unsigned(take_numbers(take, rows, u64::from_le_bytes)?),
        ColumnKind::Float => Cells::Float(take_numbers(take, rows, f64::from_le_bytes)?),
        ColumnKind::Boolean => Cells::Boolean(take_bits(take, rows)?),
        ColumnKind::String => {
            let ends = take_numbers(take, rows, u32::from_le_bytes)?;
            let text = take.text()?;
            check_ends(&ends, text.len())?;
            if !ends.iter().all(|end| text.is_char_boundary(*end as usize)) {
                return Err(EngineError::corrupt("a text ends within a character"));
            }
            Cells::String { ends, bytes: text.as_bytes().to_vec() }
        }
        ColumnKind::Tag => return Err(EngineError::corrupt("a field column holds a tag")),
    };
    Ok(FieldColumn { column, cells, present })
}
