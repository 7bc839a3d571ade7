//! A body, read to its end.
//!
//! Comes in: a body. Goes out: its lines, each with all that it says, decoded, in one text that can
//! be compared. Stays true: a line is refused where the engine refuses it: for its tags too, and
//! for a time that does not fit.

use crate::line::{Field, LineError, Parser, Point, Precision, Tag, Value, parse_tags};

pub const PRECISIONS: [Precision; 5] = [
    Precision::Auto,
    Precision::Second,
    Precision::Millisecond,
    Precision::Microsecond,
    Precision::Nanosecond,
];

/// What stands for the clock, where a line has no timestamp.
const NOW_NS: i64 = 1_700_000_000_123_456_789;

/// One line of a body.
pub struct Read<'a> {
    /// As the parser counts.
    pub number: usize,
    /// As written.
    pub text: &'a str,
    /// The point, decoded, or the message of its error.
    pub point: Result<String, String>,
}

pub fn lines(body: &str, precision: Precision) -> Vec<Read<'_>> {
    let (mut parser, mut lines) = (Parser::new(body), Vec::new());
    while let Some(line) = parser.next_point() {
        let point = line.point.and_then(|point| show(&point, precision));
        let point = point.map_err(|error| error.message);
        lines.push(Read { number: line.number, text: line.text, point });
    }
    lines
}

/// What the lines say, in order.
pub fn points(body: &str, precision: Precision) -> Vec<Result<String, String>> {
    lines(body, precision).into_iter().map(|line| line.point).collect()
}

fn show(point: &Point<'_, '_>, precision: Precision) -> Result<String, LineError> {
    let mut tags = Vec::new();
    point.parse_tags(&mut tags)?;
    let mut alone = Vec::new();
    parse_tags(point.tag_set, &mut alone).expect("tags that are sound are sound alone");
    assert_eq!(tags, alone, "tags mean the same alone");
    let now = || Ok(precision.truncate(NOW_NS));
    let time_ns = point.timestamp.map_or_else(now, |time| precision.to_nanoseconds(time))?;
    let table = point.measurement.decode();
    assert!(!table.is_empty(), "a point has a measurement");
    assert!(!point.fields.is_empty(), "a point has a field");
    let tags: String = tags.iter().map(show_tag).collect();
    let fields: String = point.fields.iter().map(show_field).collect();
    Ok(format!("{table:?}{tags} {fields} {time_ns}"))
}

fn show_tag((key, value): &Tag<'_>) -> String {
    let (key, value) = (key.decode(), value.decode());
    assert!(!key.is_empty() && !value.is_empty(), "a tag has a key and a value");
    format!(",{key:?}={value:?}")
}

fn show_field(field: &Field<'_>) -> String {
    let key = field.key.decode();
    assert!(!key.is_empty(), "a field has a key");
    let value = match field.value {
        Value::Integer(value) => format!("{value}i"),
        Value::Unsigned(value) => format!("{value}u"),
        Value::Float(value) => show_float(value),
        Value::Boolean(value) => value.to_string(),
        Value::Text(text) => format!("{:?}", text.decode()),
    };
    format!("{key:?}={value},")
}

fn show_float(value: f64) -> String {
    assert!(value.is_finite(), "a float is finite");
    format!("{value:?}")
}
