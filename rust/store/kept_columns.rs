//! The rows of a stored file from columns that are kept in memory.
//!
//! Comes in: what a query wants of a row group. Goes out: its rows, or nothing where its columns
//! are asked for the first time; from the second time on they are decoded as a whole and kept. What
//! stays true: the rows are those that decoding pages gives. Refuses a file that is not what was
//! stored, by name.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, TimestampNanosecondArray};
use arrow::datatypes::{DataType, Field, SchemaRef, TimestampNanosecondType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::file_batches::{FileBatches, unreadable};
use super::kept_rows::{Column, KeptRows, Stretch};
use super::opened_file::OpenedFile;
use super::row_file::{RowFile, RowRequest, TIME, column, rows_within};
use super::series_index::SeriesIndex;
use crate::error::{EngineError, Result};
use crate::limits::BLOCK_ROWS_MAX;
use crate::schema::{TimeRange, TimeRanges};

impl RowFile {
    /// The wanted rows of a row group; `None` where it must be decoded page by page.
    pub(super) fn kept(
        &self,
        opened: &Arc<OpenedFile>,
        request: &RowRequest,
        group: usize,
    ) -> Result<Option<FileBatches>> {
        let Some(time) = column(&opened.metadata, TIME) else { return Ok(None) };
        let mut wanted = fields_of(opened, &request.schema);
        wanted.push(time);
        // rows that are left out are known by their places, which pages do not tell
        if !self.asks_again(opened, group, &wanted) && request.replaced.is_empty() {
            return Ok(None);
        }
        let Some(series) = self.series_of(opened)? else { return Ok(None) };
        let stretches = self.stretches(opened, &series, request, group, time)?;
        let stretches = without(stretches, &request.replaced);
        let schema = SchemaRef::clone(&request.schema);
        if stretches.is_empty() {
            return Ok(Some(FileBatches::none(self.name(), schema)));
        }
        let columns = self.columns_of(opened, &series, &schema, group)?;
        let rows = KeptRows::new(SchemaRef::clone(&schema), columns, stretches, request.rows_max);
        Ok(Some(FileBatches::kept(self.name(), schema, vec![rows])))
    }

    /// Fields and times of these rows, counted from the start of the file, which ascend; `None`
    /// where they must be decoded page by page.
    pub(super) fn kept_at(
        &self,
        opened: &Arc<OpenedFile>,
        schema: &SchemaRef,
        rows: &[Range<usize>],
    ) -> Result<Option<FileBatches>> {
        let wanted = fields_of(opened, schema);
        let mut again = true;
        let mut of_groups = Vec::new();
        for group in 0..opened.groups.len() {
            let of_group = opened.rows_of(group);
            let moved = |one: Range<usize>| one.start - of_group.start..one.end - of_group.start;
            let stretch = |rows| Stretch { series: 0, rows: moved(rows) };
            let found: Vec<_> = rows_within(rows, &of_group).into_iter().map(stretch).collect();
            if !found.is_empty() {
                again &= self.asks_again(opened, group, &wanted);
                of_groups.push((group, found));
            }
        }
        if !again || schema.fields().iter().any(|field| is_tag(field.data_type())) {
            return Ok(None);
        }
        let Some(series) = self.series_of(opened)? else { return Ok(None) };
        let groups = of_groups.into_iter().map(|(group, stretches)| {
            let columns = self.columns_of(opened, &series, schema, group)?;
            Ok(KeptRows::new(SchemaRef::clone(schema), columns, stretches, BLOCK_ROWS_MAX))
        });
        let groups = groups.collect::<Result<Vec<_>>>()?;
        Ok(Some(FileBatches::kept(self.name(), SchemaRef::clone(schema), groups)))
    }

    /// The rows of a row group, counted from the start of the file.
    ///
    /// # Errors
    /// As [`Self::row_groups`].
    pub fn rows_of_group(&self, group: usize) -> Result<Range<usize>> {
        Ok(self.opened()?.rows_of(group))
    }

    /// The times of a row group.
    ///
    /// # Errors
    /// `Corrupt` where the file is not what was stored, `Internal` where it cannot be read.
    pub fn times_of_group(&self, group: usize) -> Result<TimestampNanosecondArray> {
        let opened = self.opened()?;
        let time = column(&opened.metadata, TIME);
        let times = match time {
            Some(time) => self.decoded(&opened, group, &[time])?.pop(),
            None => None,
        };
        let times = times.as_ref().and_then(|times| times.as_primitive_opt()).cloned();
        times.ok_or_else(|| self.damaged("it has no time"))
    }

    /// Whether all of these columns of a row group were asked for before.
    fn asks_again(&self, opened: &OpenedFile, group: usize, columns: &[usize]) -> bool {
        if !self.memory.columns.is_open() {
            return false;
        }
        let before = columns.iter().map(|column| opened.asked.set(group, *column));
        before.fold(true, |all, asked| all & asked)
    }

    /// The rows of the row group that are of a series that passes, and in the times.
    fn stretches(
        &self,
        opened: &OpenedFile,
        series: &SeriesIndex,
        request: &RowRequest,
        group: usize,
        time: usize,
    ) -> Result<Vec<Stretch>> {
        let of_group = opened.rows_of(group);
        let passing = request.tags.as_ref().map(|tags| tags.passing(series)).transpose()?;
        let mut times: Option<ArrayRef> = None;
        let mut found = Vec::new();
        for (series, rows, wanted) in series.wanted(&of_group, passing, &request.times) {
            let rows = rows.start - of_group.start..rows.end - of_group.start;
            let Some(wanted) = wanted else {
                found.push(Stretch { series, rows });
                continue;
            };
            if times.is_none() {
                times = self.decoded(opened, group, &[time])?.pop();
            }
            let values =
                times.as_ref().and_then(|one| one.as_primitive_opt::<TimestampNanosecondType>());
            let values = values.ok_or_else(|| EngineError::internal("the time is no time"))?;
            let cut = cut(&values.values()[rows.clone()], rows.start, &wanted);
            found.extend(cut.map(|rows| Stretch { series, rows }));
        }
        Ok(found)
    }

    fn columns_of(
        &self,
        opened: &OpenedFile,
        series: &SeriesIndex,
        schema: &SchemaRef,
        group: usize,
    ) -> Result<Vec<Column>> {
        let mut decoded = self.decoded(opened, group, &fields_of(opened, schema))?.into_iter();
        let column_of = |field: &Arc<Field>| {
            let kind = field.data_type();
            let found = match is_tag(kind) {
                true => series.tags().column_by_name(field.name()).cloned().map(Column::Tag),
                false if column(&opened.metadata, field.name()).is_some() => {
                    decoded.next().map(Column::Rows)
                }
                false => None,
            };
            found.unwrap_or_else(|| Column::Absent(kind.clone()))
        };
        Ok(schema.fields().iter().map(column_of).collect())
    }

    /// Columns of a row group, from memory or into it.
    fn decoded(
        &self,
        opened: &OpenedFile,
        group: usize,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>> {
        let piece = |column: &usize| (self.number, group, *column);
        let known = |column: &usize| self.memory.columns.get(&piece(column));
        let mut found: Vec<Option<ArrayRef>> = columns.iter().map(known).collect();
        let missing = columns.iter().zip(&found).filter(|(_, found)| found.is_none());
        let missing: Vec<usize> = missing.map(|(column, _)| *column).collect();
        if !missing.is_empty() {
            let decoded = self.decode(opened, group, &missing)?;
            for (column, array) in missing.iter().zip(&decoded) {
                self.memory.keep_column(piece(column), array);
                opened.asked.clear(group, *column); // once it is pushed out, it starts anew
            }
            let places = found.iter_mut().filter(|one| one.is_none());
            places.zip(decoded).for_each(|(place, array)| *place = Some(array));
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// These columns of a row group.
    fn decode(
        &self,
        opened: &OpenedFile,
        group: usize,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>> {
        let metadata = opened.metadata.clone();
        let mask = ProjectionMask::roots(metadata.parquet_schema(), columns.iter().copied());
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.reader(), metadata)
            .with_row_groups(vec![group])
            .with_projection(mask)
            .with_batch_size(opened.groups[group].rows.max(1));
        let mut reader = builder.build().map_err(|error| self.unreadable(error))?;
        let batch = reader.next().ok_or_else(|| self.damaged("a row group of it is empty"))?;
        let batch = batch.map_err(|error| unreadable(&self.entry().path, error))?;
        if batch.num_rows() != opened.groups[group].rows {
            return Err(self.damaged("a row group of it is cut"));
        }
        // they stand in the order of the file, whatever order they were asked for in
        let names: Vec<&String> =
            columns.iter().map(|one| opened.metadata.schema().field(*one).name()).collect();
        let by_name = |name: &&String| batch.column_by_name(name).cloned();
        let arrays: Option<Vec<ArrayRef>> = names.iter().map(by_name).collect();
        arrays.ok_or_else(|| self.damaged("a column of it is missing"))
    }
}

/// The rows of ascending times that lie in the wanted ones; the first of them is row `start`.
fn cut(times: &[i64], start: usize, wanted: &TimeRanges) -> impl Iterator<Item = Range<usize>> {
    let rows = move |range: &TimeRange| {
        let first = times.partition_point(|time| *time < range.min);
        let end = times.partition_point(|time| *time <= range.max);
        start + first..start + end
    };
    wanted.ranges().iter().map(rows).filter(|rows| !rows.is_empty())
}

/// The stretches without these rows; both ascend.
fn without(stretches: Vec<Stretch>, rows: &[u32]) -> Vec<Stretch> {
    if rows.is_empty() {
        return stretches;
    }
    let mut left = Vec::with_capacity(stretches.len());
    let mut gone = rows.iter().map(|row| *row as usize).peekable();
    for Stretch { series, rows } in stretches {
        let mut start = rows.start;
        while let Some(row) = gone.next_if(|row| *row < rows.end) {
            if start < row {
                left.push(Stretch { series, rows: start..row });
            }
            start = start.max(row + 1);
        }
        if start < rows.end {
            left.push(Stretch { series, rows: start..rows.end });
        }
    }
    left
}

fn is_tag(kind: &DataType) -> bool {
    matches!(kind, DataType::Dictionary(..))
}

/// The columns of the file, tags left out, that a schema names.
fn fields_of(opened: &OpenedFile, schema: &SchemaRef) -> Vec<usize> {
    let fields = schema.fields().iter().filter(|field| !is_tag(field.data_type()));
    fields.filter_map(|field| column(&opened.metadata, field.name())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_replaced_are_left_out() {
        let stretch = |series, rows| Stretch { series, rows };
        let all = vec![stretch(0, 0..5), stretch(1, 8..10), stretch(2, 10..12)];
        assert_eq!(without(all.clone(), &[]), all);
        assert_eq!(
            without(all.clone(), &[0, 2, 3, 6, 8, 9, 11, 30]),
            [stretch(0, 1..2), stretch(0, 4..5), stretch(2, 10..11)]
        );
    }
}
