//! Lines, parsed.
//!
//! Comes in: a body. Goes out: for each line its number, its text and its [`Point`] or the fault.
//! Stays true: points borrow from the body and from the parser, which reuses one list of fields; of
//! several faults in one line the leftmost is reported. Refused: see [`crate::line`]. Repeated
//! field keys are not refused here: whoever types the fields notices them.

use super::message::LineError;
use super::reader::read_point;
use super::scan::Lines;
use super::tags::{Tag, read_tags};
use super::text::{Rule, Text};
use super::value::Value;

/// One field of a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field<'a> {
    /// The field key.
    pub key: Text<'a>,
    /// Its value.
    pub value: Value<'a>,
}

impl Field<'_> {
    /// What stands in the parser's list until a field is read there.
    pub(super) const BLANK: Self =
        Self { key: Text::new(&[], Rule::Plain), value: Value::Boolean(false) };
}

/// A point; its tags are still unread.
#[derive(Debug, Clone, Copy)]
pub struct Point<'p, 'a> {
    /// The table.
    pub measurement: Text<'a>,
    /// `measurement[,tag=value…]` as written: a key for a cache of series.
    pub series: &'a [u8],
    /// `tag=value[,tag=value…]` as written; empty without tags.
    pub tag_set: &'a [u8],
    /// The fields, one at least, in the order written.
    pub fields: &'p [Field<'a>],
    /// The timestamp as written: not scaled.
    pub timestamp: Option<i64>,
    /// The line from the first tag on, for the messages of faults in tags.
    pub(super) onward: &'a [u8],
}

impl<'a> Point<'_, 'a> {
    /// Replaces `into` by the tags, in the order written.
    ///
    /// # Errors
    /// The first fault of the tag set, or a repeated tag key; the line is to be refused.
    pub fn parse_tags(&self, into: &mut Vec<Tag<'a>>) -> Result<(), LineError> {
        into.clear();
        if self.tag_set.is_empty() { Ok(()) } else { read_tags(self.onward, into) }
    }
}

/// One line of a body.
#[derive(Debug)]
pub struct Line<'p, 'a> {
    /// From 1, where the line begins in the body: as an editor shows it.
    pub number: usize,
    /// The line as written, without its line end.
    pub text: &'a str,
    /// What it says, or why it says nothing.
    pub point: Result<Point<'p, 'a>, LineError>,
}

/// Reads a body line by line.
pub struct Parser<'a> {
    lines: Lines<'a>,
    /// The fields of the last point; their keys are what the next line is expected to have.
    fields: Vec<Field<'a>>,
}

impl<'a> Parser<'a> {
    /// A parser at the start of `body`.
    #[must_use]
    pub fn new(body: &'a str) -> Self {
        Self { lines: Lines::new(body), fields: Vec::new() }
    }

    /// The next line that is neither blank nor a comment; `None` at the end of the body.
    #[inline]
    pub fn next_point(&mut self) -> Option<Line<'_, 'a>> {
        let (number, text) = self.lines.next()?;
        let point = read_point(text.as_bytes(), &mut self.fields);
        Some(Line { number, text, point })
    }
}
