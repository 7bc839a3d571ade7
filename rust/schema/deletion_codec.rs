//! A deletion of rows as bytes, and back: in the log and in manifests.

use std::sync::Arc;

use super::time_range::TimeRange;
use super::tombstone::{RowDeletion, TagCondition};
use crate::codec::{Put, Take};
use crate::error::Result;

/// Appends a deletion.
pub(crate) fn put_deletion(out: &mut Vec<u8>, rows: &RowDeletion) {
    out.put_u32(rows.database);
    out.put_u32(rows.table);
    out.put_i64(rows.times.min);
    out.put_i64(rows.times.max);
    out.put_u32(count(rows.tags.len()));
    for condition in &rows.tags {
        out.put_text(&condition.tag);
        out.put_u32(count(condition.values.len()));
        condition.values.iter().for_each(|value| put_value(out, value.as_deref()));
    }
}

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

/// One byte 0, or one byte 1 and the text.
fn put_value(out: &mut Vec<u8>, value: Option<&str>) {
    out.put_u8(u8::from(value.is_some()));
    if let Some(value) = value {
        out.put_text(value);
    }
}

/// Takes a deletion off.
///
/// # Errors
/// `Corrupt` where it is not one.
pub(crate) fn take_deletion(take: &mut Take<'_>) -> Result<RowDeletion> {
    let (database, table) = (take.u32()?, take.u32()?);
    let times = TimeRange { min: take.i64()?, max: take.i64()? };
    let count = take.u32()?;
    let tags = (0..count).map(|_| take_condition(take)).collect::<Result<_>>()?;
    Ok(RowDeletion { database, table, times, tags })
}

fn take_condition(take: &mut Take<'_>) -> Result<TagCondition> {
    let (tag, count) = (take.text()?.into(), take.u32()?);
    let value = |_| -> Result<Option<Arc<str>>> {
        if take.flag()? { Ok(Some(take.text()?.into())) } else { Ok(None) }
    };
    Ok(TagCondition { tag, values: (0..count).map(value).collect::<Result<_>>()? })
}
