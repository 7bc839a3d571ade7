//! What holds for every body.

use std::fmt::Write;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{Parser, Value, original_line};
use super::{read, read_one, show};
use crate::limits::ORIGINAL_LINE_BYTES_MAX;

fn config() -> ProptestConfig {
    ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() }
}

/// Bodies made of what the grammar is made of, so that most of them nearly are line protocol.
fn hostile_body() -> impl Strategy<Value = String> {
    let pieces = [
        "m", "m,a=b", "m f=1", " ", " ", "\n", "\n", "\r", "\t", "\0", "=", "=", ",", ",", "\\",
        "\\", "\"", "\"", "#", "-", ".", "1", "23i", "4u", "e5", "t", "é", "🚀", "f=\"x\"", " 99",
    ];
    let piece = prop::sample::select(pieces.to_vec()).prop_map(str::to_owned);
    vec(prop_oneof![20 => piece, 1 => any::<String>()], 0..40).prop_map(|pieces| pieces.concat())
}

/// A text for a name: anything but what no escape can protect.
fn name() -> impl Strategy<Value = String> {
    r#"[^\x00\t\n\\]{0,3}[ ,=\\"a-zé]{0,3}[^\x00\t\n\\ \r]"#
}

fn text() -> impl Strategy<Value = String> {
    r#"[ ,=\\"\n#a-zé🚀]{0,6}"#
}

/// A value as written, and as read.
fn value() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        any::<i64>().prop_map(|value| (format!("{value}i"), format!("{value}i"))),
        any::<u64>().prop_map(|value| (format!("{value}u"), format!("{value}u"))),
        finite().prop_map(|value| (format!("{value}"), format!("{value:?}"))),
        finite().prop_map(|value| (format!("{value:e}"), format!("{value:?}"))),
        any::<bool>().prop_map(|value| (value.to_string(), value.to_string())),
        text().prop_map(|text| (format!("\"{}\"", escape(&text, "\"")), format!("\"{text}\""))),
    ]
}

fn finite() -> impl Strategy<Value = f64> {
    prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO
}

fn escape(text: &str, protected: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if character == '\\' || protected.contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// A point as written, and as read.
fn point() -> impl Strategy<Value = (String, String)> {
    let table = name().prop_filter("no comment", |name| !name.starts_with(['#', ' ', '\r']));
    let tags = prop::collection::btree_map(name(), name(), 0..4);
    let fields = vec((name(), value()), 1..5);
    (table, tags, fields, any::<Option<i64>>()).prop_map(|(table, tags, fields, timestamp)| {
        let mut written = escape(&table, ", ");
        let mut decoded = table;
        for (key, value) in tags {
            let (raw_key, raw_value) = (escape(&key, ", ="), escape(&value, ", ="));
            write!(written, ",{raw_key}={raw_value}").expect("a string takes everything");
            write!(decoded, ",{key}={value}").expect("a string takes everything");
        }
        for (at, (key, (raw_value, value))) in fields.into_iter().enumerate() {
            let separator = if at == 0 { ' ' } else { ',' };
            let raw_key = escape(&key, ", =");
            write!(written, "{separator}{raw_key}={raw_value}").expect("a string takes everything");
            write!(decoded, "{separator}{key}={value}").expect("a string takes everything");
        }
        let timestamp = timestamp.map_or(String::new(), |timestamp| format!(" {timestamp}"));
        (written + &timestamp, decoded + &timestamp)
    })
}

/// What a body may have between two lines.
fn is_blank_or_comments(gap: &str) -> bool {
    gap.split('\n')
        .map(|line| line.trim_matches([' ', '\t', '\r']))
        .all(|line| line.is_empty() || line.starts_with('#'))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_body_makes_the_parser_panic(body in prop_oneof![any::<String>(), hostile_body()]) {
        let mut parser = Parser::new(&body);
        while let Some(line) = parser.next_point() {
            let from = line.text.as_ptr() as usize - body.as_ptr() as usize;
            prop_assert_eq!(line.number, body[..from].matches('\n').count() + 1);
            prop_assert!(original_line(line.text).len() <= ORIGINAL_LINE_BYTES_MAX);
            show(line.point);
        }
    }

    #[test]
    fn a_point_survives_writing_and_reading((written, decoded) in point()) {
        prop_assert_eq!(read_one(&written), decoded);
    }

    #[test]
    fn points_in_one_body_do_not_disturb_each_other(
        points in vec((point(), "(\r?\n){1,3}"), 0..6)
    ) {
        let body: String = points.iter().flat_map(|((line, _), end)| [&**line, end]).collect();
        let expected: Vec<_> = points.into_iter().map(|((_, decoded), _)| decoded).collect();
        prop_assert_eq!(read(&body), expected);
    }

    #[test]
    fn splitting_loses_nothing_but_blanks_and_comments(body in hostile_body()) {
        let mut parser = Parser::new(&body);
        let mut end = 0;
        while let Some(line) = parser.next_point() {
            let from = line.text.as_ptr() as usize - body.as_ptr() as usize;
            prop_assert!(is_blank_or_comments(&body[end..from]), "lost {:?}", &body[end..from]);
            end = from + line.text.len();
        }
        prop_assert!(is_blank_or_comments(&body[end..]), "lost {:?}", &body[end..]);
    }

    #[test]
    fn a_line_means_the_same_alone_as_in_its_body(body in hostile_body()) {
        let mut parser = Parser::new(&body);
        while let Some(line) = parser.next_point() {
            // Alone, a carriage return at its end would be half of its line end.
            if !line.text.ends_with('\r') {
                prop_assert_eq!(read_one(line.text), show(line.point));
            }
        }
    }

    #[test]
    fn a_float_is_the_double_nearest_to_its_text(
        text in "-?([0-9]{1,25}(\\.[0-9]{0,25})?|\\.[0-9]{1,25})([eE][+-]?[0-9]{1,3})?"
    ) {
        let expected: f64 = text.parse().expect("a number");
        let line = format!("m f={text}");
        let mut parser = Parser::new(&line);
        let point = parser.next_point().expect("a line").point;
        match point {
            Ok(point) => {
                let Value::Float(value) = point.fields[0].value else { panic!("not a float") };
                prop_assert_eq!(value.to_bits(), expected.to_bits());
            }
            Err(_) => prop_assert!(expected.is_infinite()),
        }
    }
}
