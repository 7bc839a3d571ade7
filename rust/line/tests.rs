//! Claims about line protocol, each checked through the public face of the module.

mod faults;
mod limits;
mod points;
mod precision;
mod properties;
mod splitting;
mod texts;
mod values;

use super::{Field, LineError, Parser, Point, Tag, Value};

/// What a body says: for each line `measurement,tag=value field=value timestamp`, all of it
/// decoded, or `! ` and the message.
fn read(body: &str) -> Vec<String> {
    let (mut parser, mut lines) = (Parser::new(body), Vec::new());
    while let Some(line) = parser.next_point() {
        lines.push(show(line.point));
    }
    lines
}

/// The only line of a body.
fn read_one(body: &str) -> String {
    let lines = read(body);
    assert_eq!(lines.len(), 1, "{body:?} has lines {lines:?}");
    lines.concat()
}

fn show(point: Result<Point<'_, '_>, LineError>) -> String {
    let mut tags = Vec::new();
    let point = point.and_then(|point| point.parse_tags(&mut tags).map(|()| point));
    match point {
        Ok(point) => show_point(&point, &tags),
        Err(error) => format!("! {error}"),
    }
}

fn show_point(point: &Point<'_, '_>, tags: &[Tag<'_>]) -> String {
    let show_tag = |(key, value): &Tag<'_>| format!(",{}={}", key.decode(), value.decode());
    let tags: String = tags.iter().map(show_tag).collect();
    let fields: Vec<String> = point.fields.iter().map(show_field).collect();
    let timestamp = point.timestamp.map(|timestamp| format!(" {timestamp}"));
    let (table, timestamp) = (point.measurement.decode(), timestamp.unwrap_or_default());
    format!("{table}{tags} {}{timestamp}", fields.join(","))
}

fn show_field(field: &Field<'_>) -> String {
    let value = match field.value {
        Value::Integer(value) => format!("{value}i"),
        Value::Unsigned(value) => format!("{value}u"),
        Value::Float(value) => format!("{value:?}"),
        Value::Boolean(value) => value.to_string(),
        Value::Text(text) => format!("\"{}\"", text.decode()),
    };
    format!("{}={value}", field.key.decode())
}
