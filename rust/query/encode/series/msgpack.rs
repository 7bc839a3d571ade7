//! Series in `MessagePack`, each value in the shortest form.

use std::ops::Range;

use super::chunks::{Following, Piece, Spell};
use super::column::{Column, Value};
use super::shape::Heading;

/// The spelling.
#[derive(Clone, Copy)]
pub(super) struct MsgPack;

impl Spell for MsgPack {
    fn rows(&self, columns: &[Column], rows: Range<usize>, body: &mut Vec<u8>) {
        for row in rows {
            array(columns.len(), body);
            for column in columns {
                cell(column.value(row), body);
            }
        }
    }

    fn document(
        &self,
        (statement_id, heading): (u32, &Heading),
        piece: &Piece,
        following: Following,
        bytes: &mut Vec<u8>,
    ) {
        map(1, bytes);
        text("results", bytes);
        array(1, bytes);
        map(2 + usize::from(following != Following::Nothing), bytes);
        text("statement_id", bytes);
        unsigned(statement_id.into(), bytes);
        text("series", bytes);
        array(1, bytes);
        series(heading, piece, following == Following::Rows, bytes);
        if following != Following::Nothing {
            partial(bytes);
        }
    }
}

/// Adds one series.
pub(super) fn series(heading: &Heading, piece: &Piece, is_partial: bool, bytes: &mut Vec<u8>) {
    let has_tags = !heading.tags.is_empty();
    map(3 + usize::from(has_tags) + usize::from(is_partial), bytes);
    text("name", bytes);
    text(&piece.series.name, bytes);
    if has_tags {
        text("tags", bytes);
        map(heading.tags.len(), bytes);
        for (name, value) in heading.tags.iter().zip(&piece.series.tags) {
            text(name, bytes);
            text(value, bytes);
        }
    }
    text("columns", bytes);
    array(heading.columns.len(), bytes);
    for column in &heading.columns {
        text(column, bytes);
    }
    text("values", bytes);
    array(piece.rows, bytes);
    bytes.extend_from_slice(&piece.body);
    if is_partial {
        partial(bytes);
    }
}

fn partial(bytes: &mut Vec<u8>) {
    text("partial", bytes);
    bytes.push(0xc3);
}

fn cell(value: Value<'_>, bytes: &mut Vec<u8>) {
    match value {
        Value::Null => bytes.push(0xc0),
        Value::Boolean(value) => bytes.push(0xc2 + u8::from(value)),
        Value::Integer(value) => integer(value, bytes),
        Value::Unsigned(value) => unsigned(value, bytes),
        Value::Float(value) => {
            bytes.push(0xcb);
            bytes.extend(value.to_be_bytes());
        }
        Value::Text(value) => text(value, bytes),
        Value::Time(instant_ns, clock) => {
            let mut shown = Vec::new();
            clock.write(instant_ns, &mut shown);
            text_bytes(&shown, bytes);
        }
    }
}

fn integer(value: i64, bytes: &mut Vec<u8>) {
    if let Ok(value) = u64::try_from(value) {
        return unsigned(value, bytes);
    }
    if value >= -32 {
        bytes.extend(value.to_be_bytes().last()); // its lowest byte
    } else if let Ok(value) = i8::try_from(value) {
        bytes.push(0xd0);
        bytes.extend(value.to_be_bytes());
    } else if let Ok(value) = i16::try_from(value) {
        bytes.push(0xd1);
        bytes.extend(value.to_be_bytes());
    } else if let Ok(value) = i32::try_from(value) {
        bytes.push(0xd2);
        bytes.extend(value.to_be_bytes());
    } else {
        bytes.push(0xd3);
        bytes.extend(value.to_be_bytes());
    }
}

fn unsigned(value: u64, bytes: &mut Vec<u8>) {
    match u8::try_from(value) {
        Ok(value) if value < 0x80 => bytes.push(value),
        Ok(value) => bytes.extend([0xcc, value]),
        Err(_) => sized(value, [0xcd, 0xce, 0xcf], bytes),
    }
}

/// Adds the mark of 2, 4 or 8 bytes and a number in as many.
fn sized(value: u64, [two, four, eight]: [u8; 3], bytes: &mut Vec<u8>) {
    if let Ok(value) = u16::try_from(value) {
        bytes.push(two);
        bytes.extend(value.to_be_bytes());
    } else if let Ok(value) = u32::try_from(value) {
        bytes.push(four);
        bytes.extend(value.to_be_bytes());
    } else {
        bytes.push(eight);
        bytes.extend(value.to_be_bytes());
    }
}

/// Adds the mark of a few things, or of more with their number. (None has 2^32, a chunk of a query
/// would not fit in memory: the third mark is never used.)
fn counted(count: usize, few: u8, more: [u8; 2], bytes: &mut Vec<u8>) {
    match u8::try_from(count) {
        Ok(count) if count < 16 => bytes.push(few | count),
        _ => sized(count as u64, [more[0], more[1], more[1]], bytes),
    }
}

fn map(count: usize, bytes: &mut Vec<u8>) {
    counted(count, 0x80, [0xde, 0xdf], bytes);
}

/// Begins an array.
pub(super) fn array(count: usize, bytes: &mut Vec<u8>) {
    counted(count, 0x90, [0xdc, 0xdd], bytes);
}

/// Adds a text.
pub(super) fn text(value: &str, bytes: &mut Vec<u8>) {
    text_bytes(value.as_bytes(), bytes);
}

fn text_bytes(value: &[u8], bytes: &mut Vec<u8>) {
    match u8::try_from(value.len()) {
        Ok(length) if length < 32 => bytes.push(0xa0 | length),
        Ok(length) => bytes.extend([0xd9, length]),
        Err(_) => sized(value.len() as u64, [0xda, 0xdb, 0xdb], bytes),
    }
    bytes.extend_from_slice(value);
}
