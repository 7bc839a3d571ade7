//! Field values.
//!
//! Comes in: a cursor behind the equals sign of a field. Goes out: the value, with the cursor
//! behind it. Stays true: where no value begins the cursor does not move, and what follows a value
//! is not looked at. Refused: numbers out of range, strings longer than 1 MiB.

use super::cursor::Cursor;
use super::message::LineError;
use super::number::read_number;
use super::scan::closing_quote;
use super::text::{Rule, Text};

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// `1i`
    Integer(i64),
    /// `1u`
    Unsigned(u64),
    /// `1`, `1.5`, `1e9`; always finite.
    Float(f64),
    /// `t`, `true`, `F`, …
    Boolean(bool),
    /// `"text"`
    Text(Text<'a>),
}

/// Longer words first: `true` is also a `t` with something behind it.
const BOOLEANS: [(&[u8], bool); 10] = [
    (b"true", true),
    (b"True", true),
    (b"TRUE", true),
    (b"t", true),
    (b"T", true),
    (b"false", false),
    (b"False", false),
    (b"FALSE", false),
    (b"f", false),
    (b"F", false),
];

/// Reads a value into `place`; `false` where none begins. (The value goes out through `place` and
/// not through the result because a `Result` of one would be copied in memory, piece by piece.)
#[inline]
pub(super) fn read_value<'a>(
    cursor: &mut Cursor<'a>,
    place: &mut Value<'a>,
) -> Result<bool, LineError> {
    match cursor.peek() {
        Some(b'0'..=b'9' | b'-' | b'.') => read_number(cursor, place),
        Some(b'"') => read_string(cursor, place),
        Some(b't' | b'T' | b'f' | b'F') => Ok(read_boolean(cursor, place)),
        _ => Ok(false),
    }
}

fn read_boolean(cursor: &mut Cursor<'_>, place: &mut Value<'_>) -> bool {
    let rest = cursor.rest();
    let word = BOOLEANS.into_iter().find(|(word, _)| rest.starts_with(word));
    if let Some((word, value)) = word {
        cursor.at += word.len();
        *place = Value::Boolean(value);
    }
    word.is_some()
}

fn read_string<'a>(cursor: &mut Cursor<'a>, place: &mut Value<'a>) -> Result<bool, LineError> {
    let from = cursor.at + 1;
    let end = closing_quote(cursor.line, from);
    if end == cursor.line.len() {
        return Ok(false);
    }
    let raw = &cursor.line[from..end];
    cursor.at = end + 1;
    let escaped = memchr::memchr(b'\\', raw).is_some();
    let text = Text::new(raw, if escaped { Rule::Quoted } else { Rule::Plain });
    text.check()?;
    *place = Value::Text(text);
    Ok(true)
}
