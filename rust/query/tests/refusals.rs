//! Statements that are refused: the kind and the words.

use super::answers::weather;
use crate::error::ErrorKind;
use crate::limits::SQL_BYTES_MAX;

#[test]
fn statements_that_would_change_something_are_refused() {
    let cases = [
        ("CREATE TABLE t (a INT)", "DDL not supported: CreateMemoryTable"),
        ("CREATE TABLE t AS SELECT 1", "DDL not supported: CreateMemoryTable"),
        ("CREATE VIEW v AS SELECT 1", "DDL not supported: CreateView"),
        ("DROP TABLE weather", "DDL not supported: DropTable"),
        ("INSERT INTO weather SELECT * FROM weather", "DML not supported: Insert Into"),
        ("DELETE FROM weather", "DML not supported: Delete"),
        ("TRUNCATE TABLE weather", "DML not supported: Truncate"),
        ("SET a = 1", "Statement not supported: SetVariable"),
        ("START TRANSACTION", "Statement not supported: TransactionStart"),
        ("COMMIT", "Statement not supported: TransactionEnd"),
    ];
    let fixture = weather();
    for (sql, text) in cases {
        let (kind, message) = fixture.error(sql);
        assert_eq!(kind, ErrorKind::Invalid, "{sql}: {message}");
        assert!(message.starts_with(&format!("Error during planning: {text}")), "{sql}: {message}");
    }
    assert_eq!(fixture.json("SELECT count(*) AS n FROM weather"), "[{\"n\":4}]");
}

#[test]
fn what_does_not_plan_is_the_users_fault() {
    let cases = [
        ("SELECT * FROM nope", "Error during planning: table 'public.iox.nope' not found"),
        ("SELECT nope FROM weather", "Schema error: No field named nope"),
        ("SELEC 1", "SQL error: ParserError("),
        ("SELECT nope(1)", "Error during planning: Invalid function 'nope'"),
        ("SELECT host, count(*) FROM weather", "Error during planning: Column"),
        ("SELECT $host", "Error during planning: No value found for placeholder with name $host"),
        ("", "Error during planning: No SQL statements were provided in the query string"),
        ("-- a comment", "Error during planning: No SQL statements were provided"),
    ];
    let fixture = weather();
    for (sql, text) in cases {
        let (kind, message) = fixture.error(sql);
        assert_eq!(kind, ErrorKind::Invalid, "{sql}: {message}");
        assert!(message.starts_with(text), "{sql}: {message}");
    }
}

#[test]
fn what_is_not_done_here_says_so() {
    let fixture = weather();
    for sql in ["SELECT 1; SELECT 2", "BEGIN", "GRANT ALL ON weather TO someone"] {
        let (kind, message) = fixture.error(sql);
        assert_eq!(kind, ErrorKind::Unsupported, "{sql}: {message}");
        assert!(message.starts_with("This feature is not implemented: "), "{sql}: {message}");
    }
}

#[test]
fn a_contradictory_range_is_an_empty_answer() {
    let sql = "SELECT * FROM weather WHERE time > to_timestamp(9) AND time < to_timestamp(2)";
    assert_eq!(weather().json(sql), "[]");
}

#[test]
fn a_text_has_a_maximum() {
    let sql = format!("SELECT '{}'", "x".repeat(SQL_BYTES_MAX));
    let (kind, message) = weather().error(&sql);
    assert_eq!(kind, ErrorKind::Invalid);
    assert!(message.ends_with("the maximum is 1048576 bytes"), "{message}");
}
