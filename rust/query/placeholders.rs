//! Placeholders without a number, as JDBC writes them: the n-th `?` of a statement is its `$n`.
//!
//! Comes in: SQL text. Goes out: the same text with `$1`, `$2`, ... for `?`. Stays true: a `?` in a
//! string, a quoted name or a comment stays. Refuses a statement that has both spellings: which of
//! them the first value belongs to, nobody could say.

use std::borrow::Cow;
use std::fmt::Write;

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, Tokenizer};

use crate::error::{EngineError, Result};

/// Gives each `?` its number. Text that has no tokens stays: the parser tells what is wrong.
///
/// # Errors
/// `Invalid` where there is a `$name`, too.
pub(super) fn numbered(sql: &str) -> Result<Cow<'_, str>> {
    if !sql.contains('?') {
        return Ok(Cow::Borrowed(sql));
    }
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location() else {
        return Ok(Cow::Borrowed(sql));
    };
    let is_mark = |token: &Token| matches!(token, Token::Placeholder(name) if name == "?");
    let marks: Vec<Location> =
        tokens.iter().filter(|one| is_mark(&one.token)).map(|one| one.span.start).collect();
    if marks.is_empty() {
        return Ok(Cow::Borrowed(sql));
    }
    let is_other = |token: &Token| matches!(token, Token::Placeholder(_)) && !is_mark(token);
    match tokens.iter().find(|one| is_other(&one.token)) {
        None => Ok(Cow::Owned(replaced(sql, &marks))),
        Some(named) => Err(EngineError::invalid(format!(
            "a statement has either ? or numbered and named placeholders: found ? and {}",
            named.token
        ))),
    }
}

/// `marks` are in the order of the text, and each is one character of it.
fn replaced(sql: &str, marks: &[Location]) -> String {
    let mut text = String::with_capacity(sql.len() + 4 * marks.len());
    let mut at = Location::new(1, 1);
    let mut number = 0;
    for character in sql.chars() {
        if marks.get(number) == Some(&at) {
            number += 1;
            let _ = write!(text, "${number}"); // a string takes all
        } else {
            text.push(character);
        }
        at = after(character, at);
    }
    text
}

/// Lines and columns as the tokenizer counts them.
fn after(character: char, at: Location) -> Location {
    match character {
        '\n' => Location::new(at.line + 1, 1),
        _ => Location::new(at.line, at.column + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(sql: &str) -> String {
        numbered(sql).expect("one spelling").into_owned()
    }

    #[test]
    fn each_question_mark_gets_the_number_of_its_place() {
        assert_eq!(number("SELECT ?, ?"), "SELECT $1, $2");
        assert_eq!(
            number("SELECT 'ä'\nWHERE é=?\r\n AND (?)"),
            "SELECT 'ä'\nWHERE é=$1\r\n AND ($2)"
        );
        let many = "?,".repeat(11);
        assert!(number(&many).ends_with("$10,$11,"));
    }

    #[test]
    fn strings_names_and_comments_keep_their_question_marks() {
        for sql in
            ["SELECT 'a?', \"b?\" -- ?\n/* ? */", "SELECT $$?$$", "SELECT 1", "SELECT 'open?"]
        {
            assert_eq!(number(sql), sql);
        }
        assert_eq!(number("SELECT 'it''s ?', ?"), "SELECT 'it''s ?', $1");
    }

    #[test]
    fn two_spellings_in_one_statement_are_refused() {
        let error = numbered("SELECT ?, $1").expect_err("two spellings");
        assert!(error.to_string().contains("found ? and $1"), "{error}");
    }
}
