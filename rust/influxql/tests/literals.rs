//! Values that are written down.

use super::super::{Expr, Literal};
use super::{condition, field, refusal};

fn literal(text: &str) -> Literal {
    match field(text) {
        Expr::Literal(literal) => literal,
        other => panic!("{text} is {other:?}"),
    }
}

/// The message about `SELECT {text} FROM m`.
fn refused(text: &str) -> String {
    refusal(&format!("SELECT {text} FROM m"))
}

#[test]
fn numbers_keep_their_values() {
    assert_eq!(literal("12"), Literal::Integer(12));
    assert_eq!(literal("9223372036854775807"), Literal::Integer(i64::MAX));
    assert_eq!(literal("9223372036854775808"), Literal::Unsigned(1 << 63));
    assert_eq!(literal("18446744073709551615"), Literal::Unsigned(u64::MAX));
    assert_eq!(literal("1.5"), Literal::Float(1.5));
    assert_eq!(literal(".5"), Literal::Float(0.5));
    assert_eq!(literal("007.250"), Literal::Float(7.25));
    assert_eq!(literal("2.0").to_string(), "2.0");
}

#[test]
fn numbers_out_of_their_range_are_refused() {
    let integer = "unable to parse integer due to overflow at pos 7";
    assert_eq!(refused("18446744073709551616"), integer);
    let float = "unable to parse float due to overflow at pos 7";
    assert_eq!(refused(&format!("{}.0", "9".repeat(400))), float);
    let duration = "unable to parse duration due to overflow at pos 7";
    for text in ["16000w", "9223372036854775808ns", "15250w2w", "99999999999999999999h"] {
        assert_eq!(refused(text), duration, "{text}");
    }
}

#[test]
fn an_exponent_and_a_point_at_the_end_are_refused() {
    for text in ["1e5", "1.", "0x1"] {
        let message = refused(text);
        assert_eq!(message, "invalid SELECT statement, expected FROM at pos 8", "{text}");
    }
}

#[test]
fn every_unit_of_a_duration_is_read() {
    let rows = [
        ("1ns", 1),
        ("1u", 1_000),
        ("1us", 1_000),
        ("1µ", 1_000),
        ("1μ", 1_000),
        ("1ms", 1_000_000),
        ("1s", 1_000_000_000),
        ("1m", 60_000_000_000),
        ("1h", 3_600_000_000_000),
        ("1d", 86_400_000_000_000),
        ("1w", 604_800_000_000_000),
        ("1h30m", 5_400_000_000_000),
        ("5s5s", 10_000_000_000),
        ("0s", 0),
    ];
    for (text, nanoseconds) in rows {
        assert_eq!(literal(text), Literal::Duration(nanoseconds), "{text}");
    }
}

#[test]
fn a_duration_is_written_with_the_fewest_parts() {
    let rows = [
        ("90m", "1h30m"),
        ("7d", "1w"),
        ("0h", "0s"),
        ("1500000ns", "1ms500u"),
        ("-3w2ns", "-3w2ns"),
    ];
    for (text, form) in rows {
        assert_eq!(literal(text).to_string(), form);
    }
}

#[test]
fn escapes_are_taken_out_of_texts() {
    assert_eq!(literal(r"'it\'s \\ \n'"), Literal::String("it's \\ \n".to_owned()));
    assert_eq!(literal("'\"'"), Literal::String("\"".to_owned()));
    assert_eq!(literal("'-- /* ; */ ü'"), Literal::String("-- /* ; */ ü".to_owned()));
    let name = r#"a "b" \ c"#.to_owned() + "\n";
    assert_eq!(field(r#""a \"b\" \\ c\n""#), Expr::Column { name, cast: None });
}

#[test]
fn texts_that_are_wrong_are_refused() {
    assert_eq!(refused("'a"), "unterminated string literal at pos 7");
    assert_eq!(refused("'a\nb'"), "unterminated string literal at pos 7");
    assert_eq!(refused("\"a"), "unterminated string literal at pos 7");
    let escape = "invalid escape sequence, expected \\\\, \\' or \\n at pos 10";
    assert_eq!(refused(r"'a\i'"), escape);
}

#[test]
fn a_slash_is_escaped_in_a_regular_expression() {
    assert_eq!(literal(r"/a\/b\.\\w/"), Literal::Regex(r"a/b\.\\w".to_owned()));
    assert_eq!(literal("//"), Literal::Regex(String::new()));
    assert_eq!(condition(r"a =~ /\//").to_string(), r"a =~ /\//");
}

#[test]
fn a_regular_expression_that_is_not_closed_is_refused() {
    for text in ["/a", "/a\nb/", r"/\/"] {
        let message = refusal(&format!("SELECT {text}"));
        assert_eq!(message, "unterminated regex literal at pos 7", "{text}");
    }
}

#[test]
fn words_for_truth_are_read_in_any_case() {
    assert_eq!(literal("TRUE"), Literal::Boolean(true));
    assert_eq!(literal("false"), Literal::Boolean(false));
    assert_eq!(field("truth"), Expr::Column { name: "truth".to_owned(), cast: None });
}

#[test]
fn parameters_are_read_by_name() {
    assert_eq!(field("$a_1"), Expr::Param("a_1".to_owned()));
    assert_eq!(field("$0"), Expr::Param("0".to_owned()));
    assert_eq!(field("$select"), Expr::Param("select".to_owned()));
    assert_eq!(field("$\"a b\""), Expr::Param("a b".to_owned()));
    assert_eq!(refused("$"), "invalid parameter, expected a name after $ at pos 9");
}
