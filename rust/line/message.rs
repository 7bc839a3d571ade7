//! What a client reads about a bad line.
//!
//! Comes in: the kind of fault and the text where it was found. Goes out: a [`LineError`] whose
//! message is, letter for letter, the one of InfluxDB 3 Core 3.10 wherever that has one. Stays
//! true: building a message is the only thing in this module that allocates per line. Refuses
//! nothing.

use std::error::Error;
use std::fmt;

use crate::limits::ORIGINAL_LINE_BYTES_MAX;

/// Bytes of trailing text that a message repeats in full; longer text is cut to as many characters.
const EXCERPT_MAX: usize = 10;

/// Why a line is not a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// The text for the client, as InfluxDB 3 Core words it.
    pub message: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Error for LineError {}

/// The start of a line that an error report shows: at most 20 bytes, whole characters.
#[must_use]
pub fn original_line(text: &str) -> &str {
    &text[..text.floor_char_boundary(ORIGINAL_LINE_BYTES_MAX)]
}

/// The number type named in a range error.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Integer,
    Unsigned,
    Float,
    Timestamp,
}

impl Number {
    fn words(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Unsigned => "unsigned integer",
            Self::Float => "floating-point",
            Self::Timestamp => "timestamp",
        }
    }
}

#[cold]
pub(super) fn no_measurement() -> LineError {
    LineError { message: "Invalid measurement was provided".to_owned() }
}

#[cold]
pub(super) fn no_fields() -> LineError {
    LineError { message: "No fields were provided".to_owned() }
}

#[cold]
pub(super) fn no_space(rest: &[u8]) -> LineError {
    let found = if rest.is_empty() { END_OF_INPUT.to_owned() } else { quote(rest) };
    LineError { message: format!("Expected at least one space character, got {found}") }
}

#[cold]
pub(super) fn no_tag_key(rest: &[u8]) -> LineError {
    LineError { message: format!("Expected tag key, got {}", excerpt_or_end(rest)) }
}

#[cold]
pub(super) fn no_tag_value(rest: &[u8]) -> LineError {
    LineError { message: format!("Expected tag value, got {}", excerpt_or_end(rest)) }
}

/// A tag without `=`; `tags` is the text from the first tag on, whichever tag is at fault.
#[cold]
pub(super) fn no_equals_sign(tags: &[u8]) -> LineError {
    let tags = excerpt(tags);
    LineError { message: format!("Tag set malformed: could not find equals sign in {tags}") }
}

#[cold]
pub(super) fn repeated_tag(key: &str) -> LineError {
    LineError { message: format!("Must not contain duplicate tags, but `{key}` was repeated") }
}

#[cold]
pub(super) fn out_of_range(number: Number, text: &[u8]) -> LineError {
    let (words, text) = (number.words(), quote(text));
    LineError { message: format!("Unable to parse {words} value {text}") }
}

#[cold]
pub(super) fn ends_with_backslash() -> LineError {
    let message =
        "Measurements, tag keys and values, and field keys may not end with a backslash".to_owned();
    LineError { message }
}

#[cold]
pub(super) fn too_long() -> LineError {
    LineError { message: "String is greater than 1MB".to_owned() }
}

#[cold]
pub(super) fn trailing_content(rest: &[u8]) -> LineError {
    let rest = excerpt(rest);
    LineError { message: format!("Could not parse entire line. Found trailing content: {rest}") }
}

const END_OF_INPUT: &str = "end of input";

fn excerpt_or_end(rest: &[u8]) -> String {
    if rest.is_empty() { END_OF_INPUT.to_owned() } else { excerpt(rest) }
}

/// `rest` in backquotes: its first ten characters and `...`, once it is longer than ten bytes.
fn excerpt(rest: &[u8]) -> String {
    if rest.len() <= EXCERPT_MAX {
        return quote(rest);
    }
    // Four bytes a character at most: a long line must not be decoded for ten characters of it.
    let head = String::from_utf8_lossy(&rest[..rest.len().min(4 * EXCERPT_MAX)]);
    format!("`{}...`", head.chars().take(EXCERPT_MAX).collect::<String>())
}

fn quote(text: &[u8]) -> String {
    format!("`{}`", String::from_utf8_lossy(text))
}
