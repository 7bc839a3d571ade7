//! Snapshots against a model that knows only: the last write wins.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Int64Type, TimestampNanosecondType};
use proptest::prelude::*;

use super::*;
use crate::limits::BLOCK_ROWS_MAX;
use crate::line::Precision;
use crate::schema::{Catalog, Origin, Resolver, Table, WriteOptions};

/// A table, filled by line protocol.
#[derive(Default)]
struct Filled {
    catalog: Catalog,
    rows: TableBuffer,
}

impl Filled {
    fn write(&mut self, body: &str) {
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
    }

    fn table(&self) -> &Table {
        &self.catalog.databases["db"].tables["m"]
    }

    fn snapshot(&self) -> Snapshot {
        self.rows.snapshot(self.table()).expect("a snapshot")
    }

    fn rows(&self) -> Rows {
        rows_of(&self.snapshot(), None, TimeRange::ALL)
    }
}

type Rows = BTreeMap<(Option<String>, i64), (Option<i64>, Option<i64>)>;

/// Reads all rows of a snapshot with columns `a`, `b`, `t`, `time`; panics on a repeated row.
fn rows_of(snapshot: &Snapshot, series: Option<&BooleanBuffer>, time: TimeRange) -> Rows {
    let mut rows = Rows::new();
    for index in 0..snapshot.blocks().len() {
        let batch = snapshot.read(index, &[0, 1, 2, 3], series, time).expect("a batch");
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
    let only_x = BooleanBuffer::from(vec![true, false]);
    assert_eq!(rows_of(&snapshot, Some(&only_x), TimeRange::ALL).len(), 2);
    let time = TimeRange { min: 11, max: 12 };
    assert_eq!(rows_of(&snapshot, None, time).len(), 2);
    assert_eq!(rows_of(&snapshot, Some(&only_x), time).len(), 1);
    assert_eq!(snapshot.series().expect("series").num_rows(), 2);
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
        prop_assert_eq!(filled.rows(), model);
    }
}
