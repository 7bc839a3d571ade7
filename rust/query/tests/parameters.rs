//! What a statement says of the values that it waits for.

use std::io::Cursor;

use arrow::ipc::reader::StreamReader;

use super::fixture::{Fixture, Table};
use crate::error::{ErrorKind, Result};
use crate::limits::SQL_PARAMETERS_MAX;
use crate::query::{Format, Param};

fn fixture() -> Fixture {
    let rows = &[(1, Some("a"), None, Some(1.5), Some(1)), (2, Some("b"), None, Some(2.5), None)];
    Fixture::new(vec![("weather", Table::weather(&[rows]))])
}

fn asked(sql: &str) -> Result<String> {
    let fixture = fixture();
    let bytes = fixture.engine.parameters(fixture.question(sql, Vec::new(), Format::Arrow))?;
    let schema = StreamReader::try_new(Cursor::new(bytes), None).unwrap().schema();
    let fields = schema.fields().iter();
    Ok(fields
        .map(|one| format!("{} {}", one.name(), one.data_type()))
        .collect::<Vec<_>>()
        .join(", "))
}

fn parameters(condition: &str) -> String {
    asked(&format!("SELECT * FROM weather WHERE {condition}")).unwrap()
}

#[test]
fn types_are_those_that_placeholders_are_compared_with() {
    assert_eq!(parameters("host = $1 AND temperature > $2"), "1 Utf8, 2 Float64");
    assert_eq!(parameters("level IN ($2, $1) AND time >= $3"), "1 Int64, 2 Int64, 3 Timestamp(ms)");
    assert_eq!(parameters("level = (SELECT max(level) FROM weather WHERE host = $1)"), "1 Utf8");
    let counts = "EXPLAIN SELECT * FROM weather LIMIT $1 OFFSET $2";
    assert_eq!(asked(counts).unwrap(), "1 Int64, 2 Int64");
}

#[test]
fn what_nothing_tells_the_type_of_is_text() {
    assert_eq!(asked("SELECT $1").unwrap(), "1 Utf8");
    assert_eq!(parameters("level = $1 OR host = $1"), "1 Utf8");
    assert_eq!(parameters("$1 IS NULL OR level = $1 OR $1 IS NULL"), "1 Int64");
}

#[test]
fn numbers_come_first_and_without_gaps_and_then_names() {
    assert_eq!(
        parameters("level = $room OR host = $host OR level = $10 AND level = $9"),
        "1 Utf8, 2 Utf8, 3 Utf8, 4 Utf8, 5 Utf8, 6 Utf8, 7 Utf8, 8 Utf8, 9 Int64, 10 Int64, \
         host Utf8, room Int64"
    );
    assert_eq!(asked("SHOW TABLES").unwrap(), "");
}

#[test]
fn question_marks_are_numbered_in_the_order_of_the_text() {
    assert_eq!(
        asked("SELECT ? FROM weather WHERE level > ? LIMIT ?").unwrap(),
        "1 Utf8, 2 Int64, 3 Int64"
    );
    let params = vec![("1".to_owned(), Param::String("b".to_owned()))];
    let sql = "SELECT host, '?' AS mark FROM weather WHERE host = ?";
    let rows = fixture().bytes(sql, params, Format::Csv).unwrap();
    assert_eq!(String::from_utf8(rows).unwrap(), "host,mark\nb,?\n");
}

#[test]
fn numbers_over_the_maximum_are_refused() {
    assert!(asked(&format!("SELECT ${SQL_PARAMETERS_MAX}")).is_ok());
    let error = asked(&format!("SELECT ${}", SQL_PARAMETERS_MAX + 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("$65536 is over the maximum of 65535"), "{error}");
}

#[test]
fn what_does_not_plan_has_no_parameters() {
    assert_eq!(
        asked("SELECT nope FROM weather WHERE host = $1").unwrap_err().kind(),
        ErrorKind::Invalid
    );
    assert_eq!(asked("SELECT ?, $1").unwrap_err().kind(), ErrorKind::Invalid);
}
