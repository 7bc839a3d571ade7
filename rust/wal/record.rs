//! The records of a frame: changes of the catalog and batches of rows, as bytes and back.

use std::sync::Arc;

use super::codec::{Put, Take};
use super::frame::FrameBuilder;
use crate::error::{EngineError, Result};
use crate::schema::{
    CatalogChange, Cells, Column, ColumnKind, DatabaseId, Deletion, FieldColumn, Origin,
    SeriesKeys, TableBatch, TableId, Token, Trigger,
};

/// One record of a frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A change of the catalog.
    Change(CatalogChange),
    /// Rows of one table.
    Batch(TableBatch),
}

/// What a record holds, known without decoding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// A change of the catalog.
    Change,
    /// Rows of that table, written by that origin.
    Batch { database: DatabaseId, table: TableId, origin: Origin },
}

mod kind {
    pub const BATCH: u8 = 1;
    pub const IDENTIFY: u8 = 16;
    pub const CREATE_DATABASE: u8 = 17;
    pub const SET_RETENTION: u8 = 18;
    pub const DELETE_DATABASE: u8 = 19;
    pub const PURGE_DATABASE: u8 = 20;
    pub const CREATE_TABLE: u8 = 21;
    pub const ADD_COLUMNS: u8 = 22;
    pub const DELETE_TABLE: u8 = 23;
    pub const PURGE_TABLE: u8 = 24;
    pub const PUT_TOKEN: u8 = 25;
    pub const DELETE_TOKEN: u8 = 26;
    pub const PUT_TRIGGER: u8 = 27;
    pub const SET_CURSOR: u8 = 28;
    pub const DELETE_TRIGGER: u8 = 29;
}

impl FrameBuilder {
    /// Adds a change of the catalog.
    pub fn push_change(&mut self, change: &CatalogChange) {
        let code = code_of(change);
        self.push(code, |bytes| put_change(bytes, change));
    }

    /// Adds rows of one table.
    pub fn push_batch(&mut self, batch: &TableBatch) {
        self.push(kind::BATCH, |bytes| put_batch(bytes, batch));
    }
}

/// Iterates over the records of a payload without decoding them.
#[derive(Debug, Clone)]
pub struct Records<'a>(Take<'a>);

impl<'a> Records<'a> {
    /// The records of the payload of one frame.
    #[must_use]
    pub fn of(payload: &'a [u8]) -> Self {
        Self(Take(payload))
    }

    /// The next record: its code and its bytes.
    ///
    /// # Errors
    /// `Corrupt` where the payload ends within a record.
    pub fn next_raw(&mut self) -> Result<Option<RawRecord<'a>>> {
        if self.0.0.is_empty() {
            return Ok(None);
        }
        let code = self.0.u8()?;
        Ok(Some(RawRecord { code, body: self.0.bytes()? }))
    }

    /// All records, decoded.
    ///
    /// # Errors
    /// `Corrupt` where a record is not what its code says.
    pub fn decode_all(mut self) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        while let Some(raw) = self.next_raw()? {
            records.push(raw.decode()?);
        }
        Ok(records)
    }
}

/// A record that is not decoded yet.
#[derive(Debug, Clone, Copy)]
pub struct RawRecord<'a> {
    code: u8,
    body: &'a [u8],
}

impl RawRecord<'_> {
    /// What it holds.
    ///
    /// # Errors
    /// `Corrupt` where it is too short.
    pub fn kind(&self) -> Result<RecordKind> {
        if self.code != kind::BATCH {
            return Ok(RecordKind::Change);
        }
        let mut take = Take(self.body);
        let (database, table) = (take.u32()?, take.u32()?);
        Ok(RecordKind::Batch { database, table, origin: take_origin(&mut take)? })
    }

    /// Decodes it.
    ///
    /// # Errors
    /// `Corrupt` where it is not what its code says.
    pub fn decode(&self) -> Result<Record> {
        let mut take = Take(self.body);
        if self.code == kind::BATCH {
            return Ok(Record::Batch(take_batch(&mut take)?));
        }
        Ok(Record::Change(take_change(self.code, &mut take)?))
    }
}

fn code_of(change: &CatalogChange) -> u8 {
    match change {
        CatalogChange::Identify { .. } => kind::IDENTIFY,
        CatalogChange::CreateDatabase { .. } => kind::CREATE_DATABASE,
        CatalogChange::SetRetention { .. } => kind::SET_RETENTION,
        CatalogChange::DeleteDatabase { .. } => kind::DELETE_DATABASE,
        CatalogChange::PurgeDatabase { .. } => kind::PURGE_DATABASE,
        CatalogChange::CreateTable { .. } => kind::CREATE_TABLE,
        CatalogChange::AddColumns { .. } => kind::ADD_COLUMNS,
        CatalogChange::DeleteTable { .. } => kind::DELETE_TABLE,
        CatalogChange::PurgeTable { .. } => kind::PURGE_TABLE,
        CatalogChange::PutToken(_) => kind::PUT_TOKEN,
        CatalogChange::DeleteToken { .. } => kind::DELETE_TOKEN,
        CatalogChange::PutTrigger(_) => kind::PUT_TRIGGER,
        CatalogChange::SetCursor { .. } => kind::SET_CURSOR,
        CatalogChange::DeleteTrigger { .. } => kind::DELETE_TRIGGER,
    }
}

fn put_change(out: &mut Vec<u8>, change: &CatalogChange) {
    match change {
        CatalogChange::Identify { uuid } => out.put_text(uuid),
        CatalogChange::CreateDatabase { id, name, retention_ns } => {
            out.put_u32(*id);
            out.put_text(name);
            out.put_optional_i64(*retention_ns);
        }
        CatalogChange::SetRetention { database, retention_ns } => {
            out.put_u32(*database);
            out.put_optional_i64(*retention_ns);
        }
        CatalogChange::DeleteDatabase { database, name, deletion } => {
            out.put_u32(*database);
            out.put_text(name);
            put_deletion(out, *deletion);
        }
        CatalogChange::PurgeDatabase { database } => out.put_u32(*database),
        CatalogChange::CreateTable { database, id, name } => {
            out.put_u32(*database);
            out.put_u32(*id);
            out.put_text(name);
        }
        CatalogChange::AddColumns { database, table, columns } => {
            out.put_u32(*database);
            out.put_text(table);
            put_columns(out, columns);
        }
        CatalogChange::DeleteTable { database, table, name, deletion } => {
            out.put_u32(*database);
            out.put_text(table);
            out.put_text(name);
            put_deletion(out, *deletion);
        }
        CatalogChange::PurgeTable { database, table } => {
            out.put_u32(*database);
            out.put_text(table);
        }
        CatalogChange::PutToken(token) => put_token(out, token),
        CatalogChange::DeleteToken { name } => out.put_text(name),
        CatalogChange::PutTrigger(trigger) => put_trigger(out, trigger),
        CatalogChange::SetCursor { trigger, cursor } => {
            out.put_u32(*trigger);
            out.put_u64(*cursor);
        }
        CatalogChange::DeleteTrigger { trigger } => out.put_u32(*trigger),
    }
}

fn take_change(code: u8, take: &mut Take<'_>) -> Result<CatalogChange> {
    Ok(match code {
        kind::IDENTIFY => CatalogChange::Identify { uuid: take_name(take)? },
        kind::CREATE_DATABASE => CatalogChange::CreateDatabase {
            id: take.u32()?,
            name: take_name(take)?,
            retention_ns: take.optional_i64()?,
        },
        kind::SET_RETENTION => CatalogChange::SetRetention {
            database: take.u32()?,
            retention_ns: take.optional_i64()?,
        },
        kind::DELETE_DATABASE => CatalogChange::DeleteDatabase {
            database: take.u32()?,
            name: take_name(take)?,
            deletion: take_deletion(take)?,
        },
        kind::PURGE_DATABASE => CatalogChange::PurgeDatabase { database: take.u32()? },
        kind::CREATE_TABLE => CatalogChange::CreateTable {
            database: take.u32()?,
            id: take.u32()?,
            name: take_name(take)?,
        },
        kind::ADD_COLUMNS => CatalogChange::AddColumns {
            database: take.u32()?,
            table: take_name(take)?,
            columns: take_columns(take)?,
        },
        kind::DELETE_TABLE => CatalogChange::DeleteTable {
            database: take.u32()?,
            table: take_name(take)?,
            name: take_name(take)?,
            deletion: take_deletion(take)?,
        },
        kind::PURGE_TABLE => {
            CatalogChange::PurgeTable { database: take.u32()?, table: take_name(take)? }
        }
        kind::PUT_TOKEN => CatalogChange::PutToken(take_token(take)?),
        kind::DELETE_TOKEN => CatalogChange::DeleteToken { name: take_name(take)? },
        kind::PUT_TRIGGER => CatalogChange::PutTrigger(take_trigger(take)?),
        kind::SET_CURSOR => CatalogChange::SetCursor { trigger: take.u32()?, cursor: take.u64()? },
        kind::DELETE_TRIGGER => CatalogChange::DeleteTrigger { trigger: take.u32()? },
        other => return Err(EngineError::corrupt(format!("unknown kind of record {other}"))),
    })
}

fn take_name(take: &mut Take<'_>) -> Result<Arc<str>> {
    Ok(take.text()?.into())
}

fn put_deletion(out: &mut Vec<u8>, deletion: Deletion) {
    out.put_i64(deletion.deleted_at_ns);
    out.put_optional_i64(deletion.hard_delete_at_ns);
}

fn take_deletion(take: &mut Take<'_>) -> Result<Deletion> {
    Ok(Deletion { deleted_at_ns: take.i64()?, hard_delete_at_ns: take.optional_i64()? })
}

fn kind_code(kind: ColumnKind) -> u8 {
    match kind {
        ColumnKind::Tag => 0,
        ColumnKind::Integer => 1,
        ColumnKind::Unsigned => 2,
        ColumnKind::Float => 3,
        ColumnKind::String => 4,
        ColumnKind::Boolean => 5,
    }
}

fn take_kind(take: &mut Take<'_>) -> Result<ColumnKind> {
    let code = take.u8()?;
    ColumnKind::ALL
        .into_iter()
        .find(|kind| kind_code(*kind) == code)
        .ok_or_else(|| EngineError::corrupt(format!("unknown kind of column {code}")))
}

fn put_columns(out: &mut Vec<u8>, columns: &[Column]) {
    out.put_u16(u16::try_from(columns.len()).unwrap_or(u16::MAX));
    for column in columns {
        out.put_u16(column.id);
        out.put_u8(kind_code(column.kind));
        out.put_text(&column.name);
    }
}

fn take_columns(take: &mut Take<'_>) -> Result<Vec<Column>> {
    let count = take.u16()?;
    let column = |_| {
        Ok(Column { id: take.u16()?, kind: take_kind(take)?, name: take_name(take)? })
    };
    (0..count).map(column).collect()
}

fn put_token(out: &mut Vec<u8>, token: &Token) {
    out.put_u32(token.id);
    out.put_text(&token.name);
    out.extend_from_slice(&token.hash);
    out.put_i64(token.created_at_ms);
    out.put_optional_i64(token.expiry_ms);
}

fn take_token(take: &mut Take<'_>) -> Result<Token> {
    Ok(Token {
        id: take.u32()?,
        name: take_name(take)?,
        hash: take.array()?,
        created_at_ms: take.i64()?,
        expiry_ms: take.optional_i64()?,
    })
}

fn put_trigger(out: &mut Vec<u8>, trigger: &Trigger) {
    out.put_u32(trigger.id);
    out.put_u32(trigger.database);
    out.put_text(&trigger.name);
    out.put_text(&trigger.plugin_filename);
    out.put_text(&trigger.specification);
    out.put_text(&trigger.specification_json);
    out.put_u8(u8::from(trigger.arguments.is_some()));
    if let Some(arguments) = &trigger.arguments {
        out.put_u32(u32::try_from(arguments.len()).unwrap_or(u32::MAX));
        for (key, value) in arguments {
            out.put_text(key);
            out.put_text(value);
        }
    }
    out.put_u8(u8::from(trigger.run_async));
    out.put_text(&trigger.error_behavior);
    out.put_u8(u8::from(trigger.disabled));
    out.put_u64(trigger.cursor);
}

fn take_trigger(take: &mut Take<'_>) -> Result<Trigger> {
    Ok(Trigger {
        id: take.u32()?,
        database: take.u32()?,
        name: take_name(take)?,
        plugin_filename: take.text()?.to_owned(),
        specification: take.text()?.to_owned(),
        specification_json: take.text()?.to_owned(),
        arguments: take_arguments(take)?,
        run_async: take.flag()?,
        error_behavior: take.text()?.to_owned(),
        disabled: take.flag()?,
        cursor: take.u64()?,
    })
}

fn take_arguments(take: &mut Take<'_>) -> Result<Option<Vec<(String, String)>>> {
    if !take.flag()? {
        return Ok(None);
    }
    let count = take.u32()?;
    let argument = |_| Ok((take.text()?.to_owned(), take.text()?.to_owned()));
    (0..count).map(argument).collect::<Result<_>>().map(Some)
}

fn take_origin(take: &mut Take<'_>) -> Result<Origin> {
    Ok(Origin { trigger: take.u32()?, depth: take.u8()? })
}

fn put_batch(out: &mut Vec<u8>, batch: &TableBatch) {
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

fn take_batch(take: &mut Take<'_>) -> Result<TableBatch> {
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
    Ok(TableBatch { database, table, origin, series, series_of_row, time, fields })
}

fn take_field(take: &mut Take<'_>, rows: usize) -> Result<FieldColumn> {
    let column = take.u16()?;
    let present = if take.flag()? { Some(take_bits(take, rows)?) } else { None };
    let cells = match take_kind(take)? {
        ColumnKind::Integer => Cells::Integer(take_numbers(take, rows, i64::from_le_bytes)?),
        ColumnKind::Unsigned => Cells::Unsigned(take_numbers(take, rows, u64::from_le_bytes)?),
        ColumnKind::Float => Cells::Float(take_numbers(take, rows, f64::from_le_bytes)?),
        ColumnKind::Boolean => Cells::Boolean(take_bits(take, rows)?),
        ColumnKind::String => Cells::String {
            ends: take_numbers(take, rows, u32::from_le_bytes)?,
            bytes: take.bytes()?.to_vec(),
        },
        ColumnKind::Tag => return Err(EngineError::corrupt("a field column holds a tag")),
    };
    Ok(FieldColumn { column, cells, present })
}
