//! Wanted rows of a row group whose columns are in memory.
//!
//! Comes in: decoded columns, the tags of the file's series, and stretches of rows, each of one
//! series. Goes out: batches in the order of the file. What stays true: stretches that lie together
//! are not copied; shorter ones that lie apart are gathered into one batch.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int32Array, RecordBatch, RecordBatchOptions,
    UInt32Array, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type, SchemaRef};
use arrow::error::ArrowError;

/// Rows that are not copied together with others: a batch of its own costs less.
const SLICE_ROWS_MIN: usize = 1_024;

/// Rows of one series, counted from the start of the row group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) series: usize,
    pub(super) rows: Range<usize>,
}

/// Where the values of one column come from.
#[derive(Debug, Clone)]
pub(super) enum Column {
    /// One value per series of the file.
    Tag(ArrayRef),
    /// One value per row of the row group.
    Rows(ArrayRef),
    /// The file does not have it.
    Absent(DataType),
}

/// See the head of this file.
#[derive(Debug)]
pub(super) struct KeptRows {
    schema: SchemaRef,
    columns: Vec<Column>,
    stretches: std::vec::IntoIter<Stretch>,
    /// The rest of a stretch, or one that was looked at.
    ahead: Option<Stretch>,
    rows_max: usize,
}

impl KeptRows {
    /// One of `columns` for each field of the schema; stretches ascend.
    pub(super) fn new(
        schema: SchemaRef,
        columns: Vec<Column>,
        stretches: Vec<Stretch>,
        rows_max: usize,
    ) -> Self {
        Self { schema, columns, stretches: stretches.into_iter(), ahead: None, rows_max }
    }

    /// The next batch, whose stretches fit into it.
    pub(super) fn next(&mut self) -> Option<Result<RecordBatch, ArrowError>> {
        let chosen = self.next_stretches();
        (!chosen.is_empty()).then(|| self.batch(&chosen))
    }

    fn next_stretches(&mut self) -> Vec<Stretch> {
        let (mut chosen, mut together, mut room) = (Vec::<Stretch>::new(), true, self.rows_max);
        while room > 0 {
            let Some(stretch) = self.ahead.take().or_else(|| self.stretches.next()) else { break };
            let touches =
                chosen.last().is_none_or(|last: &Stretch| last.rows.end == stretch.rows.start);
            let taken = self.rows_max - room;
            let long = stretch.rows.len() >= SLICE_ROWS_MIN || together && taken >= SLICE_ROWS_MIN;
            if !touches && long {
                self.ahead = Some(stretch);
                break;
            }
            together &= touches;
            let part = stretch.rows.start..stretch.rows.end.min(stretch.rows.start + room);
            if part.end < stretch.rows.end {
                self.ahead =
                    Some(Stretch { series: stretch.series, rows: part.end..stretch.rows.end });
            }
            room -= part.len();
            chosen.push(Stretch { series: stretch.series, rows: part });
        }
        chosen
    }

    fn batch(&self, chosen: &[Stretch]) -> Result<RecordBatch, ArrowError> {
        let picked = Picked::of(chosen);
        let columns = self.columns.iter().map(|column| picked.column(column, chosen));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(picked.len()));
        RecordBatch::try_new_with_options(SchemaRef::clone(&self.schema), columns, &options)
    }
}

/// The rows of one batch.
enum Picked {
    /// They lie together.
    Range(Range<usize>),
    Apart(UInt32Array),
}

impl Picked {
    fn of(chosen: &[Stretch]) -> Self {
        let together = chosen.windows(2).all(|two| two[0].rows.end == two[1].rows.start);
        if let (true, [first, .., last] | [first @ last]) = (together, chosen) {
            return Self::Range(first.rows.start..last.rows.end);
        }
        let rows = chosen.iter().flat_map(|stretch| stretch.rows.clone());
        let rows = rows.filter_map(|row| u32::try_from(row).ok());
        Self::Apart(UInt32Array::from_iter_values(rows))
    }

    fn len(&self) -> usize {
        match self {
            Self::Range(rows) => rows.len(),
            Self::Apart(rows) => rows.len(),
        }
    }

    fn column(&self, column: &Column, chosen: &[Stretch]) -> Result<ArrayRef, ArrowError> {
        match (column, self) {
            (Column::Tag(tags), _) => repeated(tags, chosen, self.len()),
            (Column::Rows(values), Self::Range(rows)) => Ok(values.slice(rows.start, rows.len())),
            (Column::Rows(values), Self::Apart(rows)) => take(values, rows, None),
            (Column::Absent(kind), _) => Ok(new_null_array(kind, self.len())),
        }
    }
}

/// The tag of each row; the tags are those of the series.
fn repeated(tags: &ArrayRef, chosen: &[Stretch], rows: usize) -> Result<ArrayRef, ArrowError> {
    let tags = tags.as_dictionary_opt::<Int32Type>();
    let tags = tags.ok_or_else(|| ArrowError::SchemaError("a tag is no dictionary".to_owned()))?;
    let mut keys: Vec<i32> = Vec::with_capacity(rows);
    let mut is_null = false;
    for Stretch { series, rows } in chosen {
        is_null |= tags.is_null(*series);
        keys.resize(keys.len() + rows.len(), tags.keys().value(*series));
    }
    let nulls = is_null.then(|| {
        let valid = |one: &Stretch| std::iter::repeat_n(tags.is_valid(one.series), one.rows.len());
        chosen.iter().flat_map(valid).collect::<NullBuffer>()
    });
    let keys = Int32Array::new(keys.into(), nulls);
    Ok(Arc::new(DictionaryArray::try_new(keys, Arc::clone(tags.values()))?))
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;
    use arrow::datatypes::{Field, Schema};

    use super::*;

    fn kept(stretches: &[(usize, Range<usize>)], rows_max: usize) -> KeptRows {
        let tags: DictionaryArray<Int32Type> =
            vec![Some("a"), None, Some("b")].into_iter().collect();
        let tags: ArrayRef = Arc::new(tags);
        let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10_000));
        let schema = Arc::new(Schema::new(vec![
            Field::new("tag", tags.data_type().clone(), true),
            Field::new("value", DataType::Int64, true),
            Field::new("later", DataType::Float64, true),
        ]));
        let columns =
            vec![Column::Tag(tags), Column::Rows(values), Column::Absent(DataType::Float64)];
        let stretch = |(series, rows): &(usize, Range<usize>)| Stretch {
            series: *series,
            rows: rows.clone(),
        };
        KeptRows::new(schema, columns, stretches.iter().map(stretch).collect(), rows_max)
    }

    /// The values of each batch, and its tags by row.
    fn read(mut kept: KeptRows) -> Vec<(Vec<i64>, Vec<Option<String>>)> {
        std::iter::from_fn(|| kept.next())
            .map(|batch| {
                let batch = batch.expect("a batch");
                let values = batch.column(1).as_primitive::<arrow::datatypes::Int64Type>();
                let tags = batch.column(0).as_dictionary::<Int32Type>();
                let text = tags.downcast_dict::<arrow::array::StringArray>().expect("texts");
                assert_eq!(batch.column(2).null_count(), batch.num_rows());
                let tags = text.into_iter().map(|tag| tag.map(str::to_owned)).collect();
                (values.values().to_vec(), tags)
            })
            .collect()
    }

    #[test]
    fn short_stretches_that_lie_apart_come_in_one_batch() {
        let batches = read(kept(&[(0, 1..3), (1, 5..6), (2, 9..11)], 100));
        let tag = |text: &str| Some(text.to_owned());
        assert_eq!(
            batches,
            [(vec![1, 2, 5, 9, 10], vec![tag("a"), tag("a"), None, tag("b"), tag("b")])]
        );
    }

    #[test]
    fn long_stretches_come_by_themselves_and_no_batch_is_too_long() {
        let sizes = |stretches: &[(usize, Range<usize>)], rows_max| -> Vec<usize> {
            read(kept(stretches, rows_max)).into_iter().map(|(values, _)| values.len()).collect()
        };
        assert_eq!(sizes(&[(0, 0..5), (1, 10..2_000), (2, 3_000..3_004)], 8_192), [5, 1_990, 4]);
        assert_eq!(sizes(&[(0, 0..700), (1, 700..1_400)], 8_192), [1_400], "they lie together");
        assert_eq!(sizes(&[(0, 0..25), (1, 30..35)], 10), [10, 10, 10]);
        assert_eq!(sizes(&[], 10), [0; 0]);
    }
}
