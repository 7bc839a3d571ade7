//! Texts at the maxima, and one step past them.

use super::super::parse;
use super::{condition, refusal};
use crate::error::ErrorKind;
use crate::limits::{EXPRESSION_DEPTH_MAX, INFLUXQL_BYTES_MAX, NESTING_MAX, STATEMENTS_MAX};

/// Far more than any maximum, and enough to overflow a stack.
const MANY: usize = 10_000;

fn padded(bytes: usize) -> String {
    let statement = "SHOW DATABASES";
    statement.to_owned() + &" ".repeat(bytes - statement.len())
}

#[test]
fn a_text_is_as_long_as_the_maximum() {
    assert_eq!(parse(&padded(INFLUXQL_BYTES_MAX)).expect("it fits").len(), 1);
    let error = parse(&padded(INFLUXQL_BYTES_MAX + 1)).expect_err("it is too long");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let message = "the InfluxQL text has 1048577 bytes: the maximum is 1048576 bytes";
    assert_eq!(error.message(), message);
}

#[test]
fn a_text_has_as_many_statements_as_the_maximum() {
    let text = "SHOW DATABASES;".repeat(STATEMENTS_MAX);
    assert_eq!(parse(&text).expect("they are few enough").len(), STATEMENTS_MAX);
    let message = refusal(&(text + "SHOW DATABASES"));
    assert_eq!(message, "more than the maximum of 1000 statements at pos 15000");
}

/// A chain of operands with these between them.
fn chain(part: &str, operands: usize) -> String {
    vec!["a"; operands].join(part)
}

#[test]
fn an_expression_is_as_deep_as_the_maximum() {
    for part in [" OR ", " + ", " = ", " * "] {
        let deepest = condition(&chain(part, EXPRESSION_DEPTH_MAX));
        assert_eq!(condition(&deepest.to_string()), deepest);
        assert_eq!(deepest.clone(), deepest);
        drop(deepest);
        for operands in [EXPRESSION_DEPTH_MAX + 1, MANY, 200_000] {
            let message = refusal(&format!("SELECT a FROM m WHERE {}", chain(part, operands)));
            let expected = "the expression is deeper than the maximum of 2000 levels";
            assert!(message.starts_with(expected), "{part}: {message}");
        }
    }
}

#[test]
fn parentheses_add_to_the_depth() {
    let half = chain(" + ", EXPRESSION_DEPTH_MAX / 2);
    let fits = format!("({half}) + {}", chain(" + ", EXPRESSION_DEPTH_MAX / 2 - 1));
    condition(&fits);
    let deeper = format!("SELECT a FROM m WHERE {fits} + a");
    assert!(refusal(&deeper).starts_with("the expression is deeper than the maximum"));
}

/// Something in itself, that many times.
fn nested(open: &str, close: &str, levels: usize) -> [String; 2] {
    [open.repeat(levels), close.repeat(levels)]
}

#[test]
fn what_nests_is_as_deep_as_the_maximum() {
    let rows = [("(", ")", "f"), ("abs(", ")", "f"), ("- ", "", "f"), ("+ ", "", "f")];
    for (open, close, inside) in rows {
        let [before, after] = nested(open, close, NESTING_MAX);
        condition(&format!("{before}{inside}{after} = 1"));
        for levels in [NESTING_MAX + 1, MANY, 200_000] {
            let [before, after] = nested(open, close, levels);
            for text in [format!("{before}{inside}{after}"), before] {
                let message = refusal(&format!("SELECT a FROM m WHERE {text}"));
                let expected = "nested deeper than the maximum of 100 levels at pos ";
                assert!(message.starts_with(expected), "{open}: {message}");
            }
        }
    }
}

#[test]
fn subqueries_are_as_deep_as_the_maximum() {
    let [before, after] = nested("(SELECT a FROM ", ")", NESTING_MAX);
    let text = format!("SELECT a FROM {before}m{after}");
    let statement = super::read(&text);
    assert_eq!(statement.to_string(), text);
    for levels in [NESTING_MAX + 1, MANY] {
        let [before, after] = nested("(SELECT a FROM ", ")", levels);
        let message = refusal(&format!("SELECT a FROM {before}m{after}"));
        assert!(message.starts_with("nested deeper than the maximum of 100 levels at pos "));
    }
}

#[test]
fn a_subquery_may_hold_the_deepest_expression() {
    let [before, after] = nested("(SELECT a FROM ", ")", NESTING_MAX - 1);
    let deepest = chain(" OR ", EXPRESSION_DEPTH_MAX);
    let text = format!("SELECT a FROM {before}(SELECT a FROM m WHERE {deepest}){after}");
    assert_eq!(super::read(&text).to_string(), text);
}
