//! Gap filling in SQL: what it answers, and what it refuses.

use super::fixture::{Fixture, Table};
use super::work::{logged, start};
use crate::error::ErrorKind::Invalid;
use crate::query::{Format, Param};

const SECOND: i64 = 1_000_000_000;

/// Two series: `a` at 10 s, 31 s and 52 s, the second without a temperature; one without a host at
/// 30 s.
fn fixture() -> Fixture {
    let rows = &[
        (10 * SECOND, Some("a"), Some("x"), Some(1.0), Some(10)),
        (31 * SECOND, Some("a"), Some("x"), None, Some(7)),
        (52 * SECOND, Some("a"), Some("y"), Some(4.0), Some(-1)),
        (30 * SECOND, None, Some("x"), Some(9.0), None),
    ];
    Fixture::new(vec![("weather", Table::weather(&[rows]))])
}

const BIN: &str = "date_bin_gapfill(interval '10 seconds', time)";
const RANGE: &str = "time >= to_timestamp(0) AND time < to_timestamp(70000000000)";

/// What a query selects of the bins of host `a`, of ten seconds each.
fn of_a(columns: &str, tail: &str) -> String {
    fixture().csv(&format!(
        "SELECT {BIN} AS bin, {columns} FROM weather WHERE host = 'a' AND {RANGE} GROUP BY 1 {tail}"
    ))
}

#[test]
fn a_range_that_takes_for_ever_can_be_cancelled() {
    let fixture = fixture();
    let sql = "SELECT count(*) FROM (SELECT date_bin_gapfill(interval '1 nanosecond', time) \
               FROM weather WHERE time >= to_timestamp(0) AND time < now() GROUP BY 1)";
    drop(start(&fixture, sql).unwrap());
    let found = (0..10_000).find(|_| logged(&fixture, sql, "phase") == r#"[{"phase":"cancel"}]"#);
    assert!(found.is_some(), "{}", logged(&fixture, sql, "phase"));
}

/// The rows of a CSV text: the seconds of the first column, and the rest.
fn lines(csv: &str) -> Vec<String> {
    let line = |line: &str| line.replace("1970-01-01T00:0", "").replace('Z', "");
    csv.lines().skip(1).map(line).collect()
}

#[test]
fn every_bin_of_the_range_has_a_row() {
    let found = of_a("avg(temperature) AS t, count(*) AS n, count(level) AS l", "ORDER BY 1");
    let expected = [
        "0:00,,0,0",
        "0:10,1.0,1,1",
        "0:20,,0,0",
        "0:30,,1,1",
        "0:40,,0,0",
        "0:50,4.0,1,1",
        "1:00,,0,0",
    ];
    assert_eq!(lines(&found), expected, "{found}");
}

#[test]
fn columns_are_filled_each_in_its_way() {
    let columns = "locf(avg(temperature)) AS p, interpolate(avg(temperature)) AS i, \
                   avg(temperature) AS t, interpolate(max(level)) AS l, locf(count(*)) AS n, \
                   coalesce(locf(max(level)), 0) AS c";
    let expected = [
        "0:00,,,,,,0",
        "0:10,1.0,1.0,1.0,10,1,10",
        "0:20,1.0,1.75,,8,1,10",
        "0:30,1.0,2.5,,7,1,7",
        "0:40,1.0,3.25,,3,1,7",
        "0:50,4.0,4.0,4.0,-1,1,-1",
        "1:00,4.0,,,,1,-1",
    ];
    let found = of_a(columns, "ORDER BY 1");
    assert_eq!(lines(&found), expected, "{found}");
}

#[test]
fn selectors_are_filled_too() {
    let columns = "interpolate(selector_last(temperature, time))['value'] AS i, \
                   interpolate(selector_last(temperature, time))['time'] AS at, \
                   locf(selector_last(temperature, time))['value'] AS p, \
                   selector_last(temperature, time)['value'] AS v";
    let expected = [
        "0:00,,,,",
        "0:10,1.0,0:10,1.0,1.0",
        "0:20,1.75,0:20,1.0,",
        "0:30,2.5,0:30,1.0,",
        "0:40,3.25,0:40,1.0,",
        "0:50,4.0,0:52,4.0,4.0",
        "1:00,,,4.0,",
    ];
    let found = of_a(columns, "ORDER BY 1");
    assert_eq!(lines(&found), expected, "{found}");
    let columns = "locf(selector_last(temperature, time))['value'] AS p, max(level) AS l";
    let found = of_a(columns, "HAVING locf(selector_last(level, time))['value'] = 7 ORDER BY 1");
    assert_eq!(lines(&found), ["0:30,1.0,7", "0:40,1.0,"], "{found}");
}

#[test]
fn each_series_is_filled_by_itself() {
    let sql = format!(
        "SELECT host, {BIN}, locf(max(level)) AS l, count(*) AS n FROM weather \
         WHERE time BETWEEN '1970-01-01T00:00:25Z' AND '1970-01-01T00:00:49Z' \
         GROUP BY host, {BIN} ORDER BY host NULLS FIRST, 2"
    );
    let found = fixture().csv(&sql);
    let expected = [",0:20,,0", ",0:30,,1", ",0:40,,0", "a,0:20,,0", "a,0:30,7,1", "a,0:40,7,0"];
    assert_eq!(lines(&found), expected, "{found}");
    assert!(found.starts_with("host,\"date_bin_gapfill("), "{found}");
}

#[test]
fn what_stands_above_sees_the_rows_that_were_made() {
    let having = of_a("count(*) AS n", "HAVING count(*) = 0 ORDER BY bin DESC LIMIT 2");
    assert_eq!(lines(&having), ["1:00,0", "0:40,0"]);
    let by_fill = of_a("max(level) AS l", "HAVING locf(max(level)) = 7 ORDER BY 1");
    assert_eq!(lines(&by_fill), ["0:30,7", "0:40,"]);
    let window = of_a("sum(locf(max(level))) OVER () AS s", "ORDER BY 1 LIMIT 1");
    assert_eq!(lines(&window), ["0:00,32"]);
    let outer = "WITH zoned AS (SELECT time AS at, temperature FROM weather \
                 WHERE time >= to_timestamp(0)), \
                 filled AS (SELECT date_bin_gapfill(interval '30 seconds', at) AS bin, \
                 locf(avg(temperature)) AS t FROM zoned AS z \
                 WHERE at <= '1970-01-01T00:01:30Z' GROUP BY bin) \
                 SELECT count(*) AS n, sum(t) AS s FROM filled WHERE bin > to_timestamp(0) \
                 UNION ALL SELECT count(*), (SELECT sum(f.t) FROM filled f) FROM filled ORDER BY n";
    let outer = fixture().csv(outer);
    assert_eq!(outer, "n,s\n3,19.5\n4,20.5\n", "{outer}");
}

#[test]
fn bounds_are_constants_of_any_form() {
    let forms = [
        "time > '1970-01-01T00:00:29.999999999Z' AND time <= '1970-01-01T00:00:40Z'",
        "to_timestamp(30000000000) <= time AND to_timestamp(45000000000) > time AND \
         time > '1969-01-01'",
        "time BETWEEN to_timestamp(30000000000) AND to_timestamp(0) + interval '40 seconds'",
        "time >= now() - (now() - to_timestamp(30000000000)) AND \
         time < now() - (now() - to_timestamp(45000000000))",
        "time >= arrow_cast(30, 'Timestamp(Second, None)') AND \
         tz(time, 'Asia/Tokyo') < '1970-01-01T09:00:45'",
    ];
    for form in forms {
        let sql = format!("SELECT {BIN} AS b, count(*) AS n FROM weather WHERE {form} GROUP BY 1");
        let found = fixture().csv(&sql);
        assert_eq!(lines(&found), ["0:30,2", "0:40,0"], "{form}: {found}");
    }
    let instant = format!(
        "SELECT {BIN} AS b, count(*) AS n FROM weather \
         WHERE time = to_timestamp(31000000000) GROUP BY b"
    );
    assert_eq!(lines(&fixture().csv(&instant)), ["0:30,1"]);
}

#[test]
fn bounds_may_be_params() {
    let text = |text: &str| Param::String(text.to_owned());
    let params = vec![
        ("from".to_owned(), text("1970-01-01T00:00:30Z")),
        ("to".to_owned(), text("1970-01-01T00:00:45Z")),
    ];
    let sql = format!(
        "SELECT {BIN} AS b, count(*) AS n FROM weather \
         WHERE time >= $from AND time < $to GROUP BY b"
    );
    let found = fixture().bytes(&sql, params, Format::Csv).unwrap();
    assert_eq!(lines(std::str::from_utf8(&found).unwrap()), ["0:30,2", "0:40,0"]);
}

#[test]
fn bins_may_be_those_of_clocks() {
    let sql = "SELECT date_bin_wallclock_gapfill(interval '1 day', local) AS day, count(*) AS n \
               FROM (SELECT tz(time, 'Europe/Rome') AS local FROM weather) \
               WHERE local >= '2024-03-30T00:00:00' AND local <= '2024-04-01T00:00:00' GROUP BY 1";
    let rows = &[(1_711_828_800 * SECOND, Some("a"), Some("x"), Some(1.0), Some(10))];
    let found = Fixture::new(vec![("weather", Table::weather(&[rows]))]).csv(sql);
    let expected = "day,n\n2024-03-30T00:00:00+01:00,1\n2024-03-31T00:00:00+01:00,0\n\
                    2024-04-01T00:00:00+02:00,0\n";
    assert_eq!(found, expected);
}

#[test]
fn times_may_have_zones_and_other_units() {
    let zoned = [
        "date_bin_gapfill(interval '30 s', tz(time, 'Europe/Rome'))",
        "date_bin_wallclock_gapfill(interval '30 s', tz(time, 'Europe/Rome'))",
        "date_bin_gapfill(interval '30 s', tz(time, 'Europe/Rome'), '1970-01-01T00:01:30')",
        "date_bin_wallclock_gapfill(interval '30 s', tz(time, 'Europe/Rome'), \
         '1970-01-01T00:01:30')",
    ];
    for bin in zoned {
        let sql = format!("SELECT {bin} AS b, count(*) AS n FROM weather WHERE {RANGE} GROUP BY 1");
        let found = fixture().csv(&sql);
        let expected = "b,n\n1970-01-01T01:00:00+01:00,1\n1970-01-01T01:00:30+01:00,3\n\
                        1970-01-01T01:01:00+01:00,0\n";
        assert_eq!(found, expected, "{bin}");
    }
    let sql = "SELECT date_bin_gapfill('30 s', ms) AS b, count(*) AS n \
               FROM (SELECT arrow_cast(time, 'Timestamp(Millisecond, None)') AS ms FROM weather) \
               WHERE ms >= '1970-01-01' AND ms < '1970-01-01T00:01:10' GROUP BY 1";
    assert_eq!(lines(&fixture().csv(sql)), ["0:00,1", "0:30,3", "1:00,0"]);
}

#[test]
fn bins_of_clocks_need_no_gaps() {
    let sql = "SELECT date_bin_wallclock(interval '1 day', tz(t, 'Europe/Rome')) AS rome, \
               date_bin_wallclock(interval '1 day', t) AS utc, \
               date_bin_wallclock(interval '8 hours', t, '1970-01-01T02:00:00') AS shifted, \
               date_bin_wallclock(interval '1 day', tz(t, 'Europe/Rome'), \
               '1970-01-01T06:00:00'::timestamp) AS six, \
               arrow_typeof(date_bin_wallclock(interval '1 day', tz(t, 'Europe/Rome'))) AS type \
               FROM (SELECT to_timestamp(1711886400000000000) AS t)";
    let expected = concat!(
        r#"[{"rome":"2024-03-31T00:00:00+01:00","utc":"2024-03-31T00:00:00","#,
        r#""shifted":"2024-03-31T10:00:00","six":"2024-03-31T06:00:00+02:00","#,
        r#""type":"Timestamp(ns, \"Europe/Rome\")"}]"#,
    );
    assert_eq!(fixture().json(sql), expected);
    let refused = [
        ("interval '1 month', time", "gap filling does not support month intervals"),
        ("interval '1 day'", "DATE_BIN_WALLCLOCK expects 2 or 3 arguments, got 1"),
        ("interval '1 day', level", "DATE_BIN_WALLCLOCK requires a timestamp as the source"),
        ("interval '0 days', time", "a bin of time needs a positive width"),
        ("interval '1 day', time, now()", "DATE_BIN_WALLCLOCK requires an origin without a zone"),
        ("interval '1 day', time, time", "DATE_BIN_WALLCLOCK requires a literal as the origin"),
    ];
    for (arguments, text) in refused {
        let sql = format!("SELECT date_bin_wallclock({arguments}) FROM weather");
        let (kind, message) = fixture().error(&sql);
        assert_eq!(kind, Invalid, "{sql}: {message}");
        assert!(message.contains(text), "{sql}: {message}");
    }
}

#[test]
fn a_plan_says_what_it_fills() {
    let sql = format!(
        "EXPLAIN SELECT {BIN}, host, locf(avg(level)), count(*) FROM weather WHERE {RANGE} \
         GROUP BY 1, 2"
    );
    let found = fixture().csv(&sql);
    let shown = "stride=10s, range=[1970-01-01T00:00:00Z, 1970-01-01T00:01:09.999999999Z], \
                 fills=[count(Int64(1)): 0, locf(avg(weather.level)): previous]";
    assert_eq!(found.matches(shown).count(), 2, "{found}");
    assert_eq!(found.matches("GapFill: time=date_bin_gapfill(").count(), 2, "{found}");
    assert!(found.contains("series=[weather.host]"), "{found}");
}

fn assert_refused(sql: &str, text: &str) {
    let (kind, message) = fixture().error(sql);
    assert_eq!((kind, &*message), (Invalid, text), "{sql}");
}

#[test]
fn a_missing_bound_is_named() {
    let missing = [
        ("", "both upper and lower time bounds"),
        ("WHERE time > now() OR time < now()", "both upper and lower time bounds"),
        ("WHERE level > 1 AND level < 3", "both upper and lower time bounds"),
        ("WHERE time < now()", "lower time bound"),
        ("WHERE time > now() AND level < 3", "upper time bound"),
    ];
    for (condition, text) in missing {
        let sql = format!("SELECT {BIN} FROM weather {condition} GROUP BY 1");
        let text = format!("Error during planning: gap-filling query is missing {text}");
        assert_refused(&sql, &text);
    }
}

#[test]
fn bins_are_refused_in_the_words_of_influxdb() {
    let top_level = "DATE_BIN_GAPFILL must be a top-level expression in the GROUP BY clause when \
                     gap filling. It cannot be part of another expression or cast";
    let key = "date_bin_gapfill may only be used as a GROUP BY expression";
    let call = |arguments: &str| format!("date_bin_gapfill({arguments})");
    let refused = [
        (
            format!("{BIN}, {}", call("interval '1 h', time")),
            "1, 2",
            "DATE_BIN_GAPFILL specified more than once",
        ),
        (
            call("interval '1 h', time + interval '1 s'"),
            "1",
            "DATE_BIN_GAPFILL requires a column as the source argument",
        ),
        (call("interval '1 h'"), "1", "DATE_BIN_GAPFILL expects 2 or 3 arguments, got 1"),
        (format!("{BIN}::text"), "1", top_level),
        (
            format!("{BIN}, count(*)"),
            "ROLLUP(date_bin_gapfill(interval '10 seconds', time))",
            top_level,
        ),
        (format!("host, max({BIN})"), "host", key),
        (format!("host, max(level) AS m, {BIN} AS b"), "host, time", key),
        (
            call("arrow_cast(level, 'Interval(DayTime)'), time"),
            "1",
            "stride argument to DATE_BIN_GAPFILL for gap fill query must evaluate to a scalar",
        ),
        (
            call("interval '1 h', time, time"),
            "1",
            "origin argument to DATE_BIN_GAPFILL for gap fill query must evaluate to a scalar",
        ),
    ];
    for (columns, keys, text) in refused {
        let sql = format!("SELECT {columns} FROM weather WHERE {RANGE} GROUP BY {keys}");
        assert_refused(&sql, &format!("Error during planning: {text}"));
    }
    assert_refused(&format!("SELECT {BIN} FROM weather"), &format!("Error during planning: {key}"));
    let month = call("interval '1 month', time");
    let sql = format!("SELECT {month} FROM weather WHERE {RANGE} GROUP BY 1");
    assert_refused(&sql, "Execution error: gap filling does not support month intervals");
}

#[test]
fn fills_are_refused_in_the_words_of_influxdb() {
    let place = "may only be used in the SELECT list of a gap-filling query";
    let column = "must be called on an aggregate column in a gap-filling query";
    let filled = |columns: &str| {
        format!("SELECT {BIN} AS b, {columns} FROM weather WHERE {RANGE} GROUP BY 1, host")
    };
    let refused = [
        ("SELECT locf(level) FROM weather".to_owned(), format!("locf {place}")),
        ("SELECT interpolate(level) FROM weather".to_owned(), format!("interpolate {place}")),
        ("SELECT locf(max(level)) FROM weather GROUP BY host".to_owned(), format!("locf {place}")),
        (filled("max(locf(level))"), format!("locf {place}")),
        (format!("SELECT locf(l) FROM ({})", filled("max(level) AS l")), format!("locf {place}")),
        (filled("host, locf(host)"), format!("locf {column}")),
        (filled("locf(max(level) + 1)"), format!("locf {column}")),
        (
            filled("interpolate(max(room))"),
            "unsupported data type Utf8 for interpolation gap filling".to_owned(),
        ),
    ];
    for (sql, text) in refused {
        assert_refused(&sql, &format!("Error during planning: {text}"));
    }
}
