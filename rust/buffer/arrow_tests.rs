//! Rows that come as Arrow arrays are the rows that come as lines.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int64Array, RecordBatch,
    StringArray, TimestampNanosecondArray,
};
use arrow::datatypes::UInt8Type;
use arrow::ipc::writer::StreamWriter;
use arrow::util::pretty::pretty_format_batches;
use proptest::prelude::*;

use super::*;
use crate::line::Precision;
use crate::schema::{ArrowOptions, ArrowRows, Catalog, Origin, Resolver, TimeRange, WriteOptions};

#[derive(Debug, Clone)]
struct Row {
    host: Option<&'static str>,
    place: Option<&'static str>,
    integer: Option<i64>,
    float: Option<f64>,
    text: Option<&'static str>,
    flag: Option<bool>,
    time: i64,
}

fn row() -> impl Strategy<Value = Row> {
    let tag = || prop::option::of(prop::sample::select(vec!["a", "b", "c"]));
    let text = prop::option::of(prop::sample::select(vec!["", "x", "longer"]));
    let fields = (prop::option::of(-9..9_i64), prop::option::of(-9..9_i32), text, any::<u8>());
    (tag(), tag(), fields, 0..5_i64).prop_map(|(host, place, fields, time)| {
        let (integer, float, text, flag) = fields;
        let float = float.map(|float| f64::from(float) / 2.0);
        let flag = (flag < 128).then_some(flag.is_multiple_of(2));
        Row { host, place, integer, float, text, flag, time }
    })
}

fn has_field(row: &Row) -> bool {
    row.integer.is_some() || row.float.is_some() || row.text.is_some() || row.flag.is_some()
}

fn lines(rows: &[Row]) -> String {
    let mut all = String::new();
    for row in rows {
        let mut tags = "m".to_owned();
        row.host.iter().for_each(|tag| write!(tags, ",host={tag}").expect("memory"));
        row.place.iter().for_each(|tag| write!(tags, ",place={tag}").expect("memory"));
        let fields = [
            row.integer.map(|value| format!("integer={value}i")),
            row.float.map(|value| format!("float={value}")),
            row.text.map(|value| format!("text=\"{value}\"")),
            row.flag.map(|value| format!("flag={value}")),
        ];
        let fields: Vec<String> = fields.into_iter().flatten().collect();
        writeln!(all, "{tags} {} {}", fields.join(","), row.time).expect("memory");
    }
    all
}

fn column<T, A: Array + FromIterator<T> + 'static>(
    rows: &[Row],
    of: impl Fn(&Row) -> T,
) -> ArrayRef {
    Arc::new(rows.iter().map(of).collect::<A>())
}

/// A stream of batches of these lengths, which may be 0, and of one with the rest.
fn stream(rows: &[Row], lengths: &[usize]) -> Vec<u8> {
    let time = rows.iter().map(|row| row.time).collect::<Vec<_>>();
    let columns: [(&str, ArrayRef); 7] = [
        ("host", column::<_, DictionaryArray<UInt8Type>>(rows, |row| row.host)),
        ("place", column::<_, StringArray>(rows, |row| row.place)),
        ("integer", column::<_, Int64Array>(rows, |row| row.integer)),
        ("float", column::<_, Float64Array>(rows, |row| row.float)),
        ("text", column::<_, StringArray>(rows, |row| row.text)),
        ("flag", column::<_, BooleanArray>(rows, |row| row.flag)),
        ("time", Arc::new(TimestampNanosecondArray::from(time))),
    ];
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    let all = RecordBatch::try_from_iter_with_nullable(columns).expect("a batch");
    let mut writer = StreamWriter::try_new(Vec::new(), &all.schema()).expect("a stream");
    let mut start = 0;
    for length in lengths.iter().chain([&rows.len()]) {
        let length = (rows.len() - start).min(*length);
        writer.write(&all.slice(start, length)).expect("a batch");
        start += length;
    }
    writer.into_inner().expect("the bytes")
}

/// What a query would see of the only table, after the outcome of a write.
fn seen(write: impl FnOnce(&mut Resolver<'_>)) -> String {
    let base = Catalog::default();
    let mut resolver = Resolver::new(&base);
    write(&mut resolver);
    let outcome = resolver.finish();
    let catalog = outcome.catalog.expect("a catalog");
    let buffer = TableBuffer::default();
    outcome.batches.iter().for_each(|batch| {
        buffer.append(batch);
    });
    let snapshot = buffer.snapshot(&catalog.databases["db"].tables["m"]).expect("a snapshot");
    let columns: Vec<usize> = (0..snapshot.schema().fields().len()).collect();
    let always = TimeRange::ALL.into();
    let read = |block| snapshot.read(block, &columns, None, &always).expect("rows");
    let batches: Vec<RecordBatch> = (0..snapshot.blocks().len()).map(read).collect();
    pretty_format_batches(&batches).expect("a table").to_string()
}

proptest! {
    #[test]
    fn arrow_rows_are_seen_as_their_lines_are(
        rows in prop::collection::vec(row(), 1..60),
        lengths in prop::collection::vec(0..12_usize, 0..10),
    ) {
        let rows: Vec<Row> = rows.into_iter().filter(has_field).collect();
        prop_assume!(!rows.is_empty());
        let write = WriteOptions {
            precision: Precision::Nanosecond,
            accept_partial: false,
            now_ns: 0,
            origin: Origin::default(),
        };
        let tags = ["host".to_owned(), "place".to_owned()];
        let options = ArrowOptions { write, tags: Some(&tags), time: "time" };
        let body = stream(&rows, &lengths);
        let arrow = ArrowRows::decode(body.into(), 1_000_000, 100).expect("a stream");
        let by_arrow = seen(|resolver| {
            let refused = resolver.add_columns("db", "m", &arrow, &options);
            assert_eq!(refused.expect("rows"), []);
        });
        let by_lines = seen(|resolver| {
            assert_eq!(resolver.add("db", &lines(&rows), &write).expect("lines"), []);
        });
        prop_assert_eq!(by_arrow, by_lines);
    }
}
