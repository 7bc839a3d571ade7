//! Statements that are refused, and the words for it.

use super::fixture::{Fixture, Table};
use crate::error::ErrorKind::{Invalid, Unsupported};
use crate::limits::SQL_BYTES_MAX;
use crate::query::{Format, Param};

fn fixture() -> Fixture {
    let rows = &[(1, Some("a"), Some("x"), Some(1.5), Some(1))];
    Fixture::new(vec![("weather", Table::weather(&[rows]))])
}

#[test]
fn definitions_changes_and_settings_are_refused() {
    let refused = [
        ("CREATE TABLE x (a int)", "DDL not supported: CreateMemoryTable"),
        ("CREATE TABLE x AS SELECT 1", "DDL not supported: CreateMemoryTable"),
        ("CREATE VIEW x AS SELECT 1", "DDL not supported: CreateView"),
        (
            "CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION '/x'",
            "DDL not supported: CreateExternalTable",
        ),
        ("CREATE SCHEMA x", "DDL not supported: CreateCatalogSchema"),
        ("CREATE DATABASE x", "DDL not supported: CreateCatalog"),
        ("CREATE INDEX x ON weather (host)", "DDL not supported: CreateIndex"),
        ("CREATE FUNCTION f(int) RETURNS int RETURN $1", "DDL not supported: CreateFunction"),
        ("DROP TABLE weather", "DDL not supported: DropTable"),
        ("DROP VIEW weather", "DDL not supported: DropView"),
        ("DROP SCHEMA x", "DDL not supported: DropCatalogSchema"),
        ("DROP FUNCTION f", "DDL not supported: DropFunction"),
        ("EXPLAIN DROP TABLE weather", "DDL not supported: DropTable"),
        ("INSERT INTO weather SELECT * FROM weather", "DML not supported: Insert Into"),
        ("INSERT OVERWRITE weather SELECT * FROM weather", "DML not supported: Insert Overwrite"),
        ("DELETE FROM weather", "DML not supported: Delete"),
        ("UPDATE weather SET level = 1", "DML not supported: Update"),
        ("COPY weather TO '/x.parquet'", "DML not supported: COPY"),
        ("SET x = 1", "Statement not supported: SetVariable"),
        ("PREPARE p AS SELECT $1", "Statement not supported: Prepare"),
        ("EXECUTE p", "Statement not supported: Execute"),
        ("DEALLOCATE p", "Statement not supported: Deallocate"),
        ("START TRANSACTION", "Statement not supported: TransactionStart"),
        ("COMMIT", "Statement not supported: TransactionEnd"),
        ("ROLLBACK", "Statement not supported: TransactionEnd"),
    ];
    for (sql, text) in refused {
        let expected = (Invalid, format!("Error during planning: {text}"));
        assert_eq!(fixture().error(sql), expected, "{sql}");
    }
}

#[test]
fn what_is_not_implemented_says_so() {
    let refused = [
        ("BEGIN", "Unsupported SQL statement: BEGIN"),
        ("GRANT SELECT ON weather TO x", "Unsupported SQL statement: GRANT SELECT ON weather TO x"),
        ("SHOW TABLES LIKE 'a'", "SHOW TABLES FILTER not supported"),
        ("SELECT 1; SELECT 2", "The context currently only supports a single SQL statement"),
    ];
    for (sql, text) in refused {
        let expected = (Unsupported, format!("This feature is not implemented: {text}"));
        assert_eq!(fixture().error(sql), expected, "{sql}");
    }
}

#[test]
fn empty_statements_are_refused() {
    for sql in ["", "  ", "-- a comment", "/* a comment */", ";"] {
        let (kind, text) = fixture().error(sql);
        assert_eq!(kind, Invalid, "{sql}");
        assert!(text.contains("No SQL statements were provided in the query string"), "{text}");
    }
}

#[test]
fn mistakes_are_the_callers() {
    let mistakes = [
        ("SELECT * FROM x", "Error during planning: table 'public.iox.x' not found"),
        ("SELECT * FROM system.x", "Error during planning: table 'public.system.x' not found"),
        (
            "SELECT * FROM \"Weather\"",
            "Error during planning: table 'public.iox.Weather' not found",
        ),
        ("SELEC 1", "SQL error: ParserError(\"Expected: an SQL statement"),
        ("SELECT nope FROM weather", "Schema error: No field named nope."),
        ("SELECT nofunction(1)", "Error during planning: Invalid function 'nofunction'"),
        ("SELECT host FROM weather GROUP BY room", "Error during planning: Column in SELECT must"),
        ("SELECT 1/0", "Arrow error: Divide by zero error"),
        ("SELECT level/0 FROM weather", "Arrow error: Divide by zero error"),
        ("SELECT host::int FROM weather", "Arrow error: Cast error: Cannot cast string 'a'"),
        ("SELECT to_timestamp('x')", "Arrow error: Parser error: Error parsing timestamp from 'x'"),
        ("SELECT regexp_like(host, '(') FROM weather", "External error: regex parse error"),
        ("SELECT to_timestamp(1.5)", "Error during planning: Unsupported data type Float64"),
        (
            "SELECT tz(time, 'x') FROM weather",
            "Error during planning: TZ requires a valid timezone",
        ),
        ("SELECT * FROM weather WHERE time > $t", "Error during planning: No value found for"),
    ];
    for (sql, text) in mistakes {
        let (kind, message) = fixture().error(sql);
        assert_eq!(kind, Invalid, "{sql}: {message}");
        assert!(message.starts_with(text), "{sql}: {message}");
    }
}

#[test]
fn sql_texts_past_the_maximum_are_refused() {
    let padded = |bytes: usize| format!("SELECT 1{}", " ".repeat(bytes - 8));
    assert_eq!(fixture().json(&padded(SQL_BYTES_MAX)), r#"[{"Int64(1)":1}]"#);
    let (kind, text) = fixture().error(&padded(SQL_BYTES_MAX + 1));
    assert_eq!(kind, Invalid);
    assert_eq!(text, "the SQL text has 1048577 bytes: the maximum is 1048576 bytes");
}

fn answer(sql: &str, params: Vec<(&str, Param)>) -> String {
    let params = params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let bytes = fixture().bytes(sql, params, Format::Json);
    String::from_utf8(bytes.unwrap_or_else(|error| panic!("{sql}: {error}"))).unwrap()
}

#[test]
fn params_of_every_type_fill_placeholders() {
    let params = vec![
        ("n", Param::Null),
        ("b", Param::Boolean(true)),
        ("i", Param::Integer(-1)),
        ("u", Param::Unsigned(u64::MAX)),
        ("f", Param::Float(0.5)),
        ("s", Param::String("x' OR 1=1 --".to_owned())),
    ];
    let sql = "SELECT $n AS n, $b AS b, $i AS i, $u AS u, $f AS f, $s AS s";
    let expected = r#"[{"b":true,"i":-1,"u":18446744073709551615,"f":0.5,"s":"x' OR 1=1 --"}]"#;
    assert_eq!(answer(sql, params), expected);
}

#[test]
fn params_compare_with_columns() {
    let host = || vec![("host", Param::String("a".to_owned()))];
    assert_eq!(answer("SELECT level FROM weather WHERE host = $host", host()), r#"[{"level":1}]"#);
    let since = vec![("since", Param::String("1970-01-01T00:00:00Z".to_owned()))];
    let sql = "SELECT level FROM weather WHERE time >= $since::timestamp";
    assert_eq!(answer(sql, since), r#"[{"level":1}]"#);
    assert_eq!(answer("SELECT 1 AS a", host()), r#"[{"a":1}]"#);
}

#[test]
fn a_missing_param_is_named() {
    let (kind, text) = fixture().error("SELECT * FROM weather WHERE host = $host");
    let expected = "Error during planning: No value found for placeholder with name $host";
    assert_eq!((kind, &*text), (Invalid, expected));
}

#[test]
fn integers_are_nanoseconds_for_to_timestamp() {
    let sql = "SELECT to_timestamp(5) AS a, to_timestamp('1970-01-01T02:00:00+02:00') AS b, \
               to_timestamp(tz(to_timestamp(7), 'Europe/Rome')) AS c, \
               to_timestamp('07/1999', '%m/%Y') IS NULL AS d, to_timestamp(NULL) AS e";
    let (kind, text) = fixture().error(sql);
    assert_eq!(kind, Invalid, "{text}"); // `%m/%Y` has no day
    let expected = concat!(
        r#"[{"a":"1970-01-01T00:00:00.000000005","b":"1970-01-01T00:00:00","#,
        r#""c":"1970-01-01T00:00:00.000000007"}]"#,
    );
    let without_format = sql.replace("to_timestamp('07/1999', '%m/%Y') IS NULL AS d, ", "");
    assert_eq!(fixture().json(&without_format), expected);
}

#[test]
fn now_is_utc_and_one_instant() {
    let sql = "SELECT arrow_typeof(now()) AS a, now() = now() AS b, now() > '2020-01-01' AS c";
    let expected = r#"[{"a":"Timestamp(ns, \"+00:00\")","b":true,"c":true}]"#;
    assert_eq!(fixture().json(sql), expected);
}

#[test]
fn stock_functions_of_time_are_there() {
    let sql = "SELECT date_bin(interval '1 hour', to_timestamp(5400000000000)) AS a, \
               date_trunc('day', to_timestamp(5400000000000)) AS b, \
               date_part('hour', to_timestamp(5400000000000)) AS c, \
               extract(minute FROM to_timestamp(5400000000000)) AS d, \
               to_unixtime(to_timestamp(5400000000000)) AS e";
    let expected =
        r#"[{"a":"1970-01-01T01:00:00","b":"1970-01-01T00:00:00","c":1,"d":30,"e":5400}]"#;
    assert_eq!(fixture().json(sql), expected);
}
