//! Framing: empty answers, lines, files, chunks.

use arrow::datatypes::DataType;
use arrow::ipc::reader::StreamReader;
use arrow::record_batch::RecordBatch;
use parquet::basic::Compression;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::fixture::{Fixture, Table};
use crate::query::Format;

const ALL: &str = "SELECT * FROM weather";
const NONE: &str = "SELECT * FROM weather WHERE time > to_timestamp(5)";

fn fixture() -> Fixture {
    let rows = &[(1, Some("a"), Some("x"), Some(1.5), None), (2, None, Some("y"), None, Some(7))];
    Fixture::new(vec![("weather", Table::weather(&[rows]))])
}

fn batches(stream: &[u8]) -> Vec<RecordBatch> {
    StreamReader::try_new(stream, None).unwrap().map(Result::unwrap).collect()
}

fn footer(file: &[u8]) -> ParquetMetaData {
    let end = file.len() - 8;
    assert_eq!(&file[end + 4..], b"PAR1");
    let bytes = u32::from_le_bytes(file[end..end + 4].try_into().unwrap()) as usize;
    ParquetMetaDataReader::decode_metadata(&file[end - bytes..end]).unwrap()
}

#[test]
fn lines_of_json_end_with_a_line_end() {
    let lines = "{\"host\":\"a\",\"room\":\"x\",\"temperature\":1.5,\
                 \"time\":\"1970-01-01T00:00:00.000000001\"}\n\
                 {\"level\":7,\"room\":\"y\",\"time\":\"1970-01-01T00:00:00.000000002\"}\n";
    assert_eq!(fixture().text(ALL, Format::JsonLines).unwrap(), lines);
}

#[test]
fn answers_without_rows_have_their_forms() {
    let text = |format| fixture().text(NONE, format).unwrap();
    assert_eq!(text(Format::Json), "[]");
    assert_eq!(text(Format::JsonLines), "");
    assert_eq!(text(Format::Csv), "");
    assert_eq!(text(Format::Pretty), "++\n++");
    assert_eq!(text(Format::Parquet), "");
    let stream = fixture().bytes(NONE, Vec::new(), Format::Arrow).unwrap();
    let reader = StreamReader::try_new(&*stream, None).unwrap();
    assert_eq!(reader.schema().fields().len(), 5);
    assert_eq!(reader.count(), 0);
}

#[test]
fn arrow_streams_carry_plain_tags_and_their_metadata() {
    let stream = fixture().bytes(ALL, Vec::new(), Format::Arrow).unwrap();
    let batches = batches(&stream);
    let schema = batches[0].schema();
    let host = schema.field_with_name("host").unwrap();
    assert_eq!(host.data_type(), &DataType::Utf8);
    assert_eq!(host.metadata()["iox::column::type"], "iox::column_type::tag");
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
}

#[test]
fn parquet_files_are_whole_and_compressed() {
    let file = fixture().bytes(ALL, Vec::new(), Format::Parquet).unwrap();
    let metadata = footer(&file);
    assert_eq!(metadata.file_metadata().num_rows(), 2);
    let column = metadata.row_group(0).column(0);
    assert!(matches!(column.compression(), Compression::ZSTD(_)));
}

#[test]
fn parquet_row_groups_hold_at_most_100_000_rows() {
    let sql = "SELECT value FROM generate_series(1, 250000)";
    let file = fixture().bytes(sql, Vec::new(), Format::Parquet).unwrap();
    let metadata = footer(&file);
    let rows: Vec<i64> = metadata
        .row_groups()
        .iter()
        .map(parquet::file::metadata::RowGroupMetaData::num_rows)
        .collect();
    assert_eq!(rows, [100_000, 100_000, 50_000]);
}

#[test]
fn long_answers_come_in_chunks_of_a_bounded_size() {
    let fixture = fixture();
    for format in [Format::Json, Format::JsonLines, Format::Csv, Format::Arrow, Format::Pretty] {
        let sql = "SELECT value, value * 2 AS double FROM generate_series(1, 300000)";
        let mut stream = fixture.begin(sql, Vec::new(), format).unwrap();
        let mut sizes = Vec::new();
        while let Some(chunk) = stream.next_chunk().unwrap() {
            sizes.push(chunk.len());
        }
        let last = sizes.pop().unwrap();
        assert!(sizes.len() > 5, "{format:?}: {sizes:?}");
        assert!(sizes[0] <= 256 * 1_024, "{format:?}: the first of {sizes:?}");
        let bounds = 64 * 1_024..=1_024 * 1_024;
        assert!(sizes.iter().all(|size| bounds.contains(size)), "{format:?}: {sizes:?}");
        assert!(last <= *bounds.end());
    }
}

#[test]
fn chunks_join_without_a_seam() {
    let sql = "SELECT value AS v FROM generate_series(1, 30000)";
    let rows = || 1..=30_000;
    let json: Vec<String> = rows().map(|row| format!("{{\"v\":{row}}}")).collect();
    assert_eq!(fixture().json(sql), format!("[{}]", json.join(",")));
    let csv: Vec<String> = rows().map(|row| format!("{row}\n")).collect();
    assert_eq!(fixture().csv(sql), format!("v\n{}", csv.concat()));
}
