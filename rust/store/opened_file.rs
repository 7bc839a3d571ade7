//! What is kept of a stored file once it was opened: its footer, and the list of its series.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;

use super::row_file::RowGroup;
use super::series_index::{Page, SeriesIndex};
use crate::schema::{TimeRange, TimeRanges};

/// See the head of this file.
#[derive(Debug)]
pub(super) struct OpenedFile {
    pub(super) metadata: ArrowReaderMetadata,
    /// The row groups, in the order of the file.
    pub(super) groups: Vec<RowGroup>,
    /// The pages of the time column; none where the file does not tell their times.
    pub(super) pages: Vec<Page>,
    /// The series; `None` in it where they are too many.
    pub(super) series: OnceLock<Option<Arc<SeriesIndex>>>,
    /// Which columns of which row groups were asked for.
    pub(super) asked: Asked,
}

/// A flag for each column of each row group.
#[derive(Debug)]
pub(super) struct Asked {
    columns: usize,
    flags: Box<[AtomicBool]>,
}

impl Asked {
    fn new(groups: usize, columns: usize) -> Self {
        Self { columns, flags: (0..groups * columns).map(|_| AtomicBool::new(false)).collect() }
    }

    /// Whether it was set before.
    pub(super) fn set(&self, group: usize, column: usize) -> bool {
        self.flags[group * self.columns + column].swap(true, Ordering::Relaxed)
    }

    pub(super) fn clear(&self, group: usize, column: usize) {
        self.flags[group * self.columns + column].store(false, Ordering::Relaxed);
    }
}

impl OpenedFile {
    /// Of a file whose rows lie in `times`; `None` where it has no column of that name.
    pub(super) fn new(metadata: ArrowReaderMetadata, time: &str, times: TimeRange) -> Option<Self> {
        let (column, _) = metadata.schema().column_with_name(time)?;
        let group = |group: &RowGroupMetaData| {
            let rows = usize::try_from(group.num_rows()).unwrap_or_default();
            RowGroup { rows, times: times_of(group, column).unwrap_or(times) }
        };
        let groups: Vec<RowGroup> = metadata.metadata().row_groups().iter().map(group).collect();
        let pages = pages(&metadata, &groups, column).unwrap_or_default();
        let asked = Asked::new(groups.len(), metadata.schema().fields().len());
        Some(Self { metadata, groups, pages, series: OnceLock::new(), asked })
    }

    /// Bytes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        let series = self.series.get().and_then(Option::as_ref).map_or(0, |series| series.bytes());
        self.metadata.metadata().memory_size()
            + 24 * (self.groups.len() + self.pages.len())
            + self.asked.flags.len()
            + series
    }

    /// The row groups that may have rows of these times: all of them, or only that one.
    pub(super) fn touched(&self, times: &TimeRanges, only: Option<usize>) -> Vec<usize> {
        let candidates = only.map_or(0..self.groups.len(), |only| only..only + 1);
        let touched = |group: &usize| {
            let group = self.groups.get(*group);
            group.is_some_and(|group| !times.within(group.times).is_empty())
        };
        candidates.filter(touched).collect()
    }

    /// The rows of a row group, counted from the start of the file.
    pub(super) fn rows_of(&self, group: usize) -> Range<usize> {
        let start = self.groups[..group].iter().map(|group| group.rows).sum();
        start..start + self.groups[group].rows
    }
}

fn times_of(group: &RowGroupMetaData, column: usize) -> Option<TimeRange> {
    match group.column(column).statistics()? {
        Statistics::Int64(times) => {
            Some(TimeRange { min: *times.min_opt()?, max: *times.max_opt()? })
        }
        _ => None,
    }
}

fn pages(metadata: &ArrowReaderMetadata, groups: &[RowGroup], column: usize) -> Option<Vec<Page>> {
    let (columns, offsets) =
        (metadata.metadata().column_index()?, metadata.metadata().offset_index()?);
    let (mut pages, mut start) = (Vec::new(), 0);
    for (index, group) in groups.iter().enumerate() {
        let ColumnIndexMetaData::INT64(times) = columns.get(index)?.get(column)? else {
            return None;
        };
        let locations = offsets.get(index)?.get(column)?.page_locations();
        for (page, location) in locations.iter().enumerate() {
            let first = usize::try_from(location.first_row_index).ok()?;
            let times = TimeRange { min: *times.min_value(page)?, max: *times.max_value(page)? };
            pages.push(Page { start: start + first, times });
        }
        start += group.rows;
    }
    Some(pages)
}
