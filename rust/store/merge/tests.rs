//! Merges against a model that knows only: the newest source with a value wins.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow::datatypes::{
    DataType, Field, Int32Type, Int64Type, Schema, SchemaRef, TimeUnit, TimestampNanosecondType,
};
use proptest::prelude::*;

use super::*;

/// (tags, time) and the two fields.
type Key = (Option<String>, Option<String>, i64);
type Fields = (Option<i64>, Option<String>);
type Rows = BTreeMap<Key, Fields>;

fn schema() -> SchemaRef {
    let tag = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    Arc::new(Schema::new(vec![
        Field::new("a", tag.clone(), true),
        Field::new("b", tag, true),
        Field::new("number", DataType::Int64, true),
        Field::new("text", DataType::Utf8, true),
        Field::new("time", DataType::Timestamp(TimeUnit::Nanosecond, None), false),
    ]))
}

fn columns() -> SortColumns {
    SortColumns { tags: vec![0, 1], time: 4 }
}

fn batch_of(rows: &[(&Key, &Fields)]) -> RecordBatch {
    let tag = |of: fn(&Key) -> Option<&str>| -> ArrayRef {
        let values = rows.iter().map(|(key, _)| of(key));
        Arc::new(values.collect::<DictionaryArray<Int32Type>>())
    };
    let arrays: Vec<ArrayRef> = vec![
        tag(|key| key.0.as_deref()),
        tag(|key| key.1.as_deref()),
        Arc::new(rows.iter().map(|(_, fields)| fields.0).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|(_, fields)| fields.1.clone()).collect::<StringArray>()),
        Arc::new(TimestampNanosecondArray::from_iter_values(rows.iter().map(|(key, _)| key.2))),
    ];
    RecordBatch::try_new(schema(), arrays).expect("a batch")
}

/// Batches of `size` rows, in the order of the key.
fn batches_of(rows: &Rows, size: usize) -> Vec<RecordBatch> {
    rows.iter().collect::<Vec<_>>().chunks(size).map(batch_of).collect()
}

fn add_rows(batch: &RecordBatch, rows: &mut Vec<(Key, Fields)>) {
    let tag = |column: usize, row: usize| {
        let codes = batch.column(column).as_dictionary::<Int32Type>();
        codes.key(row).map(|code| codes.values().as_string::<i32>().value(code).to_owned())
    };
    let numbers = batch.column(2).as_primitive::<Int64Type>();
    let texts = batch.column(3).as_string::<i32>();
    let times = batch.column(4).as_primitive::<TimestampNanosecondType>();
    for row in 0..batch.num_rows() {
        let number = numbers.is_valid(row).then(|| numbers.value(row));
        let text = texts.is_valid(row).then(|| texts.value(row).to_owned());
        rows.push(((tag(0, row), tag(1, row), times.value(row)), (number, text)));
    }
}

fn merge(sources: &[Rows], size: usize, rows_max: usize) -> Vec<(Key, Fields)> {
    let mut left: Vec<_> = sources.iter().map(|rows| batches_of(rows, size).into_iter()).collect();
    let mut merger = Merger::new(schema(), columns(), sources.len(), rows_max);
    let mut rows = Vec::new();
    loop {
        match merger.step().expect("a step") {
            Step::Need(source) => merger.feed(source, left[source].next()).expect("a batch"),
            Step::Batch(batch) => {
                assert!(batch.num_rows() <= rows_max, "{} rows", batch.num_rows());
                add_rows(&batch, &mut rows);
            }
            Step::Done => return rows,
        }
    }
}

fn model(sources: &[Rows]) -> Rows {
    let mut model = Rows::new();
    for (key, fields) in sources.iter().flatten() {
        let row = model.entry(key.clone()).or_default();
        row.0 = fields.0.or(row.0);
        row.1 = fields.1.clone().or(row.1.take());
    }
    model
}

fn key(a: &str, time: i64) -> Key {
    (Some(a.to_owned()), None, time)
}

#[test]
fn a_newer_source_replaces_the_fields_that_it_names() {
    let older = Rows::from([(key("x", 1), (Some(1), Some("one".into())))]);
    let newer = Rows::from([(key("x", 1), (Some(2), None))]);
    let merged = merge(&[older, newer], 10, 10);
    assert_eq!(merged, [(key("x", 1), (Some(2), Some("one".into())))]);
}

#[test]
fn an_absent_tag_comes_before_every_value_and_is_a_series_of_its_own() {
    let absent: Key = (None, Some("z".into()), 5);
    let older = Rows::from([(absent.clone(), (Some(1), None))]);
    let newer = Rows::from([((Some(String::new()), None, 1), (Some(2), None))]);
    let merged = merge(&[newer, older], 10, 10);
    assert_eq!(merged[0].0, absent);
    assert_eq!(merged.len(), 2);
}

#[test]
fn nothing_merges_to_nothing() {
    assert_eq!(merge(&[], 1, 1), []);
    assert_eq!(merge(&[Rows::new(), Rows::new()], 1, 1), []);
}

#[test]
fn a_batch_without_the_sort_columns_is_refused() {
    let mut merger = Merger::new(schema(), SortColumns { tags: vec![2], time: 4 }, 1, 10);
    let rows = Rows::from([(key("x", 1), (Some(1), None))]);
    let error = merger.feed(0, batches_of(&rows, 1).pop()).expect_err("no dictionary");
    assert_eq!(error.to_string(), "tag column 'number' is not a dictionary of texts");
}

fn any_tag() -> impl Strategy<Value = Option<String>> {
    // Values of which one begins another, and the byte that ends a key.
    proptest::option::of(
        prop_oneof!["", "a", "ab", "a\0", "a\0b", "\u{1}", "é"].prop_map(String::from),
    )
}

fn any_source() -> impl Strategy<Value = Rows> {
    let fields = (proptest::option::of(0_i64..9), proptest::option::of("[a-c]{0,2}"));
    let key = (any_tag(), any_tag(), -3_i64..8);
    proptest::collection::btree_map(key, fields, 0..40)
}

proptest! {
    #[test]
    fn any_sources_agree_with_the_model(
        sources in proptest::collection::vec(any_source(), 0..5),
        size in 1_usize..9,
        rows_max in 1_usize..20,
    ) {
        let expected: Vec<_> = model(&sources).into_iter().collect();
        prop_assert_eq!(merge(&sources, size, rows_max), expected);
    }
}
