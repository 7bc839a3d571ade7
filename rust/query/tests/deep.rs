//! Statements that are deep, wide or explosive end with an answer or a refusal, never with the
//! process.

use super::fixture::{Fixture, Table};
use crate::error::ErrorKind::Invalid;
use crate::limits::SQL_BYTES_MAX;
use crate::query::SQL_DEPTH_MAX;

fn fixture() -> Fixture {
    let rows = &[(1, Some("a"), Some("x"), Some(1.5), Some(1))];
    Fixture::new(vec![("weather", Table::weather(&[rows]))])
}

fn chain(head: &str, part: &str, times: usize) -> String {
    format!("{head}{}", part.repeat(times))
}

/// Statements whose tree is as deep as `part` is often.
const CHAINS: [(&str, &str); 10] = [
    ("SELECT 1", "+1"),
    ("SELECT level FROM weather WHERE 1=1", " AND 1=1"),
    ("SELECT level FROM weather WHERE host='b'", " OR host='a'"),
    ("SELECT 'a'", "||'b'"),
    ("SELECT 1", "::int"),
    ("SELECT 1", " UNION ALL SELECT 1"),
    ("SELECT 1", " IS NULL"),
    ("SELECT [1]", "[1]"),
    ("", "+1"),
    ("SELECT level", "+CASE WHEN true THEN 1 END"),
];

#[test]
fn long_chains_are_answered() {
    let fixture = fixture();
    let answered = &CHAINS[..7];
    for (head, part) in answered {
        let sql = chain(head, part, 500);
        fixture.json(&sql);
    }
}

#[test]
fn longer_chains_are_refused() {
    let fixture = fixture();
    for (head, part) in CHAINS {
        for times in [SQL_DEPTH_MAX + 1, 100_000, (SQL_BYTES_MAX - head.len()) / part.len()] {
            let sql = chain(head, part, times.min((SQL_BYTES_MAX - head.len()) / part.len()));
            let (kind, text) = fixture.error(&sql);
            assert_eq!(kind, Invalid, "{head}{part}: {text}");
            assert!(text.contains("nests too deep"), "{head}{part}: {text}");
        }
    }
    assert_eq!(fixture.json("SELECT 1 AS a"), r#"[{"a":1}]"#);
}

#[test]
fn deep_parentheses_are_refused() {
    let fixture = fixture();
    for levels in [60, 1_000, 100_000, SQL_BYTES_MAX / 2 - 10] {
        let both = format!("SELECT {}1{}", "(".repeat(levels), ")".repeat(levels));
        assert_eq!(fixture.error(&both).0, Invalid);
        assert_eq!(fixture.error(&"(".repeat(levels)).0, Invalid);
        let minus = format!("SELECT {}1", "- ".repeat(levels));
        assert_eq!(fixture.error(&minus).0, Invalid);
    }
    let tables =
        |levels| format!("SELECT level FROM {}weather{}", "(".repeat(levels), ")".repeat(levels));
    assert_eq!(fixture.json(&tables(20)), r#"[{"level":1}]"#);
    assert_eq!(fixture.error(&tables(60)).0, Invalid);
}

#[test]
fn long_lists_are_answered() {
    let fixture = fixture();
    let list: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
    let sql = format!("SELECT level FROM weather WHERE level IN ({})", list.join(","));
    assert_eq!(fixture.json(&sql), r#"[{"level":1}]"#);
    let names: Vec<String> = (0..10_000).map(|number| format!("'h{number}'")).collect();
    let sql = format!("SELECT level FROM weather WHERE host IN ('a',{})", names.join(","));
    assert_eq!(fixture.json(&sql), r#"[{"level":1}]"#);
}

#[test]
fn too_many_joins_are_refused() {
    let fixture = fixture();
    let join = |count: usize| {
        let joins: Vec<String> = (0..count)
            .map(|number| format!(" JOIN weather w{number} ON w{number}.time = weather.time"))
            .collect();
        format!("SELECT count(*) AS n FROM weather{}", joins.concat())
    };
    assert_eq!(fixture.json(&join(20)), r#"[{"n":1}]"#);
    assert_eq!(fixture.error(&join(200)).0, Invalid);
}

/// `WITH` queries in a row, each made of the one before by `link`.
fn shared(link: &str, count: usize) -> String {
    let each = |number: usize| {
        let before = format!("c{}", number - 1);
        format!(", c{number} AS ({})", link.replace("BEFORE", &before))
    };
    let links: Vec<String> = (1..=count).map(each).collect();
    format!("WITH c0 AS (SELECT 1 AS a){} SELECT * FROM c{count}", links.concat())
}

#[test]
fn statements_that_double_themselves_are_refused() {
    let fixture = fixture();
    let doubling = [
        "SELECT a FROM BEFORE UNION ALL SELECT a FROM BEFORE",
        "SELECT (SELECT max(a) FROM BEFORE) + (SELECT min(a) FROM BEFORE) AS a",
        "SELECT x.a FROM BEFORE x JOIN BEFORE y ON x.a = y.a",
        "SELECT a FROM BEFORE WHERE a IN (SELECT a FROM BEFORE)",
        "WITH c AS (SELECT * FROM BEFORE) SELECT a FROM c UNION ALL SELECT a FROM c",
    ];
    for link in doubling {
        fixture.json(&shared(link, 3));
        for count in [30, 90] {
            let (kind, text) = fixture.error(&shared(link, count));
            assert_eq!(kind, Invalid, "{link}: {text}");
            assert!(text.contains("reads tables"), "{link}: {text}");
        }
        let explained = format!("EXPLAIN {}", shared(link, 60));
        assert_eq!(fixture.error(&explained).0, Invalid);
    }
    let straight = shared("SELECT a FROM BEFORE", 90);
    assert_eq!(fixture.json(&straight), r#"[{"a":1}]"#);
}

#[test]
fn functions_that_make_much_out_of_little_are_refused() {
    let fixture = fixture();
    let refused = [
        "SELECT repeat('x', 2000000000)",
        "SELECT repeat(repeat('x', 1000000), 1000000)",
        "SELECT rpad('x', 2000000000)",
        "SELECT lpad(host, level * 2000000000, 'ab') FROM weather",
        "SELECT range(0, 2000000000)",
        "SELECT generate_series(2000000000, 0, -1)",
        "SELECT generate_series(timestamp '1970-01-01', timestamp '2100-01-01', \
         interval '1 second')",
        "SELECT array_repeat(1, 2000000000)",
        "SELECT list_resize([1], 2000000000, 0)",
    ];
    for sql in refused {
        let (kind, text) = fixture.error(sql);
        assert_eq!(kind, Invalid, "{sql}: {text}");
        assert!(text.contains("the maximum is 268435456 bytes"), "{sql}: {text}");
    }
}

#[test]
fn functions_with_a_bound_still_answer() {
    let fixture = fixture();
    let sql = "SELECT repeat('ab', 2) AS a, repeat(host, -1) AS b, rpad(host, 3, 'xy') AS c, \
               range(0, 5, 2) AS d, generate_series(3, 1, -1) AS e, array_repeat(level, 2) AS f, \
               array_resize([1], 2) AS g, repeat(NULL, 3) AS h, \
               length(repeat('x', 1000000)) AS i, array_length(range(date '2000-01-01', \
               date '2001-01-01', interval '1 month')) AS j FROM weather";
    let expected = concat!(
        r#"[{"a":"abab","b":"","c":"axy","d":[0,2,4],"e":[3,2,1],"f":[1,1],"g":[1,null],"#,
        r#""i":1000000,"j":12}]"#,
    );
    assert_eq!(fixture.json(sql), expected);
}
