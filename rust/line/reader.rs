//! The grammar of one line: series, spaces, fields, spaces, timestamp.
//!
//! Comes in: one line, and the fields of the line before it. Goes out: its point, with its fields
//! in the place of those. Stays true: tags are skipped, unless a fault behind them makes it
//! necessary to look for an earlier one. Refused: every line that is not a point, with the leftmost
//! fault.
//!
//! Fast because a line mostly has the field keys of the line before it: the key expected is
//! compared as a whole, and scanned only when it differs.

use super::cursor::{Cursor, End};
use super::message::{self, LineError};
use super::number::read_timestamp;
use super::point::{Field, Point};
use super::scan::is_blank;
use super::tags::read_tags;
use super::text::Text;
use super::value::read_value;

/// Reads a line; `fields` are those of the line before, and become those of this one.
#[inline]
pub(super) fn read_point<'p, 'a>(
    line: &'a [u8],
    fields: &'p mut Vec<Field<'a>>,
) -> Result<Point<'p, 'a>, LineError> {
    let mut cursor = Cursor::new(line);
    cursor.skip_blanks();
    let from = cursor.at;
    let measurement = read_measurement(&mut cursor)?;
    let (tag_set, onward) = skip_tags(&mut cursor)?;
    let series = &line[from..cursor.at];
    match read_after_series(&mut cursor, fields) {
        Ok(timestamp) => Ok(Point { measurement, series, tag_set, fields, timestamp, onward }),
        Err(fault) => Err(first_fault(onward, fault)),
    }
}

#[inline]
fn read_measurement<'a>(cursor: &mut Cursor<'a>) -> Result<Text<'a>, LineError> {
    let measurement = cursor.name(End::Measurement);
    measurement.check()?;
    if measurement.raw().is_empty() { Err(message::no_measurement()) } else { Ok(measurement) }
}

/// The tag set, and the line from there on; both are empty without tags.
#[inline]
fn skip_tags<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a [u8], &'a [u8]), LineError> {
    if !cursor.skip(b',') {
        return Ok((&[], &[]));
    }
    let from = cursor.at;
    let onward = cursor.rest();
    cursor.skip_tag_set();
    let tag_set = &cursor.line[from..cursor.at];
    if tag_set.is_empty() { Err(message::no_tag_key(onward)) } else { Ok((tag_set, onward)) }
}

/// The fault of the tags, should they have one, before the `fault` found behind them.
#[cold]
fn first_fault(onward: &[u8], fault: LineError) -> LineError {
    if onward.is_empty() {
        return fault;
    }
    read_tags(onward, &mut Vec::new()).err().unwrap_or(fault)
}

#[inline]
fn read_after_series<'a>(
    cursor: &mut Cursor<'a>,
    fields: &mut Vec<Field<'a>>,
) -> Result<Option<i64>, LineError> {
    if !cursor.skip(b' ') {
        return Err(message::no_space(cursor.rest()));
    }
    cursor.skip_spaces();
    read_fields(cursor, fields)?;
    read_end(cursor)
}

#[inline]
fn read_fields<'a>(cursor: &mut Cursor<'a>, fields: &mut Vec<Field<'a>>) -> Result<(), LineError> {
    let (mut count, mut end) = (0, cursor.at);
    loop {
        if count == fields.len() {
            fields.push(Field::BLANK);
        }
        if !read_field(cursor, &mut fields[count])? {
            break;
        }
        (count, end) = (count + 1, cursor.at);
        if !cursor.skip(b',') {
            break;
        }
    }
    fields.truncate(count);
    finish_fields(cursor, count, end)
}

/// Goes back before a comma that no field follows. InfluxDB does so only after two fields or more:
/// behind a single field the comma is forgiven.
#[inline]
fn finish_fields(cursor: &mut Cursor<'_>, count: usize, end: usize) -> Result<(), LineError> {
    if count == 0 {
        return Err(message::no_fields());
    }
    if count > 1 {
        cursor.at = end;
    }
    Ok(())
}

/// Reads a field into `place`, which holds the field of the line before it; `false`, and the cursor
/// unmoved, where there is no field.
#[inline]
fn read_field<'a>(cursor: &mut Cursor<'a>, place: &mut Field<'a>) -> Result<bool, LineError> {
    let from = cursor.at;
    if !skip_expected_key(cursor, place.key) {
        place.key = cursor.name(End::Key);
    }
    place.key.check()?;
    let found =
        !place.key.raw().is_empty() && cursor.skip(b'=') && read_value(cursor, &mut place.value)?;
    if !found {
        cursor.at = from;
    }
    Ok(found)
}

/// Moves over the key, if it is the one expected.
#[inline]
fn skip_expected_key(cursor: &mut Cursor<'_>, key: Text<'_>) -> bool {
    let found = !key.is_escaped()
        && matches!(
            cursor.rest().split_at_checked(key.raw().len()),
            Some((start, [b'=', ..])) if same_key(start, key.raw())
        );
    if found {
        cursor.at += key.raw().len();
    }
    found
}

/// The timestamp, if there is one, and the end of the line.
#[inline]
fn read_end(cursor: &mut Cursor<'_>) -> Result<Option<i64>, LineError> {
    let mut from = cursor.at;
    cursor.skip_spaces();
    let timestamp = if cursor.at > from { read_timestamp(cursor)? } else { None };
    if timestamp.is_some() {
        cursor.skip_spaces();
        from = cursor.at;
    }
    if cursor.rest().iter().copied().all(is_blank) {
        return Ok(timestamp);
    }
    Err(message::trailing_content(&cursor.line[from..]))
}

/// Whether two keys are equal. Most have 8 to 16 bytes, where comparing both ends compares them
/// whole and costs less than a call of `memcmp`.
#[inline]
fn same_key(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() || !(8..=16).contains(&left.len()) {
        return left == right;
    }
    left.first_chunk::<8>() == right.first_chunk() && left.last_chunk::<8>() == right.last_chunk()
}
