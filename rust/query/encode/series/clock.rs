//! Instants as text: RFC 3339, with as many digits as needed in steps of three.

use arrow::array::timezone::Tz;
use chrono::{DateTime, Datelike, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike};

/// Shows instants in a zone, or in UTC.
pub(super) struct Clock {
    zone: Option<Tz>,
}

impl Clock {
    pub(super) fn of(zone: Option<Tz>) -> Self {
        Self { zone }
    }

    /// Adds the text of an instant, which needs no quotes inside.
    pub(super) fn write(&self, instant_ns: i64, text: &mut Vec<u8>) {
        let utc = DateTime::from_timestamp_nanos(instant_ns).naive_utc();
        let offset_s =
            self.zone.map_or(0, |zone| zone.offset_from_utc_datetime(&utc).fix().local_minus_utc());
        date_and_time(utc + TimeDelta::seconds(offset_s.into()), text);
        fraction(utc.nanosecond(), text);
        offset(offset_s, text);
    }
}

fn date_and_time(local: NaiveDateTime, text: &mut Vec<u8>) {
    let year = local.year().unsigned_abs(); // nanoseconds of 64 bits reach from 1677 to 2262
    two(year / 100, text);
    two(year % 100, text);
    let rest = [
        (b'-', local.month()),
        (b'-', local.day()),
        (b'T', local.hour()),
        (b':', local.minute()),
        (b':', local.second()),
    ];
    for (before, value) in rest {
        text.push(before);
        two(value, text);
    }
}

/// Adds a number below 100 with two digits.
fn two(value: u32, text: &mut Vec<u8>) {
    text.extend([digit(value / 10), digit(value)]);
}

fn digit(value: u32) -> u8 {
    b"0123456789"[value as usize % 10]
}

fn fraction(nanoseconds: u32, text: &mut Vec<u8>) {
    let digits = match nanoseconds {
        0 => return,
        whole if whole % 1_000_000 == 0 => 3,
        whole if whole % 1_000 == 0 => 6,
        _ => 9,
    };
    text.push(b'.');
    for at in 0..digits {
        text.push(digit(nanoseconds / 10_u32.pow(8 - at)));
    }
}

fn offset(seconds: i32, text: &mut Vec<u8>) {
    if seconds == 0 {
        text.push(b'Z');
        return;
    }
    text.push(if seconds < 0 { b'-' } else { b'+' });
    let seconds = seconds.unsigned_abs();
    two(seconds / 3_600, text);
    text.push(b':');
    two(seconds / 60 % 60, text);
    if !seconds.is_multiple_of(60) {
        text.push(b':');
        two(seconds % 60, text);
    }
}
