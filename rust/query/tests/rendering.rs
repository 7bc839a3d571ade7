//! Each type in each format of text, to the letter.

use super::fixture::{Fixture, Row, Table};
use crate::query::Format;

/// Without tables.
fn fixture() -> Fixture {
    Fixture::new(Vec::new())
}

fn weather(rows: &[Row]) -> Fixture {
    Fixture::new(vec![("weather", Table::weather(&[rows]))])
}

#[test]
fn times_have_as_many_digits_as_they_need() {
    let sql = "SELECT to_timestamp(3000000000000000000) AS a, to_timestamp(1500000000) AS b, \
               to_timestamp(1000001000) AS c, to_timestamp(-1) AS d";
    let expected = "\"a\":\"2065-01-24T05:20:00\",\"b\":\"1970-01-01T00:00:01.500\",\
                    \"c\":\"1970-01-01T00:00:01.000001\",\"d\":\"1969-12-31T23:59:59.999999999\"";
    assert_eq!(fixture().json(sql), format!("[{{{expected}}}]"));
    let csv = "a,b,c,d\n2065-01-24T05:20:00,1970-01-01T00:00:01.500,\
               1970-01-01T00:00:01.000001,1969-12-31T23:59:59.999999999\n";
    assert_eq!(fixture().csv(sql), csv);
}

#[test]
fn times_with_a_zone_show_it() {
    let sql = "SELECT tz(to_timestamp(0)) AS a, tz(to_timestamp(0), 'Europe/Rome') AS b, \
               arrow_cast(to_timestamp(0), 'Timestamp(Nanosecond, Some(\"+00:00\"))') AS c";
    let expected = concat!(
        r#"[{"a":"1970-01-01T00:00:00Z","b":"1970-01-01T01:00:00+01:00","#,
        r#""c":"1970-01-01T00:00:00Z"}]"#,
    );
    assert_eq!(fixture().json(sql), expected);
}

#[test]
fn floats_keep_their_point() {
    let sql = "SELECT 1.0 AS a, 0.00001 AS b, 1e9 AS c, 1.23456789015e10 AS d, 1e15 AS e, \
               1.5e-7 AS f, 1e21 AS g, -0.0 AS h";
    let json = concat!(
        r#"[{"a":1.0,"b":0.00001,"c":1000000000.0,"d":1.23456789015e10,"e":1.0e15,"#,
        r#""f":1.5e-7,"g":1.0e21,"h":-0.0}]"#,
    );
    assert_eq!(fixture().json(sql), json);
    let csv = "a,b,c,d,e,f,g,h\n\
               1.0,0.00001,1000000000.0,12345678901.5,1000000000000000.0,1.5e-7,1e21,-0.0\n";
    assert_eq!(fixture().csv(sql), csv);
}

#[test]
fn floats_that_are_no_numbers_are_null_in_json() {
    let sql = "SELECT 'NaN'::double AS a, 'inf'::double AS b, '-inf'::double AS c";
    assert_eq!(fixture().json(sql), r#"[{"a":null,"b":null,"c":null}]"#);
    assert_eq!(fixture().csv(sql), "a,b,c\nNaN,inf,-inf\n");
}

#[test]
fn integers_keep_their_whole_range() {
    let sql = "SELECT 9223372036854775807 AS a, 18446744073709551615 AS b, \
               -9223372036854775808 AS c, true AS d, false AS e";
    let json = concat!(
        r#"[{"a":9223372036854775807,"b":18446744073709551615,"c":-9223372036854775808,"#,
        r#""d":true,"e":false}]"#,
    );
    assert_eq!(fixture().json(sql), json);
    let csv =
        "a,b,c,d,e\n9223372036854775807,18446744073709551615,-9223372036854775808,true,false\n";
    assert_eq!(fixture().csv(sql), csv);
}

#[test]
fn nulls_are_left_out_or_empty() {
    assert_eq!(fixture().json("SELECT NULL AS a, 1 AS b"), r#"[{"b":1}]"#);
    assert_eq!(fixture().json("SELECT NULL AS a"), "[{}]");
    assert_eq!(fixture().csv("SELECT NULL AS a, 1 AS b"), "a,b\n,1\n");
    assert_eq!(fixture().csv("SELECT NULL AS a"), "a\n\"\"\n");
}

#[test]
fn strings_are_escaped_where_they_must_be() {
    let sql = "SELECT E'a\\nb\\tc\"d/\u{e9}\\u0001' AS a, 'x,y' AS b, 'p q' AS c";
    let json = "[{\"a\":\"a\\nb\\tc\\\"d/\u{e9}\\u0001\",\"b\":\"x,y\",\"c\":\"p q\"}]";
    assert_eq!(fixture().json(sql), json);
    let csv = "a,b,c\n\"a\nb\tc\"\"d/\u{e9}\u{1}\",\"x,y\",p q\n";
    assert_eq!(fixture().csv(sql), csv);
}

#[test]
fn other_types_have_their_own_forms() {
    let sql = "SELECT X'ab0F' AS a, interval '1 month 2 days 3 seconds' AS b, \
               date '2022-01-08' AS c, arrow_cast(90000000001, 'Duration(Nanosecond)') AS d";
    let json = concat!(
        r#"[{"a":"ab0f","b":"1 mons 2 days 3.000000000 secs","c":"2022-01-08","#,
        r#""d":"PT90.000000001S"}]"#,
    );
    assert_eq!(fixture().json(sql), json);
    let csv = "a,b,c,d\nab0f,1 mons 2 days 3.000000000 secs,2022-01-08,PT90.000000001S\n";
    assert_eq!(fixture().csv(sql), csv);
}

#[test]
fn lists_and_structs_nest_in_json_alone() {
    let sql = "SELECT [1, NULL] AS a, {'b': 2} AS c";
    assert_eq!(fixture().json(sql), r#"[{"a":[1,null],"c":{"b":2}}]"#);
    let refused = fixture().text("SELECT [1, NULL] AS a", Format::Csv).unwrap_err();
    assert!(refused.message().contains("is not supported in CSV"), "{refused}");
    let pretty = fixture().text("SELECT [1, NULL] AS a", Format::Pretty).unwrap();
    assert_eq!(pretty, "+-------+\n| a     |\n+-------+\n| [1, ] |\n+-------+");
}

#[test]
fn tags_are_strings() {
    let weather = weather(&[(1, Some("h,1"), None, Some(1.5), Some(-2))]);
    let json =
        r#"[{"host":"h,1","level":-2,"temperature":1.5,"time":"1970-01-01T00:00:00.000000001"}]"#;
    assert_eq!(weather.json("SELECT * FROM weather"), json);
    let csv = "host,level,room,temperature,time\n\"h,1\",-2,,1.5,1970-01-01T00:00:00.000000001\n";
    assert_eq!(weather.csv("SELECT * FROM weather"), csv);
    let pretty = "+------+-------+------+-------------+-------------------------------+\n\
                  | host | level | room | temperature | time                          |\n\
                  +------+-------+------+-------------+-------------------------------+\n\
                  | h,1  | -2    |      | 1.5         | 1970-01-01T00:00:00.000000001 |\n\
                  +------+-------+------+-------------+-------------------------------+";
    assert_eq!(weather.text("SELECT * FROM weather", Format::Pretty).unwrap(), pretty);
}
