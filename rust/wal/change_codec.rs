//! Changes of the catalog as the bytes of a record, and back.

use std::sync::Arc;

use super::cache_codec::{put_cache, put_cache_name, take_cache_change};
use super::record::{kind, kind_code, take_kind};
use crate::codec::{Put, Take};
use crate::error::{EngineError, Result};
use crate::schema::{CatalogChange, Column, Deletion, Token, Trigger, TriggerMemory};

/// The code of a record that holds this change.
pub(super) fn code_of(change: &CatalogChange) -> u8 {
    match change {
        CatalogChange::Identify { .. } => kind::IDENTIFY,
        CatalogChange::CreateDatabase { .. } => kind::CREATE_DATABASE,
        CatalogChange::SetRetention { .. } => kind::SET_RETENTION,
        CatalogChange::SetTableRetention { .. } => kind::SET_TABLE_RETENTION,
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
        CatalogChange::SetTriggerOptions { .. } => kind::SET_TRIGGER_OPTIONS,
        CatalogChange::SetTriggerState { .. } => kind::SET_TRIGGER_STATE,
        CatalogChange::SetTick { .. } => kind::SET_TICK,
        CatalogChange::DeleteTrigger { .. } => kind::DELETE_TRIGGER,
        CatalogChange::ReserveNumbers { .. } => kind::RESERVE_NUMBERS,
        CatalogChange::PutCache { .. } => kind::PUT_CACHE,
        CatalogChange::DeleteCache { .. } => kind::DELETE_CACHE,
    }
}

pub(super) fn put_change(out: &mut Vec<u8>, change: &CatalogChange) {
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
        CatalogChange::SetTableRetention { database, table, retention_ns } => {
            put_in(out, *database, table);
            out.put_optional_i64(*retention_ns);
        }
        CatalogChange::DeleteDatabase { database, name, deletion } => {
            put_in(out, *database, name);
            put_deletion(out, *deletion);
        }
        CatalogChange::PurgeDatabase { database } => out.put_u32(*database),
        CatalogChange::CreateTable { database, id, name } => {
            out.put_u32(*database);
            out.put_u32(*id);
            out.put_text(name);
        }
        CatalogChange::AddColumns { database, table, columns } => {
            put_in(out, *database, table);
            put_columns(out, columns);
        }
        CatalogChange::DeleteTable { database, table, name, deletion } => {
            put_in(out, *database, table);
            out.put_text(name);
            put_deletion(out, *deletion);
        }
        CatalogChange::PurgeTable { database, table } => put_in(out, *database, table),
        CatalogChange::PutCache { database, table, cache } => {
            put_in(out, *database, table);
            put_cache(out, cache);
        }
        CatalogChange::DeleteCache { database, table, kind, name } => {
            put_in(out, *database, table);
            put_cache_name(out, *kind, name);
        }
        CatalogChange::PutToken(token) => put_token(out, token),
        CatalogChange::DeleteToken { name } => out.put_text(name),
        CatalogChange::PutTrigger(trigger) => put_trigger(out, trigger),
        CatalogChange::SetCursor { trigger, cursor } => {
            out.put_u32(*trigger);
            out.put_u64(*cursor);
        }
        CatalogChange::SetTriggerOptions { trigger, options } => put_in(out, *trigger, options),
        CatalogChange::SetTriggerState { trigger, key, value } => {
            put_in(out, *trigger, key);
            out.put_u8(u8::from(value.is_some()));
            out.put_bytes(value.as_deref().unwrap_or_default());
        }
        CatalogChange::SetTick { trigger, time_ns } => {
            out.put_u32(*trigger);
            out.put_i64(*time_ns);
        }
        CatalogChange::DeleteTrigger { trigger } => out.put_u32(*trigger),
        CatalogChange::ReserveNumbers { databases, tables, tokens, triggers } => {
            for number in [databases, tables, tokens, triggers] {
                out.put_u32(*number);
            }
        }
    }
}

/// The number of what a text belongs to, and the text.
fn put_in(out: &mut Vec<u8>, number: u32, text: &str) {
    out.put_u32(number);
    out.put_text(text);
}

pub(super) fn take_change(code: u8, take: &mut Take<'_>) -> Result<CatalogChange> {
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
        kind::SET_TABLE_RETENTION => CatalogChange::SetTableRetention {
            database: take.u32()?,
            table: take_name(take)?,
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
        kind::SET_TRIGGER_OPTIONS => {
            CatalogChange::SetTriggerOptions { trigger: take.u32()?, options: take_name(take)? }
        }
        kind::SET_TRIGGER_STATE => {
            let (trigger, key, is_kept) = (take.u32()?, take_name(take)?, take.flag()?);
            let value = take.bytes()?;
            let value = is_kept.then(|| Arc::from(value));
            CatalogChange::SetTriggerState { trigger, key, value }
        }
        kind::SET_TICK => CatalogChange::SetTick { trigger: take.u32()?, time_ns: take.i64()? },
        kind::DELETE_TRIGGER => CatalogChange::DeleteTrigger { trigger: take.u32()? },
        kind::RESERVE_NUMBERS => CatalogChange::ReserveNumbers {
            databases: take.u32()?,
            tables: take.u32()?,
            tokens: take.u32()?,
            triggers: take.u32()?,
        },
        kind::PUT_CACHE | kind::DELETE_CACHE => take_cache_change(code, take)?,
        other => {
            return Err(EngineError::corrupt(format!("unknown kind of record {other}")));
        }
    })
}

pub(super) fn take_name(take: &mut Take<'_>) -> Result<Arc<str>> {
    Ok(take.text()?.into())
}

fn put_deletion(out: &mut Vec<u8>, deletion: Deletion) {
    out.put_i64(deletion.deleted_at_ns);
    out.put_optional_i64(deletion.hard_delete_at_ns);
}

fn take_deletion(take: &mut Take<'_>) -> Result<Deletion> {
    Ok(Deletion { deleted_at_ns: take.i64()?, hard_delete_at_ns: take.optional_i64()? })
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
    let column = |_| Ok(Column { id: take.u16()?, kind: take_kind(take)?, name: take_name(take)? });
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
        options: Arc::default(),
        memory: TriggerMemory::default(),
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
