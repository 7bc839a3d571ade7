//! Parquet files: the same rows come back, in few bytes.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef, TimeUnit};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;

use super::super::merge::SortColumns;
use super::super::{FileRows, encode_file, read_file};
use crate::error::{EngineError, ErrorKind};
use crate::limits::{PAGE_ROWS_MAX, ROW_GROUP_ROWS_MAX};

const ROWS: usize = ROW_GROUP_ROWS_MAX + 1;

fn schema() -> SchemaRef {
    let tag = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    Arc::new(Schema::new(vec![
        Field::new("flag", DataType::Boolean, true),
        Field::new("float", DataType::Float64, true),
        Field::new("host", tag, true),
        Field::new("integer", DataType::Int64, true),
        Field::new("text", DataType::Utf8, true),
        Field::new("time", DataType::Timestamp(TimeUnit::Nanosecond, None), false),
        Field::new("unsigned", DataType::UInt64, true),
    ]))
}

fn number(row: usize) -> i64 {
    i64::try_from(row).expect("a small number")
}

fn columns() -> SortColumns {
    SortColumns { tags: vec![2], time: 5 }
}

fn rows() -> RecordBatch {
    let value = |row: usize| (row % 10 != 3).then_some(row as u64);
    let all = || (0..ROWS).map(value);
    let signed = |value: u64| i64::try_from(value % 97).expect("a small number");
    let tag = |row: usize| if row < ROWS / 2 { None } else { Some("server") };
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(all().map(|value| value.map(|value| value % 2 == 0)).collect::<BooleanArray>()),
        Arc::new(
            all()
                .map(|value| {
                    value.map(|value| f64::from(u32::try_from(value).expect("small")) / 7.0)
                })
                .collect::<Float64Array>(),
        ),
        Arc::new((0..ROWS).map(tag).collect::<DictionaryArray<Int32Type>>()),
        Arc::new(all().map(|value| value.map(signed)).collect::<Int64Array>()),
        Arc::new(all().map(|value| value.map(|value| value.to_string())).collect::<StringArray>()),
        Arc::new(TimestampNanosecondArray::from_iter_values((0..ROWS).map(|row| number(row) - 5))),
        Arc::new(all().map(|value| value.map(|value| u64::MAX - value)).collect::<UInt64Array>()),
    ];
    RecordBatch::try_new(schema(), arrays).expect("a batch")
}

fn encode(rows: &RecordBatch) -> FileRows {
    encode_file(&schema(), &columns(), [Ok(rows.clone())].into_iter()).expect("a file")
}

#[test]
fn a_file_gives_back_the_rows_that_it_was_made_from() {
    let rows = rows();
    let file = encode(&rows);
    assert_eq!((file.rows, file.time_min, file.time_max), (ROWS as u64, -5, number(ROWS) - 6));
    let mut start = 0;
    for batch in read_file(file.bytes, 1_000).expect("a reader") {
        let batch = batch.expect("a batch");
        assert_eq!(batch, rows.slice(start, batch.num_rows()));
        start += batch.num_rows();
    }
    assert_eq!(start, ROWS);
}

#[test]
fn a_footer_names_order_groups_and_pages() {
    let options = ReadOptionsBuilder::new().with_page_index().build();
    let reader = SerializedFileReader::new_with_options(encode(&rows()).bytes, options);
    let reader = reader.expect("a reader");
    let metadata = reader.metadata();
    let groups: Vec<i64> = metadata.row_groups().iter().map(RowGroupMetaData::num_rows).collect();
    assert_eq!(groups, [number(ROW_GROUP_ROWS_MAX), 1]);
    let sorted = metadata.row_group(0).sorting_columns().expect("an order");
    let order: Vec<i32> = sorted.iter().map(|column| column.column_idx).collect();
    assert_eq!(order, [2, 5]);
    let time = metadata.row_group(0).column(5);
    assert!(time.offset_index_length().is_some_and(|bytes| bytes > 0));
    assert!(time.column_index_length().is_some_and(|bytes| bytes > 0));
    let pages = reader.metadata().offset_index().expect("an index of pages")[0][5].page_locations();
    assert_eq!(pages.len(), ROW_GROUP_ROWS_MAX / PAGE_ROWS_MAX);
}

#[test]
fn regular_times_and_small_integers_take_little() {
    let rows = rows().project(&[2, 3, 5]).expect("columns");
    let columns = SortColumns { tags: vec![0], time: 2 };
    let file = encode_file(rows.schema_ref(), &columns, [Ok(rows.clone())].into_iter());
    let bytes = file.expect("a file").bytes.len();
    assert!(bytes < 2 * ROWS, "{bytes} bytes for {ROWS} rows");
}

#[test]
fn the_error_of_a_batch_is_the_error_of_the_file() {
    let failing = [Err(EngineError::busy("later"))].into_iter();
    let error = encode_file(&schema(), &columns(), failing).expect_err("no file");
    assert_eq!(error.kind(), ErrorKind::Busy);
}

#[test]
fn bytes_that_are_no_file_are_refused() {
    for bytes in [&b""[..], b"PAR1", b"not a file of any kind, but longer than a footer"] {
        let error = read_file(bytes.into(), 10).err().expect("no reader");
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}
