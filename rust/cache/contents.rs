//! What both caches do, and what they do alike.

use std::collections::BTreeMap;
use std::fmt;

use super::progress::Fill;
use super::rows::Rows;
use super::value::{Key, KeyCondition, KeyValue};
use crate::schema::{RowDeletion, Table, TagCondition, Tags};

/// The contents of one cache.
pub(super) trait Contents: Send + Sync + fmt::Debug {
    /// Takes rows that were written now.
    fn feed(&self, rows: &Rows<'_>, table: &Table, now_ns: i64);

    /// Loses rows.
    fn delete(&self, deletion: &RowDeletion, table: &Table);

    /// Must be filled from nothing.
    fn spoil(&self);

    /// Begins to be filled with a view of its table that has rows up to `newest`. Nothing may be
    /// written between the moment of the view and this call.
    fn begin_fill(&self, now_ns: i64, newest: i64) -> Fill;

    /// Takes rows of the view; false where the fill counts for nothing any more.
    fn fill(&self, fill: &Fill, rows: &Rows<'_>, table: &Table) -> bool;

    /// Has got all rows, unless the fill counts for nothing by now.
    fn end_fill(&self, fill: &Fill);

    /// Lets go of what is too old.
    fn expire(&self, now_ns: i64);
}

/// Whether a deletion covers a row.
pub(super) fn covers(deletion: &RowDeletion, table: &Table, series: &[u8], time: i64) -> bool {
    let holds = |condition: &TagCondition| {
        let id = table.column(&condition.tag).map(|column| column.id);
        let value = Tags::of(series).find(|(column, _)| Some(*column) == id);
        let value = value.map(|(_, value)| value);
        condition.values.iter().any(|one| one.as_deref().map(str::as_bytes) == value)
    };
    let times = deletion.times;
    (times.min..=times.max).contains(&time) && deletion.tags.iter().all(holds)
}

/// A condition that names the values of the first key column.
pub(super) fn first_values(passing: &[KeyCondition]) -> Option<&KeyCondition> {
    passing.iter().find(|one| one.column == 0 && !one.negated)
}

/// The keys whose first value is this one.
pub(super) fn keys_below<'m, V>(
    keys: &'m BTreeMap<Key, V>,
    first: &KeyValue,
) -> impl Iterator<Item = (&'m Key, &'m V)> + use<'m, V> {
    let first = Some(first.clone());
    let from: Key = [first.clone()].into();
    keys.range(from..).take_while(move |(key, _)| key.first() == Some(&first))
}
