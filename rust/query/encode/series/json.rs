//! Series in JSON: in one line, or indented as a document of `/query` has them.

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use super::Sink;
use super::chunks::{Following, Piece, Spell};
use super::column::{Column, Value};
use super::shape::{Heading, Run, Series};

/// The layout: each level of a document is two spaces deep, or everything is one line.
#[derive(Clone, Copy)]
pub(super) struct Json {
    pub(super) is_pretty: bool,
}

/// Numbers that are written without an exponent, but for their sign.
const WITHOUT_EXPONENT: Range<f64> = 1e-5..1e16;

/// How deep the members of a result stand, and what is inside `series`.
const RESULT: usize = 3;
const ONE_SERIES: usize = RESULT + 1;
const MEMBER: usize = RESULT + 2;
const ROW: usize = RESULT + 3;
const CELL: usize = RESULT + 4;

impl Json {
    /// Begins a line.
    fn line(self, depth: usize, text: &mut Vec<u8>) {
        if self.is_pretty {
            text.push(b'\n');
            text.extend(std::iter::repeat_n(b' ', 2 * depth));
        }
    }

    fn key(self, name: &str, depth: usize, text: &mut Vec<u8>) {
        self.line(depth, text);
        plain(name, text);
        text.extend_from_slice(if self.is_pretty { b": " } else { b":" });
    }

    /// Adds items between brackets, each on a line that deep.
    fn list<T>(
        self,
        items: impl Iterator<Item = T>,
        depth: usize,
        text: &mut Vec<u8>,
        add: impl Fn(T, &mut Vec<u8>),
    ) {
        let mut before = b'[';
        for item in items {
            text.push(before);
            self.line(depth, text);
            add(item, text);
            before = b',';
        }
        if before == b'[' {
            text.push(b'[');
        } else {
            self.line(depth - 1, text);
        }
        text.push(b']');
    }

    /// Begins a series, up to the bracket before its rows.
    fn head(self, series: &Series, heading: &Heading, text: &mut Vec<u8>) {
        self.line(ONE_SERIES, text);
        text.push(b'{');
        self.key("name", MEMBER, text);
        plain(&series.name, text);
        text.push(b',');
        self.tags(series, heading, text);
        self.key("columns", MEMBER, text);
        self.list(heading.columns.iter(), ROW, text, plain);
        text.push(b',');
        self.key("values", MEMBER, text);
        text.push(b'[');
    }

    fn tags(self, series: &Series, heading: &Heading, text: &mut Vec<u8>) {
        if heading.tags.is_empty() {
            return;
        }
        self.key("tags", MEMBER, text);
        let mut before = b'{';
        for (name, value) in heading.tags.iter().zip(&series.tags) {
            text.push(before);
            self.key(name, ROW, text);
            plain(value, text);
            before = b',';
        }
        self.line(MEMBER, text);
        text.extend_from_slice(b"},");
    }

    /// Adds rows to those of a series, with a comma between them and after those before.
    fn rows(self, columns: &[Column], rows: Range<usize>, mut is_first: bool, text: &mut Vec<u8>) {
        for row in rows {
            if !is_first {
                text.push(b',');
            }
            is_first = false;
            self.line(ROW, text);
            self.list(columns.iter(), CELL, text, |column, text| cell(column.value(row), text));
        }
    }

    fn end_series(self, text: &mut Vec<u8>) {
        self.line(MEMBER, text);
        text.push(b']');
    }

    fn partial(self, depth: usize, text: &mut Vec<u8>) {
        text.push(b',');
        self.key("partial", depth, text);
        text.extend_from_slice(b"true");
    }
}

fn cell(value: Value<'_>, text: &mut Vec<u8>) {
    match value {
        Value::Null => text.extend_from_slice(b"null"),
        Value::Boolean(value) => plain(value, text),
        Value::Integer(value) => plain(value, text),
        Value::Unsigned(value) => plain(value, text),
        Value::Float(value) => float(value, text),
        Value::Text(value) => plain(value, text),
        Value::Time(instant_ns, clock) => {
            text.push(b'"');
            clock.write(instant_ns, text);
            text.push(b'"');
        }
    }
}

/// Adds a number with the fewest digits that tell it apart.
fn float(value: f64, text: &mut Vec<u8>) {
    if WITHOUT_EXPONENT.contains(&value.abs()) {
        plain(value, text);
    } else {
        let _ = write!(text, "{value:e}"); // as below
    }
}

/// Adds a value that is one token.
fn plain(value: impl Serialize, text: &mut Vec<u8>) {
    let _ = serde_json::to_writer(text, &value); // a vector takes all that has a spelling
}

/// The member `series` of a result, without its end.
pub(super) struct Members {
    json: Json,
    heading: Arc<Heading>,
    before: Option<Series>,
    text: Vec<u8>,
}

impl Members {
    pub(super) fn new(json: Json, heading: Arc<Heading>) -> Self {
        Self { json, heading, before: None, text: Vec::new() }
    }

    fn begin(&mut self, series: &Series) {
        let text = &mut self.text;
        if self.before.is_some() {
            self.json.end_series(text);
            self.json.line(ONE_SERIES, text);
            text.extend_from_slice(b"},");
        } else {
            text.push(b',');
            self.json.key("series", RESULT, text);
            text.push(b'[');
        }
        self.json.head(series, &self.heading, text);
    }
}

impl Sink for Members {
    fn add(&mut self, run: &Run<'_>) {
        let is_new = self.before.as_ref() != Some(&run.series);
        if is_new {
            self.begin(&run.series);
        }
        self.json.rows(run.columns, run.rows.clone(), is_new, &mut self.text);
        if is_new {
            self.before = Some(run.series.clone());
        }
    }

    fn end(&mut self) {}

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }
}

impl Spell for Json {
    fn rows(&self, columns: &[Column], rows: Range<usize>, body: &mut Vec<u8>) {
        Json::rows(*self, columns, rows, body.is_empty(), body);
    }

    fn document(
        &self,
        (statement_id, heading): (u32, &Heading),
        piece: &Piece,
        following: Following,
        text: &mut Vec<u8>,
    ) {
        text.push(b'{');
        self.key("results", 1, text);
        text.push(b'[');
        self.line(2, text);
        text.push(b'{');
        self.key("statement_id", RESULT, text);
        plain(statement_id, text);
        text.push(b',');
        self.key("series", RESULT, text);
        text.push(b'[');
        self.head(&piece.series, heading, text);
        text.extend_from_slice(&piece.body);
        self.end_series(text);
        if following == Following::Rows {
            self.partial(MEMBER, text);
        }
        self.line(ONE_SERIES, text);
        text.push(b'}');
        self.line(RESULT, text);
        text.push(b']');
        if following != Following::Nothing {
            self.partial(RESULT, text);
        }
        for (depth, end) in [(2, b'}'), (1, b']'), (0, b'}')] {
            self.line(depth, text);
            text.push(end);
        }
    }
}
