//! A position in one line, and the scanning of names.
//!
//! Comes in: the bytes of one line. Goes out: names as [`Text`]. Stays true: the position never
//! passes the end, and a backslash takes the next character with it, whatever that is. Refuses
//! nothing: a name is still to be checked ([`Text::check`]).

use memchr::memchr3;

use super::scan::is_blank;
use super::text::{Rule, Text};

/// A position in a line.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) line: &'a [u8],
    pub(super) at: usize,
}

/// What ends a name, as bits of [`CLASSES`].
#[derive(Clone, Copy)]
pub(super) enum End {
    Measurement = 1,
    Key = 2,
    TagValue = 4,
}

const BACKSLASH: u8 = 8;

/// For each byte the names that it ends, and whether it is the backslash.
static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let all = End::Measurement as u8 | End::Key as u8 | End::TagValue as u8;
    classes[b' ' as usize] = all;
    classes[b'\t' as usize] = all;
    classes[b'\n' as usize] = all;
    classes[0] = End::Measurement as u8;
    classes[b',' as usize] = End::Measurement as u8 | End::TagValue as u8;
    classes[b'=' as usize] = End::Key as u8;
    classes[b'\\' as usize] = BACKSLASH;
    classes
}

impl<'a> Cursor<'a> {
    pub(super) fn new(line: &'a [u8]) -> Self {
        Self { line, at: 0 }
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    /// What has not been read yet.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.line.get(self.at..).unwrap_or_default()
    }

    #[inline]
    pub(super) fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    pub(super) fn skip_spaces(&mut self) {
        while self.skip(b' ') {}
    }

    /// Skips what may stand before a line.
    #[inline]
    pub(super) fn skip_blanks(&mut self) {
        while self.peek().is_some_and(is_blank) {
            self.at += 1;
        }
    }

    /// Moves to the first space or tab that is not escaped. A line feed before the first space
    /// would have ended the line.
    #[inline]
    pub(super) fn skip_tag_set(&mut self) {
        while let Some(length) = memchr3(b' ', b'\t', b'\\', self.rest()) {
            self.at += length;
            if self.peek() != Some(b'\\') {
                return;
            }
            self.at = self.line.len().min(self.at + 2);
        }
        self.at = self.line.len();
    }

    /// Reads a name up to what ends it; it may be empty, and is still to be checked.
    #[inline]
    pub(super) fn name(&mut self, end: End) -> Text<'a> {
        let from = self.at;
        let escaped = self.skip_name(end);
        let rule = match (escaped, end) {
            (false, _) => Rule::Plain,
            (true, End::Measurement) => Rule::Measurement,
            (true, End::Key | End::TagValue) => Rule::Name,
        };
        Text::new(&self.line[from..self.at], rule)
    }

    /// Moves to the end of a name; answers whether it contains a backslash.
    #[inline]
    fn skip_name(&mut self, end: End) -> bool {
        let mut escaped = false;
        loop {
            self.skip_plain(end);
            let Some(byte) = self.peek() else {
                return escaped;
            };
            match CLASSES[usize::from(byte)] & (end as u8 | BACKSLASH) {
                0 => self.at += 1,
                BACKSLASH => {
                    escaped = true;
                    self.at = self.line.len().min(self.at + 2);
                }
                _ => return escaped,
            }
        }
    }

    /// Moves over most of the bytes that are of no interest in a name, eight at a time.
    #[inline]
    fn skip_plain(&mut self, end: End) {
        let separator = if matches!(end, End::Key) { b'=' } else { b',' };
        while let Some(&bytes) = self.rest().first_chunk::<8>() {
            let special = special_bytes(u64::from_le_bytes(bytes), separator);
            self.at += special.trailing_zeros() as usize / 8;
            if special != 0 {
                return;
            }
        }
    }
}

/// Marks, in the highest bit of each byte, bytes up to the space, separators and backslashes. What
/// stands above the lowest mark may be marked wrongly: a borrow runs upwards.
#[inline]
fn special_bytes(word: u64, separator: u8) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let separators = word ^ (EACH * u64::from(separator));
    let backslashes = word ^ (EACH * u64::from(b'\\'));
    let low = word.wrapping_sub(EACH * (u64::from(b' ') + 1)) & !word;
    let separators = separators.wrapping_sub(EACH) & !separators;
    let backslashes = backslashes.wrapping_sub(EACH) & !backslashes;
    (low | separators | backslashes) & (EACH << 7)
}
