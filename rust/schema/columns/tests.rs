//! Arrow streams against the catalog.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, DictionaryArray, Float32Array, Float64Array, Int8Array, Int64Array,
    LargeStringArray, NullArray, StringArray, StringViewArray, TimestampSecondArray, UInt16Array,
};
use arrow::datatypes::{Field, Int8Type, Int32Type, Schema};
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use bytes::Bytes;

use super::*;
use crate::error::ErrorKind;
use crate::limits::{
    BATCH_TEXT_BYTES_MAX, COLUMNS_PER_TABLE_MAX, LINE_TEXT_BYTES_MAX, REFUSED_RANGES_MAX,
    TABLES_MAX,
};
use crate::line::Precision;
use crate::schema::{Catalog, Cells, ColumnKind, Origin, Outcome};

pub(super) const BYTES_MAX: usize = 10 * 1_024 * 1_024;

pub(super) fn array(array: impl arrow::array::Array + 'static) -> ArrayRef {
    Arc::new(array)
}

pub(super) fn dictionary(values: &[Option<&str>]) -> ArrayRef {
    array(values.iter().copied().collect::<DictionaryArray<Int32Type>>())
}

pub(super) fn times(values: &[i64]) -> ArrayRef {
    array(Int64Array::from(values.to_vec()))
}

pub(super) fn stream_with(
    columns: &[(&str, ArrayRef)],
    packing: Option<CompressionType>,
) -> Vec<u8> {
    let columns = columns.iter().map(|(name, column)| (*name, Arc::clone(column), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
    encode(&batch, packing)
}

pub(super) fn encode(batch: &RecordBatch, packing: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(packing).expect("a known one");
    let mut writer =
        StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options).expect("a stream");
    writer.write(batch).expect("a batch");
    writer.into_inner().expect("the bytes")
}

pub(super) fn stream(columns: &[(&str, ArrayRef)]) -> Vec<u8> {
    stream_with(columns, None)
}

pub(super) fn options(accept_partial: bool) -> ArrowOptions<'static> {
    let write = WriteOptions {
        precision: Precision::Nanosecond,
        accept_partial,
        now_ns: 1_000,
        origin: Origin::default(),
    };
    ArrowOptions { write, tags: None, time: "time" }
}

pub(super) fn decode(body: &[u8], bytes_max: usize) -> Result<ArrowRows> {
    ArrowRows::decode(Bytes::copy_from_slice(body), bytes_max, COLUMNS_PER_TABLE_MAX)
}

pub(super) fn try_take(
    catalog: &Catalog,
    body: &[u8],
    options: &ArrowOptions<'_>,
) -> Result<(Vec<RefusedLine>, Outcome)> {
    let rows = decode(body, BYTES_MAX)?;
    let mut resolver = Resolver::new(catalog);
    let refused = resolver.add_columns("db", "m", &rows, options)?;
    Ok((refused, resolver.finish()))
}

pub(super) fn take(catalog: &Catalog, columns: &[(&str, ArrayRef)]) -> (Vec<String>, Outcome) {
    let (refused, outcome) =
        try_take(catalog, &stream(columns), &options(true)).expect("rows that are taken");
    (refused.into_iter().map(|line| line.message).collect(), outcome)
}

pub(super) fn refusal(columns: &[(&str, ArrayRef)]) -> EngineError {
    try_take(&Catalog::default(), &stream(columns), &options(true)).expect_err("an error")
}

fn of_lines(catalog: &Catalog, lines: &str) -> Outcome {
    let mut resolver = Resolver::new(catalog);
    let refused = resolver.add("db", lines, &options(true).write).expect("lines");
    assert!(refused.is_empty(), "{refused:?}");
    resolver.finish()
}

fn catalog_of(lines: &str) -> Catalog {
    of_lines(&Catalog::default(), lines).catalog.expect("a catalog")
}

fn kinds(outcome: &Outcome) -> Vec<(String, ColumnKind)> {
    let table = &outcome.catalog.as_ref().expect("a catalog").databases["db"].tables["m"];
    table.columns.iter().map(|column| (column.name.to_string(), column.kind)).collect()
}

#[test]
fn a_stream_gives_the_batch_that_its_lines_give() {
    let columns = [
        ("host", dictionary(&[Some("a"), Some("b"), None, Some("a")])),
        ("i", array(Int8Array::from(vec![Some(1), None, Some(3), Some(4)]))),
        ("u", array(UInt16Array::from(vec![1, 2, 3, 4]))),
        ("f", array(Float32Array::from(vec![0.5, 1.5, 2.5, 3.5]))),
        ("s", array(StringViewArray::from(vec![Some("x"), Some(""), None, Some("yz")]))),
        ("b", array(BooleanArray::from(vec![true, false, true, false]))),
        ("time", array(TimestampSecondArray::from(vec![Some(1), Some(2), None, Some(4)]))),
    ];
    let lines = "m,host=a i=1i,u=1u,f=0.5,s=\"x\",b=t 1000000000\n\
                 m,host=b u=2u,f=1.5,s=\"\",b=f 2000000000\n\
                 m i=3i,u=3u,f=2.5,b=t 1000\n\
                 m,host=a i=4i,u=4u,f=3.5,s=\"yz\",b=f 4000000000";
    let (refused, outcome) = take(&Catalog::default(), &columns);
    assert_eq!(refused, [""; 0]);
    let expected = of_lines(&Catalog::default(), lines);
    assert_eq!(outcome.batches[0].series_of_row, [0, 1, 2, 0]);
    assert_eq!(outcome.batches, expected.batches);
    assert_eq!(kinds(&outcome), kinds(&expected));
}

#[test]
fn packed_streams_are_read() {
    let columns =
        [("v", times(&vec![1; 100_000])), ("time", times(&(0..100_000).collect::<Vec<_>>()))];
    let plain = try_take(&Catalog::default(), &stream(&columns), &options(true)).expect("rows");
    for packing in [CompressionType::ZSTD, CompressionType::LZ4_FRAME] {
        let body = stream_with(&columns, Some(packing));
        let (_, outcome) = try_take(&Catalog::default(), &body, &options(true)).expect("rows");
        assert_eq!(outcome.batches, plain.1.batches);
    }
}

#[test]
fn tags_are_named_by_the_request_the_stream_or_the_table() {
    let text = |value: &str| array(StringArray::from(vec![value]));
    let columns =
        [("a", text("x")), ("b", dictionary(&[Some("y")])), ("c", text("z")), ("v", times(&[1]))];
    let batch = RecordBatch::try_from_iter(columns.clone()).expect("a batch");
    let tags_with = |metadata: &[(&str, &str)], column: Option<&str>, asked: Option<&[String]>| {
        let metadata: HashMap<String, String> =
            metadata.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let fields: Vec<Field> = batch
            .schema()
            .fields()
            .iter()
            .map(|field| match column {
                Some(name) if name == field.name() => {
                    field.as_ref().clone().with_metadata(HashMap::from([(
                        "iox::column::type".to_owned(),
                        "iox::column_type::tag".to_owned(),
                    )]))
                }
                _ => field.as_ref().clone(),
            })
            .collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        let batch = RecordBatch::try_new(schema, batch.columns().to_vec()).expect("a batch");
        let options = ArrowOptions { tags: asked, ..options(true) };
        let body = encode(&batch, None);
        let (_, outcome) = try_take(&Catalog::default(), &body, &options).expect("rows");
        let tags = kinds(&outcome).into_iter().filter(|(_, kind)| *kind == ColumnKind::Tag);
        tags.map(|(name, _)| name).collect::<Vec<_>>()
    };
    let key = [("iox::series::key", "c/b")];
    let asked = ["c".to_owned(), "a".to_owned()];
    assert_eq!(tags_with(&key, Some("a"), Some(&asked)), ["c", "a"]);
    assert_eq!(tags_with(&key, Some("a"), Some(&[])), [""; 0]);
    assert_eq!(tags_with(&key, Some("a"), None), ["c", "b"]);
    assert_eq!(tags_with(&[], Some("a"), None), ["a"]);
    assert_eq!(tags_with(&[], None, None), ["b"]);
    let (refused, outcome) = take(&catalog_of("m,a=1 b=\"f\",c=\"f\",v=1i 1"), &columns);
    assert_eq!(refused, [""; 0]);
    assert_eq!(outcome.batches[0].series.tags(0).collect::<Vec<_>>(), [(0, &b"x"[..])]);
}

#[test]
fn a_tag_must_be_there_and_be_a_text() {
    let body = stream(&[("v", times(&[1])), ("time", times(&[1]))]);
    for (name, message) in [
        ("v", "column 'v' has the type Int64"),
        ("x", "no column is named 'x'"),
        ("time", "'time' is the time, and no tag"),
    ] {
        let tags = [name.to_owned()];
        let options = ArrowOptions { tags: Some(&tags), ..options(true) };
        let error = try_take(&Catalog::default(), &body, &options).expect_err("an error");
        assert!(error.message().starts_with(message), "{error}");
    }
}

#[test]
fn an_empty_tag_is_absent() {
    let (_, outcome) =
        take(&Catalog::default(), &[("t", dictionary(&[Some(""), None])), ("v", times(&[1, 2]))]);
    assert_eq!(kinds(&outcome), [("v".to_owned(), ColumnKind::Integer)]);
    assert_eq!(outcome.batches[0].series_of_row, [0, 0]);
    assert_eq!(outcome.batches[0].series.key(0), b"");
}

#[test]
fn many_tags_with_many_values_stay_apart() {
    let rows = 3_000;
    let value = |tag: usize, row: usize| (row * (tag + 7) % 701 + tag).to_string();
    let names: Vec<String> = (0..10).map(|tag| format!("t{tag}")).collect();
    let column = |tag: usize| {
        let values: Vec<String> = (0..rows).map(|row| value(tag, row)).collect();
        array(values.iter().map(String::as_str).collect::<DictionaryArray<Int32Type>>())
    };
    let mut columns: Vec<(&str, ArrayRef)> =
        names.iter().enumerate().map(|(tag, name)| (name.as_str(), column(tag))).collect();
    let numbers: Vec<i64> = (0..).take(rows).collect();
    columns.push(("v", times(&numbers)));
    columns.push(("time", times(&numbers)));
    let line = |row: usize| {
        let tags: Vec<String> = (0..10).map(|tag| format!("t{tag}={}", value(tag, row))).collect();
        format!("m,{} v={row}i {row}", tags.join(","))
    };
    let lines: Vec<String> = (0..rows).map(line).collect();
    let expected = of_lines(&Catalog::default(), &lines.join("\n"));
    assert_eq!(take(&Catalog::default(), &columns).1.batches, expected.batches);
}

#[test]
fn conflicts_refuse_the_rows_that_have_the_column() {
    let catalog = catalog_of("m,t=a f=1i,g=1i 1");
    let floats = array(Float64Array::from(vec![None, Some(1.0), Some(2.0), None, Some(3.0)]));
    let columns = [("f", floats), ("g", times(&[1, 2, 3, 4, 5])), ("time", times(&[1; 5]))];
    let body = stream(&columns);
    let (refused, outcome) = try_take(&catalog, &body, &options(true)).expect("rows");
    let reason = "invalid column type for column 'f', expected iox::column_type::field::integer, \
                  got iox::column_type::field::float";
    let found: Vec<_> =
        refused.iter().map(|one| (&*one.message, one.line_number, one.lines)).collect();
    let first = format!("rows 2 to 3: {reason}");
    assert_eq!(found, [(&*first, 2, 2), (&*format!("row 5: {reason}"), 5, 1)]);
    assert_eq!(refused[0].original_line, "rows 2 to 3");
    assert_eq!(outcome.batches[0].fields[0].cells, Cells::Integer(vec![1, 4]));
    assert!(outcome.changes.is_empty());
    let (refused, outcome) = try_take(&catalog, &body, &options(false)).expect("a refusal");
    assert_eq!((refused.len(), &*refused[0].message), (1, &*first));
    assert!(outcome.batches.is_empty());
}

#[test]
fn rows_that_are_wrong_in_themselves_are_refused() {
    let long = "x".repeat(LINE_TEXT_BYTES_MAX + 1);
    let columns = [
        (
            "f",
            array(Float64Array::from(vec![Some(f64::NAN), Some(f64::INFINITY), None, Some(1.0)])),
        ),
        ("s", array(LargeStringArray::from(vec![None, None, None, Some(&*long)]))),
        ("time", array(TimestampSecondArray::from(vec![0, 0, i64::MAX, 0]))),
    ];
    let (refused, outcome) = take(&Catalog::default(), &columns);
    assert_eq!(
        refused,
        [
            "rows 1 to 2: field 'f' is not a finite number",
            "row 3: timestamp out of range for precision: Second",
            "row 4: String is greater than 1MB",
        ]
    );
    assert!(outcome.catalog.is_none() && outcome.batches.is_empty());
    let (refused, _) = take(&Catalog::default(), &[("time", times(&[1, 2]))]);
    assert_eq!(refused, ["rows 1 to 2: No fields were provided"]);
}

#[test]
fn refused_rows_leave_no_column() {
    let columns = [
        ("only", array(Int64Array::from(vec![None, Some(1)]))),
        ("f", array(Float64Array::from(vec![1.0, f64::NAN]))),
        ("nothing", array(NullArray::new(2))),
    ];
    let (refused, outcome) = take(&Catalog::default(), &columns);
    assert_eq!(refused.len(), 1);
    assert_eq!(kinds(&outcome), [("f".to_owned(), ColumnKind::Float)]);
    assert_eq!(outcome.batches[0].time, [1_000]);
}

#[test]
fn reserved_names_make_no_table() {
    let options = ArrowOptions { time: "ts", ..options(true) };
    let body = stream(&[("time", times(&[1])), ("ts", times(&[2]))]);
    let (refused, outcome) = try_take(&Catalog::default(), &body, &options).expect("rows");
    assert_eq!(refused[0].message, "row 1: 'time' is a reserved column");
    assert!(outcome.catalog.is_none());
}

#[test]
fn limits_refuse_the_rows_that_would_pass_them() {
    let fields: Vec<String> = (1..COLUMNS_PER_TABLE_MAX).map(|one| format!("f{one}=1i")).collect();
    let catalog = catalog_of(&format!("m {} 1", fields.join(",")));
    let sparse = |value| array(Int64Array::from(vec![None, Some(value)]));
    let columns = [("f1", times(&[1, 2])), ("x", sparse(1)), ("y", sparse(2))];
    let (refused, outcome) = take(&catalog, &columns);
    let reason = "Update to schema would exceed number of columns per table limit of 500 columns";
    assert_eq!(refused, [format!("row 2: {reason}")]);
    assert_eq!((outcome.batches[0].rows(), outcome.changes.len()), (1, 0));
    let lines: Vec<String> = (0..TABLES_MAX).map(|one| format!("t{one} v=1i 1")).collect();
    let (refused, outcome) = take(&catalog_of(&lines.join("\n")), &columns);
    assert!(refused[0].starts_with("rows 1 to 2: Update to schema would exceed number of tables"));
    assert!(outcome.batches.is_empty());
}

#[test]
fn types_that_no_column_has_are_refused_whole() {
    let one = array(arrow::array::BinaryArray::from(vec![&b"x"[..]]));
    assert!(refusal(&[("x", one)]).message().starts_with("column 'x' has the type Binary"));
    let stamp = array(TimestampSecondArray::from(vec![1]));
    assert!(refusal(&[("x", stamp)]).message().contains("only the time column"));
    let text = array(StringArray::from(vec!["1"]));
    assert!(refusal(&[("time", text)]).message().contains("must be a timestamp or int64"));
    let twice = refusal(&[("a", times(&[1])), ("a", times(&[1]))]);
    assert_eq!(twice.message(), "column 'a' is there twice");
    assert_eq!(refusal(&[("v", times(&[]))]).message(), "incoming write was empty");
    let names: Vec<String> = (0..=COLUMNS_PER_TABLE_MAX + 1).map(|one| one.to_string()).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), times(&[1]))).collect();
    assert!(refusal(&many).message().contains("the limit of a table is 500 columns"));
}

#[test]
fn a_dictionary_may_not_repeat_endless_text() {
    let long = "x".repeat(LINE_TEXT_BYTES_MAX);
    let keys = Int8Array::from(vec![0; BATCH_TEXT_BYTES_MAX / LINE_TEXT_BYTES_MAX + 1]);
    let values = Arc::new(StringArray::from(vec![&*long]));
    let texts = DictionaryArray::<Int8Type>::try_new(keys, values).expect("a dictionary");
    let options = ArrowOptions { tags: Some(&[]), ..options(true) };
    let body = stream(&[("s", array(texts))]);
    let error = try_take(&Catalog::default(), &body, &options).expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.message().contains("bytes of text"), "{error}");
}

#[test]
fn only_so_many_ranges_are_listed() {
    let rows = 2 * REFUSED_RANGES_MAX + 10;
    let value = |row: usize| if row.is_multiple_of(2) { f64::NAN } else { 1.0 };
    let floats: Vec<f64> = (0..rows).map(value).collect();
    let body = stream(&[("f", array(Float64Array::from(floats)))]);
    let (refused, _) = try_take(&Catalog::default(), &body, &options(true)).expect("rows");
    assert_eq!(refused.len(), REFUSED_RANGES_MAX + 1);
    assert_eq!(refused.iter().map(|one| one.lines).sum::<usize>(), rows / 2);
    assert!(refused[REFUSED_RANGES_MAX].message.contains("5 further rows"), "{refused:?}");
}

#[test]
fn a_long_name_is_not_repeated_endlessly() {
    let name = "x".repeat(LINE_TEXT_BYTES_MAX / 2);
    let floats: Vec<f64> = (0..100).map(|row| if row % 2 == 0 { f64::NAN } else { 1.0 }).collect();
    let (refused, _) =
        take(&Catalog::default(), &[(name.as_str(), array(Float64Array::from(floats)))]);
    assert_eq!(refused.len(), 3);
    assert!(refused[2].ends_with("48 further rows are refused, in ranges that are not listed"));
}
