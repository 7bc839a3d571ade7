//! What is read for an answer, and what is not.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::fixture::{Fixture, Row, Table};

const BLOCKS: i64 = 10;

/// Ten blocks of two rows each: hosts `even` and `odd`, times 10 `n` and 10 `n` + 1.
fn many_blocks() -> (Fixture, Arc<Table>) {
    let row = |time, host, level| (time, Some(host), Some("x"), Some(0.5), Some(level));
    let blocks: Vec<Vec<Row>> = (0..BLOCKS)
        .map(|block| vec![row(10 * block, "even", block), row(10 * block + 1, "odd", -block)])
        .collect();
    let blocks: Vec<&[Row]> = blocks.iter().map(Vec::as_slice).collect();
    let table = Table::weather(&blocks);
    (Fixture::new(vec![("weather", Arc::clone(&table))]), table)
}

fn reads(table: &Table, ask: impl FnOnce() -> String) -> (String, usize) {
    let before = table.reads.load(Ordering::Relaxed);
    let answer = ask();
    (answer, table.reads.load(Ordering::Relaxed) - before)
}

#[test]
fn blocks_outside_the_times_are_not_read() {
    let (fixture, table) = many_blocks();
    let sql = "SELECT level FROM weather \
               WHERE time >= to_timestamp(20) AND time < to_timestamp(31) ORDER BY time";
    let (answer, read) = reads(&table, || fixture.csv(sql));
    assert_eq!(answer, "level\n2\n-2\n3\n");
    assert_eq!(read, 2);
}

#[test]
fn a_host_that_does_not_exist_reads_nothing() {
    let (fixture, table) = many_blocks();
    let (answer, read) = reads(&table, || fixture.json("SELECT * FROM weather WHERE host = 'no'"));
    assert_eq!((&*answer, read), ("[]", 0));
}

#[test]
fn conditions_on_tags_agree_with_conditions_on_rows() {
    let (fixture, _) = many_blocks();
    let conditions = [
        "host = 'odd'",
        "host <> 'odd'",
        "host LIKE 'e%'",
        "host IN ('even', 'nobody')",
        "host IS NULL",
        "host ~ 'o.d' AND room = 'x'",
        "host > 'f' OR room = 'y'",
    ];
    for condition in conditions {
        let on_tags =
            format!("SELECT sum(level) AS s, count(*) AS n FROM weather WHERE {condition}");
        // A volatile term keeps the condition from being answered by tags.
        let on_rows = format!("{on_tags} AND random() >= 0");
        let on_rows = on_rows.replacen(condition, &format!("({condition})"), 1);
        assert_eq!(fixture.csv(&on_tags), fixture.csv(&on_rows), "{condition}");
    }
}

#[test]
fn a_limit_reads_no_more_than_it_needs() {
    let (fixture, table) = many_blocks();
    let (answer, read) = reads(&table, || fixture.csv("SELECT level FROM weather LIMIT 1"));
    assert_eq!(answer.lines().count(), 2);
    assert!(read < usize::try_from(BLOCKS).expect("a small number"), "{read}");
}

#[test]
fn the_number_of_rows_is_known_without_reading() {
    let (fixture, table) = many_blocks();
    let (answer, read) = reads(&table, || fixture.json("SELECT count(*) AS n FROM weather"));
    assert_eq!((&*answer, read), ("[{\"n\":20}]", 0));
}
