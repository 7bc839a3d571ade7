//! Changes of caches as the bytes of a record, and back.

use super::change_codec::take_name;
use super::record::kind;
use crate::codec::{Put, Take};
use crate::error::{EngineError, Result};
use crate::schema::{CacheContents, CacheDefinition, CacheKind, CatalogChange, ColumnId};

fn cache_code(kind: CacheKind) -> u8 {
    match kind {
        CacheKind::Last => 0,
        CacheKind::Distinct => 1,
    }
}

/// The kind and the name of a cache.
pub(super) fn put_cache_name(out: &mut Vec<u8>, kind: CacheKind, name: &str) {
    out.put_u8(cache_code(kind));
    out.put_text(name);
}

/// The change behind one of the two codes of changes of caches.
pub(super) fn take_cache_change(code: u8, take: &mut Take<'_>) -> Result<CatalogChange> {
    let (database, table) = (take.u32()?, take_name(take)?);
    if code == kind::PUT_CACHE {
        return Ok(CatalogChange::PutCache { database, table, cache: take_cache(take)? });
    }
    let (kind, name) = (take_cache_kind(take)?, take_name(take)?);
    Ok(CatalogChange::DeleteCache { database, table, kind, name })
}

fn take_cache_kind(take: &mut Take<'_>) -> Result<CacheKind> {
    match take.u8()? {
        0 => Ok(CacheKind::Last),
        1 => Ok(CacheKind::Distinct),
        code => Err(EngineError::corrupt(format!("unknown kind of cache {code}"))),
    }
}

pub(super) fn put_cache(out: &mut Vec<u8>, cache: &CacheDefinition) {
    out.put_u8(cache_code(cache.kind()));
    out.put_u32(cache.id);
    out.put_text(&cache.name);
    out.put_i64(cache.created_at_ns);
    put_columns(out, cache.key_columns());
    match &cache.contents {
        CacheContents::Last { keys: _, values, count, ttl_s } => {
            out.put_u8(u8::from(values.is_some()));
            if let Some(values) = values {
                put_columns(out, values);
            }
            out.put_u64(*count);
            out.put_u64(*ttl_s);
        }
        CacheContents::Distinct { columns: _, max_cardinality, max_age_s } => {
            out.put_u64(*max_cardinality);
            out.put_u64(*max_age_s);
        }
    }
}

fn take_cache(take: &mut Take<'_>) -> Result<CacheDefinition> {
    let kind = take_cache_kind(take)?;
    let (id, name, created_at_ns) = (take.u32()?, take_name(take)?, take.i64()?);
    let columns = take_columns(take)?;
    let contents = match kind {
        CacheKind::Last => CacheContents::Last {
            keys: columns,
            values: if take.flag()? { Some(take_columns(take)?) } else { None },
            count: take.u64()?,
            ttl_s: take.u64()?,
        },
        CacheKind::Distinct => CacheContents::Distinct {
            columns,
            max_cardinality: take.u64()?,
            max_age_s: take.u64()?,
        },
    };
    Ok(CacheDefinition { id, name, created_at_ns, contents })
}

fn put_columns(out: &mut Vec<u8>, columns: &[ColumnId]) {
    out.put_u16(u16::try_from(columns.len()).unwrap_or(u16::MAX));
    for column in columns {
        out.put_u16(*column);
    }
}

fn take_columns(take: &mut Take<'_>) -> Result<Vec<ColumnId>> {
    let count = take.u16()?;
    (0..count).map(|_| take.u16()).collect()
}
