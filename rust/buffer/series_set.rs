//! The series of one table: their numbers, their tags as codes, and the times seen of each.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use arrow::array::StringArray;
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use hashbrown::{DefaultHashBuilder, HashTable};

use super::seen_times::SeenTimes;
use crate::schema::{ColumnId, SeriesKeys, Tags};

/// Code of a series that lacks a tag.
pub(super) const NO_TAG: i32 = -1;

/// Numbers for the series of a table, given in the order of their first rows.
#[derive(Debug, Default)]
pub(super) struct SeriesSet {
    hasher: DefaultHashBuilder,
    numbers: HashTable<u32>,
    keys: SeriesKeys,
    tags: BTreeMap<ColumnId, TagValues>,
    /// The times of each series, coarsely.
    pub(super) seen: SeenTimes,
    frozen: BTreeMap<ColumnId, TagSnapshot>,
}

/// One tag of all series: for each series a code, and what the codes stand for.
#[derive(Debug, Clone)]
pub(super) struct TagSnapshot {
    /// A code per series; `NO_TAG` where it lacks the tag. May be shorter than the series.
    pub(super) codes: ScalarBuffer<i32>,
    /// The values by code.
    pub(super) values: Arc<StringArray>,
}

impl TagSnapshot {
    /// The value of a series; `None` where it lacks the tag.
    pub(super) fn value(&self, series: u32) -> Option<&str> {
        let code = *self.codes.get(series as usize)?;
        usize::try_from(code).ok().map(|code| self.values.value(code)) // `NO_TAG` is negative
    }
}

#[derive(Debug, Default)]
struct TagValues {
    by_value: HashTable<i32>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    codes: Vec<i32>,
}

impl TagValues {
    fn value(&self, code: i32) -> &[u8] {
        let index = usize::try_from(code).unwrap_or_default();
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }

    fn code(&mut self, hasher: &DefaultHashBuilder, value: &[u8]) -> i32 {
        let hash = hasher.hash_one(value);
        if let Some(code) = self.by_value.find(hash, |code| self.value(*code) == value) {
            return *code;
        }
        let code = i32::try_from(self.ends.len()).unwrap_or(i32::MAX);
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len());
        let (bytes, ends) = (&self.bytes, &self.ends);
        self.by_value.insert_unique(hash, code, |one| {
            let index = usize::try_from(*one).unwrap_or_default();
            let start = if index == 0 { 0 } else { ends[index - 1] };
            hasher.hash_one(&bytes[start..ends[index]])
        });
        code
    }

    fn freeze(&self) -> TagSnapshot {
        let lengths = std::iter::once(0).chain(self.ends.iter().copied());
        let lengths = lengths.zip(&self.ends).map(|(start, end)| end - start);
        let offsets = OffsetBuffer::from_lengths(lengths);
        let values = StringArray::new(offsets, self.bytes.clone().into(), None);
        TagSnapshot { codes: self.codes.clone().into(), values: Arc::new(values) }
    }
}

impl SeriesSet {
    /// Number of series.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Bytes of keys, codes and values, about.
    pub(super) fn bytes(&self) -> usize {
        let of_tag = |tag: &TagValues| tag.bytes.len() + 12 * tag.ends.len() + 4 * tag.codes.len();
        let of_series = 16 + SeenTimes::BYTES;
        self.keys.bytes.len()
            + of_series * self.len()
            + self.tags.values().map(of_tag).sum::<usize>()
    }

    /// The number of the series with that key; a new one where there is none.
    pub(super) fn number(&mut self, key: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(key);
        let found = self.numbers.find(hash, |number| self.keys.key(*number as usize) == key);
        found.copied().unwrap_or_else(|| self.add(key, hash))
    }

    fn add(&mut self, key: &[u8], hash: u64) -> u32 {
        let series = self.len();
        for (column, value) in Tags::of(key) {
            let tag = self.tags.entry(column).or_default();
            let code = tag.code(&self.hasher, value);
            tag.codes.resize(series, NO_TAG);
            tag.codes.push(code);
        }
        self.keys.bytes.extend_from_slice(key);
        let number = self.keys.end_key();
        self.seen.add_series();
        let (hasher, keys) = (&self.hasher, &self.keys);
        self.numbers.insert_unique(hash, number, |one| hasher.hash_one(keys.key(*one as usize)));
        number
    }

    /// All tags as they are now. What has not grown since the last call is shared with it.
    pub(super) fn freeze(&mut self) -> BTreeMap<ColumnId, TagSnapshot> {
        for (column, tag) in &self.tags {
            let frozen = self.frozen.get(column);
            if frozen.is_none_or(|frozen| frozen.codes.len() != tag.codes.len()) {
                self.frozen.insert(*column, tag.freeze());
            }
        }
        self.frozen.clone()
    }
}
