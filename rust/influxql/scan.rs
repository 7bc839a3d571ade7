//! The text of a request, read from left to right.
//!
//! Comes in: the text. Goes out: symbols, keywords, and errors with the byte at which they are.
//! Stays true: blanks and comments are skipped before a token is looked for, never inside one;
//! looking for what is not there moves only over blanks. Refuses a comment that is not closed,
//! and more than [`NESTING_MAX`] levels.

use std::fmt;

use crate::error::{EngineError, Result};
use crate::limits::NESTING_MAX;

/// A text and how far it is read.
pub(super) struct Scanner<'a> {
    text: &'a str,
    position: usize,
    end: usize,
    unclosed: Option<usize>,
    nesting: usize,
}

/// A place in the text to go back to.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    position: usize,
    end: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, position: 0, end: 0, unclosed: None, nesting: 0 }
    }

    /// What follows, with blanks and comments.
    pub(super) fn adjacent(&self) -> &'a str {
        &self.text[self.position..]
    }

    /// What follows after blanks and comments.
    pub(super) fn peek(&mut self) -> &'a str {
        loop {
            self.position += blanks(self.adjacent());
            let rest = self.adjacent();
            if rest.starts_with("--") {
                self.position += rest.find(['\n', '\r']).unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.skip_comment();
            } else {
                return rest;
            }
        }
    }

    /// `/* … */`; one that is not closed takes the rest, and every error names it from then on.
    fn skip_comment(&mut self) {
        let rest = &self.adjacent()[2..];
        if let Some(bytes) = rest.find("*/") {
            self.position += bytes + 4;
        } else {
            self.unclosed = Some(self.position);
            self.position = self.text.len();
        }
    }

    /// Goes over a token.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.position += bytes;
        self.end = self.position;
    }

    /// Goes over this symbol if it is next.
    pub(super) fn take(&mut self, symbol: &str) -> bool {
        self.peek();
        self.take_adjacent(symbol)
    }

    /// The same without blanks before it.
    pub(super) fn take_adjacent(&mut self, symbol: &str) -> bool {
        let found = self.adjacent().starts_with(symbol);
        if found {
            self.advance(symbol.len());
        }
        found
    }

    /// The word that is next; empty where none is.
    pub(super) fn word(&mut self) -> &'a str {
        word(self.peek())
    }

    /// Goes over this word, in any case, if it is next.
    pub(super) fn take_word(&mut self, expected: &str) -> bool {
        let found = self.word().eq_ignore_ascii_case(expected);
        if found {
            self.advance(expected.len());
        }
        found
    }

    /// Goes over this word, or refuses what stands there.
    pub(super) fn expect_word(&mut self, expected: &str, message: &str) -> Result<()> {
        if self.take_word(expected) { Ok(()) } else { Err(self.error(message)) }
    }

    /// Goes over this symbol, or refuses what stands there.
    pub(super) fn expect(&mut self, symbol: &str, message: &str) -> Result<()> {
        if self.take(symbol) { Ok(()) } else { Err(self.error(message)) }
    }

    /// Reads what follows this word, if the word is next.
    pub(super) fn after<T>(
        &mut self,
        word: &str,
        read: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<Option<T>> {
        if self.take_word(word) { read(self).map(Some) } else { Ok(None) }
    }

    /// Items with commas between them; at least one.
    pub(super) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.take(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Reads something that may hold itself.
    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.nesting == NESTING_MAX {
            let message = format!("nested deeper than the maximum of {NESTING_MAX} levels");
            return Err(self.error(message));
        }
        self.nesting += 1;
        let result = read(self);
        self.nesting -= 1;
        result
    }

    /// Whether only blanks and comments follow.
    pub(super) fn at_end(&mut self) -> Result<bool> {
        let end = self.peek().is_empty();
        if self.unclosed.is_some() { Err(self.error("")) } else { Ok(end) }
    }

    /// Where the next token is, after blanks and comments.
    pub(super) fn start(&mut self) -> usize {
        self.peek();
        self.position
    }

    /// What was read since that position, up to the last token.
    pub(super) fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.end]
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { position: self.position, end: self.end }
    }

    pub(super) fn reset(&mut self, mark: Mark) {
        (self.position, self.end) = (mark.position, mark.end);
    }

    /// An error at the next token.
    pub(super) fn error(&mut self, message: impl fmt::Display) -> EngineError {
        let position = self.start();
        self.error_at(position, message)
    }

    /// An error at a position.
    pub(super) fn error_at(&self, position: usize, message: impl fmt::Display) -> EngineError {
        match self.unclosed {
            Some(start) => refusal("invalid inline comment, missing closing */", start),
            None => refusal(message, position),
        }
    }
}

fn refusal(message: impl fmt::Display, position: usize) -> EngineError {
    let reason = format!("parsing error: {message} at pos {position}");
    EngineError::invalid(format!("error in InfluxQL statement: {reason}"))
}

fn blanks(text: &str) -> usize {
    text.bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count()
}

/// The word with which a text begins: a letter or `_`, then letters, digits and `_`.
pub(super) fn word(text: &str) -> &str {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return "";
    }
    word_or_digits(text)
}

/// The letters, digits and `_` with which a text begins.
pub(super) fn word_or_digits(text: &str) -> &str {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    &text[..text.bytes().take_while(|byte| is_part(byte)).count()]
}
