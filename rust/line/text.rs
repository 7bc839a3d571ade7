//! One name, tag value or string, as it stands in the line.
//!
//! Comes in: a slice of the line, whether it contains a backslash, and where it stood. Goes out:
//! the same bytes, or their decoded text. Stays true: decoding borrows unless there is a backslash,
//! and two texts are equal when they decode to the same text. Refused: names that end in a
//! backslash, texts whose decoded form is longer than 1 MiB.

use std::borrow::Cow;

use super::message::{self, LineError};
use crate::limits::LINE_TEXT_BYTES_MAX;

/// A name, tag value or string value that may contain escapes.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    raw: &'a [u8],
    rule: Rule,
}

/// Which characters a backslash protects, and so which backslashes go away on decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// There is no backslash in the text.
    Plain,
    /// A measurement: comma, space, backslash.
    Measurement,
    /// A tag key, tag value or field key: comma, equals sign, space, backslash.
    Name,
    /// A quoted string: quote, backslash.
    Quoted,
}

impl Rule {
    fn protects(self, byte: u8) -> bool {
        match self {
            Self::Plain => false,
            Self::Measurement => matches!(byte, b',' | b' ' | b'\\'),
            Self::Name => matches!(byte, b',' | b'=' | b' ' | b'\\'),
            Self::Quoted => matches!(byte, b'"' | b'\\'),
        }
    }
}

impl<'a> Text<'a> {
    #[inline]
    pub(super) const fn new(raw: &'a [u8], rule: Rule) -> Self {
        Self { raw, rule }
    }

    /// Refuses what is too long, and names that end in a backslash. This is apart from the making
    /// of the text because a `Result` of one would pass it on through memory.
    #[inline]
    pub(super) fn check(self) -> Result<(), LineError> {
        let plain = self.rule == Rule::Plain && self.raw.len() <= LINE_TEXT_BYTES_MAX;
        if plain { Ok(()) } else { check_closely(self.raw, self.rule) }
    }

    /// The bytes as written; of a string those between the quotes.
    #[inline]
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Whether there is a backslash, so that [`Self::decode`] may differ from [`Self::raw`].
    #[inline]
    #[must_use]
    pub fn is_escaped(&self) -> bool {
        self.rule != Rule::Plain
    }

    /// The text meant: escapes replaced, a backslash before any other character kept.
    #[must_use]
    pub fn decode(&self) -> Cow<'a, str> {
        let text = utf8(self.raw);
        if self.is_escaped() { Cow::Owned(unescape(&text, self.rule)) } else { text }
    }
}

impl PartialEq for Text<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let plain = !self.is_escaped() && !other.is_escaped();
        if plain { self.raw == other.raw } else { self.decode() == other.decode() }
    }
}

impl Eq for Text<'_> {}

#[cold]
fn check_closely(raw: &[u8], rule: Rule) -> Result<(), LineError> {
    if matches!(rule, Rule::Measurement | Rule::Name) && raw.ends_with(b"\\") {
        return Err(message::ends_with_backslash());
    }
    // The limit is on the decoded text, which is never longer than the raw one.
    let long = raw.len() > LINE_TEXT_BYTES_MAX;
    if long && Text::new(raw, rule).decode().len() > LINE_TEXT_BYTES_MAX {
        return Err(message::too_long());
    }
    Ok(())
}

/// The bytes as text. They are cut from valid UTF-8 at ASCII bytes, so this never replaces any.
fn utf8(raw: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(raw) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(raw),
    }
}

fn unescape(text: &str, rule: Rule) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        decoded.push_str(&rest[..at]);
        let protected = rest.as_bytes().get(at + 1).is_some_and(|&byte| rule.protects(byte));
        // Either the backslash goes and the next character is taken as it is, or it stays.
        decoded.push_str(if protected { &rest[at + 1..at + 2] } else { "\\" });
        rest = &rest[at + 1 + usize::from(protected)..];
    }
    decoded.push_str(rest);
    decoded
}
