//! Claims about InfluxQL, each checked through the public face of the module.

mod accepted;
mod databases;
mod expressions;
mod limits;
mod literals;
mod properties;
mod refused;
mod statements;
mod trees;

use super::{Expr, Parsed, Select, Statement, parse};
use crate::error::ErrorKind;

/// The only statement of a text.
fn read(text: &str) -> Statement {
    let mut statements = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(statements.len(), 1, "{text}");
    statements.remove(0).statement
}

fn select(text: &str) -> Select {
    match read(text) {
        Statement::Select(select) => select,
        other => panic!("{text} is {other:?}"),
    }
}

/// The expression of the only field of `SELECT {text} FROM m`.
fn field(text: &str) -> Expr {
    let mut fields = select(&format!("SELECT {text} FROM m")).fields;
    assert_eq!(fields.len(), 1, "{text}");
    fields.remove(0).expr
}

/// The expression of `SELECT a FROM m WHERE {text}`.
fn condition(text: &str) -> Expr {
    select(&format!("SELECT a FROM m WHERE {text}")).condition.expect("there is a condition")
}

/// The message about a text that is refused, without what all messages begin with.
fn refusal(text: &str) -> String {
    let error = parse(text).expect_err(text);
    assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
    let prefix = "error in InfluxQL statement: parsing error: ";
    let message = error.message();
    message.strip_prefix(prefix).unwrap_or_else(|| panic!("{text}: {message}")).to_owned()
}

/// The texts of the statements of a text.
fn texts(text: &str) -> Vec<String> {
    let parsed = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    parsed.into_iter().map(|Parsed { text, .. }| text).collect()
}
