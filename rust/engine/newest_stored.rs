//! The newest row of each series of a file.
//!
//! Comes in: what is sought, and how new a row of each series is known already. Goes out: the rows
//! that may be as new. What stays true: tags and times of the last rows come from the list of
//! series, so only pages with wanted values are read; rows before the last of a series are looked
//! at only where a value is asked for and the last row has none.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, TimestampNanosecondArray, UInt32Array};
use arrow::compute::{concat_batches, filter_record_batch, kernels, take};
use arrow::datatypes::{SchemaRef, TimestampNanosecondType};

use super::newest_rows::NewestTimes;
use super::table_view::misfit;
use crate::error::Result;
use crate::store::merge::{SortColumns, keys_of};
use crate::store::{RowFile, SeriesIndex, TagChoice};

/// What is asked of each part of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought<'s> {
    /// Columns of the table, the tags and the time among them, ascending.
    pub(super) needed: &'s [usize],
    /// They.
    pub(super) schema: &'s SchemaRef,
    /// Where the tags and the time stand among them.
    pub(super) columns: &'s SortColumns,
    /// A field, as a column of the table, that must have a value.
    pub(super) value: Option<usize>,
}

impl Sought<'_> {
    /// Where the field that must have a value stands among the columns.
    fn value(&self) -> Option<usize> {
        self.value.and_then(|value| self.needed.iter().position(|one| *one == value))
    }

    fn is_tag(&self, column: usize) -> bool {
        self.columns.tags.contains(&column)
    }

    /// The columns that are read from rows, with or without the time.
    fn read(&self, with_time: bool) -> Result<SchemaRef> {
        let read =
            |column: &usize| !self.is_tag(*column) && (with_time || *column != self.columns.time);
        let columns: Vec<usize> = (0..self.needed.len()).filter(read).collect();
        self.schema.project(&columns).map(Arc::new).map_err(misfit)
    }
}

/// Series of a file, ascending, and a row of each.
#[derive(Debug, Default)]
struct Found {
    series: Vec<usize>,
    rows: Vec<usize>,
}

/// See the head of this file; rows stand in the order of the series. `None` where the file does not
/// list its series.
pub(super) fn newest_stored(
    file: &RowFile,
    tags: Option<&TagChoice>,
    sought: &Sought<'_>,
    since: i64,
    newest: &NewestTimes,
) -> Result<Option<RecordBatch>> {
    let Some(index) = file.series()? else { return Ok(None) };
    let series = as_new(&index, tags, sought, since, newest)?;
    let last = series.iter().map(|series| index.rows(*series).end - 1).collect();
    let found = Found { series, rows: last };
    let read = rows_at(file, &sought.read(false)?, &found.rows)?;
    let lacking = lacking(sought, &read)?;
    if lacking.is_empty() {
        let times = found.series.iter().map(|series| index.times(*series).max);
        let times: ArrayRef = Arc::new(TimestampNanosecondArray::from_iter_values(times));
        return composed(&index, sought, &found, &read, &times).map(Some);
    }
    let found = with_value(file, &index, sought, found, &lacking)?;
    let read = rows_at(file, &sought.read(true)?, &found.rows)?;
    let times = read.column_by_name("time").map(Arc::clone);
    let times =
        times.unwrap_or_else(|| Arc::new(TimestampNanosecondArray::from(Vec::<i64>::new())));
    let rows = composed(&index, sought, &found, &read, &times)?;
    let since = TimestampNanosecondArray::new_scalar(since);
    let late = kernels::cmp::gt_eq(times.as_primitive::<TimestampNanosecondType>(), &since);
    filter_record_batch(&rows, &late.map_err(misfit)?).map(Some).map_err(misfit)
}

/// The series that pass and may have a row that is as new as what is known of them.
fn as_new(
    index: &SeriesIndex,
    tags: Option<&TagChoice>,
    sought: &Sought<'_>,
    since: i64,
    newest: &NewestTimes,
) -> Result<Vec<usize>> {
    let passing = tags.map(|tags| tags.passing(index)).transpose()?;
    let late = |series: &usize| {
        let passes = passing.is_none_or(|passing| passing.value(*series));
        passes && index.times(*series).max >= since
    };
    let mut series: Vec<usize> = (0..index.count()).filter(late).collect();
    if newest.is_empty() {
        return Ok(series);
    }
    let wanted = index
        .tags_as(&sought.schema.project(&sought.columns.tags).map(Arc::new).map_err(misfit)?)?;
    let keys = keys_of(&wanted)?;
    series.retain(|series| {
        newest.get(&keys[*series]).is_none_or(|known| *known <= index.times(*series).max)
    });
    Ok(series)
}

/// Places of rows that lack the value that is asked for.
fn lacking(sought: &Sought<'_>, read: &RecordBatch) -> Result<Vec<usize>> {
    let Some(value) = sought.value() else { return Ok(Vec::new()) };
    let name = sought.schema.field(value).name();
    let values = read.column(read.schema_ref().index_of(name).map_err(misfit)?);
    Ok((0..values.len()).filter(|row| values.is_null(*row)).collect())
}

/// For the series at these places, whose last row lacks the value, their newest row that has it;
/// those that have none are left out.
fn with_value(
    file: &RowFile,
    index: &SeriesIndex,
    sought: &Sought<'_>,
    mut found: Found,
    lacking: &[usize],
) -> Result<Found> {
    let schema = sought.value().map_or(Ok(SchemaRef::clone(sought.schema)), |value| {
        sought.schema.project(&[value]).map(Arc::new).map_err(misfit)
    })?;
    let ranges: Vec<Range<usize>> =
        lacking.iter().map(|place| index.rows(found.series[*place])).collect();
    let mut rows: Vec<Option<usize>> = vec![None; ranges.len()];
    let (mut range, mut row) = (0, ranges.first().map_or(0, |range| range.start));
    for batch in file.read_rows(&schema, &ranges)? {
        let batch = batch?;
        for place in 0..batch.num_rows() {
            if batch.column(0).is_valid(place) {
                rows[range] = Some(row);
            }
            row += 1;
            if row == ranges[range].end && range + 1 < ranges.len() {
                range += 1;
                row = ranges[range].start;
            }
        }
    }
    let mut without = Vec::new();
    for (place, row) in lacking.iter().zip(rows) {
        match row {
            Some(row) => found.rows[*place] = row,
            None => without.push(*place),
        }
    }
    for place in without.into_iter().rev() {
        found.rows.remove(place);
        found.series.remove(place);
    }
    Ok(found)
}

/// Columns of these rows of a file, which ascend, as one batch.
fn rows_at(file: &RowFile, schema: &SchemaRef, rows: &[usize]) -> Result<RecordBatch> {
    if schema.fields().is_empty() || rows.is_empty() {
        return Ok(RecordBatch::new_empty(SchemaRef::clone(schema)));
    }
    let ranges: Vec<Range<usize>> = rows.iter().map(|row| *row..row + 1).collect();
    let batches = file.read_rows(schema, &ranges)?.collect::<Result<Vec<_>>>()?;
    concat_batches(schema, &batches).map_err(misfit)
}

/// Tags from the list of series, times, and what was read, as the columns that are sought.
fn composed(
    index: &SeriesIndex,
    sought: &Sought<'_>,
    found: &Found,
    read: &RecordBatch,
    times: &ArrayRef,
) -> Result<RecordBatch> {
    let series = found.series.iter().filter_map(|series| u32::try_from(*series).ok());
    let series = UInt32Array::from_iter_values(series);
    let tags = sought.schema.project(&sought.columns.tags).map(Arc::new).map_err(misfit)?;
    let tags = index.tags_as(&tags)?;
    let column = |(place, field): (usize, &Arc<arrow::datatypes::Field>)| -> Result<ArrayRef> {
        if place == sought.columns.time {
            return Ok(Arc::clone(times));
        }
        if let Some(column) = tags.column_by_name(field.name()) {
            return take(column, &series, None).map_err(misfit);
        }
        Ok(Arc::clone(read.column(read.schema_ref().index_of(field.name()).map_err(misfit)?)))
    };
    let columns = sought.schema.fields().iter().enumerate().map(column);
    let columns = columns.collect::<Result<Vec<_>>>()?;
    RecordBatch::try_new(SchemaRef::clone(sought.schema), columns).map_err(misfit)
}
