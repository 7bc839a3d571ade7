//! Queries beside each other: how many run, who waits, and how they are ended.

use std::thread;
use std::time::Duration;

use super::fixture::{Fixture, MEMORY_BYTES, Table, Tables};
use super::work::{ENDLESS, fixture, logged, start};
use crate::error::{EngineError, ErrorKind};
use crate::query::block_scan::BlockScan;
use crate::query::govern::Weight;
use crate::query::{
    Cancellation, Format, QUERIES_LOGGED_MAX, QUERIES_WAITING_MAX, QueryLimits, QueryStream,
    SMALL_ROWS_MAX, TimeRange,
};

/// How often a state that must come about is looked for.
const LOOKS: usize = 100_000;

fn limited(change: impl FnOnce(&mut QueryLimits)) -> Fixture {
    let mut limits = QueryLimits::of(MEMORY_BYTES, 2);
    change(&mut limits);
    let rows = &[(1, Some("a"), Some("x"), Some(1.5), Some(1))];
    let tables = vec![("weather", Table::weather(&[rows]))];
    Fixture::with(Tables { name: "sensors", tables }, &limits)
}

/// Waits until the log of queries answers `sql` with `expected`.
fn await_log(fixture: &Fixture, sql: &str, expected: &str) {
    let found = (0..LOOKS).any(|_| fixture.json(sql) == expected);
    assert!(found, "{sql}: {}", fixture.json(sql));
}

fn await_phases(fixture: &Fixture, phases: &str) {
    let sql = "SELECT phase FROM system.queries WHERE query_type = 'sql' \
               AND query_text LIKE '%90000000000000%' AND query_text NOT LIKE '%system%' \
               ORDER BY CAST(id AS BIGINT)";
    await_log(fixture, sql, phases);
}

fn next_error(stream: &mut QueryStream) -> EngineError {
    stream.next_chunk().unwrap_err()
}

/// The number of the one query that runs for long.
fn id_of_endless(fixture: &Fixture) -> u64 {
    let answer = logged(fixture, ENDLESS, "id, running");
    let id = answer.strip_prefix(r#"[{"id":""#).unwrap();
    id.strip_suffix(r#"","running":true}]"#).unwrap().parse().unwrap()
}

#[test]
fn large_queries_wait_for_each_other_and_small_ones_do_not() {
    let fixture = limited(|limits| limits.running = 2);
    let mut first = start(&fixture, ENDLESS).unwrap();
    await_phases(&fixture, r#"[{"phase":"execution_permit"}]"#);
    let _second = start(&fixture, ENDLESS).unwrap();
    let waiting = r#"[{"phase":"execution_permit"},{"phase":"physically_planned"}]"#;
    await_phases(&fixture, waiting);
    assert_eq!(fixture.json("SELECT level FROM weather"), r#"[{"level":1}]"#);
    await_phases(&fixture, waiting);
    fixture.engine.cancel(0).unwrap();
    assert_eq!(next_error(&mut first).kind(), ErrorKind::Cancelled);
    await_phases(&fixture, r#"[{"phase":"cancel"},{"phase":"execution_permit"}]"#);
}

#[test]
fn small_queries_beside_large_ones_on_every_thread_are_answered() {
    let fixture = fixture();
    let cross = "SELECT count(*) FROM generate_series(1, 9000000000000000) AS a \
                 CROSS JOIN generate_series(1, 10000) AS b";
    let _running: Vec<_> = (0..6).map(|_| start(&fixture, cross).unwrap()).collect();
    for _ in 0..20 {
        assert_eq!(fixture.json("SELECT level FROM weather"), r#"[{"level":1}]"#);
    }
}

#[test]
fn a_join_lets_go_of_its_thread_amid_one_batch() {
    let fixture = limited(|limits| limits.threads = 1);
    let endless = "SELECT sum(a.value * b.value) FROM generate_series(1, 1000000) AS a \
                   CROSS JOIN generate_series(1, 1000000) AS b";
    let mut stream = start(&fixture, endless).unwrap();
    let large = "SELECT count(*) AS n FROM generate_series(1, 10000) AS a \
                 JOIN generate_series(1, 10000) AS b ON a.value = b.value";
    assert_eq!(fixture.json(large), r#"[{"n":10000}]"#);
    fixture.engine.cancel(0).unwrap();
    assert_eq!(next_error(&mut stream).kind(), ErrorKind::Cancelled);
}

#[test]
fn a_query_whose_reader_is_slow_lets_others_run() {
    let fixture = limited(|limits| limits.running = 1);
    let rows = "SELECT value FROM generate_series(1, 9000000000000000)";
    let unread: Vec<_> = (0..3).map(|_| start(&fixture, rows).unwrap()).collect();
    assert_eq!(fixture.json("SELECT level FROM weather"), r#"[{"level":1}]"#);
    for mut stream in unread {
        assert!(stream.next_chunk().unwrap().is_some());
    }
}

#[test]
fn a_query_beyond_those_that_may_wait_is_told_to_come_later() {
    let fixture = limited(|limits| limits.running = 2);
    let asked = 1 + QUERIES_WAITING_MAX + 1;
    let mut streams: Vec<_> = (0..asked).map(|_| start(&fixture, ENDLESS).unwrap()).collect();
    let refused = "SELECT count(*) AS n FROM system.queries WHERE phase = 'fail'";
    await_log(&fixture, refused, r#"[{"n":1}]"#);
    let id = fixture.csv("SELECT id FROM system.queries WHERE phase = 'fail'");
    let id: usize = id.trim_start_matches("id\n").trim_end().parse().unwrap();
    let error = next_error(&mut streams[id]);
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert_eq!(
        error.to_string(),
        "64 queries wait, the maximum, for one of the 2 that may run at once \
         (--max-concurrent-queries): try again later"
    );
}

#[test]
fn a_query_is_ended_by_its_number_and_its_reader_is_told() {
    let fixture = fixture();
    let mut stream = start(&fixture, ENDLESS).unwrap();
    let id = id_of_endless(&fixture);
    let reading = thread::spawn(move || next_error(&mut stream));
    fixture.engine.cancel(id).unwrap();
    let error = reading.join().unwrap();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Cancelled, "query cancelled")
    );
    let columns = "phase, running, cancelled, end2end_duration IS NOT NULL AS ended";
    let expected = r#"[{"phase":"cancel","running":false,"cancelled":true,"ended":true}]"#;
    assert_eq!(logged(&fixture, ENDLESS, columns), expected);
    let again = fixture.engine.cancel(id).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
    assert_eq!(again.to_string(), format!("no query {id} is running"));
}

#[test]
fn a_query_that_was_cancelled_before_it_began_ends_at_once() {
    let fixture = fixture();
    let cancellation = Cancellation::default();
    cancellation.cancel();
    let question = fixture.question(ENDLESS, vec![], Format::Json);
    let begun = fixture.engine.query(question, &cancellation);
    let error = begun.and_then(|mut stream| stream.next_chunk()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[test]
fn a_query_that_takes_too_long_ends_with_the_limit() {
    let fixture = limited(|limits| limits.timeout = Some(Duration::from_millis(20)));
    let outcome = start(&fixture, ENDLESS).and_then(|mut stream| stream.next_chunk());
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "query timed out after 20ms");
}

#[test]
fn a_query_that_waits_may_time_out_too() {
    let fixture = limited(|limits| {
        limits.running = 1;
        limits.timeout = Some(Duration::from_millis(20));
    });
    let both = [start(&fixture, ENDLESS), start(&fixture, ENDLESS)];
    for begun in both {
        let error = begun.and_then(|mut stream| stream.next_chunk()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}

#[test]
fn a_running_query_stays_in_the_log_however_many_come_after_it() {
    let fixture = fixture();
    let _running = start(&fixture, ENDLESS).unwrap();
    for _ in 0..=QUERIES_LOGGED_MAX {
        fixture.json("SELECT 1 AS a");
    }
    assert_eq!(id_of_endless(&fixture), 0);
}

#[test]
fn a_query_is_small_by_the_rows_that_it_reads() {
    let weight = |rows: usize| {
        let rows: Vec<_> = (0..rows).map(|_| (1, Some("a"), None, None, Some(1))).collect();
        let table = Table::weather(&[&rows]);
        let scan = BlockScan::try_new(table, vec![4], TimeRange::ALL, None, None, 2);
        Weight::of(&scan.unwrap())
    };
    assert_eq!(weight(SMALL_ROWS_MAX), Weight::Small);
    assert_eq!(weight(SMALL_ROWS_MAX + 1), Weight::Large);
}
