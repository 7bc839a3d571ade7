//! What is true of every text.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{database, parse};
use super::trees;

/// Parts of statements, right and wrong.
const PARTS: [&str; 64] = [
    "SELECT",
    "a",
    "FROM",
    "m",
    "WHERE",
    "GROUP",
    "BY",
    "time",
    "(",
    ")",
    "1m",
    ",",
    "*",
    "::tag",
    "fill",
    "null",
    "-1.5",
    "ORDER",
    "DESC",
    "LIMIT",
    "10",
    "OFFSET",
    "SLIMIT",
    "SOFFSET",
    "tz",
    "'UTC'",
    "SHOW",
    "MEASUREMENTS",
    "TAG",
    "KEYS",
    "VALUES",
    "WITH",
    "KEY",
    "IN",
    "=",
    "=~",
    "!~",
    "/a/",
    "/",
    "\"a b\"",
    "\"",
    "'",
    "$a",
    "AND",
    "OR",
    "+",
    "-",
    "--",
    "/*",
    "*/",
    "\n",
    ";",
    ".",
    "DISTINCT",
    "mean",
    "now",
    "EXPLAIN",
    "DELETE",
    "ON",
    "db.rp.m",
    "µ",
    "9223372036854775808",
    "<",
    "AS",
];

/// What is claimed of any text: it is read or refused at a place in it; what is read is written
/// and read again as the same.
fn check(text: &str) {
    let statements = match parse(text) {
        Ok(statements) => statements,
        Err(error) => return check_position(text, error.message()),
    };
    for parsed in statements {
        let form = parsed.statement.to_string();
        for again in [&form, &parsed.text] {
            let read = parse(again).unwrap_or_else(|error| panic!("{again:?}: {error}"));
            assert_eq!(read.len(), 1, "{again:?}");
            assert_eq!(read[0].statement, parsed.statement, "{again:?}");
        }
        drop(database(&parsed.statement));
    }
}

fn check_position(text: &str, message: &str) {
    let (_, position) = message.rsplit_once(" at pos ").unwrap_or(("", "0"));
    let position: usize = position.parse().expect("a position is a number");
    assert!(text.is_char_boundary(position), "{text:?}: {message}");
}

proptest! {
    #[test]
    fn a_statement_that_is_written_is_read_as_the_same(statement in trees::statement()) {
        let text = statement.to_string();
        let read = parse(&text);
        prop_assert!(read.is_ok(), "{text}: {}", read.expect_err("checked"));
        let read: Vec<_> = read.expect("checked").into_iter().collect();
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(&read[0].statement, &statement, "{}", text);
        prop_assert_eq!(&read[0].text, &text);
    }

    #[test]
    fn a_condition_that_is_written_is_read_as_the_same(expr in trees::condition()) {
        prop_assert_eq!(super::condition(&expr.to_string()), expr);
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}") {
        check(&text);
        check(&format!("SELECT {text}"));
        check(&format!("SELECT a FROM m WHERE {text}"));
    }

    #[test]
    fn any_parts_are_read_or_refused(parts in vec(prop::sample::select(PARTS.to_vec()), 0..20)) {
        check(&parts.join(" "));
        check(&parts.concat());
        check(&format!("SELECT {}", parts.join(" ")));
        check(&format!("SELECT a FROM m WHERE {}", parts.join(" ")));
    }

    #[test]
    fn a_statement_with_a_change_is_read_or_refused(
        statement in trees::statement(),
        at in any::<prop::sample::Index>(),
        length in 0_usize..4,
        part in prop::sample::select(PARTS.to_vec()),
    ) {
        let text: Vec<char> = statement.to_string().chars().collect();
        let start = at.index(text.len());
        let end = (start + length).min(text.len());
        let mut changed: String = text[..start].iter().collect();
        changed.push_str(part);
        changed.extend(&text[end..]);
        check(&changed);
    }
}
