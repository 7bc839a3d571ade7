//! Numbers: integers, unsigned integers, floats, timestamps.
//!
//! Comes in: a cursor at a sign, digit or point. Goes out: the number, with the cursor behind it.
//! Stays true: a float is the double nearest to its decimal text. Refused: numbers that their type
//! cannot hold, floats that overflow included (InfluxDB stores infinity).

use std::str::FromStr;

use super::cursor::Cursor;
use super::message::{self, LineError, Number};
use super::value::Value;

/// So many digits fit a `u64`, whatever they are.
const DIGITS_EXACT: usize = 19;
/// Integers up to here are doubles, so that one multiplication or division rounds only once.
const MANTISSA_EXACT: u64 = 1 << 53;
/// The powers of ten that are doubles.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The digits read so far, as one integer; it is meaningless once there are too many of them.
#[derive(Clone, Copy)]
struct Digits {
    value: u64,
    count: usize,
}

impl Digits {
    const NONE: Self = Self { value: 0, count: 0 };

    #[inline]
    fn read(mut self, cursor: &mut Cursor<'_>) -> Self {
        while let Some(byte @ b'0'..=b'9') = cursor.peek() {
            self.value = self.value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
            self.count += 1;
            cursor.at += 1;
        }
        self
    }

    /// Reads digits while there are eight at a time.
    #[inline]
    fn read_eights(mut self, cursor: &mut Cursor<'_>) -> Self {
        while let Some(&bytes) = cursor.rest().first_chunk::<8>()
            && let Some(value) = eight_digits(bytes)
        {
            self.value = self.value.wrapping_mul(100_000_000).wrapping_add(value);
            self.count += 8;
            cursor.at += 8;
        }
        self
    }

    #[inline]
    fn are_exact(self) -> bool {
        self.count <= DIGITS_EXACT
    }
}

/// Reads a number into `place`; `false`, and the cursor unmoved, where there is none.
#[inline]
pub(super) fn read_number(
    cursor: &mut Cursor<'_>,
    place: &mut Value<'_>,
) -> Result<bool, LineError> {
    let from = cursor.at;
    let negative = cursor.skip(b'-');
    let digits = Digits::NONE.read(cursor);
    let text = &cursor.line[from..cursor.at];
    if digits.count > 0 && cursor.skip(b'i') {
        *place = Value::Integer(signed(text, negative, digits, Number::Integer)?);
    } else if digits.count > 0 && !negative && cursor.skip(b'u') {
        *place = Value::Unsigned(unsigned(text, digits)?);
    } else if let Some(value) = read_float(cursor, from, negative, digits)? {
        *place = Value::Float(value);
    } else {
        cursor.at = from;
        return Ok(false);
    }
    Ok(true)
}

/// Reads a timestamp; `None`, and the cursor unmoved, where there is none.
#[inline]
pub(super) fn read_timestamp(cursor: &mut Cursor<'_>) -> Result<Option<i64>, LineError> {
    let from = cursor.at;
    let negative = cursor.skip(b'-');
    let digits = Digits::NONE.read_eights(cursor).read(cursor);
    if digits.count == 0 {
        cursor.at = from;
        return Ok(None);
    }
    signed(&cursor.line[from..cursor.at], negative, digits, Number::Timestamp).map(Some)
}

#[inline]
fn unsigned(text: &[u8], digits: Digits) -> Result<u64, LineError> {
    let value = if digits.are_exact() { Some(digits.value) } else { parse(text) };
    value.ok_or_else(|| message::out_of_range(Number::Unsigned, text))
}

#[inline]
fn signed(text: &[u8], negative: bool, digits: Digits, kind: Number) -> Result<i64, LineError> {
    let value = match (digits.are_exact(), negative) {
        (true, false) => i64::try_from(digits.value).ok(),
        (true, true) => 0_i64.checked_sub_unsigned(digits.value),
        (false, _) => parse(text),
    };
    value.ok_or_else(|| message::out_of_range(kind, text))
}

/// Reads the rest of a float, whose digits before the point have been read.
#[inline]
fn read_float(
    cursor: &mut Cursor<'_>,
    from: usize,
    negative: bool,
    whole: Digits,
) -> Result<Option<f64>, LineError> {
    let digits = if cursor.skip(b'.') { whole.read_eights(cursor).read(cursor) } else { whole };
    if digits.count == 0 {
        return Ok(None);
    }
    let places = i64::try_from(digits.count - whole.count).unwrap_or(i64::MAX);
    let power = read_exponent(cursor).saturating_sub(places);
    if let Some(value) = exact(digits, power) {
        return Ok(Some(if negative { -value } else { value }));
    }
    let text = &cursor.line[from..cursor.at];
    match parse(text).filter(|value: &f64| value.is_finite()) {
        Some(value) => Ok(Some(value)),
        None => Err(message::out_of_range(Number::Float, text)),
    }
}

/// `digits` times a power of ten, where one correctly rounded operation gives it (Clinger's case).
#[inline]
fn exact(digits: Digits, power: i64) -> Option<f64> {
    if !digits.are_exact() || digits.value > MANTISSA_EXACT {
        return None;
    }
    let scale = *POWERS.get(usize::try_from(power.unsigned_abs()).ok()?)?;
    #[expect(clippy::cast_precision_loss, reason = "at most 2^53, so nothing is lost")]
    let mantissa = digits.value as f64;
    Some(if power < 0 { mantissa / scale } else { mantissa * scale })
}

/// Reads `e`, a sign and digits; 0, and the cursor unmoved, where they are not complete.
#[inline]
fn read_exponent(cursor: &mut Cursor<'_>) -> i64 {
    let from = cursor.at;
    if !cursor.skip(b'e') && !cursor.skip(b'E') {
        return 0;
    }
    let negative = cursor.skip(b'-');
    if !negative {
        cursor.skip(b'+');
    }
    let digits = Digits::NONE.read(cursor);
    if digits.count == 0 {
        cursor.at = from;
    }
    let power = if digits.are_exact() { digits.value } else { u64::MAX };
    let power = i64::try_from(power).unwrap_or(i64::MAX);
    if negative { -power } else { power }
}

/// Eight ASCII digits as one integer, by adding neighbours: digits, then pairs, then fours.
#[inline]
fn eight_digits(bytes: [u8; 8]) -> Option<u64> {
    let word = u64::from_le_bytes(bytes);
    let high = word & 0xF0F0_F0F0_F0F0_F0F0;
    let carried = word.wrapping_add(0x0606_0606_0606_0606) & 0xF0F0_F0F0_F0F0_F0F0;
    if high != 0x3030_3030_3030_3030 || carried != high {
        return None;
    }
    let digits = word & 0x0F0F_0F0F_0F0F_0F0F;
    let pairs = (digits.wrapping_mul(10 << 8 | 1) >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_FFFF_0000_FFFF;
    Some(fours.wrapping_mul(10_000 << 32 | 1) >> 32)
}

/// The slow way, for long digits; `text` is a number by construction, so only its range can fail.
#[cold]
fn parse<T: FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
