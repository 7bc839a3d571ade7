//! Snapshots against a model that knows only: the last write wins.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Int64Type, TimestampNanosecondType};
use proptest::prelude::*;

use super::*;
use crate::limits::BLOCK_ROWS_MAX;
use crate::line::Precision;
use crate::schema::{Catalog, Origin, Resolver, Table, TimeRange, TimeRanges, WriteOptions};

/// A table, filled by line protocol.
#[derive(Default)]
struct Filled {
    catalog: Catalog,
    rows: TableBuffer,
}

impl Filled {
    fn write(&mut self, body: &str) -> Vec<TableBatch> {
        let options = WriteOptions {
            precision: Precision::Nanosecond,
            accept_partial: false,
            now_ns: 0,
            origin: Origin::default(),
        };
        let mut resolver = Resolver::new(&self.catalog);
        assert_eq!(resolver.add("db", body, &options).expect("lines"), []);
        let outcome = resolver.finish();
        for batch in &outcome.batches {
            self.rows.append(batch);
        }
        if let Some(catalog) = outcome.catalog {
            self.catalog = catalog;
        }
        outcome.batches
    }

    fn table(&self) -> &Table {
        &self.catalog.databases["db"].tables["m"]
    }

    fn snapshot(&self) -> Snapshot {
        self.rows.snapshot(self.table()).expect("a snapshot")
    }

    /// All rows, in the order in which they would be stored.
    fn sorted(&self) -> Vec<(Key, Fields)> {
        let snapshot = Arc::new(self.snapshot());
        let all = TimeRange::ALL.into();
        let batches = SortedRows::new(snapshot, &[0, 1, 2, 3], None, &all, 3).expect("rows");
        let rows_of = |batch: crate::error::Result<RecordBatch>| {
            let mut rows = Rows::new();
            add_rows(&batch.expect("a batch"), &mut rows);
            rows
        };
        batches.flat_map(rows_of).collect()
    }

    fn rows(&self) -> Rows {
        rows_of(&self.snapshot(), None, TimeRange::ALL)
    }
}

/// The tag `t` and the time.
type Key = (Option<String>, i64);
/// The fields `a` and `b`.
type Fields = (Option<i64>, Option<i64>);
type Rows = BTreeMap<Key, Fields>;

/// Reads all rows of a snapshot with columns `a`, `b`, `t`, `time`; panics on a repeated row.
fn rows_of(snapshot: &Snapshot, series: Option<&SeriesChoice>, time: TimeRange) -> Rows {
    let mut rows = Rows::new();
    for index in 0..snapshot.blocks().len() {
        let batch = snapshot.read(index, &[0, 1, 2, 3], series, &time.into()).expect("a batch");
        add_rows(&batch, &mut rows);
    }
    rows
}

fn add_rows(batch: &RecordBatch, rows: &mut Rows) {
    let number = |column: usize, row: usize| {
        let array = batch.column(column).as_primitive::<Int64Type>();
        array.is_valid(row).then(|| array.value(row))
    };
    let tags = batch.column(2).as_dictionary::<arrow::datatypes::Int32Type>();
    let tags = tags.downcast_dict::<arrow::array::StringArray>().expect("text tags");
    let times = batch.column(3).as_primitive::<TimestampNanosecondType>();
    for (row, tag) in tags.into_iter().enumerate() {
        let key = (tag.map(str::to_owned), times.value(row));
        let before = rows.insert(key.clone(), (number(0, row), number(1, row)));
        assert_eq!(before, None, "{key:?} stands twice");
    }
}

#[test]
fn a_later_write_replaces_the_fields_that_it_names() {
    let mut filled = Filled::default();
    filled.write("m,t=x a=1i,b=1i 10");
    filled.write("m,t=x a=2i 10");
    filled.write("m,t=x b=3i 10\nm,t=x b=4i 10");
    let expected = Rows::from([((Some("x".into()), 10), (Some(2), Some(4)))]);
    assert_eq!(filled.rows(), expected);
}

#[test]
fn a_row_without_a_tag_is_another_row() {
    let mut filled = Filled::default();
    filled.write("m,t=x a=1i,b=1i 10\nm a=2i 10");
    assert_eq!(filled.rows().len(), 2);
}

#[test]
fn a_snapshot_does_not_change() {
    let mut filled = Filled::default();
    filled.write("m,t=x a=1i,b=1i 10");
    let before = filled.snapshot();
    filled.write("m,t=x a=9i,b=9i 10\nm,t=y a=1i 11");
    assert_eq!(rows_of(&before, None, TimeRange::ALL).len(), 1);
    assert_eq!(filled.rows().len(), 2);
}

#[test]
fn repetitions_over_many_blocks_are_merged() {
    let mut filled = Filled::default();
    let rows = i64::try_from(BLOCK_ROWS_MAX).expect("a small number") * 3;
    let body = |field: &str| {
        let line = |time: i64| format!("m,t=x {field}={time}i {time}\n");
        (0..rows).map(line).collect::<String>()
    };
    filled.write(&format!("m,t=x a=0i,b=0i -1\n{}", body("a")));
    for _ in 0..2 {
        filled.write(&body("b"));
        let read = filled.rows();
        assert_eq!(read.len(), BLOCK_ROWS_MAX * 3 + 1);
        for time in 0..rows {
            assert_eq!(read[&(Some("x".into()), time)], (Some(time), Some(time)));
        }
    }
}

#[test]
fn masks_and_times_choose_rows() {
    let mut filled = Filled::default();
    filled.write("m,t=x a=1i,b=1i 10\nm,t=y a=2i 11\nm,t=x a=3i 12");
    let snapshot = filled.snapshot();
    let only_x = SeriesChoice::new(BooleanBuffer::from(vec![true, false]));
    assert_eq!(rows_of(&snapshot, Some(&only_x), TimeRange::ALL).len(), 2);
    let time = TimeRange { min: 11, max: 12 };
    assert_eq!(rows_of(&snapshot, None, time).len(), 2);
    assert_eq!(rows_of(&snapshot, Some(&only_x), time).len(), 1);
    assert_eq!(snapshot.series(None).expect("series").num_rows(), 2);
}

#[test]
fn sorted_rows_can_be_chosen_by_series_and_time() {
    let mut filled = Filled::default();
    filled.write("m,t=b a=1i,b=1i 10\nm,t=a a=2i 11\nm,t=b a=3i 12\nm,t=b a=3i 14\nm a=4i 12");
    let snapshot = Arc::new(filled.snapshot());
    let no_a = SeriesChoice::new(BooleanBuffer::from(vec![true, false, true]));
    let times = TimeRanges::union_of(vec![
        TimeRange { min: 14, max: 20 },
        TimeRange { min: 0, max: 5 },
        TimeRange { min: 6, max: 12 },
    ]);
    let rows = SortedRows::new(snapshot, &[3], Some(&no_a), &times, 10).expect("rows");
    let batches: Vec<RecordBatch> = rows.map(|batch| batch.expect("a batch")).collect();
    let found: Vec<i64> =
        batches[0].column(0).as_primitive::<TimestampNanosecondType>().values().to_vec();
    assert_eq!(found, [12, 10, 12, 14]);
}

#[test]
fn chunks_are_sealed_and_forgotten() {
    let mut filled = Filled::default();
    let buffer = Buffer::default();
    let mut write = |body: &str| {
        filled.write(body).iter().for_each(|batch| buffer.append(batch));
        filled.table().id
    };
    let id = write("m a=1i 1");
    let lasts = |rows: &TableRows| rows.chunks.iter().map(|one| one.last).collect::<Vec<_>>();
    let sealed =
        |position| buffer.seal(position).iter().map(|(_, rows)| lasts(rows)).collect::<Vec<_>>();
    assert_eq!(sealed(5), [vec![5]]);
    assert_eq!(sealed(6), [vec![5]], "an empty chunk is not sealed");
    write("m a=1i 2");
    assert_eq!(sealed(7), [vec![5, 7]]);
    write("m a=1i 3");
    assert_eq!(lasts(&buffer.rows_of(id)), [5, 7, Position::MAX]);
    let full = buffer.bytes();
    buffer.forget_stored(4);
    assert_eq!(buffer.bytes(), full);
    buffer.forget_stored(5);
    assert_eq!(lasts(&buffer.rows_of(id)), [7, Position::MAX]);
    assert!(buffer.bytes() < full);
    buffer.remove(id);
    assert_eq!(buffer.bytes(), 0);
}

/// Ranges as the set of those of these times that lie in them.
fn times_in(ranges: &TimeRanges) -> Vec<i64> {
    (-1..12).filter(|time| ranges.contains(*time)).collect()
}

fn any_ranges() -> impl Strategy<Value = TimeRanges> {
    let range = (0_i64..10, -1_i64..4).prop_map(|(min, more)| TimeRange { min, max: min + more });
    proptest::collection::vec(range, 0..5).prop_map(TimeRanges::union_of)
}

proptest! {
    #[test]
    fn ranges_are_sets_of_times(left in any_ranges(), right in any_ranges()) {
        let of_right = times_in(&right);
        let mut expected = times_in(&left);
        expected.retain(|time| !of_right.contains(time));
        let rest = left.without(&right);
        prop_assert_eq!(times_in(&rest), expected);
        prop_assert!(rest.ranges().iter().all(|range| left.covers(*range)));
        let five = TimeRange { min: 3, max: 7 };
        let mut within = times_in(&left);
        within.retain(|time| (3..=7).contains(time));
        prop_assert_eq!(times_in(&left.within(five)), within);
    }
}

#[derive(Debug, Clone)]
struct Write {
    tag: Option<u8>,
    time: i64,
    a: Option<i64>,
    b: Option<i64>,
}

impl Write {
    fn line(&self) -> String {
        let tag = self.tag.map(|tag| format!(",t={tag}")).unwrap_or_default();
        let field = |name: &str, value: Option<i64>| value.map(|value| format!("{name}={value}i"));
        let fields: Vec<String> =
            [field("a", self.a), field("b", self.b)].into_iter().flatten().collect();
        format!("m{tag} {} {}\n", fields.join(","), self.time)
    }
}

fn any_write() -> impl Strategy<Value = Write> {
    let value = proptest::option::of(0_i64..1_000);
    (proptest::option::of(0_u8..3), 0_i64..12, value.clone(), value).prop_map(
        |(tag, time, a, b)| Write { tag, time, a: if b.is_none() { a.or(Some(5)) } else { a }, b },
    )
}

proptest! {
    #[test]
    fn any_order_of_writes_and_reads_agrees_with_the_model(
        groups in proptest::collection::vec(
            (proptest::collection::vec(any_write(), 1..8), any::<bool>()), 1..12)
    ) {
        let mut filled = Filled::default();
        filled.write("m,t=first a=0i,b=0i 0");
        let mut model = Rows::from([((Some("first".into()), 0), (Some(0), Some(0)))]);
        for (writes, read) in &groups {
            filled.write(&writes.iter().map(Write::line).collect::<String>());
            for write in writes {
                let key = (write.tag.map(|tag| tag.to_string()), write.time);
                let row = model.entry(key).or_default();
                row.0 = write.a.or(row.0);
                row.1 = write.b.or(row.1);
            }
            if *read {
                prop_assert_eq!(&filled.rows(), &model);
            }
        }
        prop_assert_eq!(filled.rows(), model.clone());
        prop_assert_eq!(filled.sorted(), model.into_iter().collect::<Vec<_>>());
    }
}
