//! Field values.

use super::read_one;

/// What `m f=<text>` has in `f`.
fn value(text: &str) -> String {
    read_one(&format!("m f={text}")).trim_start_matches("m f=").to_owned()
}

fn assert_values(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(value(text), *expected, "{text}");
        assert_eq!(value(&format!("{text} 1")), format!("{expected} 1"), "{text}");
    }
}

fn assert_trailing(table: &[(&str, &str)]) {
    for (text, rest) in table {
        let expected = format!("! Could not parse entire line. Found trailing content: `{rest}`");
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn integers_are_decimal_and_end_in_i() {
    assert_values(&[
        ("0i", "0i"),
        ("-0i", "0i"),
        ("42i", "42i"),
        ("-42i", "-42i"),
        ("9223372036854775807i", "9223372036854775807i"),
        ("-9223372036854775808i", "-9223372036854775808i"),
        ("00000000000000000000000000042i", "42i"),
        ("-00000000000000000000000000042i", "-42i"),
    ]);
}

#[test]
fn unsigned_integers_end_in_u_and_have_no_sign() {
    assert_values(&[
        ("0u", "0u"),
        ("18446744073709551615u", "18446744073709551615u"),
        ("00000000000000000000000000042u", "42u"),
    ]);
    assert_trailing(&[("-5u", "u")]);
}

#[test]
fn floats_have_digits_and_may_have_a_point_and_an_exponent() {
    assert_values(&[
        ("1", "1.0"),
        ("-1", "-1.0"),
        ("-0", "-0.0"),
        ("1.5", "1.5"),
        ("-1.25e3", "-1250.0"),
        ("1e3", "1000.0"),
        ("1E+3", "1000.0"),
        ("1e-3", "0.001"),
    ]);
    assert_values(&[
        ("1e-400", "0.0"),
        ("0e999999999999999999999", "0.0"),
        ("58.1317132304976", "58.1317132304976"),
        ("0.1", "0.1"),
        ("123456789012345678901234567890", "1.2345678901234568e29"),
        ("1.7976931348623157e308", "1.7976931348623157e308"),
        ("4.9e-324", "5e-324"),
        ("0.000000000000000000000000000001", "1e-30"),
    ]);
}

#[test]
fn a_float_may_begin_or_end_with_its_point() {
    assert_values(&[
        ("1.", "1.0"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("-1.", "-1.0"),
        ("1.e3", "1000.0"),
        (".5e1", "5.0"),
    ]);
}

#[test]
fn what_follows_a_complete_number_is_not_part_of_it() {
    assert_trailing(&[
        ("1x", "x"),
        ("1.5i", "i"),
        ("1.5u", "u"),
        ("1i5", "5"),
        ("1e", "e"),
        ("1e+", "e+"),
        ("1.5e", "e"),
        ("1.2.3", ".3"),
        ("0x1F", "x1F"),
        ("1_000", "_000"),
        ("1-", "-"),
    ]);
}

#[test]
fn other_spellings_of_numbers_are_refused() {
    for text in ["+1", "NaN", "nan", "inf", "-inf", "Infinity", ".", "-", "-.", "i", "-i", "e5"] {
        assert_eq!(value(text), "! No fields were provided", "{text}");
    }
}

#[test]
fn booleans_have_ten_spellings() {
    for text in ["t", "T", "true", "True", "TRUE"] {
        assert_eq!(value(text), "true", "{text}");
    }
    for text in ["f", "F", "false", "False", "FALSE"] {
        assert_eq!(value(text), "false", "{text}");
    }
    assert_trailing(&[("truee", "e"), ("tRUE", "RUE"), ("trUe", "rUe"), ("fals", "als")]);
}

#[test]
fn strings_are_quoted_and_escape_quotes_and_backslashes() {
    assert_values(&[
        (r#""""#, r#""""#),
        (r#""a b,c=d""#, r#""a b,c=d""#),
        (r#""a\"b""#, r#""a"b""#),
        (r#""a\\b""#, r#""a\b""#),
        (r#""a\\""#, r#""a\""#),
        (r#""a\nb\ c\,d\=e""#, r#""a\nb\ c\,d\=e""#),
        ("\"ünïcödé 🚀\"", "\"ünïcödé 🚀\""),
        ("\"a\tb\0c\"", "\"a\tb\0c\""),
    ]);
    assert_trailing(&[(r#""a"b"#, "b")]);
}

#[test]
fn a_string_that_is_not_closed_is_no_value() {
    for text in [r#"""#, r#""a"#, r#""a\""#, r#""a\"#] {
        assert_eq!(value(text), "! No fields were provided", "{text}");
    }
}
