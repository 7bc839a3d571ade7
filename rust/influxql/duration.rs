//! Durations such as `1h30m`.
//!
//! Comes in: the text, or nanoseconds. Goes out: nanoseconds, or the text. Stays true: what is
//! written is read as the same duration. Refuses what does not fit into 64 bits.

use std::fmt;

/// Units and their nanoseconds. One that begins another one stands behind it.
const UNITS: [(&str, i64); 11] = [
    ("ns", 1),
    ("us", 1_000),
    ("u", 1_000),
    ("µ", 1_000),
    ("μ", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// The units that are written, the largest first.
const WRITTEN: [(&str, u64); 8] = [
    ("w", 604_800_000_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("u", 1_000),
    ("ns", 1),
];

/// The duration with which a text begins.
pub(super) struct Duration {
    /// How long the text is.
    pub(super) bytes: usize,
    /// How long the duration is; none: too long.
    pub(super) nanoseconds: Option<i64>,
}

/// The duration with which a text begins, if one does.
pub(super) fn read(text: &str) -> Option<Duration> {
    let mut sum = read_part(text)?;
    while let Some(part) = read_part(&text[sum.bytes..]) {
        sum.bytes += part.bytes;
        let both = sum.nanoseconds.zip(part.nanoseconds);
        sum.nanoseconds = both.and_then(|(one, other)| one.checked_add(other));
    }
    Some(sum)
}

fn read_part(text: &str) -> Option<Duration> {
    let digits = digits(text);
    let unit = &text[digits.len()..];
    let (name, length) = UNITS.iter().find(|(name, _)| unit.starts_with(name))?;
    let count = (!digits.is_empty()).then(|| digits.parse::<i64>().ok())?;
    let nanoseconds = count.and_then(|count| count.checked_mul(*length));
    Some(Duration { bytes: digits.len() + name.len(), nanoseconds })
}

/// The digits with which a text begins.
pub(super) fn digits(text: &str) -> &str {
    &text[..text.bytes().take_while(u8::is_ascii_digit).count()]
}

/// Writes a duration with the fewest parts.
pub(super) fn write(formatter: &mut fmt::Formatter<'_>, nanoseconds: i64) -> fmt::Result {
    if nanoseconds == 0 {
        return formatter.write_str("0s");
    }
    if nanoseconds < 0 {
        formatter.write_str("-")?;
    }
    let mut rest = nanoseconds.unsigned_abs();
    for (name, length) in WRITTEN {
        if rest >= length {
            write!(formatter, "{}{name}", rest / length)?;
            rest %= length;
        }
    }
    Ok(())
}
