//! Which blocks a query reads, and that skipping the others changes no answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::fixture::{Fixture, Row, Table};

const BLOCKS: i64 = 10;
const ROWS: i64 = 10;

/// Ten blocks of ten rows; block `n` has the times `100 n` to `100 n + 9`.
fn fixture() -> (Fixture, Arc<Table>) {
    let hosts = [Some("a"), Some("b"), Some("c"), None];
    let rooms = [Some("x"), None, Some("y")];
    let row = |block: i64, row: i64| -> Row<'static> {
        let number = usize::try_from(block * ROWS + row).unwrap();
        let level = (number % 7 != 0).then_some(block * ROWS + row);
        (block * 100 + row, hosts[number % 4], rooms[number % 3], None, level)
    };
    let blocks: Vec<Vec<Row>> =
        (0..BLOCKS).map(|block| (0..ROWS).map(|number| row(block, number)).collect()).collect();
    let blocks: Vec<&[Row]> = blocks.iter().map(Vec::as_slice).collect();
    let table = Table::weather(&blocks);
    (Fixture::new(vec![("weather", Arc::clone(&table))]), table)
}

/// The answer, and how many blocks were read for it.
fn asked(sql: &str) -> (String, usize) {
    let (fixture, table) = fixture();
    let answer = fixture.json(sql);
    (answer, table.reads.load(Ordering::Relaxed))
}

fn count_where(condition: &str) -> (String, usize) {
    let (answer, reads) = asked(&format!("SELECT count(*) AS n FROM weather WHERE {condition}"));
    let count = answer.trim_start_matches("[{\"n\":").trim_end_matches("}]");
    (count.to_owned(), reads)
}

#[test]
fn blocks_outside_the_range_are_not_read() {
    let cases = [
        ("time >= to_timestamp(500)", "50", 5),
        ("time > to_timestamp(505) AND time <= to_timestamp(702)", "17", 3),
        ("time BETWEEN to_timestamp(300) AND to_timestamp(309)", "10", 1),
        ("time = to_timestamp(0)", "1", 1),
        ("to_timestamp(100) > time", "10", 1),
        ("time IN (to_timestamp(1), to_timestamp(2))", "2", 1),
        ("time = to_timestamp(1) OR time = to_timestamp(201)", "2", 3),
        ("time < '1970-01-01T00:00:00.000000100Z'", "10", 1),
        ("time < to_timestamp(100) AND level > 3", "5", 1),
        ("time > now() - interval '1 hour'", "0", 0),
        ("time > to_timestamp(950)", "0", 0),
        ("time > to_timestamp(9) AND time < to_timestamp(100)", "0", 0),
    ];
    for (condition, count, reads) in cases {
        assert_eq!(count_where(condition), (count.to_owned(), reads), "{condition}");
    }
}

#[test]
fn contradictory_ranges_are_empty_answers() {
    let condition = "time > to_timestamp(9) AND time < to_timestamp(3)";
    assert_eq!(asked(&format!("SELECT * FROM weather WHERE {condition}")), ("[]".to_owned(), 0));
    assert_eq!(count_where(condition), ("0".to_owned(), 0));
    let reversed = "time BETWEEN to_timestamp(9) AND to_timestamp(3)";
    assert_eq!(count_where(reversed), ("0".to_owned(), 0));
}

#[test]
fn rows_are_counted_without_reading() {
    assert_eq!(asked("SELECT count(*) AS n FROM weather"), (r#"[{"n":100}]"#.to_owned(), 0));
}

#[test]
fn series_that_no_condition_keeps_are_not_read() {
    assert_eq!(count_where("host = 'nowhere'"), ("0".to_owned(), 0));
}

#[test]
fn conditions_on_tags_keep_what_a_filter_by_row_keeps() {
    let conditions = [
        "host = 'a'",
        "host <> 'a'",
        "host IN ('a', 'c', 'z')",
        "host NOT IN ('a')",
        "host IS NULL",
        "host IS NOT NULL AND room IS NULL",
        "host = 'a' OR room = 'x'",
        "NOT (host = 'a' AND room = 'x')",
        "host LIKE '%b%'",
        "host ~ 'a|c'",
        "room > host",
        "host || room = 'ax'",
        "upper(host) = 'B'",
        "coalesce(host, 'none') = 'none'",
        "CASE WHEN host = 'a' THEN room = 'y' ELSE host = 'b' END",
        "host IS DISTINCT FROM 'a'",
    ];
    for condition in conditions {
        // with a field in it, the condition is left to a filter by row
        let by_row = format!("CASE WHEN level IS NULL THEN {condition} ELSE {condition} END");
        let columns = "SELECT host, room, time FROM weather WHERE";
        let by_series = asked(&format!("{columns} {condition} ORDER BY time")).0;
        assert_eq!(by_series, asked(&format!("{columns} {by_row} ORDER BY time")).0, "{condition}");
        assert_ne!(by_series, "[]", "{condition}");
    }
}

#[test]
fn conditions_on_tags_are_left_to_the_table() {
    let (plan, _) = asked("EXPLAIN SELECT level FROM weather WHERE upper(host) = 'B'");
    assert!(plan.contains("tags=upper("), "{plan}");
    assert!(!plan.contains("FilterExec"), "{plan}");
}

#[test]
fn volatile_conditions_are_asked_per_row() {
    let (plan, _) = asked("EXPLAIN SELECT level FROM weather WHERE host = 'a' OR random() < 0.5");
    assert!(plan.contains("FilterExec"), "{plan}");
}

#[test]
fn a_limit_stops_reading() {
    let (fixture, table) = fixture();
    let answer = fixture.json("SELECT level FROM weather LIMIT 3");
    assert_eq!(answer.matches('{').count(), 3, "{answer}");
    let reads = table.reads.load(Ordering::Relaxed);
    assert!(reads <= 2, "{reads} blocks for two partitions");
    assert_eq!(fixture.json("SELECT level FROM weather LIMIT 0"), "[]");
    let beyond = fixture.json("SELECT level FROM weather LIMIT 1000");
    assert_eq!(beyond.matches('{').count(), 100);
    let skipped = fixture.json("SELECT level FROM weather LIMIT 5 OFFSET 98");
    assert_eq!(skipped.matches('{').count(), 2);
}

#[test]
fn the_newest_rows_need_the_newest_blocks_alone() {
    let newest = "SELECT level FROM weather ORDER BY time DESC LIMIT 2";
    let (answer, reads) = asked(newest);
    assert_eq!(answer, r#"[{"level":99},{}]"#);
    assert!(reads <= 4, "{reads} of 10 blocks");
    let oldest = "SELECT level FROM weather ORDER BY time LIMIT 2";
    let (answer, reads) = asked(oldest);
    assert_eq!(answer, r#"[{},{"level":1}]"#);
    assert!(reads <= 4, "{reads} of 10 blocks");
}

#[test]
fn ordering_by_other_columns_reads_all() {
    let (answer, reads) = asked("SELECT level FROM weather ORDER BY level DESC NULLS LAST LIMIT 2");
    assert_eq!((&*answer, reads), (r#"[{"level":99},{"level":97}]"#, 10));
    let renamed = "SELECT level AS time FROM weather ORDER BY 1 DESC NULLS LAST LIMIT 1";
    assert_eq!(asked(renamed).0, r#"[{"time":99}]"#);
}

#[test]
fn subqueries_and_joins_read_the_same_snapshot() {
    let sql = "SELECT level FROM weather WHERE level > (SELECT avg(level) + 45 FROM weather) \
               ORDER BY level";
    assert_eq!(asked(sql).0, r#"[{"level":95},{"level":96},{"level":97},{"level":99}]"#);
    let join = "SELECT count(*) AS n FROM weather a JOIN weather b ON a.time = b.time";
    assert_eq!(asked(join).0, r#"[{"n":100}]"#);
    let grouped = "SELECT host, count(*) AS n FROM weather GROUP BY host ORDER BY host";
    let expected = r#"[{"host":"a","n":25},{"host":"b","n":25},{"host":"c","n":25},{"n":25}]"#;
    assert_eq!(asked(grouped).0, expected);
}

#[test]
fn rows_without_an_order_come_in_the_order_of_the_blocks() {
    let in_order: Vec<String> = (0..BLOCKS * ROWS).map(|level| level.to_string()).collect();
    for _ in 0..20 {
        let (fixture, _) = fixture();
        let csv = fixture.csv("SELECT coalesce(level, -1) AS n FROM weather");
        let found: Vec<&str> = csv.lines().skip(1).collect();
        assert_eq!(found.len(), in_order.len());
        for (found, expected) in found.iter().zip(&in_order) {
            assert!(found == expected || *found == "-1", "{csv}");
        }
        let filtered = fixture.json("SELECT level FROM weather WHERE level > 90 LIMIT 2");
        assert_eq!(filtered, r#"[{"level":92},{"level":93}]"#);
    }
}
