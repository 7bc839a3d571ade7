//! The work behind an answer: failures on the way, cancellation, memory, the log of queries.

use std::sync::Arc;

use super::fixture::{Fixture, Table, Tables};
use crate::error::{ErrorKind, Result};
use crate::query::{Format, QueryLimits, QueryStream};

/// Would run for a very long time.
pub(super) const ENDLESS: &str = "SELECT count(*) FROM generate_series(1, 9000000000000000)";

pub(super) fn fixture() -> Fixture {
    let rows = &[(1, Some("a"), Some("x"), Some(1.5), Some(1))];
    Fixture::new(vec![("weather", Table::weather(&[rows]))])
}

pub(super) fn start(fixture: &Fixture, sql: &str) -> Result<QueryStream> {
    fixture.begin(sql, Vec::new(), Format::Json)
}

/// The newest entry of the log of queries for `sql`.
pub(super) fn logged(fixture: &Fixture, sql: &str, columns: &str) -> String {
    let sql = sql.replace('\'', "''");
    fixture.json(&format!(
        "SELECT {columns} FROM system.queries WHERE query_text = '{sql}' \
         ORDER BY issue_time DESC LIMIT 1"
    ))
}

#[test]
fn a_failure_after_the_first_chunks_is_an_error() {
    let fixture = fixture();
    let sql = "SELECT 1 / (90000 - value) FROM generate_series(1, 100000)";
    let mut stream = start(&fixture, sql).unwrap();
    assert!(stream.next_chunk().unwrap().is_some());
    let error = loop {
        match stream.next_chunk() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the answer looks whole"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(stream.next_chunk().unwrap(), None);
    assert_eq!(logged(&fixture, sql, "phase, success"), r#"[{"phase":"fail","success":false}]"#);
}

#[test]
fn dropping_an_answer_ends_its_work() {
    let fixture = fixture();
    drop(start(&fixture, ENDLESS).unwrap());
    let columns = "phase, running, cancelled";
    let expected = r#"[{"phase":"cancel","running":false,"cancelled":true}]"#;
    let found = (0..10_000).find(|_| logged(&fixture, ENDLESS, columns) == expected);
    assert!(found.is_some(), "{}", logged(&fixture, ENDLESS, columns));
}

#[test]
fn an_engine_that_goes_cuts_its_answers_off() {
    let fixture = fixture();
    let mut stream = start(&fixture, ENDLESS).unwrap();
    drop(fixture);
    assert_eq!(stream.next_chunk().unwrap_err().kind(), ErrorKind::Internal);
}

#[test]
fn many_queries_share_few_threads() {
    let fixture = Arc::new(fixture());
    let ask = |number: usize| {
        let fixture = Arc::clone(&fixture);
        std::thread::spawn(move || {
            let sql = format!("SELECT sum(value) + {number} AS s FROM generate_series(1, 50000)");
            assert_eq!(fixture.json(&sql), format!("[{{\"s\":{}}}]", 1_250_025_000 + number));
        })
    };
    let asking: Vec<_> = (0..32).map(ask).collect();
    for thread in asking {
        thread.join().unwrap();
    }
}

#[test]
fn queries_stay_below_their_memory() {
    let usual = QueryLimits::of(4 * 1_024 * 1_024, 2);
    let limits = QueryLimits { query_bytes: usual.memory_bytes, spill_bytes: 0, ..usual };
    let fixture = Fixture::with(Tables { name: "sensors", tables: Vec::new() }, &limits);
    let sorted = "SELECT value FROM generate_series(1, 5000000) ORDER BY value % 7";
    let (kind, text) = fixture.error(sorted);
    assert_eq!(kind, ErrorKind::Busy, "{text}");
    assert!(text.starts_with("Resources exhausted: "), "{text}");
    let long = "SELECT repeat('x', 1000) AS a FROM generate_series(1, 100000)";
    let error = fixture.text(long, Format::Pretty).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert_eq!(fixture.json("SELECT 1 AS a"), r#"[{"a":1}]"#);
}

#[test]
fn queries_are_logged_with_their_durations() {
    let fixture = fixture();
    let sql = "SELECT * FROM weather";
    fixture.json(sql);
    let columns = "phase, query_type, success, running, cancelled, partitions, \
                   plan_duration IS NOT NULL AND execute_duration IS NOT NULL \
                   AND end2end_duration IS NOT NULL AS timed";
    let expected = concat!(
        r#"[{"phase":"success","query_type":"sql","success":true,"running":false,"#,
        r#""cancelled":false,"partitions":1,"timed":true}]"#,
    );
    assert_eq!(logged(&fixture, sql, columns), expected);
    fixture.error("SELECT nope FROM weather");
    let failed = logged(&fixture, "SELECT nope FROM weather", "phase");
    assert_eq!(failed, r#"[{"phase":"fail"}]"#);
    let itself = fixture.json("SELECT phase, running FROM system.queries WHERE running");
    assert_eq!(itself.matches("\"running\":true").count(), 1);
}
