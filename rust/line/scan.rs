//! The body, cut into lines.
//!
//! Comes in: the whole body. Goes out: each line that is neither blank nor a comment, as written,
//! without its line end, and its number. Stays true: a line feed ends a line unless it is escaped
//! or stands inside a quoted string, and every other byte of the body belongs to exactly one line,
//! comment or blank.
//! Refuses nothing: a quote that is never closed takes the rest of the body into its line.
//!
//! The rule for quotes is InfluxDB's, which knows no grammar: after the first space of a line a
//! quote opens a string when more equals signs than commas came before it (strings not counted).

use memchr::{memchr, memchr_iter, memchr2, memchr3};

/// The lines of a body, in order.
pub(super) struct Lines<'a> {
    body: &'a str,
    at: usize,
    /// Line feeds before `at`.
    line_feeds: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(body: &'a str) -> Self {
        Self { body, at: 0, line_feeds: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    /// The number of the line, from 1, as an editor shows it, and its text.
    type Item = (usize, &'a str);

    #[inline]
    fn next(&mut self) -> Option<(usize, &'a str)> {
        let first = self.skip_to_content()?;
        let (end, line_feeds_inside) = line_end(self.body.as_bytes(), first);
        let line = &self.body[self.at..end];
        let number = self.line_feeds + 1;
        self.at = self.body.len().min(end + 1);
        self.line_feeds = number + line_feeds_inside;
        // No point ends in a carriage return, so this one is half of a line end.
        Some((number, line.strip_suffix('\r').unwrap_or(line)))
    }
}

impl Lines<'_> {
    /// Moves to the start of the next line with content, and finds its first byte after blanks.
    #[inline]
    fn skip_to_content(&mut self) -> Option<usize> {
        let bytes = self.body.as_bytes();
        loop {
            let blanks = bytes[self.at..].iter().take_while(|byte| is_blank(**byte)).count();
            let first = self.at + blanks;
            self.at = match bytes[first..] {
                [] | [b'\r'] => return None,
                [b'\n', ..] => first + 1,
                [b'\r', b'\n', ..] => first + 2,
                [b'#', ..] => after_line_feed(bytes, first),
                _ => return Some(first),
            };
            self.line_feeds += 1;
        }
    }
}

/// Whether a byte may stand before a line and after it.
#[inline]
pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn after_line_feed(bytes: &[u8], from: usize) -> usize {
    memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |length| from + length + 1)
}

/// Where the line whose content begins at `from` ends, and how many line feeds it contains. Nearly
/// all lines have neither a quote nor a backslash, and one search finds their end.
#[inline]
fn line_end(bytes: &[u8], from: usize) -> (usize, usize) {
    match memchr3(b'\n', b'"', b'\\', &bytes[from..]) {
        None => (bytes.len(), 0),
        Some(length) if bytes[from + length] == b'\n' => (from + length, 0),
        Some(_) => {
            let end = guarded_line_end(bytes, from);
            (end, memchr_iter(b'\n', &bytes[from..end]).count())
        }
    }
}

/// The same where quotes and backslashes may guard line feeds.
fn guarded_line_end(bytes: &[u8], from: usize) -> usize {
    let mut at = series_end(bytes, from);
    let (mut equals_signs, mut commas) = (0_usize, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => return at,
            b'\\' => at += 1,
            b'=' => equals_signs += 1,
            b',' => commas += 1,
            b'"' if equals_signs > commas => at = closing_quote(bytes, at + 1),
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The first space or line feed that is not escaped.
fn series_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(length) = bytes.get(at..).and_then(|rest| memchr3(b' ', b'\n', b'\\', rest)) {
        at += length;
        if bytes[at] != b'\\' {
            return at;
        }
        at += 2;
    }
    bytes.len()
}

/// The next quote that is not escaped; the end of the bytes where there is none.
pub(super) fn closing_quote(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(length) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += length;
        if bytes[at] == b'"' {
            return at;
        }
        at += 2;
    }
    bytes.len()
}
