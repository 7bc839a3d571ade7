//! Window functions in SQL.

use super::fixture::{Fixture, Row, Table};
use crate::error::ErrorKind::Invalid;

const SECOND: i64 = 1_000_000_000;

fn fixture() -> Fixture {
    let rows: &[Row] = &[
        (0, Some("a"), None, Some(1.0), Some(10)),
        (2 * SECOND, Some("a"), None, None, Some(30)),
        (4 * SECOND, Some("a"), None, Some(7.0), Some(20)),
    ];
    let late: &[Row] = &[(SECOND, Some("b"), None, Some(1.5), Some(i64::MIN))];
    let last: &[Row] = &[(3 * SECOND, Some("b"), None, Some(0.5), Some(i64::MAX))];
    Fixture::new(vec![("weather", Table::weather(&[rows, late, last]))])
}

#[test]
fn derivatives_are_per_second_unless_a_unit_is_named() {
    let sql = "SELECT host, time, derivative(temperature, time) OVER w AS second, \
               derivative(temperature, time, INTERVAL '1 minute') OVER w AS minute, \
               derivative(temperature, time, 500000000) OVER w AS half, \
               non_negative_derivative(temperature, time) OVER w AS kept \
               FROM weather WINDOW w AS (PARTITION BY host ORDER BY time) ORDER BY host, time";
    let expected = "host,time,second,minute,half,kept\n\
                    a,1970-01-01T00:00:00,,,,\n\
                    a,1970-01-01T00:00:02,,,,\n\
                    a,1970-01-01T00:00:04,1.5,90.0,0.75,1.5\n\
                    b,1970-01-01T00:00:01,,,,\n\
                    b,1970-01-01T00:00:03,-0.5,-30.0,-0.25,\n";
    assert_eq!(fixture().csv(sql), expected);
}

#[test]
fn differences_keep_integers() {
    let sql = "SELECT difference(level) OVER (ORDER BY time) AS up, \
               non_negative_difference(level) OVER (ORDER BY time) AS kept, \
               difference(arrow_cast(level, 'UInt64')) OVER (ORDER BY time) AS unsigned, \
               difference(temperature) OVER (ORDER BY time DESC) AS back \
               FROM weather WHERE host = 'a' ORDER BY time";
    let expected = "up,kept,unsigned,back\n,,,-6.0\n20,20,20,\n-10,,-10,\n";
    assert_eq!(fixture().csv(sql), expected);
}

#[test]
fn differences_work_on_aggregates() {
    let sql = "SELECT host, difference(sum(temperature)) OVER (ORDER BY host) AS up \
               FROM weather GROUP BY host ORDER BY host";
    assert_eq!(fixture().csv(sql), "host,up\na,\nb,-6.0\n");
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let refused = [
        ("derivative(temperature)", "derivative expects 2 or 3 arguments, got 1"),
        ("derivative(host, time)", "derivative requires a number as argument 1, got Dictionary"),
        ("derivative(level, level)", "derivative requires a timestamp as argument 2, got Int64"),
        ("derivative(level, time, level)", "derivative requires a literal as its unit, got level"),
        ("derivative(level, time, '1s')", "derivative requires a positive interval"),
        ("derivative(level, time, INTERVAL '1 month')", "derivative requires a positive interval"),
        ("derivative(level, time, INTERVAL '-1 s')", "derivative requires a positive interval"),
        ("difference(level, time)", "difference expects 1 argument, got 2"),
        ("non_negative_difference(time)", "non_negative_difference requires a number"),
    ];
    for (call, text) in refused {
        let sql = format!("SELECT {call} OVER (ORDER BY time) FROM weather");
        let (kind, message) = fixture().error(&sql);
        assert_eq!(kind, Invalid, "{call}: {message}");
        assert!(message.starts_with("Error during planning: "), "{message}");
        assert!(message.contains(text), "{call}: {message}");
    }
}

#[test]
fn a_difference_that_does_not_fit_is_refused() {
    let sql = "SELECT difference(level) OVER (ORDER BY time) FROM weather WHERE host = 'b'";
    let (kind, message) = fixture().error(sql);
    let expected = "Arrow error: Arithmetic overflow: Overflow happened on: \
                    9223372036854775807 - -9223372036854775808";
    assert_eq!((kind, &*message), (Invalid, expected));
}

#[test]
fn window_functions_need_a_window_and_influxql_has_more_of_them() {
    for call in ["difference(level)", "elapsed(time, 1)", "moving_average(level, 2)"] {
        let (kind, message) = fixture().error(&format!("SELECT {call} FROM weather"));
        assert_eq!(kind, Invalid, "{call}: {message}");
    }
}
