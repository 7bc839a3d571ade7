//! Tag columns become series: each distinct tag set once, and a number per row.
//!
//! A tag is looked up once per value of a dictionary, or once per run of equal texts. The codes of
//! a row are packed into one 64-bit word, tag by tag; where they do not fit, the words so far are
//! numbered anew, in order of appearance. So the work per row is some shifts and one look-up, and
//! nothing is allocated per row.

use std::collections::HashMap;

use arrow::array::{Array, ArrayData, AsArray, RecordBatch};
use hashbrown::DefaultHashBuilder;

use super::super::batch::{SeriesKeys, length_u32};
use super::super::catalog::Table;
use super::cells::check_text_bytes;
use super::roles::Part;
use super::texts::Texts;
use crate::error::{EngineError, Result};

/// Code of a row that lacks the tag.
const ABSENT: u32 = 0;

/// The tag sets of all rows, and for each row the number of its tag set.
pub(super) fn series(
    batches: &[RecordBatch],
    tags: &[&Part],
    table: &Table,
) -> Result<(SeriesKeys, Vec<u32>)> {
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let mut columns = Vec::with_capacity(tags.len());
    for tag in tags {
        let column = table.column(&tag.name);
        let id = column.ok_or_else(|| EngineError::internal("a tag was made and is missing"))?.id;
        let mut codes = TagCodes::new(rows);
        for batch in batches {
            codes.add(batch, tag.index);
        }
        columns.push((id, codes));
    }
    columns.sort_by_key(|(id, _)| *id);
    let (series_of_row, first_rows) = number_rows(&columns, rows);
    let mut keys = SeriesKeys::default();
    for row in first_rows {
        for (id, codes) in &columns {
            if let Some(value) = codes.value(row) {
                keys.push_tag(*id, value);
                check_text_bytes(keys.bytes.len(), &table.name)?;
            }
        }
        keys.end_key();
    }
    Ok((keys, series_of_row))
}

/// One tag: a code per row, and what the codes stand for.
struct TagCodes<'a> {
    known: HashMap<&'a str, u32, DefaultHashBuilder>,
    values: Vec<&'a str>,
    of_row: Vec<u32>,
    /// The dictionary of the batch before, and the codes of its values.
    dictionary: Option<(ArrayData, Vec<u32>)>,
}

impl<'a> TagCodes<'a> {
    fn new(rows: usize) -> Self {
        Self {
            known: HashMap::default(),
            values: Vec::new(),
            of_row: Vec::with_capacity(rows),
            dictionary: None,
        }
    }

    fn value(&self, row: usize) -> Option<&'a str> {
        let code = self.of_row[row] as usize;
        code.checked_sub(1).map(|code| self.values[code])
    }

    /// The code of a text; an empty one counts as absent.
    fn code(&mut self, text: Option<&'a str>) -> u32 {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return ABSENT };
        let next = length_u32(self.values.len() + 1);
        let code = *self.known.entry(text).or_insert(next);
        if code == next {
            self.values.push(text);
        }
        code
    }

    fn add(&mut self, batch: &'a RecordBatch, index: usize) {
        let array = batch.column(index);
        match Texts::of(array) {
            Some(Texts::Dictionary { keys, nulls, values }) => {
                let data = array.as_any_dictionary().values().to_data();
                let codes = self.codes_of(&data, &values);
                let start = self.of_row.len();
                let code = |key: usize| codes.get(key).copied().unwrap_or(ABSENT);
                keys.extend(&mut self.of_row, code);
                if let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) {
                    let rows = self.of_row[start..].iter_mut().zip(nulls.iter());
                    rows.filter(|(_, valid)| !valid).for_each(|(code, _)| *code = ABSENT);
                }
                self.dictionary = Some((data, codes));
            }
            Some(texts) => self.add_texts(&texts),
            None => self.of_row.resize(self.of_row.len() + array.len(), ABSENT),
        }
    }

    /// The codes of the values of a dictionary; batches nearly always share one.
    fn codes_of(&mut self, data: &ArrayData, values: &Texts<'a>) -> Vec<u32> {
        match self.dictionary.take() {
            Some((before, codes)) if before.ptr_eq(data) => codes,
            _ => (0..values.len()).map(|value| self.code(values.get(value))).collect(),
        }
    }

    fn add_texts(&mut self, texts: &Texts<'a>) {
        let mut last = (None, ABSENT);
        for row in 0..texts.len() {
            let text = texts.get(row);
            if text != last.0 {
                last = (text, self.code(text));
            }
            self.of_row.push(last.1);
        }
    }
}

/// Numbers the distinct combinations of codes in order of appearance; gives the number of each row,
/// and for each number its first row.
fn number_rows<T>(columns: &[(T, TagCodes<'_>)], rows: usize) -> (Vec<u32>, Vec<usize>) {
    let mut words = vec![0_u64; rows];
    let mut bits = 0;
    for (_, codes) in columns {
        let more = bits_for(codes.values.len());
        if bits + more > u64::BITS {
            let (numbers, first_rows) = number_words(&words);
            bits = bits_for(first_rows.len());
            words.iter_mut().zip(numbers).for_each(|(word, number)| *word = u64::from(number));
        }
        let shift_in = |(word, code): (&mut u64, &u32)| *word = *word << more | u64::from(*code);
        words.iter_mut().zip(&codes.of_row).for_each(shift_in);
        bits += more;
    }
    number_words(&words)
}

/// Bits of the numbers from 0 to `greatest`.
fn bits_for(greatest: usize) -> u32 {
    usize::BITS - greatest.leading_zeros()
}

fn number_words(words: &[u64]) -> (Vec<u32>, Vec<usize>) {
    let mut known: HashMap<u64, u32, DefaultHashBuilder> = HashMap::default();
    let mut first_rows = Vec::new();
    let mut last: Option<(u64, u32)> = None;
    let mut numbers = Vec::with_capacity(words.len());
    for (row, word) in words.iter().enumerate() {
        let number = match last {
            Some((before, number)) if before == *word => number,
            _ => *known.entry(*word).or_insert_with(|| {
                first_rows.push(row);
                length_u32(first_rows.len() - 1)
            }),
        };
        last = Some((*word, number));
        numbers.push(number);
    }
    (numbers, first_rows)
}
