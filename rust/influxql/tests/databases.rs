//! The database that a statement names.

use super::super::database;
use super::read;

fn named(text: &str) -> Option<String> {
    database(&read(text)).expect(text)
}

#[test]
fn a_statement_may_name_no_database() {
    for text in ["SELECT a FROM m, rp.n", "SHOW DATABASES", "SHOW TAG KEYS FROM m", "DELETE FROM m"]
    {
        assert_eq!(named(text), None, "{text}");
    }
}

#[test]
fn a_retention_policy_is_a_part_of_the_name() {
    let rows = [
        ("SELECT a FROM x..m", "x"),
        ("SELECT a FROM x.autogen.m", "x"),
        ("SELECT a FROM x.\"default\".m", "x"),
        ("SELECT a FROM x.week.m", "x/week"),
        ("SELECT a FROM (SELECT a FROM (SELECT a FROM x.week.m)), n", "x/week"),
        ("EXPLAIN SELECT a FROM x..m", "x"),
        ("SHOW MEASUREMENTS ON x", "x"),
        ("SHOW MEASUREMENTS ON x.week", "x/week"),
        ("SHOW TAG KEYS FROM x.week./m/, n", "x/week"),
        ("SHOW FIELD KEYS ON x FROM x..m", "x"),
        ("SHOW RETENTION POLICIES ON x", "x"),
    ];
    for (text, name) in rows {
        assert_eq!(named(text).as_deref(), Some(name), "{text}");
    }
}

#[test]
fn several_databases_are_refused() {
    for text in [
        "SELECT a FROM x..m, y..n",
        "SELECT a FROM x.week.m, x.day.m",
        "SELECT a FROM (SELECT a FROM x..m), (SELECT a FROM y..m)",
        "SHOW TAG KEYS ON x FROM y..m",
    ] {
        let error = database(&read(text)).expect_err(text);
        let message = "error in InfluxQL statement: can only perform queries on a single database";
        assert_eq!(error.message(), message, "{text}");
    }
}
