//! The newest row of each series of a table.
//!
//! Comes in: the times, and a field that must have a value, if any. Goes out: one row per series.
//! What stays true: a part of the table has the newest row of a series only as its own newest, so
//! each part gives one candidate per series; candidates with the same series and time are merged as
//! their rows would be, and the greatest time of each series remains. Parts are asked from the
//! newest on: a file of which a series has a newer row already is not read for it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{SchemaRef, TimestampNanosecondType};

use super::newest_stored::{Sought, newest_stored};
use super::table_view::{Part, Rows, TableView, chosen, misfit};
use crate::error::Result;
use crate::limits::LISTED_SERIES_MAX;
use crate::query::Batches;
use crate::schema::TimeRange;
use crate::store::merge::{MergedRows, SortColumns, Source, spans_of};

/// The newest time of each series so far, by the key of its tags.
pub(super) type NewestTimes = HashMap<Vec<u8>, i64>;

/// See the head of this file; `None` where only a scan can tell.
pub(super) fn newest_rows(
    view: &TableView,
    projection: &[usize],
    time: TimeRange,
    value: Option<usize>,
) -> Result<Option<Batches>> {
    let times = time.intersect(view.kept);
    let Some(parts) = asked(view, times, value) else { return Ok(None) };
    let needed: Vec<usize> = projection.iter().copied().chain(value).collect();
    let needed = view.needed(&needed);
    let (schema, columns) = (view.projected(&needed)?, view.sorted_by(&needed));
    let sought = Sought { needed: &needed, schema: &schema, columns: &columns, value };
    let (mut newest, mut found) = (NewestTimes::new(), Vec::new());
    let mut count = 0;
    for part in parts {
        let rows = candidates(&view.parts[part], &sought, times.min, &newest)?;
        let Some(rows) = rows else { return Ok(None) };
        note(&mut newest, &rows, &columns)?;
        count += rows.num_rows();
        if count > LISTED_SERIES_MAX {
            return Ok(None);
        }
        found.push((part, rows));
    }
    found.sort_unstable_by_key(|(part, _)| *part);
    let rows = merged(found.into_iter().map(|(_, rows)| rows).collect(), &schema, &columns)?;
    Ok(Some(chosen(std::iter::once(Ok(rows)), &needed, projection)))
}

/// The parts that have rows in these times, the newest first; `None` where the times end within
/// one, where rows are deleted of one, or where `value` is no field.
fn asked(view: &TableView, times: TimeRange, value: Option<usize>) -> Option<Vec<usize>> {
    let is_key = |column| column == view.columns.time || view.columns.tags.contains(&column);
    if value.is_some_and(is_key) {
        return None;
    }
    let touched = |part: &usize| !view.parts[*part].times.intersect(times).is_empty();
    let mut parts: Vec<usize> = (0..view.parts.len()).filter(touched).collect();
    let whole = |part: &Part| part.times.max <= times.max && part.deleted.is_empty();
    parts.sort_by_key(|part| std::cmp::Reverse(view.parts[*part].times.max));
    parts.iter().all(|part| whole(&view.parts[*part])).then_some(parts)
}

/// The newest row of each series of a part, in the order of the series; `None` where they are too
/// many.
fn candidates(
    part: &Part,
    sought: &Sought<'_>,
    since: i64,
    newest: &NewestTimes,
) -> Result<Option<RecordBatch>> {
    match &part.rows {
        Rows::File(file, tags) => newest_stored(file, tags.as_deref(), sought, since, newest),
        Rows::Chunk(snapshot, series) => {
            let rows = snapshot.newest_rows(sought.needed, series.as_ref(), since, sought.value)?;
            sorted(&rows, sought.columns).map(Some)
        }
    }
}

/// Rows of different series, in the order of these.
fn sorted(rows: &RecordBatch, columns: &SortColumns) -> Result<RecordBatch> {
    let spans = spans_of(rows, columns)?;
    if spans.is_sorted_by(|left, right| left.key <= right.key) {
        return Ok(rows.clone());
    }
    let mut order: Vec<u32> = (0..).take(spans.len()).collect();
    order
        .sort_unstable_by(|left, right| spans[*left as usize].key.cmp(&spans[*right as usize].key));
    take_record_batch(rows, &UInt32Array::from(order)).map_err(misfit)
}

fn note(newest: &mut NewestTimes, rows: &RecordBatch, columns: &SortColumns) -> Result<()> {
    let times = rows.column(columns.time).as_primitive::<TimestampNanosecondType>();
    for (row, span) in spans_of(rows, columns)?.into_iter().enumerate() {
        let time = times.value(row);
        newest.entry(span.key).and_modify(|best| *best = time.max(*best)).or_insert(time);
    }
    Ok(())
}

/// The newest row of each series over all parts, which stand from the oldest to the newest.
fn merged(
    parts: Vec<RecordBatch>,
    schema: &SchemaRef,
    columns: &SortColumns,
) -> Result<RecordBatch> {
    if let [only] = &parts[..] {
        return Ok(only.clone());
    }
    let rows_max = parts.iter().map(RecordBatch::num_rows).sum::<usize>().max(1);
    let source = |rows| Box::new(std::iter::once(Ok(rows))) as Source;
    let sources = parts.into_iter().map(source).collect();
    let merged = MergedRows::new(Arc::clone(schema), columns.clone(), sources, rows_max);
    let merged = merged.collect::<Result<Vec<_>>>()?;
    let merged = concat_batches(schema, &merged).map_err(misfit)?;
    let last = spans_of(&merged, columns)?.into_iter();
    let last = last.filter_map(|span| u32::try_from(span.end - 1).ok());
    take_record_batch(&merged, &UInt32Array::from_iter_values(last)).map_err(misfit)
}
