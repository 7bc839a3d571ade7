//! Rows that are refused, and why.
//!
//! What stays true: a row has one reason, the first that was found. Nothing is kept per row as long
//! as no row is refused. Neighbours with one reason are one entry of the answer.

use arrow::array::{Array, ArrayData, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Float64Type};

use super::super::catalog::ColumnKind;
use super::super::resolve::RefusedLine;
use super::cells::{raw_times, unit_of};
use super::roles::{Part, Roles};
use super::texts::Texts;
use crate::error::{EngineError, Result};
use crate::limits::{LINE_TEXT_BYTES_MAX, REFUSED_RANGES_MAX};
use crate::line::Precision;

const TAKEN: u32 = 0;

/// See the head of this file. Rows are counted over all batches.
#[derive(Debug, Default)]
pub(super) struct Faults {
    reasons: Vec<String>,
    /// For each row its reason, from 1; empty where all rows are taken.
    of_row: Vec<u32>,
    rows: usize,
}

impl Faults {
    /// Looks for rows that are wrong in themselves or do not fit the table.
    pub(super) fn find(
        batches: &[RecordBatch],
        roles: &Roles,
        precision: Precision,
    ) -> Result<Self> {
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        let mut faults = Self { rows, ..Self::default() };
        for part in roles.parts() {
            faults.find_in_part(batches, part)?;
        }
        if let Some(time) = roles.time {
            faults.find_times(batches, time, precision)?;
        }
        faults.find_empty(batches, &roles.fields);
        Ok(faults)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.of_row.is_empty()
    }

    /// Refuses those of the rows that are not refused yet.
    fn mark(&mut self, reason: &str, rows: impl Iterator<Item = usize>) {
        let mut number = None;
        for row in rows {
            let number = *number.get_or_insert_with(|| {
                self.reasons.push(reason.to_owned());
                u32::try_from(self.reasons.len()).unwrap_or(u32::MAX)
            });
            if self.of_row.is_empty() {
                self.of_row.resize(self.rows, TAKEN);
            }
            if self.of_row[row] == TAKEN {
                self.of_row[row] = number;
            }
        }
    }

    /// Refuses rows that have a value in a column.
    pub(super) fn mark_present(&mut self, batches: &[RecordBatch], part: &Part, reason: &str) {
        for (start, array) in arrays(batches, part.index) {
            let present = presence(array, part.kind);
            self.mark(reason, present.set_indices().map(|row| start + row));
        }
    }

    pub(super) fn mark_all(&mut self, reason: &str) {
        self.mark(reason, 0..self.rows);
    }

    fn find_in_part(&mut self, batches: &[RecordBatch], part: &Part) -> Result<()> {
        if let Some(reason) = &part.fault {
            self.mark_present(batches, part, reason);
        }
        match part.kind {
            ColumnKind::Float => {
                for (start, array) in arrays(batches, part.index) {
                    self.find_not_finite(start, array, &part.name)?;
                }
            }
            ColumnKind::Tag | ColumnKind::String => self.find_too_long(batches, part.index),
            _ => {}
        }
        Ok(())
    }

    fn find_not_finite(&mut self, start: usize, array: &ArrayRef, name: &str) -> Result<()> {
        let wide = cast(array, &DataType::Float64)
            .map_err(|error| EngineError::internal("floats cannot be widened").caused_by(error))?;
        let wide = wide.as_primitive::<Float64Type>();
        if wide.values().iter().all(|value| value.is_finite()) {
            return Ok(());
        }
        let is_bad = |row: &usize| wide.is_valid(*row) && !wide.value(*row).is_finite();
        let reason = format!("field '{name}' is not a finite number");
        self.mark(&reason, (0..wide.len()).filter(is_bad).map(|row| start + row));
        Ok(())
    }

    fn find_too_long(&mut self, batches: &[RecordBatch], index: usize) {
        // Small batches may share a large dictionary: its values are looked at once.
        let mut newest: Option<(ArrayData, bool)> = None;
        for (start, array) in arrays(batches, index) {
            let dictionary = array.as_any_dictionary_opt();
            let values = dictionary.map_or(array, |dictionary| dictionary.values());
            let data = values.to_data();
            let any_longer = match &newest {
                Some((before, known)) if before.ptr_eq(&data) => *known,
                _ => any_longer(values),
            };
            newest = Some((data, any_longer));
            if let Some(texts) = any_longer.then(|| Texts::of(array)).flatten() {
                let rows = (0..texts.len()).filter(|row| texts.get(*row).is_some_and(is_long));
                self.mark("String is greater than 1MB", rows.map(|row| start + row));
            }
        }
    }

    fn find_times(
        &mut self,
        batches: &[RecordBatch],
        index: usize,
        precision: Precision,
    ) -> Result<()> {
        for (start, array) in arrays(batches, index) {
            let unit = unit_of(array.data_type(), precision);
            if let Some(raw) = raw_times(array)?.filter(|_| unit != Precision::Nanosecond) {
                let is_bad = |row: &usize| {
                    raw.is_valid(*row) && unit.to_nanoseconds(raw.value(*row)).is_err()
                };
                let reason = format!("timestamp out of range for precision: {unit:?}");
                self.mark(&reason, (0..raw.len()).filter(is_bad).map(|row| start + row));
            }
        }
        Ok(())
    }

    fn find_empty(&mut self, batches: &[RecordBatch], fields: &[Part]) {
        let mut start = 0;
        for batch in batches {
            if let Some(any) = any_present(batch, fields) {
                let rows = any.iter().enumerate().filter(|(_, has)| !has);
                self.mark("No fields were provided", rows.map(|(row, _)| start + row));
            }
            start += batch.num_rows();
        }
    }

    /// The rows that are taken, with their own batches and columns.
    pub(super) fn taken(&self, batches: &[RecordBatch]) -> Result<Vec<RecordBatch>> {
        if self.is_empty() {
            return Ok(batches.to_vec());
        }
        let mut start = 0;
        let mut taken = Vec::with_capacity(batches.len());
        for batch in batches {
            let reasons = &self.of_row[start..start + batch.num_rows()];
            let mask: BooleanBuffer = reasons.iter().map(|reason| *reason == TAKEN).collect();
            let rows = filter_record_batch(batch, &BooleanArray::new(mask, None));
            taken.push(rows.map_err(|error| {
                EngineError::internal("rows cannot be taken apart").caused_by(error)
            })?);
            start += batch.num_rows();
        }
        taken.retain(|batch| batch.num_rows() > 0);
        Ok(taken)
    }

    /// The refused rows, neighbours with one reason together. The last entry stands for all that
    /// are not listed.
    pub(super) fn ranges(&self) -> Vec<RefusedLine> {
        let mut ranges = Vec::new();
        let (mut start, mut message_bytes) = (0, 0);
        for chunk in self.of_row.chunk_by(|left, right| left == right) {
            let end = start + chunk.len();
            if chunk[0] != TAKEN {
                // A long name of a column stands in each of its messages.
                if ranges.len() == REFUSED_RANGES_MAX || message_bytes > LINE_TEXT_BYTES_MAX {
                    ranges.push(self.all_further(start));
                    return ranges;
                }
                let reason = &self.reasons[chunk[0] as usize - 1];
                message_bytes += reason.len();
                ranges.push(refused(start, end, end - start, reason));
            }
            start = end;
        }
        ranges
    }

    fn all_further(&self, start: usize) -> RefusedLine {
        let rows = self.of_row[start..].iter().filter(|reason| **reason != TAKEN).count();
        let reason = format!("{rows} further rows are refused, in ranges that are not listed");
        refused(start, self.rows, rows, &reason)
    }
}

fn refused(start: usize, end: usize, lines: usize, reason: &str) -> RefusedLine {
    let rows = if end - start == 1 {
        format!("row {end}")
    } else {
        format!("rows {} to {end}", start + 1)
    };
    let message = format!("{rows}: {reason}");
    RefusedLine { message, line_number: start + 1, original_line: rows, lines }
}

/// A column of each batch, with the number of its first row.
fn arrays(batches: &[RecordBatch], index: usize) -> impl Iterator<Item = (usize, &ArrayRef)> {
    batches.iter().scan(0, move |next, batch| {
        let start = *next;
        *next += batch.num_rows();
        Some((start, batch.column(index)))
    })
}

fn is_long(text: &str) -> bool {
    text.len() > LINE_TEXT_BYTES_MAX
}

fn any_longer(values: &ArrayRef) -> bool {
    let texts = Texts::of(values);
    texts.is_some_and(|texts| (0..texts.len()).any(|row| texts.get(row).is_some_and(is_long)))
}

/// Which rows have a value; an empty tag is none.
fn presence(array: &ArrayRef, kind: ColumnKind) -> BooleanBuffer {
    if kind == ColumnKind::Tag
        && let Some(texts) = Texts::of(array)
    {
        let has_text = |row| texts.get(row).is_some_and(|text| !text.is_empty());
        return (0..texts.len()).map(has_text).collect();
    }
    let all = || BooleanBuffer::new_set(array.len());
    array.logical_nulls().map_or_else(all, |nulls| nulls.inner().clone())
}

/// Whether any row has a value in a column.
pub(super) fn occurs(batches: &[RecordBatch], part: &Part) -> bool {
    let has_any = |array: &ArrayRef| presence(array, part.kind).has_true();
    let arrays = || batches.iter().map(|batch| batch.column(part.index));
    // The first row nearly always has one.
    arrays().any(|array| has_any(&array.slice(0, 1))) || arrays().any(has_any)
}

/// Which rows have any field; `None` where all have.
fn any_present(batch: &RecordBatch, fields: &[Part]) -> Option<BooleanBuffer> {
    let mut any = BooleanBuffer::new_unset(batch.num_rows());
    for field in fields {
        let nulls: Option<NullBuffer> = batch.column(field.index).logical_nulls();
        let nulls = nulls.filter(|nulls| nulls.null_count() > 0)?;
        any = &any | nulls.inner();
    }
    Some(any)
}
