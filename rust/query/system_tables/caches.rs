//! The tables of caches.

use super::columns::{Column, numbers, numbers_or_null, unsigned, view, views, views_or_null};
use super::rows::{DistinctCacheRow, LastCacheRow};

pub(super) fn last(rows: &[LastCacheRow]) -> Vec<Column> {
    let values = |row: &LastCacheRow| row.values.as_deref().map(ids);
    let value_names = |row: &LastCacheRow| row.values.as_deref().map(names);
    vec![
        view("table", rows.iter().map(|row| &row.table)),
        view("name", rows.iter().map(|row| &row.name)),
        numbers("key_column_ids", rows.iter().map(|row| ids(&row.keys))),
        views("key_column_names", rows.iter().map(|row| names(&row.keys))),
        numbers_or_null("value_column_ids", rows.iter().map(values)),
        views_or_null("value_column_names", rows.iter().map(value_names)),
        unsigned("count", rows.iter().map(|row| row.count)),
        unsigned("ttl", rows.iter().map(|row| row.ttl_s)),
    ]
}

pub(super) fn distinct(rows: &[DistinctCacheRow]) -> Vec<Column> {
    vec![
        view("table", rows.iter().map(|row| &row.table)),
        view("name", rows.iter().map(|row| &row.name)),
        numbers("column_ids", rows.iter().map(|row| ids(&row.columns))),
        views("column_names", rows.iter().map(|row| names(&row.columns))),
        unsigned("max_cardinality", rows.iter().map(|row| row.max_cardinality)),
        unsigned("max_age_seconds", rows.iter().map(|row| row.max_age_s)),
    ]
}

fn ids(columns: &[(u16, String)]) -> Vec<u16> {
    columns.iter().map(|(id, _)| *id).collect()
}

fn names(columns: &[(u16, String)]) -> Vec<String> {
    columns.iter().map(|(_, name)| name.clone()).collect()
}
