//! Statements that are refused, what was expected in them, and where.

use super::{super::parse, refusal};

const TYPE: &str = "invalid data type for tag or field reference, expected float, integer, \
                    unsigned, string, boolean, field, tag";
const CALL: &str = "invalid expression, the only valid function calls are 'now' with no arguments, \
                    or scalar math functions";
const SIGN: &str = "unexpected unary expression: expected literal integer, float, duration, field, \
                    function or parenthesis";
const DIMENSION: &str =
    "invalid GROUP BY clause, expected wildcard, TIME, identifier or regular expression";
const SHOWN: &str = "invalid SHOW statement, expected DATABASES, FIELD KEYS, MEASUREMENTS, \
                     TAG KEYS, TAG VALUES, or RETENTION POLICIES following SHOW";

fn check(rows: &[(&str, &str)]) {
    for (text, message) in rows {
        assert_eq!(refusal(text), *message, "{text}");
    }
}

#[test]
fn a_message_says_what_it_is_about() {
    let error = parse("SELECT FROM m").expect_err("there is no field");
    let message = "invalid SELECT statement, expected field at pos 7";
    assert_eq!(error.message(), format!("error in InfluxQL statement: parsing error: {message}"));
}

#[test]
fn what_is_no_statement_is_refused() {
    check(&[
        ("nonsense", "invalid InfluxQL statement at pos 0"),
        ("  42", "invalid InfluxQL statement at pos 2"),
        ("SHOW DATABASES; BAD", "invalid InfluxQL statement at pos 16"),
        ("GRANT ALL TO x", "invalid InfluxQL statement at pos 0"),
        ("CREATE USER x", "invalid CREATE statement, expected DATABASE at pos 7"),
        ("DROP DATABASE x", "invalid DROP statement, expected MEASUREMENT at pos 5"),
        ("EXPLAIN SHOW DATABASES", "invalid EXPLAIN statement, expected SELECT at pos 8"),
        ("SELECT a FROM m /* x", "invalid inline comment, missing closing */ at pos 16"),
        ("SELECT a FROM /* x", "invalid inline comment, missing closing */ at pos 14"),
    ]);
}

#[test]
fn what_follows_a_statement_is_refused() {
    let message = "invalid InfluxQL statement, expected ';' or the end of the text";
    check(&[
        ("SELECT a FROM m x", &format!("{message} at pos 16")),
        ("SELECT a FROM m WHERE b = 1 1", &format!("{message} at pos 28")),
        ("SHOW DATABASES SHOW DATABASES", &format!("{message} at pos 15")),
        ("SELECT a FROM a.b.c.d", &format!("{message} at pos 19")),
        ("SELECT a FROM m WHERE a = 1m5", &format!("{message} at pos 28")),
    ]);
}

#[test]
fn clauses_out_of_their_order_are_refused() {
    let message = "invalid InfluxQL statement, expected ';' or the end of the text";
    check(&[
        ("SELECT a FROM m LIMIT 1 WHERE b = 1", &format!("{message} at pos 24")),
        ("SELECT a FROM m OFFSET 1 LIMIT 1", &format!("{message} at pos 25")),
        ("SELECT a FROM m fill(0) GROUP BY b", &format!("{message} at pos 24")),
        ("SELECT a FROM m tz('UTC') LIMIT 1", &format!("{message} at pos 26")),
        ("SHOW TAG KEYS LIMIT 1 FROM m", &format!("{message} at pos 22")),
        ("SHOW FIELD KEYS WHERE a = 'b'", &format!("{message} at pos 16")),
    ]);
}

#[test]
fn selects_that_lack_something_are_refused() {
    check(&[
        ("SELECT", "invalid SELECT statement, expected field at pos 6"),
        ("SELECT a,", "invalid SELECT statement, expected field at pos 9"),
        ("SELECT a", "invalid SELECT statement, expected FROM at pos 8"),
        ("SELECT a INTO b FROM m", "invalid SELECT statement, expected FROM at pos 9"),
        ("SELECT a AS FROM m", "invalid field alias, expected identifier at pos 12"),
        ("SELECT a = 1 FROM m", "invalid SELECT statement, expected FROM at pos 9"),
        ("SELECT (a OR b) FROM m", "invalid expression, expected ')' at pos 10"),
        ("SELECT DISTINCT 1 FROM m", "invalid DISTINCT expression, expected identifier at pos 16"),
        ("SELECT f(a FROM m", "invalid function call, expected ')' at pos 11"),
        ("SELECT f(a,) FROM m", "invalid SELECT statement, expected field at pos 11"),
        ("SELECT a. FROM m", "invalid identifier, expected a name after '.' at pos 10"),
        (
            "SELECT *::float FROM m",
            "invalid wildcard type specifier, expected TAG or FIELD at pos 10",
        ),
        ("SELECT a::text FROM m", &format!("{TYPE} at pos 10")),
    ]);
}

#[test]
fn sources_that_are_none_are_refused() {
    let message = "invalid FROM clause, expected identifier, regular expression or subquery";
    check(&[
        ("SELECT a FROM", &format!("{message} at pos 13")),
        ("SELECT a FROM 1", &format!("{message} at pos 14")),
        ("SELECT a FROM m,", &format!("{message} at pos 16")),
        ("SELECT a FROM select", &format!("{message} at pos 14")),
        ("SELECT a FROM db.", &format!("{message} at pos 17")),
        ("SELECT a FROM (SHOW DATABASES)", "invalid subquery, expected SELECT at pos 15"),
        ("SELECT a FROM (SELECT a FROM m", "invalid subquery, expected ')' at pos 30"),
    ]);
}

#[test]
fn clauses_that_lack_something_are_refused() {
    check(&[
        ("SELECT a FROM m WHERE", "invalid conditional expression at pos 21"),
        ("SELECT a FROM m WHERE a =", "invalid conditional expression at pos 25"),
        ("SELECT a FROM m WHERE a = /x/", "invalid conditional expression at pos 26"),
        (
            "SELECT a FROM m WHERE a =~ 'x'",
            "invalid conditional, expected regular expression at pos 27",
        ),
        ("SELECT a FROM m WHERE (a = 1) + 2 = 3", "invalid conditional expression at pos 30"),
        ("SELECT a FROM m WHERE mean(a) > 1", &format!("{CALL} at pos 22")),
        ("SELECT a FROM m WHERE now(1) > 1", &format!("{CALL} at pos 22")),
        ("SELECT a FROM m WHERE * = 1", "invalid conditional expression at pos 22"),
        ("SELECT a FROM m WHERE -(a = 1)", &format!("{SIGN} at pos 23")),
    ]);
}

#[test]
fn groups_that_are_none_are_refused() {
    check(&[
        ("SELECT a FROM m GROUP a", "invalid GROUP BY clause, expected BY at pos 22"),
        ("SELECT a FROM m GROUP BY", &format!("{DIMENSION} at pos 24")),
        ("SELECT a FROM m GROUP BY a::float", "invalid GROUP BY clause, expected a tag at pos 25"),
        ("SELECT a FROM m GROUP BY *::field", "invalid GROUP BY clause, expected TAG at pos 28"),
        ("SELECT a FROM m GROUP BY time", "invalid TIME call, expected 1 or 2 arguments at pos 29"),
        (
            "SELECT a FROM m GROUP BY time()",
            "invalid TIME call, expected a duration for the interval at pos 30",
        ),
        (
            "SELECT a FROM m GROUP BY time('1m')",
            "invalid TIME call, expected a duration for the interval at pos 30",
        ),
        (
            "SELECT a FROM m GROUP BY time(1m, true)",
            "invalid TIME call, expected a duration, a time or now() for the offset at pos 34",
        ),
        ("SELECT a FROM m GROUP BY time(1m, 1s, 2s)", "invalid TIME call, expected ')' at pos 36"),
        ("SELECT a FROM m fill", "invalid FILL clause, expected '(' at pos 20"),
        (
            "SELECT a FROM m fill(zero)",
            "invalid FILL option, expected NULL, NONE, PREVIOUS, LINEAR, or a number at pos 21",
        ),
        (
            "SELECT a FROM m fill(1m)",
            "invalid FILL option, expected NULL, NONE, PREVIOUS, LINEAR, or a number at pos 21",
        ),
        (
            "SELECT a FROM m fill(9223372036854775808)",
            "invalid FILL option, expected NULL, NONE, PREVIOUS, LINEAR, or a number at pos 21",
        ),
        ("SELECT a FROM m fill(0", "invalid FILL clause, expected ')' at pos 22"),
        ("SELECT a FROM m ORDER time", "invalid ORDER BY, expected BY at pos 22"),
        (
            "SELECT a FROM m ORDER BY a",
            "invalid ORDER BY, only ORDER BY time is supported at pos 25",
        ),
        (
            "SELECT a FROM m ORDER BY time DESC, a",
            "invalid ORDER BY, only ORDER BY time is supported at pos 25",
        ),
        ("SELECT a FROM m LIMIT", "invalid LIMIT clause, expected unsigned integer at pos 21"),
        ("SELECT a FROM m LIMIT -1", "invalid LIMIT clause, expected unsigned integer at pos 22"),
        (
            "SELECT a FROM m SOFFSET 18446744073709551616",
            "invalid SOFFSET clause, expected unsigned integer at pos 24",
        ),
        ("SELECT a FROM m tz(UTC)", "invalid TZ clause, expected string at pos 19"),
    ]);
}

#[test]
fn shows_of_anything_else_are_refused() {
    check(&[
        ("SHOW SERIES", &format!("{SHOWN} at pos 5")),
        ("SHOW FIELD", &format!("{SHOWN} at pos 10")),
        ("SHOW TAG", "invalid SHOW TAG statement, expected KEYS or VALUES at pos 8"),
        (
            "SHOW TAG VALUES",
            "invalid SHOW TAG VALUES statement, expected WITH KEY clause at pos 15",
        ),
        ("SHOW TAG VALUES WITH = a", "invalid WITH KEY clause, expected KEY at pos 21"),
        ("SHOW TAG VALUES WITH KEY a", "invalid WITH KEY clause, expected condition at pos 25"),
        (
            "SHOW TAG VALUES WITH KEY = /a/",
            "invalid WITH KEY clause, expected identifier following = at pos 27",
        ),
        (
            "SHOW TAG VALUES WITH KEY =~ a",
            "invalid WITH KEY clause, expected regular expression following =~ at pos 28",
        ),
        (
            "SHOW TAG VALUES WITH KEY IN a",
            "invalid WITH KEY clause, expected identifier list following IN at pos 28",
        ),
        ("SHOW TAG VALUES WITH KEY IN (a b)", "invalid identifier list, expected ')' at pos 31"),
        ("SHOW MEASUREMENTS ON 1", "invalid ON clause, expected wildcard or identifier at pos 21"),
        ("SHOW MEASUREMENTS WITH KEY = a", "invalid WITH clause, expected MEASUREMENT at pos 23"),
        ("SHOW MEASUREMENTS WITH MEASUREMENT a", "expected = or =~ at pos 35"),
        ("SHOW MEASUREMENTS WITH MEASUREMENT = /a/", "expected measurement name at pos 37"),
        ("SHOW MEASUREMENTS WITH MEASUREMENT =~ a", "expected regular expression at pos 38"),
        ("SHOW TAG KEYS ON *", "invalid ON clause, expected identifier at pos 17"),
    ]);
}

#[test]
fn every_database_at_once_is_refused() {
    for text in ["SHOW MEASUREMENTS ON *", "SHOW MEASUREMENTS ON *.*"] {
        let error = parse(text).expect_err(text);
        let message = "error in InfluxQL statement: can only perform queries on a single database";
        assert_eq!(error.message(), message);
    }
}
