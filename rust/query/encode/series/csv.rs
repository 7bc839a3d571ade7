//! Series in CSV: a header before the first row, then the name and the tags before each row; quotes
//! where a comma or a quote makes them needed; nulls empty; numbers as Python writes them.

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use super::Sink;
use super::column::Value;
use super::shape::{Heading, Run, Series};

/// Numbers that are written without an exponent, but for their sign.
const WITHOUT_EXPONENT: Range<f64> = 1e-4..1e16;

/// The lines of one statement.
pub(super) struct Csv {
    heading: Arc<Heading>,
    is_begun: bool,
    text: Vec<u8>,
}

impl Csv {
    pub(super) fn new(heading: Arc<Heading>) -> Self {
        Self { heading, is_begun: false, text: Vec::new() }
    }

    fn header(&mut self) {
        self.text.extend_from_slice(b"name,tags");
        for column in &self.heading.columns {
            self.text.push(b',');
            quoted(column, &mut self.text);
        }
        self.text.push(b'\n');
    }

    /// The two cells that begin each line of a series.
    fn lead(&self, series: &Series) -> Vec<u8> {
        let tags = self.heading.tags.iter().zip(&series.tags);
        let tags: Vec<String> = tags.map(|(name, value)| format!("{name}={value}")).collect();
        let mut lead = Vec::new();
        quoted(&series.name, &mut lead);
        lead.push(b',');
        quoted(&tags.join(","), &mut lead);
        lead
    }
}

impl Sink for Csv {
    fn add(&mut self, run: &Run<'_>) {
        if !self.is_begun {
            self.header();
        }
        self.is_begun = true;
        let lead = self.lead(&run.series);
        for row in run.rows.clone() {
            self.text.extend_from_slice(&lead);
            for column in run.columns {
                self.text.push(b',');
                cell(column.value(row), &mut self.text);
            }
            self.text.push(b'\n');
        }
    }

    fn end(&mut self) {}

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }
}

fn cell(value: Value<'_>, text: &mut Vec<u8>) {
    match value {
        Value::Null => {}
        Value::Boolean(value) => plain(value, text),
        Value::Integer(value) => plain(value, text),
        Value::Unsigned(value) => plain(value, text),
        Value::Float(value) => float(value, text),
        Value::Text(value) => quoted(value, text),
        Value::Time(instant_ns, clock) => clock.write(instant_ns, text),
    }
}

fn plain(value: impl std::fmt::Display, text: &mut Vec<u8>) {
    let _ = write!(text, "{value}"); // a vector takes everything
}

/// Adds a number with the fewest digits that tell it apart; two digits of an exponent, at least.
fn float(value: f64, text: &mut Vec<u8>) {
    if value.is_infinite() || WITHOUT_EXPONENT.contains(&value.abs()) {
        return plain(value, text);
    }
    let shown = format!("{value:e}");
    let (digits, exponent) = shown.split_once('e').unwrap_or((&shown, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    plain(format_args!("{digits}e{sign}{exponent:0>2}"), text);
}

fn quoted(value: &str, text: &mut Vec<u8>) {
    if value.contains([',', '"']) {
        plain(format_args!("\"{}\"", value.replace('"', "\"\"")), text);
    } else {
        text.extend_from_slice(value.as_bytes());
    }
}
