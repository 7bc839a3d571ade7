//! Statements, one after the other.
//!
//! Comes in: the text of a request. Goes out: its statements. Stays true: one that is wrong refuses
//! the whole text. Refuses long texts, many statements, and what follows a statement.

use super::ast::Statement;
use super::scan::Scanner;
use crate::error::{EngineError, Result};
use crate::limits::{INFLUXQL_BYTES_MAX, STATEMENTS_MAX};

/// A statement, and the text that it was written as.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// What it means.
    pub statement: Statement,
    /// Without blanks and comments around it, and without `;`.
    pub text: String,
}

/// The statements of a text. Between semicolons there may be none.
///
/// # Errors
///
/// Invalid: the text is no InfluxQL (with the byte at which it is not), too long, too deep, or has
/// too many statements.
pub fn parse(text: &str) -> Result<Vec<Parsed>> {
    check_length(text)?;
    let (mut scanner, mut statements) = (Scanner::new(text), Vec::new());
    loop {
        while scanner.take(";") {}
        if scanner.at_end()? {
            return Ok(statements);
        }
        if statements.len() == STATEMENTS_MAX {
            let message = format!("more than the maximum of {STATEMENTS_MAX} statements");
            return Err(scanner.error(message));
        }
        statements.push(scanner.parsed()?);
    }
}

fn check_length(text: &str) -> Result<()> {
    if text.len() <= INFLUXQL_BYTES_MAX {
        return Ok(());
    }
    Err(EngineError::invalid(format!(
        "the InfluxQL text has {} bytes: the maximum is {INFLUXQL_BYTES_MAX} bytes",
        text.len()
    )))
}

impl Scanner<'_> {
    fn parsed(&mut self) -> Result<Parsed> {
        let start = self.start();
        let statement = self.statement()?;
        let text = self.since(start).to_owned();
        if self.at_end()? || self.take(";") {
            return Ok(Parsed { statement, text });
        }
        Err(self.error("invalid InfluxQL statement, expected ';' or the end of the text"))
    }

    fn statement(&mut self) -> Result<Statement> {
        if self.take_word("SELECT") {
            return self.select().map(Statement::Select);
        }
        if self.take_word("SHOW") {
            return self.show();
        }
        if self.take_word("EXPLAIN") {
            return self.explain();
        }
        if self.take_word("CREATE") {
            self.expect_word("DATABASE", "invalid CREATE statement, expected DATABASE")?;
            return self.unsupported("CREATE DATABASE");
        }
        if self.take_word("DROP") {
            self.expect_word("MEASUREMENT", "invalid DROP statement, expected MEASUREMENT")?;
            return self.unsupported("DROP MEASUREMENT");
        }
        self.expect_word("DELETE", "invalid InfluxQL statement")?;
        self.unsupported("DELETE")
    }

    fn explain(&mut self) -> Result<Statement> {
        let analyze = self.take_word("ANALYZE");
        self.expect_word("SELECT", "invalid EXPLAIN statement, expected SELECT")?;
        Ok(Statement::Explain { analyze, select: self.select()? })
    }

    /// A statement that is not done: whatever follows, up to `;`.
    fn unsupported(&mut self, name: &'static str) -> Result<Statement> {
        loop {
            match self.peek().chars().next() {
                None | Some(';') => return Ok(Statement::Unsupported { name }),
                Some(quote @ ('"' | '\'')) => drop(self.quoted(quote)?),
                Some('~') => {
                    self.advance(1);
                    self.regex()?;
                }
                Some(other) => self.advance(other.len_utf8()),
            }
        }
    }
}
