//! Values that are written down: numbers, texts, regular expressions, parameters.
//!
//! Comes in: the text. Goes out: the values, unescaped. Stays true: a number keeps its value; one
//! that has no exact one is refused. Refuses what is not closed, other escapes, and numbers out of
//! their range.

use super::ast::{Literal, Number};
use super::duration::{self, digits};
use super::scan::{Scanner, word_or_digits};
use crate::error::Result;

impl Scanner<'_> {
    /// A number or a duration without a sign, if one is next.
    pub(super) fn number(&mut self) -> Result<Option<Literal>> {
        let rest = self.peek();
        let whole = digits(rest);
        let fraction = rest[whole.len()..].strip_prefix('.').map_or("", digits);
        if !fraction.is_empty() {
            return self.float(whole.len() + 1 + fraction.len()).map(Some);
        }
        if let Some(duration) = duration::read(rest) {
            return self.duration(&duration).map(Some);
        }
        if whole.is_empty() { Ok(None) } else { self.integer(whole).map(Some) }
    }

    fn float(&mut self, bytes: usize) -> Result<Literal> {
        match self.peek()[..bytes].parse::<f64>() {
            Ok(value) if value.is_finite() => {
                self.advance(bytes);
                Ok(Literal::Float(value))
            }
            _ => Err(self.error("unable to parse float due to overflow")),
        }
    }

    fn duration(&mut self, duration: &duration::Duration) -> Result<Literal> {
        let Some(nanoseconds) = duration.nanoseconds else {
            return Err(self.error("unable to parse duration due to overflow"));
        };
        self.advance(duration.bytes);
        Ok(Literal::Duration(nanoseconds))
    }

    fn integer(&mut self, digits: &str) -> Result<Literal> {
        let Ok(value) = digits.parse::<u64>() else {
            return Err(self.error("unable to parse integer due to overflow"));
        };
        self.advance(digits.len());
        Ok(i64::try_from(value).map_or(Literal::Unsigned(value), Literal::Integer))
    }

    /// An integer without a sign, or the error that says what was expected.
    pub(super) fn expect_unsigned(&mut self, message: &str) -> Result<u64> {
        let digits = digits(self.peek());
        let Ok(value) = digits.parse() else {
            return Err(self.error(message));
        };
        self.advance(digits.len());
        Ok(value)
    }

    /// A number with or without a sign, or the error that says what was expected.
    pub(super) fn expect_number(&mut self, message: &str) -> Result<Number> {
        let start = self.start();
        let negative = self.take("-");
        if !negative {
            self.take("+");
        }
        let value =
            self.number()?.and_then(|value| if negative { negate(&value) } else { Some(value) });
        match value {
            Some(Literal::Integer(value)) => Ok(Number::Integer(value)),
            Some(Literal::Float(value)) => Ok(Number::Float(value)),
            _ => Err(self.error_at(start, message)),
        }
    }

    /// A text in single quotes, or the error that says what was expected.
    pub(super) fn expect_text(&mut self, message: &str) -> Result<String> {
        if self.peek().starts_with('\'') { self.quoted('\'') } else { Err(self.error(message)) }
    }

    /// A text in quotes, which begins here.
    pub(super) fn quoted(&mut self, quote: char) -> Result<String> {
        let start = self.start();
        let (mut value, mut characters) = (String::new(), self.adjacent().char_indices());
        characters.next();
        while let Some((bytes, character)) = characters.next() {
            match character {
                '\n' => break,
                '\\' => match characters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, escaped)) if escaped == quote || escaped == '\\' => {
                        value.push(escaped);
                    }
                    _ => return Err(self.bad_escape(start + bytes + 1, quote)),
                },
                _ if character == quote => {
                    self.advance(bytes + 1);
                    return Ok(value);
                }
                _ => value.push(character),
            }
        }
        Err(self.error_at(start, "unterminated string literal"))
    }

    fn bad_escape(&self, position: usize, quote: char) -> crate::error::EngineError {
        let message = format!("invalid escape sequence, expected \\\\, \\{quote} or \\n");
        self.error_at(position, message)
    }

    /// A regular expression between `/`, if one is next. `\/` is a slash; any other `\` stays.
    pub(super) fn regex(&mut self) -> Result<Option<String>> {
        self.peek();
        self.adjacent_regex()
    }

    /// The same without blanks before it.
    pub(super) fn adjacent_regex(&mut self) -> Result<Option<String>> {
        let Some(rest) = self.adjacent().strip_prefix('/') else {
            return Ok(None);
        };
        let (mut value, mut characters) = (String::new(), rest.char_indices().peekable());
        while let Some((bytes, character)) = characters.next() {
            match character {
                '\n' => break,
                '\\' if characters.next_if(|(_, next)| *next == '/').is_some() => value.push('/'),
                '/' => {
                    self.advance(bytes + 2);
                    return Ok(Some(value));
                }
                _ => value.push(character),
            }
        }
        Err(self.error("unterminated regex literal"))
    }

    /// A regular expression, or the error that says what was expected.
    pub(super) fn expect_regex(&mut self, message: &str) -> Result<String> {
        match self.regex()? {
            Some(regex) => Ok(regex),
            None => Err(self.error(message)),
        }
    }

    /// The name of `$name` or `$"name"`, if one is next.
    pub(super) fn parameter(&mut self) -> Result<Option<String>> {
        if !self.take("$") {
            return Ok(None);
        }
        if self.adjacent().starts_with('"') {
            return self.quoted('"').map(Some);
        }
        let name = word_or_digits(self.adjacent());
        if name.is_empty() {
            return Err(self.error("invalid parameter, expected a name after $"));
        }
        self.advance(name.len());
        Ok(Some(name.to_owned()))
    }
}

/// The negative value of a number or a duration; none where it has none.
pub(super) fn negate(value: &Literal) -> Option<Literal> {
    const BELOW_MIN: u64 = i64::MIN.unsigned_abs();
    match *value {
        Literal::Integer(value) => value.checked_neg().map(Literal::Integer),
        Literal::Unsigned(BELOW_MIN) => Some(Literal::Integer(i64::MIN)),
        Literal::Float(value) => Some(Literal::Float(-value)),
        Literal::Duration(value) => value.checked_neg().map(Literal::Duration),
        _ => None,
    }
}
