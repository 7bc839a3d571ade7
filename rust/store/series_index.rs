//! The series of one file: which rows are of which, and what times they lie in.
//!
//! Comes in: the tags and times of all rows, in the order of the file. Goes out: one row per
//! series, so that a condition on tags is evaluated once for each and not for its rows. What stays
//! true: a series is one stretch of a file, for files are sorted by their tags first. Refuses files
//! with more than `LISTED_SERIES_MAX` series: their list would be about as long as they are.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringDictionaryBuilder,
};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Int32Type, Schema, SchemaRef, TimestampNanosecondType};
use arrow::error::ArrowError;

use super::file_batches::with_columns;
use super::merge::{SortColumns, Span, spans_of};
use crate::error::{EngineError, Result};
use crate::limits::LISTED_SERIES_MAX;
use crate::schema::{TimeRange, TimeRanges};

/// See the head of this file.
#[derive(Debug)]
pub struct SeriesIndex {
    tags: RecordBatch,
    /// For each series one behind its last row.
    ends: Vec<usize>,
    times: Vec<TimeRange>,
}

/// Adjacent rows, and the times that they lie in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) start: usize,
    pub(super) times: TimeRange,
}

/// Stretches of rows, in order.
#[derive(Debug, Default)]
pub(super) struct Stretches {
    pub(super) rows: Vec<Range<usize>>,
    /// Whether they may hold rows of other times than those that are wanted.
    pub(super) cut: bool,
}

impl SeriesIndex {
    /// The tag columns of the file: one row per series, in the order of the file.
    #[must_use]
    pub fn tags(&self) -> &RecordBatch {
        &self.tags
    }

    /// The tags as their table has them; those that the file lacks hold no value.
    ///
    /// # Errors
    /// `Internal` where they do not fit.
    pub fn tags_as(&self, schema: &SchemaRef) -> Result<RecordBatch> {
        with_columns(&self.tags, schema).map_err(misfit)
    }

    /// Number of series.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The rows of a series.
    #[must_use]
    pub fn rows(&self, series: usize) -> Range<usize> {
        let start = if series == 0 { 0 } else { self.ends[series - 1] };
        start..self.ends[series]
    }

    /// The times of its first and last row.
    #[must_use]
    pub fn times(&self, series: usize) -> TimeRange {
        self.times[series]
    }

    /// Bytes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        24 * self.count() + self.tags.get_array_memory_size()
    }

    /// The rows of `within` that are of the series of the mask and may lie in the times.
    pub(super) fn stretches(
        &self,
        within: &Range<usize>,
        passing: Option<&BooleanBuffer>,
        times: &TimeRanges,
        pages: &[Page],
    ) -> Stretches {
        let mut found = Stretches::default();
        for (_, rows, wanted) in self.wanted(within, passing, times) {
            match wanted {
                None => found.push(rows),
                Some(wanted) => {
                    found.cut = true;
                    pages_within(pages, &rows, &wanted).for_each(|rows| found.push(rows));
                }
            }
        }
        found
    }

    /// The series of the mask that have rows in `within` and times that are wanted: with those
    /// rows, and the times, unless all of the series are wanted.
    pub(super) fn wanted<'s>(
        &'s self,
        within: &'s Range<usize>,
        passing: Option<&'s BooleanBuffer>,
        times: &'s TimeRanges,
    ) -> impl Iterator<Item = (usize, Range<usize>, Option<TimeRanges>)> + 's {
        let first = self.ends.partition_point(|end| *end <= within.start);
        let behind = self.ends.partition_point(|end| *end < within.end) + 1;
        let passes = move |series: &usize| passing.is_none_or(|mask| mask.value(*series));
        (first..behind.min(self.count())).filter(passes).filter_map(move |series| {
            let wanted = times.within(self.times[series]);
            let rows = self.rows(series);
            let rows = rows.start.max(within.start)..rows.end.min(within.end);
            let cut = !wanted.covers(self.times[series]);
            (!wanted.is_empty() && !rows.is_empty()).then_some((
                series,
                rows,
                cut.then_some(wanted),
            ))
        })
    }

    /// The number of rows of `within` that are of the series of the mask.
    pub(super) fn rows_passing(&self, within: &Range<usize>, passing: &BooleanBuffer) -> usize {
        let all = TimeRange::ALL.into();
        self.wanted(within, Some(passing), &all).map(|(_, rows, _)| rows.len()).sum()
    }
}

impl Stretches {
    fn push(&mut self, rows: Range<usize>) {
        match self.rows.last_mut().filter(|last| last.end == rows.start) {
            Some(last) => last.end = rows.end,
            None => self.rows.push(rows),
        }
    }
}

/// Rows of these pages that may lie in the times; without pages, all.
pub(super) fn pages_within(
    pages: &[Page],
    rows: &Range<usize>,
    times: &TimeRanges,
) -> impl Iterator<Item = Range<usize>> {
    let first = pages.partition_point(|page| page.start <= rows.start).saturating_sub(1);
    let last = pages.partition_point(|page| page.start < rows.end);
    let end = |page: usize| pages.get(page + 1).map_or(rows.end, |next| next.start);
    let touches = move |page: &usize| !times.within(pages[*page].times).is_empty();
    let of_pages = (first..last)
        .filter(touches)
        .map(move |page| pages[page].start.max(rows.start)..end(page).min(rows.end));
    of_pages.chain(pages.is_empty().then(|| rows.clone()))
}

/// Puts an index together from batches that come in the order of the file.
pub(super) struct IndexBuilder {
    columns: SortColumns,
    tags: SchemaRef,
    values: Vec<StringDictionaryBuilder<Int32Type>>,
    ends: Vec<usize>,
    times: Vec<TimeRange>,
    last_key: Vec<u8>,
}

impl IndexBuilder {
    /// For batches of this schema, which has the tags and the time of the file.
    pub(super) fn new(schema: &Schema) -> Result<Self> {
        let is_tag =
            |column: &usize| matches!(schema.field(*column).data_type(), DataType::Dictionary(..));
        let tags: Vec<usize> = (0..schema.fields().len()).filter(is_tag).collect();
        let time = schema.column_with_name("time").map(|(index, _)| index);
        let time = time.ok_or_else(|| EngineError::internal("a file has no time"))?;
        let values = tags.iter().map(|_| StringDictionaryBuilder::new()).collect();
        let schema = Arc::new(schema.project(&tags).map_err(misfit)?);
        let columns = SortColumns { tags, time };
        let (ends, times, last_key) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { columns, tags: schema, values, ends, times, last_key })
    }

    /// Adds rows; whether there are not too many series yet.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<bool> {
        let times = batch.column(self.columns.time).as_primitive_opt::<TimestampNanosecondType>();
        let times = times.ok_or_else(|| EngineError::internal("the time of a file is no time"))?;
        let (start, mut row) = (self.ends.last().copied().unwrap_or(0), 0);
        for Span { end, key } in spans_of(batch, &self.columns)? {
            if self.ends.is_empty() || key != self.last_key {
                self.add_series(batch, row)?;
                self.last_key = key;
            }
            let range = TimeRange { min: times.value(row), max: times.value(end - 1) };
            if let (Some(last), Some(of_series)) = (self.ends.last_mut(), self.times.last_mut()) {
                *last = start + end;
                *of_series = of_series.hull(range);
            }
            row = end;
        }
        Ok(self.ends.len() <= LISTED_SERIES_MAX)
    }

    fn add_series(&mut self, batch: &RecordBatch, row: usize) -> Result<()> {
        for (column, values) in self.columns.tags.iter().zip(&mut self.values) {
            let tag = batch.column(*column).as_dictionary_opt::<Int32Type>();
            let tag = tag.and_then(|tag| Some((tag, tag.values().as_string_opt::<i32>()?)));
            let (tag, texts) = tag.ok_or_else(|| EngineError::internal("a tag is no text"))?;
            let code = tag.key(row).filter(|code| texts.is_valid(*code));
            match code {
                Some(code) => values.append(texts.value(code)).map(drop).map_err(misfit)?,
                None => values.append_null(),
            }
        }
        self.ends.push(0);
        self.times.push(TimeRange::EMPTY);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<SeriesIndex> {
        let tags: Vec<ArrayRef> =
            self.values.iter_mut().map(|values| Arc::new(values.finish()) as ArrayRef).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.ends.len()));
        let tags = RecordBatch::try_new_with_options(self.tags, tags, &options).map_err(misfit)?;
        Ok(SeriesIndex { tags, ends: self.ends, times: self.times })
    }
}

fn misfit(error: ArrowError) -> EngineError {
    EngineError::internal("the series of a file cannot be listed").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(min: i64, max: i64) -> TimeRange {
        TimeRange { min, max }
    }

    #[test]
    fn pages_of_other_times_are_left_out() {
        let page = |start, min, max| Page { start, times: range(min, max) };
        let pages = [page(0, 0, 9), page(10, 10, 19), page(20, 0, 5), page(30, 6, 9)];
        let bounds = |rows: Range<usize>| (rows.start, rows.end);
        let found = |rows, times| -> Vec<(usize, usize)> {
            pages_within(&pages, &rows, &TimeRanges::from(times)).map(bounds).collect()
        };
        assert_eq!(found(5..35, range(0, 4)), [(5, 10), (20, 30)]);
        assert_eq!(found(12..18, range(15, 15)), [(12, 18)]);
        assert!(found(12..18, range(0, 9)).is_empty());
        let all = TimeRange::ALL.into();
        assert_eq!(pages_within(&[], &(3..7), &all).map(bounds).collect::<Vec<_>>(), [(3, 7)]);
    }
}
