//! Values in every format, and the tables that describe the others.

use super::fixture::{Fixture, Row, Table};
use crate::query::{Format, LogLine, Param};

pub(super) fn weather() -> Fixture {
    let first: &[Row] =
        &[(1, Some("a"), Some("x"), Some(1.5), Some(1)), (2, Some("b"), None, None, Some(2))];
    let second: &[Row] = &[
        (11, Some("a"), Some("y"), Some(1e16), None),
        (12, Some("c"), Some("x"), Some(f64::NAN), Some(-4)),
    ];
    Fixture::new(vec![("weather", Table::weather(&[first, second]))])
}

const ALL: &str = "SELECT * FROM weather ORDER BY time";

#[test]
fn json_omits_nulls_and_writes_nan_as_null() {
    let expected = concat!(
        r#"[{"host":"a","level":1,"room":"x","temperature":1.5,"#,
        r#""time":"1970-01-01T00:00:00.000000001"},"#,
        r#"{"host":"b","level":2,"time":"1970-01-01T00:00:00.000000002"},"#,
        r#"{"host":"a","room":"y","temperature":1.0e16,"time":"1970-01-01T00:00:00.000000011"},"#,
        r#"{"host":"c","level":-4,"room":"x","temperature":null,"#,
        r#""time":"1970-01-01T00:00:00.000000012"}]"#,
    );
    assert_eq!(weather().json(ALL), expected);
}

#[test]
fn json_lines_end_each_line() {
    let text = weather().text("SELECT level FROM weather ORDER BY time", Format::JsonLines);
    assert_eq!(text.expect("lines"), "{\"level\":1}\n{\"level\":2}\n{}\n{\"level\":-4}\n");
}

#[test]
fn csv_has_one_header_and_plain_floats() {
    let expected = "host,level,room,temperature,time\n\
        a,1,x,1.5,1970-01-01T00:00:00.000000001\n\
        b,2,,,1970-01-01T00:00:00.000000002\n\
        a,,y,1e16,1970-01-01T00:00:00.000000011\n\
        c,-4,x,NaN,1970-01-01T00:00:00.000000012\n";
    assert_eq!(weather().csv(ALL), expected);
}

#[test]
fn pretty_draws_a_table_without_a_last_line_end() {
    let sql = "SELECT host, level FROM weather WHERE time < 3::timestamp ORDER BY time";
    let expected = "+------+-------+\n| host | level |\n+------+-------+\n\
        | a    | 1     |\n| b    | 2     |\n+------+-------+";
    let sql = sql.replace("3::timestamp", "to_timestamp(3)");
    assert_eq!(weather().text(&sql, Format::Pretty).expect("a table"), expected);
}

#[test]
fn empty_results_are_empty_in_every_format() {
    let fixture = weather();
    let nothing = "SELECT host FROM weather WHERE host = 'nobody'";
    assert_eq!(fixture.json(nothing), "[]");
    assert_eq!(fixture.text(nothing, Format::JsonLines).expect("text"), "");
    for format in [Format::Csv, Format::Pretty, Format::Parquet, Format::Arrow] {
        fixture.bytes(nothing, Vec::new(), format).expect("an empty answer");
    }
}

#[test]
fn floats_are_written_as_the_reference_writes_them() {
    let cases = [
        ("1.0", "1.0", "1.0"),
        ("0.00001", "0.00001", "0.00001"),
        ("1000000000.0", "1000000000.0", "1000000000.0"),
        ("12345678901.5", "1.23456789015e10", "12345678901.5"),
        ("1e15", "1.0e15", "1000000000000000.0"),
        ("1e21", "1.0e21", "1e21"),
        ("1.5e-7", "1.5e-7", "1.5e-7"),
    ];
    let fixture = weather();
    for (literal, json, csv) in cases {
        let sql = format!("SELECT CAST('{literal}' AS DOUBLE) AS v");
        assert_eq!(fixture.json(&sql), format!("[{{\"v\":{json}}}]"), "{literal}");
        assert_eq!(fixture.csv(&sql), format!("v\n{csv}\n"), "{literal}");
    }
}

#[test]
fn other_types_are_written_as_the_reference_writes_them() {
    let fixture = weather();
    let cases = [
        ("18446744073709551615", "18446744073709551615"),
        ("true", "true"),
        ("CAST('2022-01-08' AS DATE)", "\"2022-01-08\""),
        ("'a\"b\\c\t\u{1}/ä'", "\"a\\\"b\\\\c\\t\\u0001/ä\""),
        ("[1, NULL]", "[1,null]"),
        ("X'0aff'", "\"0aff\""),
        ("to_timestamp(1500000000)", "\"1970-01-01T00:00:01.500\""),
        ("tz(to_timestamp(0))", "\"1970-01-01T00:00:00Z\""),
    ];
    for (expression, json) in cases {
        let answer = fixture.json(&format!("SELECT {expression} AS v"));
        assert_eq!(answer, format!("[{{\"v\":{json}}}]"), "{expression}");
    }
    assert_eq!(fixture.csv("SELECT 'a,b' AS v, 'c\"d' AS w"), "v,w\n\"a,b\",\"c\"\"d\"\n");
}

#[test]
fn parquet_and_arrow_answers_can_be_opened() {
    let fixture = weather();
    let parquet = fixture.bytes(ALL, Vec::new(), Format::Parquet).expect("a file");
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    let stream = fixture.bytes(ALL, Vec::new(), Format::Arrow).expect("a stream");
    let reader = arrow::ipc::reader::StreamReader::try_new(&*stream, None).expect("a reader");
    assert_eq!(reader.map(|batch| batch.expect("rows").num_rows()).sum::<usize>(), 4);
}

#[test]
fn placeholders_take_values_of_every_type() {
    let fixture = weather();
    let ask = |sql: &str, value: Param| {
        let bytes = fixture.bytes(sql, vec![("p".to_owned(), value)], Format::Json);
        String::from_utf8(bytes.expect("an answer")).expect("text")
    };
    let hosts = "SELECT level FROM weather WHERE host = $p ORDER BY time";
    assert_eq!(ask(hosts, Param::String("a".to_owned())), "[{\"level\":1},{}]");
    let levels = "SELECT host FROM weather WHERE level = $p";
    assert_eq!(ask(levels, Param::Integer(2)), "[{\"host\":\"b\"}]");
    assert_eq!(ask(levels, Param::Unsigned(2)), "[{\"host\":\"b\"}]");
    assert_eq!(ask("SELECT $p AS v", Param::Boolean(true)), "[{\"v\":true}]");
    assert_eq!(ask("SELECT $p AS v", Param::Float(0.5)), "[{\"v\":0.5}]");
    assert_eq!(ask("SELECT $p AS v", Param::Null), "[{}]");
    let injected = Param::String("a' OR '1'='1".to_owned());
    assert_eq!(ask(hosts, injected), "[]", "a value cannot become SQL");
}

#[test]
fn tables_are_listed_in_the_order_of_the_reference() {
    let names = weather().csv("SELECT table_schema, table_name FROM information_schema.tables");
    let names: Vec<&str> = names.lines().skip(1).collect();
    assert_eq!(names[0], "iox,weather");
    assert!(names[1].starts_with("system,distinct_caches"), "{names:?}");
    assert!(names.contains(&"information_schema,columns"));
}

#[test]
fn columns_show_their_arrow_types() {
    let sql = "SELECT column_name, data_type, is_nullable FROM information_schema.columns \
               WHERE table_name = 'weather'";
    let expected = "column_name,data_type,is_nullable\n\
        host,\"Dictionary(Int32, Utf8)\",YES\nlevel,Int64,YES\n\
        room,\"Dictionary(Int32, Utf8)\",YES\ntemperature,Float64,YES\n\
        time,Timestamp(ns),NO\n";
    assert_eq!(weather().csv(sql), expected);
}

#[test]
fn system_tables_show_logs_triggers_and_queries() {
    let fixture = weather();
    fixture.system.logs.push(LogLine {
        event_time_ns: 1,
        trigger_name: "alarm".to_owned(),
        log_level: "INFO".to_owned(),
        log_text: "hello".to_owned(),
    });
    let logs = "SELECT trigger_name, log_level, log_text FROM system.processing_engine_logs";
    assert_eq!(fixture.csv(logs), "trigger_name,log_level,log_text\nalarm,INFO,hello\n");
    let arguments = "SELECT argument_key, argument_value \
                     FROM system.processing_engine_trigger_arguments";
    assert_eq!(fixture.csv(arguments), "argument_key,argument_value\na,1\nb,2\n");
    let queries = fixture.csv("SELECT phase, success FROM system.queries");
    assert!(queries.lines().filter(|line| *line == "success,true").count() >= 2, "{queries}");
}

#[test]
fn time_is_binned_and_truncated() {
    let sql = "SELECT date_bin(INTERVAL '10 nanoseconds', time) AS bin, count(*) AS n \
               FROM weather GROUP BY bin ORDER BY bin";
    let expected = "bin,n\n1970-01-01T00:00:00,2\n1970-01-01T00:00:00.000000010,2\n";
    assert_eq!(weather().csv(sql), expected);
    let truncated = "SELECT date_trunc('second', time) AS t FROM weather LIMIT 1";
    assert_eq!(weather().csv(truncated), "t\n1970-01-01T00:00:00\n");
}
