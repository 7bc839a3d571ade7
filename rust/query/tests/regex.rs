//! Patterns over tags and text.

use super::fixture::{Fixture, Row, Table};
use crate::error::ErrorKind::Invalid;

fn fixture() -> Fixture {
    let rows: &[Row] = &[
        (1, Some("web-1"), Some("x"), Some(1.5), Some(1)),
        (2, Some("web-2"), None, Some(1.5), Some(2)),
        (3, Some("db-1"), Some("/var"), Some(1.5), Some(3)),
        (4, None, None, Some(1.5), Some(4)),
    ];
    Fixture::new(vec![("weather", Table::weather(&[rows]))])
}

#[test]
fn patterns_match_tags_and_text() {
    let sql = "SELECT level, influx_regex_match(host, '^web') AS tag, \
               influx_regex_not_match(host, '^web') AS no, \
               influx_regex_match(host || 'x', '[12]x$') AS text, \
               influx_regex_match(arrow_cast(room, 'Utf8View'), '\\/v') AS view, \
               influx_regex_match('A', '(?i)a') AS literal FROM weather ORDER BY level";
    let expected = "level,tag,no,text,view,literal\n\
                    1,true,false,true,false,true\n\
                    2,true,false,true,,true\n\
                    3,false,true,true,true,true\n\
                    4,,,,,true\n";
    assert_eq!(fixture().csv(sql), expected);
}

#[test]
fn patterns_filter_and_an_empty_one_matches_all() {
    let count = |condition: &str| {
        fixture().csv(&format!("SELECT count(*) AS n FROM weather WHERE {condition}"))
    };
    assert_eq!(count("influx_regex_match(host, '1$')"), "n\n2\n");
    assert_eq!(count("influx_regex_not_match(host, '1$')"), "n\n1\n");
    assert_eq!(count("influx_regex_match(host, '')"), "n\n3\n");
    assert_eq!(count("influx_regex_match(NULL, 'a')"), "n\n0\n");
}

#[test]
fn patterns_that_are_no_literals_or_do_not_compile_are_refused() {
    let refused = [
        ("influx_regex_match(host, room)", "influx_regex_match requires a text literal as its"),
        ("influx_regex_not_match(host, NULL)", "influx_regex_not_match requires a text literal"),
        ("influx_regex_match(host, 1)", "influx_regex_match requires a text literal"),
        ("influx_regex_match(level, 'a')", "influx_regex_match requires text as argument 1"),
        ("influx_regex_match(host, '(')", "influx_regex_match: the pattern \"(\": "),
        ("influx_regex_match(host, 'a{99999}{99999}')", "influx_regex_match: the pattern"),
        ("influx_regex_match(host)", "influx_regex_match"),
    ];
    for (call, text) in refused {
        let (kind, message) = fixture().error(&format!("SELECT {call} FROM weather"));
        assert_eq!(kind, Invalid, "{call}: {message}");
        assert!(message.starts_with("Error during planning: "), "{message}");
        assert!(message.contains(text), "{call}: {message}");
    }
}
