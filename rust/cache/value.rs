//! Values of cells, and of keys, by which caches are asked.
//!
//! What stays true: values of keys have an order, and one that is absent comes before all others.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::schema::Tags;

/// A value that can be part of a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyValue {
    /// True or false.
    Boolean(bool),
    /// 64-bit signed integer.
    Integer(i64),
    /// 64-bit unsigned integer.
    Unsigned(u64),
    /// A tag or a text.
    Text(Arc<str>),
}

impl fmt::Display for KeyValue {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(text, "{value}"),
            Self::Integer(value) => write!(text, "{value}"),
            Self::Unsigned(value) => write!(text, "{value}"),
            Self::Text(value) => text.write_str(value),
        }
    }
}

impl KeyValue {
    /// Bytes of text.
    pub(super) fn text_bytes(&self) -> usize {
        if let Self::Text(text) = self { text.len() } else { 0 }
    }
}

/// A value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// 64-bit float.
    Float(f64),
    /// Anything else.
    Other(KeyValue),
}

/// The values of the key columns, in their order.
pub(super) type Key = Arc<[Option<KeyValue>]>;

/// Bytes of a key in memory, about.
pub(super) fn key_bytes(key: &[Option<KeyValue>]) -> usize {
    let value = |value: &Option<KeyValue>| value.as_ref().map_or(0, KeyValue::text_bytes);
    KEY_BYTES + key.iter().map(|one| size_of::<Option<KeyValue>>() + value(one)).sum::<usize>()
}

/// Bytes that a key takes in a map, about, without its values.
const KEY_BYTES: usize = 64;

/// What a key column must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCondition {
    /// Which of the key columns, from 0.
    pub column: usize,
    /// The values that it may have, or may not have.
    pub values: BTreeSet<KeyValue>,
    /// Whether it may not have them. A value that is absent never passes.
    pub negated: bool,
}

impl KeyCondition {
    pub(super) fn passes(&self, key: &[Option<KeyValue>]) -> bool {
        let value = key.get(self.column).and_then(Option::as_ref);
        value.is_some_and(|value| self.values.contains(value) != self.negated)
    }
}

/// The order of two series by their tags, column by column; a tag that is absent comes first.
pub(super) fn compare_series(left: &[u8], right: &[u8]) -> Ordering {
    let (mut left, mut right) = (Tags::of(left), Tags::of(right));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some((left_id, left)), Some((right_id, right))) => {
                // the one whose next tag comes later lacks the one that the other has
                let order = right_id.cmp(&left_id).then_with(|| left.cmp(right));
                if order.is_ne() {
                    return order;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::SeriesKeys;

    fn series(tags: &[(u16, &str)]) -> Vec<u8> {
        let mut keys = SeriesKeys::default();
        for (column, value) in tags {
            keys.push_tag(*column, value);
        }
        keys.bytes
    }

    #[test]
    fn series_are_ordered_by_their_tags_and_absent_ones_come_first() {
        let sorted = [
            series(&[]),
            series(&[(1, "z")]),
            series(&[(0, "a")]),
            series(&[(0, "a"), (1, "b")]),
            series(&[(0, "aa")]),
            series(&[(0, "b")]),
        ];
        for (place, left) in sorted.iter().enumerate() {
            for (other, right) in sorted.iter().enumerate() {
                assert_eq!(compare_series(left, right), place.cmp(&other), "{place} {other}");
            }
        }
    }
}
