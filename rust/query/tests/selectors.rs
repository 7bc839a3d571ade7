//! Selectors in SQL: one value and its time.

use super::fixture::{Fixture, Row, Table};
use crate::error::ErrorKind::Invalid;

fn fixture() -> Fixture {
    let early: &[Row] = &[
        (3, Some("a"), Some("x"), Some(2.5), Some(4)),
        (1, Some("a"), Some("y"), None, Some(9)),
        (2, Some("b"), None, Some(-1.0), None),
    ];
    let late: &[Row] = &[
        (5, Some("a"), None, Some(0.5), None),
        (4, Some("a"), Some("x"), Some(2.5), Some(4)),
        (5, Some("b"), Some("z"), None, Some(7)),
    ];
    Fixture::new(vec![("weather", Table::weather(&[early, late]))])
}

#[test]
fn selectors_leave_nulls_out_and_give_the_time_of_their_value() {
    let sql = "SELECT host, selector_first(temperature, time)['value'] AS first, \
               selector_first(temperature, time)['time']::bigint AS first_at, \
               selector_last(level, time)['value'] AS last, \
               selector_last(level, time)['time']::bigint AS last_at, \
               selector_max(temperature, time)['time']::bigint AS max_at, \
               selector_min(level, time)['time']::bigint AS min_at \
               FROM weather GROUP BY host ORDER BY host";
    let expected = "host,first,first_at,last,last_at,max_at,min_at\n\
                    a,2.5,3,4,4,3,3\n\
                    b,-1.0,2,7,5,2,5\n";
    assert_eq!(fixture().csv(sql), expected);
}

#[test]
fn selectors_give_structs() {
    let sql = "SELECT selector_min(temperature, time) AS s FROM weather";
    let expected = r#"[{"s":{"value":-1.0,"time":"1970-01-01T00:00:00.000000002"}}]"#;
    assert_eq!(fixture().json(sql), expected);
    let sql = "SELECT arrow_typeof(selector_last(room, time)) AS s FROM weather";
    let expected = "s\n\"Struct(\"\"value\"\": Dictionary(Int32, Utf8), \"\"time\"\": \
                    Timestamp(ns))\"\n";
    assert_eq!(fixture().csv(sql), expected);
}

#[test]
fn tags_texts_booleans_times_and_other_types_are_selected() {
    let sql = "SELECT selector_last(room, time)['value'] AS tag, \
               selector_max(room || '!', time)['value'] AS text, \
               selector_max(arrow_cast(room, 'Utf8View'), time)['value'] AS view, \
               selector_min(temperature > 0, time)['value'] AS bool, \
               selector_max(time, time)['value']::bigint AS time, \
               selector_min(arrow_cast(level, 'UInt64'), time)['value'] AS unsigned, \
               selector_max(arrow_cast(level, 'Decimal128(9, 2)'), time)['value'] AS decimal, \
               selector_first([level, 1], time)['value'][1] AS list \
               FROM weather";
    let expected = "tag,text,view,bool,time,unsigned,decimal,list\nz,z!,z,false,5,4,9.00,9\n";
    assert_eq!(fixture().csv(sql), expected);
    let grouped = format!("{sql} GROUP BY host ORDER BY host");
    let expected = "tag,text,view,bool,time,unsigned,decimal,list\n\
                    x,y!,y,true,5,4,9.00,9\nz,z!,z,false,5,7,7.00,\n";
    assert_eq!(fixture().csv(&grouped), expected);
}

#[test]
fn a_group_without_values_has_null_in_both_fields() {
    let sql = "SELECT selector_last(level, time) AS s FROM weather WHERE time = 2";
    assert_eq!(fixture().json(&sql.replace("= 2", "= to_timestamp(2)")), r#"[{"s":{}}]"#);
    let sql = "SELECT selector_first(NULL, time)['value'] AS a, \
               selector_first(level, NULL)['time'] AS b FROM weather";
    assert_eq!(fixture().json(sql), "[{}]");
}

#[test]
fn filters_and_windows_apply_to_selectors() {
    let sql = "SELECT host, \
               selector_last(temperature, time) FILTER (WHERE level = 4)['value'] AS v \
               FROM weather GROUP BY host ORDER BY host";
    assert_eq!(fixture().csv(sql), "host,v\na,2.5\nb,\n");
    let sql = "SELECT time::bigint AS t, \
               selector_max(temperature, time) OVER (ORDER BY time)['value'] AS v \
               FROM weather WHERE host = 'a' ORDER BY time";
    assert_eq!(fixture().csv(sql), "t,v\n1,\n3,2.5\n4,2.5\n5,2.5\n");
}

/// Rows of many groups in many blocks: a group's rows lie in all of them.
fn many(groups: i64, blocks: i64) -> Fixture {
    let names: Vec<String> = (0..groups).map(|group| format!("host {group}")).collect();
    let block = |at: i64| -> Vec<Row> {
        let row = |(group, name)| -> Row {
            let value = (at * 7 + group) % 5; // the same value at several times
            (at * 10, Some(name), None, Some(0.5), Some(value))
        };
        (0_i64..).zip(names.iter().map(String::as_str)).map(row).collect()
    };
    let blocks: Vec<Vec<Row>> = (0..blocks).map(block).collect();
    let blocks: Vec<&[Row]> = blocks.iter().map(Vec::as_slice).collect();
    Fixture::new(vec![("weather", Table::weather(&blocks))])
}

#[test]
fn many_groups_over_many_blocks_have_the_rows_that_a_loop_finds() {
    let sql = "SELECT host, selector_min(level, time)['time']::bigint AS low, \
               selector_max(level, time)['time']::bigint AS high, \
               selector_first(level, time)['value'] AS first, \
               selector_last(host, time)['value'] AS last FROM weather GROUP BY host";
    let (groups, blocks) = (10_000, 6);
    let mut expected = vec!["host,low,high,first,last".to_owned()];
    for group in 0..groups {
        let values: Vec<i64> = (0..blocks).map(|at| (at * 7 + group) % 5).collect();
        let at = |value: i64| values.iter().position(|other| *other == value).unwrap() * 10;
        let (low, high, first) = (at(0), at(4), values[0]);
        expected.push(format!("host {group},{low},{high},{first},host {group}"));
    }
    expected[1..].sort();
    let answer = many(groups, blocks).csv(sql);
    let mut lines: Vec<&str> = answer.lines().collect();
    lines[1..].sort_unstable();
    assert_eq!(lines, expected);
}

#[test]
fn rows_of_one_time_are_selected_by_their_value_in_any_order() {
    for reversed in [false, true] {
        let mut rows: Vec<Row> =
            [3, 8, 5].map(|level| (7, Some("a"), None, None, Some(level))).into();
        if reversed {
            rows.reverse();
        }
        let blocks: Vec<&[Row]> = rows.chunks(1).collect();
        let fixture = Fixture::new(vec![("weather", Table::weather(&blocks))]);
        let sql = "SELECT selector_first(level, time)['value'] AS first, \
                   selector_last(level, time)['value'] AS last FROM weather GROUP BY host";
        assert_eq!(fixture.csv(sql), "first,last\n8,8\n");
    }
}

#[test]
fn selectors_of_no_time_are_refused() {
    let refused = [
        ("selector_first(level, level)", "selector_first requires a timestamp as argument 2"),
        ("selector_last(level, '2020-01-01')", "selector_last requires a timestamp as argument 2"),
        ("selector_min(level)", "selector_min"),
        ("selector_max()", "selector_max"),
    ];
    for (call, text) in refused {
        let (kind, message) = fixture().error(&format!("SELECT {call} FROM weather"));
        assert_eq!(kind, Invalid, "{call}: {message}");
        assert!(message.starts_with("Error during planning: "), "{message}");
        assert!(message.contains(text), "{call}: {message}");
    }
}
