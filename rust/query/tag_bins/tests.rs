//! Groups by tags and bins against a map that knows nothing of runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Float64Array, Int64Array, RecordBatch,
    TimestampNanosecondArray,
};
use arrow::datatypes::{DataType, Field, Float64Type, Int32Type, Int64Type, Schema, UInt64Type};
use datafusion::error::Result;
use proptest::prelude::*;

use super::Piece;
use super::folds::fold_of;
use super::key::{Key, KeyColumns};
use super::table::Table;

/// Two tags and a time.
type Row = (Option<u8>, Option<u8>, i64);

const KEYS: [Key; 3] = [Key::Tag(0), Key::Bin { time: 2, width: 10, origin: 3 }, Key::Tag(1)];

fn tag(values: impl Iterator<Item = Option<u8>>) -> ArrayRef {
    let texts = values.map(|value| value.map(|value| format!("t{value}")));
    let texts: Vec<Option<String>> = texts.collect();
    Arc::new(texts.iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>())
}

fn batch_of(rows: &[Row]) -> RecordBatch {
    let arrays: Vec<ArrayRef> = vec![
        tag(rows.iter().map(|row| row.0)),
        tag(rows.iter().map(|row| row.1)),
        Arc::new(TimestampNanosecondArray::from_iter_values(rows.iter().map(|row| row.2))),
    ];
    let field = |array: &ArrayRef| Field::new("", array.data_type().clone(), true);
    let schema = Schema::new(arrays.iter().map(field).collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), arrays).expect("a batch")
}

fn found(table: &mut Table, keys: &[Key], batch: &RecordBatch) -> Result<Option<Vec<Piece>>> {
    let mut columns = KeyColumns::of(keys, batch)?;
    if !table.fits(&columns) {
        return Ok(None);
    }
    let mut pieces = Vec::new();
    table.find(&mut columns, batch.num_rows(), &mut pieces);
    Ok(Some(pieces))
}

fn groups_of_rows(pieces: &[Piece]) -> Vec<usize> {
    let mut groups = Vec::new();
    for Piece { end, group } in pieces {
        groups.resize(*end, *group);
    }
    groups
}

/// The keys of each group.
fn keys_of(columns: &[ArrayRef]) -> Vec<(Option<String>, Option<i64>, Option<String>)> {
    let text = |column: &ArrayRef, row: usize| {
        let tag = column.as_dictionary::<Int32Type>();
        let texts = tag.values().as_string::<i32>();
        tag.key(row).map(|code| texts.value(code).to_owned())
    };
    let starts = columns[1].as_primitive::<arrow::datatypes::TimestampNanosecondType>();
    let start = |row: usize| starts.is_valid(row).then(|| starts.value(row));
    (0..starts.len())
        .map(|row| (text(&columns[0], row), start(row), text(&columns[2], row)))
        .collect()
}

proptest! {
    #[test]
    fn rows_of_the_same_keys_are_one_group(
        rows in proptest::collection::vec(
            (proptest::option::of(0_u8..3), proptest::option::of(0_u8..2), -25_i64..25), 1..60,
        ),
    ) {
        let batch = batch_of(&rows);
        let mut table = Table::default();
        // twice: the second time all groups are known
        for _ in 0..2 {
            let pieces = found(&mut table, &KEYS, &batch)?.expect("the same tags");
            let groups = groups_of_rows(&pieces);
            let mut known = BTreeMap::new();
            for ((first, second, time), group) in rows.iter().zip(&groups) {
                let key = (first, second, (time - 3).div_euclid(10));
                prop_assert_eq!(known.entry(key).or_insert(*group), group);
            }
            prop_assert_eq!(known.len(), table.len());
        }
        let first = groups_of_rows(&found(&mut table, &KEYS, &batch)?.expect("the same tags"));
        let keys = keys_of(&table.finish(&KEYS)?);
        for ((one, two, time), group) in rows.iter().zip(first) {
            let text = |tag: &Option<u8>| tag.map(|tag| format!("t{tag}"));
            let start = (time - 3).div_euclid(10) * 10 + 3;
            prop_assert_eq!(&keys[group], &(text(one), Some(start), text(two)));
        }
        prop_assert_eq!(table.len(), 0);
    }
}

#[test]
fn other_values_of_a_tag_want_another_table() {
    let mut table = Table::default();
    let (one, other) = (batch_of(&[(Some(1), None, 0)]), batch_of(&[(Some(2), None, 0)]));
    let find = |table: &mut Table, batch| found(table, &KEYS, batch).expect("keys");
    assert!(find(&mut table, &one).is_some());
    assert!(find(&mut table, &other).is_none());
    table.finish(&KEYS).expect("columns");
    assert!(find(&mut table, &other).is_some());
}

#[test]
fn a_bin_that_starts_before_all_times_is_none() {
    let keys = [Key::Bin { time: 2, width: 10, origin: 0 }];
    let rows = [(None, None, i64::MIN + 1), (None, None, i64::MAX), (None, None, i64::MIN + 2)];
    let mut table = Table::default();
    let pieces = found(&mut table, &keys, &batch_of(&rows)).expect("keys").expect("it fits");
    assert_eq!(groups_of_rows(&pieces), [0, 1, 0]);
    let starts = table.finish(&keys).expect("columns").remove(0);
    let starts = starts.as_primitive::<arrow::datatypes::TimestampNanosecondType>();
    assert!(starts.is_null(0));
    assert_eq!(starts.value(1), i64::MAX - i64::MAX % 10);
}

const PIECES: [Piece; 3] =
    [Piece { end: 2, group: 1 }, Piece { end: 3, group: 0 }, Piece { end: 5, group: 1 }];

fn folded(name: &str, values: &ArrayRef) -> Vec<ArrayRef> {
    let mut fold = fold_of(name, values.data_type()).expect("a fold");
    fold.grow(3); // the last has no row
    fold.add(values, &PIECES).expect("numbers");
    fold.finish()
}

#[test]
fn values_are_folded_and_nulls_left_out() {
    let values: ArrayRef =
        Arc::new(Int64Array::from(vec![Some(5), None, None, Some(-2), Some(i64::MAX)]));
    let numbers = |name| {
        let states = folded(name, &values);
        let numbers = states[0].as_primitive::<Int64Type>();
        numbers.iter().collect::<Vec<_>>()
    };
    assert_eq!(numbers("count"), [Some(0), Some(3), Some(0)]);
    assert_eq!(numbers("sum"), [None, Some(i64::MIN + 2), None], "it wraps");
    assert_eq!(numbers("min"), [None, Some(-2), None]);
    assert_eq!(numbers("max"), [None, Some(i64::MAX), None]);
}

#[test]
fn averages_are_counts_and_sums() {
    let values: ArrayRef = Arc::new(Float64Array::from(vec![1.5, 2.5, 7.0, -1.0, 0.5]));
    let states = folded("avg", &values);
    assert_eq!(states[0].as_primitive::<UInt64Type>().values(), &[1, 4, 0]);
    let sums: Vec<Option<f64>> = states[1].as_primitive::<Float64Type>().iter().collect();
    assert_eq!(sums, [Some(7.0), Some(3.5), None]);
}

#[test]
fn rows_are_counted_without_values() {
    let mut fold = fold_of("count", &DataType::Int64).expect("a fold");
    fold.grow(2);
    let nothing: ArrayRef = Arc::new(arrow::array::NullArray::new(0));
    fold.add(&nothing, &PIECES).expect("rows");
    assert_eq!(fold.finish()[0].as_primitive::<Int64Type>().values(), &[1, 4]);
}

#[test]
fn what_is_not_known_is_left_to_others() {
    for (name, kind) in
        [("avg", DataType::Int64), ("max", DataType::Utf8), ("median", DataType::Float64)]
    {
        assert!(fold_of(name, &kind).is_none(), "{name} of {kind}");
    }
}
