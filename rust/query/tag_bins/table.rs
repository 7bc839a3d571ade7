//! The groups so far.
//!
//! Comes in: the key columns of batches. Goes out: the number of the group of each row, and the
//! keys of all groups. Stays true: groups are numbered from zero without a hole. A batch whose tags
//! have other values than those before asks for a new table.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, DictionaryArray, Int32Array, TimestampNanosecondArray};
use arrow::datatypes::Int32Type;
use datafusion::error::Result;
use hashbrown::DefaultHashBuilder;

use super::Piece;
use super::key::{Key, KeyColumns};

/// The code of a tag that is absent.
const ABSENT: i32 = -1;

/// No group yet.
const NONE: u32 = u32::MAX;

/// Bins by their start, if they have one; each has a place per series.
type Bins = HashMap<Option<i64>, usize, DefaultHashBuilder>;

/// See the head of this file.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// The values of each tag.
    dictionaries: Vec<ArrayRef>,
    /// Codes of each tuple of tags, where there are several.
    tuples: HashMap<Box<[i32]>, usize, DefaultHashBuilder>,
    bins: Bins,
    /// For each bin the groups of its series.
    slots: Vec<Vec<u32>>,
    slot_count: usize,
    /// Codes of the tags, and the bin, of each group.
    codes: Vec<i32>,
    starts: Vec<Option<i64>>,
}

impl Table {
    /// Number of groups.
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// Bytes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        let group = 4 * self.dictionaries.len() + 16;
        let tuple = 4 * self.dictionaries.len() + 32;
        group * self.len() + 4 * self.slot_count + tuple * self.tuples.len() + 48 * self.bins.len()
    }

    /// Whether the groups of a batch can be among those of this table.
    pub(super) fn fits(&self, keys: &KeyColumns) -> bool {
        let same = |(tag, values): (&DictionaryArray<Int32Type>, &ArrayRef)| {
            Arc::ptr_eq(tag.values(), values)
        };
        self.len() == 0 || keys.tags.iter().zip(&self.dictionaries).all(same)
    }

    /// Appends the pieces of a batch of so many rows, which must fit.
    pub(super) fn find(&mut self, keys: &mut KeyColumns, rows: usize, pieces: &mut Vec<Piece>) {
        if self.len() == 0 {
            *self = Self::default();
            self.dictionaries = keys.tags.iter().map(|tag| Arc::clone(tag.values())).collect();
        }
        let mut bin = None;
        let (mut start, mut end_of_tags, mut series) = (0, 0, 0);
        let mut codes = vec![ABSENT; keys.tags.len()];
        while start < rows {
            if start == end_of_tags {
                end_of_tags = end_of_run(&keys.tags, start, rows, &mut codes);
                series = self.series(&codes);
            }
            let mut end = end_of_tags;
            let mut first = None;
            if let Some(bins) = &mut keys.bins {
                first = bins.start(start);
                end = bins.end_of_run(start, end);
            }
            let place = match bin {
                Some((known, place)) if known == first => place,
                _ => self.bin(first),
            };
            bin = Some((first, place));
            let group = self.group(place, series, &codes, first);
            pieces.push(Piece { end, group });
            start = end;
        }
    }

    /// The number of a tuple of tags.
    fn series(&mut self, codes: &[i32]) -> usize {
        match codes {
            [] => 0,
            [code] => usize::try_from(*code + 1).unwrap_or_default(),
            _ => {
                let next = self.tuples.len();
                match self.tuples.get(codes) {
                    Some(known) => *known,
                    None => *self.tuples.entry(codes.into()).or_insert(next),
                }
            }
        }
    }

    fn bin(&mut self, start: Option<i64>) -> usize {
        let next = self.slots.len();
        let place = *self.bins.entry(start).or_insert(next);
        if place == next {
            self.slots.push(Vec::new());
        }
        place
    }

    fn group(&mut self, bin: usize, series: usize, codes: &[i32], start: Option<i64>) -> usize {
        let slots = &mut self.slots[bin];
        if series >= slots.len() {
            self.slot_count += series + 1 - slots.len();
            slots.resize(series + 1, NONE);
        }
        if slots[series] == NONE {
            slots[series] = u32::try_from(self.starts.len()).unwrap_or(NONE);
            self.codes.extend_from_slice(codes);
            self.starts.push(start);
        }
        slots[series] as usize
    }

    /// The key columns of all groups, in the order of `keys`; the table is empty then.
    pub(super) fn finish(&mut self, keys: &[Key]) -> Result<Vec<ArrayRef>> {
        let table = std::mem::take(self);
        let (mut columns, mut tag) = (Vec::with_capacity(keys.len()), 0);
        for key in keys {
            match key {
                Key::Bin { .. } => {
                    let starts = TimestampNanosecondArray::from(table.starts.clone());
                    columns.push(Arc::new(starts) as ArrayRef);
                }
                Key::Tag(_) => {
                    columns.push(table.tag(tag)?);
                    tag += 1;
                }
            }
        }
        Ok(columns)
    }

    fn tag(&self, tag: usize) -> Result<ArrayRef> {
        let codes = self.codes.iter().skip(tag).step_by(self.dictionaries.len());
        let codes: Int32Array = codes.map(|code| (*code != ABSENT).then_some(*code)).collect();
        let values = Arc::clone(&self.dictionaries[tag]);
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(codes, values)?))
    }
}

/// One behind the last row, from this one on, that has the same tags; they are put into `codes`.
fn end_of_run(
    tags: &[DictionaryArray<Int32Type>],
    row: usize,
    rows: usize,
    codes: &mut [i32],
) -> usize {
    let mut end = rows;
    for (tag, code) in tags.iter().zip(codes) {
        let keys = &tag.keys().values()[row..end];
        let length = match tag.keys().nulls().filter(|nulls| nulls.null_count() > 0) {
            None => {
                *code = keys[0];
                keys.iter().position(|key| key != code)
            }
            Some(valid) => {
                let code_at =
                    |row: usize| if valid.is_valid(row) { tag.keys().value(row) } else { ABSENT };
                *code = code_at(row);
                (row..end).position(|row| code_at(row) != *code)
            }
        };
        end = row + length.unwrap_or(end - row);
    }
    end
}
