//! Statements that are read, and the one form in which each is written.

use super::read;

/// A text and its form; none: the text is in it.
type Row = (&'static str, Option<&'static str>);

fn check(rows: &[Row]) {
    for (text, form) in rows {
        let (statement, form) = (read(text), form.unwrap_or(text));
        assert_eq!(statement.to_string(), form, "{text}");
        assert_eq!(read(form), statement, "{form}");
    }
}

#[test]
fn selects_of_every_kind_are_read() {
    check(&[
        ("SELECT a FROM m", None),
        ("select a from m", Some("SELECT a FROM m")),
        ("SELECT a, b AS c, \"d e\" FROM m", None),
        ("SELECT * FROM m", None),
        ("SELECT *::tag, *::field FROM m", None),
        ("SELECT *::TAG FROM m", Some("SELECT *::tag FROM m")),
        ("SELECT /^us/ FROM m", None),
        (
            "SELECT a::float, b::INTEGER, c::time FROM m",
            Some("SELECT a::float, b::integer, c::timestamp FROM m"),
        ),
        (
            "SELECT MEAN(a), percentile(b, 90) FROM m",
            Some("SELECT mean(a), percentile(b, 90) FROM m"),
        ),
        ("SELECT mean(/a/), count(*) FROM m", None),
        ("SELECT count(distinct a) FROM m", Some("SELECT count(distinct(a)) FROM m")),
        ("SELECT count(distinct(a)) FROM m", None),
        ("SELECT DISTINCT a FROM m", Some("SELECT distinct(a) FROM m")),
        ("SELECT DISTINCT (a) FROM m", Some("SELECT distinct(a) FROM m")),
        ("SELECT top(a, host, 3) FROM m", None),
        ("SELECT derivative(mean(a), 10s) / 2 AS rate FROM m", None),
        ("SELECT (a)FROM m", Some("SELECT (a) FROM m")),
        ("SELECT a.b FROM m", Some("SELECT \"a.b\" FROM m")),
        ("SELECT a..b, a.b.\"c d\" FROM m", Some("SELECT \"a..b\", \"a.b.c d\" FROM m")),
        ("SELECT user::tag FROM m", Some("SELECT \"user\"::tag FROM m")),
        ("SELECT $x FROM m WHERE a = $\"y z\"", None),
    ]);
}

#[test]
fn sources_of_every_kind_are_read() {
    check(&[
        ("SELECT a FROM m, n", None),
        ("SELECT a FROM db.rp.m", None),
        ("SELECT a FROM db..m", None),
        ("SELECT a FROM rp.m", None),
        ("SELECT a FROM \"my db\".\"select\".\"true\"", None),
        ("SELECT a FROM db.\"\".m", Some("SELECT a FROM db..m")),
        ("SELECT a FROM /^cpu/, db.rp./a\\/b/", None),
        ("SELECT a FROM (SELECT b FROM m), n", None),
        (
            "SELECT a FROM(SELECT b FROM(SELECT c FROM m))",
            Some("SELECT a FROM (SELECT b FROM (SELECT c FROM m))"),
        ),
        ("SELECT a FROM m -- the end", Some("SELECT a FROM m")),
        ("SELECT/* x */a FROM/**/m", Some("SELECT a FROM m")),
        ("-- first\nSELECT a FROM m", Some("SELECT a FROM m")),
    ]);
}

#[test]
fn clauses_of_every_kind_are_read() {
    check(&[
        ("SELECT a FROM m WHERE a = 'x' AND b > 1 OR c =~ /x/", None),
        ("SELECT a FROM m WHERE time > now() - 1h AND time < '2026-01-01T00:00:00Z'", None),
        ("SELECT a FROM m WHERE a <> 1", Some("SELECT a FROM m WHERE a != 1")),
        ("SELECT a FROM m WHERE true", None),
        ("SELECT a FROM m WHERE date_part('dow', time) = 1 AND abs(a) > 2", None),
        (
            "SELECT a FROM m GROUP BY host, \"a b\", region::tag, *, /x/",
            Some("SELECT a FROM m GROUP BY host, \"a b\", region, *, /x/"),
        ),
        ("SELECT a FROM m GROUP BY \"time\"", None),
        (
            "SELECT mean(a) FROM m GROUP BY time(1m)",
            Some("SELECT mean(a) FROM m GROUP BY TIME(1m)"),
        ),
        ("SELECT mean(a) FROM m GROUP BY TIME(5m * 2, -10s), host", None),
        ("SELECT mean(a) FROM m GROUP BY TIME(1m, now())", None),
        ("SELECT mean(a) FROM m GROUP BY TIME($every, '2026-01-01')", None),
        ("SELECT mean(a) FROM m fill(null)", Some("SELECT mean(a) FROM m FILL(NULL)")),
        ("SELECT mean(a) FROM m FILL(NONE)", None),
        ("SELECT mean(a) FROM m FILL(PREVIOUS)", None),
        ("SELECT mean(a) FROM m FILL(LINEAR)", None),
        ("SELECT mean(a) FROM m FILL(0)", None),
        ("SELECT mean(a) FROM m FILL(-1.5)", None),
        ("SELECT mean(a) FROM m fill(+3)", Some("SELECT mean(a) FROM m FILL(3)")),
        ("SELECT mean(a) FROM m FILL(-9223372036854775808)", None),
        ("SELECT a FROM m ORDER BY time", Some("SELECT a FROM m")),
        ("SELECT a FROM m ORDER BY \"time\" ASC", Some("SELECT a FROM m")),
        ("SELECT a FROM m ORDER BY time DESC", Some("SELECT a FROM m ORDER BY TIME DESC")),
        ("SELECT a FROM m ORDER BY DESC", Some("SELECT a FROM m ORDER BY TIME DESC")),
        ("SELECT a FROM m LIMIT 10 OFFSET 5 SLIMIT 2 SOFFSET 1", None),
        ("SELECT a FROM m OFFSET 18446744073709551615", None),
        ("SELECT a FROM m tz('Europe/Berlin')", Some("SELECT a FROM m TZ('Europe/Berlin')")),
    ]);
}

#[test]
fn blanks_between_clauses_are_not_needed() {
    let text =
        "SELECT a FROM m WHERE time<=now()GROUP BY*FILL(0)ORDER BY time desc LIMIT 5OFFSET 3";
    let form = "SELECT a FROM m WHERE time <= now() GROUP BY * FILL(0) ORDER BY TIME DESC LIMIT 5 \
                OFFSET 3";
    check(&[(text, Some(form))]);
}

#[test]
fn other_statements_are_read() {
    check(&[
        ("EXPLAIN SELECT a FROM m", None),
        ("explain analyze select a from m", Some("EXPLAIN ANALYZE SELECT a FROM m")),
        ("SHOW DATABASES", None),
        ("SHOW RETENTION POLICIES", None),
        ("show retention policies on \"my db\"", Some("SHOW RETENTION POLICIES ON \"my db\"")),
        ("SHOW MEASUREMENTS", None),
        ("SHOW MEASUREMENTS ON db WITH MEASUREMENT = m WHERE host = 'a' LIMIT 1 OFFSET 2", None),
        ("SHOW MEASUREMENTS WITH MEASUREMENT =~ /^c/", None),
        ("SHOW MEASUREMENTS ON db.autogen", Some("SHOW MEASUREMENTS ON db")),
        ("SHOW MEASUREMENTS ON db.week", Some("SHOW MEASUREMENTS ON \"db/week\"")),
        ("SHOW TAG KEYS", None),
        ("SHOW TAG KEYS ON db FROM m, /n/, db.rp.o WHERE a = 'b' LIMIT 1 OFFSET 2", None),
        ("SHOW TAG KEYS SLIMIT 1 SOFFSET 2", None),
        ("SHOW FIELD KEYS", None),
        ("SHOW FIELD KEYS ON db FROM m LIMIT 3 OFFSET 1", None),
        ("SHOW TAG VALUES WITH KEY = host", None),
        ("SHOW TAG VALUES WITH KEY=host", Some("SHOW TAG VALUES WITH KEY = host")),
        ("SHOW TAG VALUES ON db FROM m WITH KEY != \"a b\" WHERE x = 'y' LIMIT 1", None),
        ("SHOW TAG VALUES WITH KEY <> a", Some("SHOW TAG VALUES WITH KEY != a")),
        ("SHOW TAG VALUES WITH KEY =~ /a|b/", None),
        ("SHOW TAG VALUES WITH KEY !~ /a|b/", None),
        (
            "SHOW TAG VALUES WITH KEY in(a,\"b c\")",
            Some("SHOW TAG VALUES WITH KEY IN (a, \"b c\")"),
        ),
        ("CREATE DATABASE db WITH DURATION 1d NAME \";\"", Some("CREATE DATABASE")),
        ("drop measurement m", Some("DROP MEASUREMENT")),
        ("DELETE FROM m WHERE a =~ /;'/ AND b = ';' -- ;", Some("DELETE")),
    ]);
}
