//! What holds for every text.
//!
//! Comes in: a text. Goes out: nothing; a claim that does not hold panics. Stays true: each claim
//! is checked on what the parser says, without a second parser.

use crate::error::{EngineError, ErrorKind};
use crate::influxql::{Parsed, database, parse};

pub fn check(text: &str) {
    match parse(text) {
        Ok(statements) => check_statements(text, &statements),
        Err(error) => check_refusal(text, &error),
    }
}

/// It is refused at a place in it, as the fault of who wrote it.
fn check_refusal(text: &str, error: &EngineError) {
    assert_eq!(error.kind(), ErrorKind::Invalid);
    if let Some((_, position)) = error.message().rsplit_once(" at pos ") {
        let position = position.parse().expect("a position is a number");
        assert!(text.is_char_boundary(position), "{position} is no place in {text:?}");
    }
}

/// Their texts stand in the text, in order.
fn check_statements(text: &str, statements: &[Parsed]) {
    let mut rest = text;
    for parsed in statements {
        let (_, behind) = rest.split_once(&parsed.text).expect("the text of a statement");
        rest = behind;
        check_statement(parsed);
    }
}

/// A statement means the same alone, and in the one form in which it is written.
fn check_statement(parsed: &Parsed) {
    let form = parsed.statement.to_string();
    for text in [&parsed.text, &form] {
        let again = parse(text).expect("a statement that was read before");
        assert_eq!(again.len(), 1, "{text:?}");
        assert_eq!(again[0].statement, parsed.statement, "{text:?}");
        assert_eq!(again[0].statement.to_string(), form, "{text:?}");
    }
    drop(database(&parsed.statement));
}
