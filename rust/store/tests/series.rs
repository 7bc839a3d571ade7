//! Series of files: they are listed, and rows of few of them are those that a scan would choose.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, DictionaryArray, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema, SchemaRef, TimeUnit};

use super::super::merge::SortColumns;
use super::super::{RowFile, RowRequest, RowStore, StoreClient, StoreLocation, TagChoice};
use crate::disk::{Disk, MemoryDisk};
use crate::error::Result;
use crate::limits::{BLOCK_ROWS_MAX, LISTED_SERIES_MAX, ROW_GROUP_ROWS_MAX};
use crate::schema::{TagFilter, TimeRange, TimeRanges};

/// A row: its host and its time.
type Row = (Option<String>, i64);

fn tag() -> Field {
    let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    Field::new("host", kind, true)
}

/// With a tag that no file has.
fn schema() -> SchemaRef {
    let time = DataType::Timestamp(TimeUnit::Nanosecond, None);
    let (number, time) =
        (Field::new("number", DataType::Int64, true), Field::new("time", time, false));
    Arc::new(Schema::new(vec![tag(), number, tag().with_name("new"), time]))
}

#[derive(Debug)]
struct Hosts(SchemaRef, Vec<Option<String>>);

impl TagFilter for Hosts {
    fn schema(&self) -> &SchemaRef {
        &self.0
    }

    fn passing(&self, tags: &RecordBatch) -> Result<BooleanBuffer> {
        let hosts = tags.column(0).as_dictionary::<Int32Type>();
        let hosts = hosts.downcast_dict::<StringArray>().expect("texts").into_iter();
        assert_eq!(tags.column(1).null_count(), tags.num_rows(), "no file has it");
        Ok(hosts.map(|host| self.1.contains(&host.map(str::to_owned))).collect())
    }
}

fn hosts(hosts: &[Option<&str>]) -> Arc<TagChoice> {
    let schema = Schema::new(vec![tag(), tag().with_name("new")]);
    let hosts = hosts.iter().map(|host| host.map(str::to_owned)).collect();
    Arc::new(TagChoice::new(Arc::new(Hosts(Arc::new(schema), hosts))))
}

fn stored(rows: &[Row]) -> Arc<RowFile> {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let client = StoreClient::open(&StoreLocation::Memory, &disk).expect("a store");
    let store = RowStore::open(Arc::new(client), "node0", 1, 0).expect("a store");
    let schema = Arc::new(schema().project(&[0, 1, 3]).expect("columns"));
    let columns = SortColumns { tags: vec![0], time: 2 };
    let batches = (0..rows.len()).step_by(BLOCK_ROWS_MAX).map(|start| {
        let part = &rows[start..rows.len().min(start + BLOCK_ROWS_MAX)];
        let hosts: DictionaryArray<Int32Type> = part.iter().map(|row| row.0.as_deref()).collect();
        let numbers = (start..start + part.len()).map(|row| i64::try_from(row).expect("small"));
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(hosts),
            Arc::new(Int64Array::from_iter_values(numbers)),
            Arc::new(TimestampNanosecondArray::from_iter_values(part.iter().map(|row| row.1))),
        ];
        Ok(RecordBatch::try_new(SchemaRef::clone(&schema), arrays).expect("a batch"))
    });
    let entry = store.write((1, 1), &schema, &columns, batches).expect("a file");
    store.file(&entry.expect("rows"))
}

/// The numbers of the wanted rows, of all row groups together and of one after the other.
fn read(file: &RowFile, times: &TimeRanges, tags: Option<Arc<TagChoice>>) -> [Vec<i64>; 2] {
    let request = RowRequest { tags, ..RowRequest::of_all(schema(), times.clone()) };
    let numbers = |group| -> Vec<i64> {
        let batches = file.read(&request, group).expect("batches");
        let batches = batches.map(|batch| batch.expect("a batch"));
        let of = |batch: RecordBatch| batch.column(1).as_primitive::<Int64Type>().values().to_vec();
        batches.flat_map(of).collect()
    };
    let groups = file.row_groups().expect("row groups").len();
    [numbers(None), (0..groups).flat_map(|group| numbers(Some(group))).collect()]
}

fn expected(rows: &[Row], times: &TimeRanges, hosts: Option<&[Option<&str>]>) -> Vec<i64> {
    let wanted = |(host, time): &Row| {
        times.contains(*time) && hosts.is_none_or(|hosts| hosts.contains(&host.as_deref()))
    };
    (0..).zip(rows).filter(|(_, row)| wanted(row)).map(|(number, _)| number).collect()
}

/// Series of very different lengths, over two row groups.
fn rows() -> Vec<Row> {
    let lengths = [(None, 5), (Some("a"), 70_000), (Some("b"), 1), (Some("c"), 70_000)];
    let more = [(Some("d"), 300), (Some("e"), 20_000), (Some("f"), 9)];
    let of = |(host, length): (Option<&str>, i64)| -> Vec<Row> {
        (0..length).map(|time| (host.map(str::to_owned), 10 * time)).collect()
    };
    lengths.into_iter().chain(more).flat_map(of).collect()
}

#[test]
fn rows_of_few_series_and_times_are_those_that_a_scan_chooses() {
    let rows = rows();
    assert!(rows.len() > ROW_GROUP_ROWS_MAX);
    let range = |min, max| TimeRange { min, max };
    let all = TimeRange::ALL.into();
    let some =
        TimeRanges::union_of(vec![range(-9, 45), range(2_990, 2_995), range(650_000, i64::MAX)]);
    let choices: [&[Option<&str>]; 5] =
        [&[Some("c")], &[None, Some("f")], &[Some("b"), Some("e")], &[Some("none")], &[Some("a")]];
    for times in [all, some, range(123_450, 200_000).into(), range(81, 89).into()] {
        let (listed, fresh) = (stored(&rows), stored(&rows));
        for choice in choices {
            let found = read(&listed, &times, Some(hosts(choice)));
            let expected = expected(&rows, &times, Some(choice));
            assert_eq!(found, [expected.clone(), expected], "{choice:?} {times:?}");
        }
        let expected = expected(&rows, &times, None);
        assert_eq!(read(&listed, &times, None), [expected.clone(), expected.clone()]);
        assert_eq!(read(&fresh, &times, None), [expected.clone(), expected]);
    }
}

#[test]
fn a_file_that_was_pushed_out_of_the_memory_is_opened_again() {
    let rows = rows();
    let (file, times) = (stored(&rows), TimeRange { min: 45, max: 2_990 }.into());
    for _ in 0..2 {
        let found = read(&file, &times, Some(hosts(&[Some("d")])));
        let expected = expected(&rows, &times, Some(&[Some("d")]));
        assert_eq!(found, [expected.clone(), expected]);
        file.forget();
    }
}

#[test]
fn series_are_listed_with_their_rows_and_times() {
    let file = stored(&rows());
    let series = file.series().expect("a file").expect("few series");
    assert_eq!(series.count(), 7);
    assert_eq!((series.rows(0), series.times(0)), (0..5, TimeRange { min: 0, max: 40 }));
    let c = (series.rows(3), series.times(3));
    assert_eq!(c, (70_006..140_006, TimeRange { min: 0, max: 699_990 }), "over two row groups");
    let tags = series.tags().column(0).as_dictionary::<Int32Type>();
    let tags = tags.downcast_dict::<StringArray>().expect("texts").into_iter();
    let expected = [None, Some("a"), Some("b"), Some("c"), Some("d"), Some("e"), Some("f")];
    assert_eq!(tags.collect::<Vec<_>>(), expected);
    let picked = [4..6, 70_005..70_006, 140_005..140_007];
    let schema = Arc::new(schema().project(&[1]).expect("a column"));
    let numbers = file.read_rows(&schema, &picked).expect("rows").map(|batch| {
        batch.expect("a batch").column(0).as_primitive::<Int64Type>().values().to_vec()
    });
    assert_eq!(numbers.collect::<Vec<_>>().concat(), [4, 5, 70_005, 140_005, 140_006]);
}

#[test]
fn a_file_of_very_many_series_is_read_row_by_row() {
    let row = |number: usize| (Some(format!("{number:07}")), 5);
    let rows: Vec<Row> = (0..=LISTED_SERIES_MAX).map(row).collect();
    let file = stored(&rows);
    assert!(file.series().expect("a file").is_none());
    let times = TimeRange { min: 0, max: 9 }.into();
    assert_eq!(read(&file, &times, Some(hosts(&[Some("0200000")]))), [[200_000], [200_000]]);
    let file = stored(&rows[..LISTED_SERIES_MAX]);
    assert!(file.series().expect("a file").is_some());
}
