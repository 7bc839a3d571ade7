//! What holds for every body.
//!
//! Comes in: a body. Goes out: nothing; a claim that does not hold panics. Stays true: each claim
//! is checked on what the parser says, without a second parser.

use crate::limits::ORIGINAL_LINE_BYTES_MAX;
use crate::line::{Precision, original_line};
use crate::read::{PRECISIONS, Read, lines, points};

pub fn check(body: &str) {
    for precision in PRECISIONS {
        drop(lines(body, precision));
    }
    // One of them is enough for the rest, and the next input is another.
    check_read(body, PRECISIONS[body.len() % PRECISIONS.len()]);
}

fn check_read(body: &str, precision: Precision) {
    let read = lines(body, precision);
    for line in &read {
        check_line(line, precision);
    }
    let gaps = gaps(body, &read);
    check_numbers(body, &gaps, &read);
    for &(from, to) in &gaps {
        assert!(is_blank_or_comments(&body[from..to]), "lost {:?}", &body[from..to]);
    }
    check_parts(body, &gaps, &read, precision);
    check_good_lines(&read, precision);
}

/// A line has the number that an editor shows where it begins.
fn check_numbers(body: &str, gaps: &[(usize, usize)], read: &[Read<'_>]) {
    let (mut at, mut number) = (0, 1);
    for (line, &(_, start)) in read.iter().zip(gaps) {
        number += body[at..start].matches('\n').count();
        assert_eq!(line.number, number, "the number of {:?}", line.text);
        at = start;
    }
}

fn check_line(line: &Read<'_>, precision: Precision) {
    let original = original_line(line.text);
    assert!(original.len() <= ORIGINAL_LINE_BYTES_MAX && line.text.starts_with(original));
    if let Err(message) = &line.point {
        assert!(quotes_the_line(message, line.text), "{message:?} about {:?}", line.text);
    }
    // Alone, a carriage return at its end would be half of its line end.
    if !line.text.ends_with('\r') {
        assert!(is_alone(line.text, &line.point, precision), "a line means the same alone");
    }
}

/// Whether a body says this and nothing else.
fn is_alone(body: &str, point: &Result<String, String>, precision: Precision) -> bool {
    points(body, precision).iter().eq([point])
}

/// Whether what stands in backquotes in a message is a part of the line.
fn quotes_the_line(message: &str, line: &str) -> bool {
    let (Some(first), Some(last)) = (message.find('`'), message.rfind('`')) else {
        return true;
    };
    let quote = &message[first + 1..last];
    let cut = quote.strip_suffix("...").unwrap_or(quote);
    // The key of a repeated tag is named as it is meant, without its escapes.
    let is_key = message.starts_with("Must not contain duplicate tags");
    let bare = |text: &str| text.replace('\\', "");
    line.contains(quote) || line.contains(cut) || (is_key && bare(line).contains(&bare(quote)))
}

/// The places between the lines: before the first, behind each, behind the last.
fn gaps(body: &str, read: &[Read<'_>]) -> Vec<(usize, usize)> {
    let start = |line: &Read<'_>| line.text.as_ptr() as usize - body.as_ptr() as usize;
    let ends = read.iter().map(|line| start(line) + line.text.len());
    let starts = read.iter().map(start).chain([body.len()]);
    [0].into_iter().chain(ends).zip(starts).collect()
}

fn is_blank_or_comments(gap: &str) -> bool {
    gap.split('\n')
        .map(|line| line.trim_matches([' ', '\t', '\r']))
        .all(|line| line.is_empty() || line.starts_with('#'))
}

/// A body that is cut at a line feed between two lines says the same in its two parts.
fn check_parts(body: &str, gaps: &[(usize, usize)], read: &[Read<'_>], precision: Precision) {
    let feeds = gaps.iter().flat_map(|&(from, to)| {
        body[from..to].match_indices('\n').map(move |(offset, _)| from + offset)
    });
    let feeds: Vec<usize> = feeds.collect();
    // A few of them: a body may be nothing but line feeds.
    for at in [0, feeds.len() / 3, feeds.len() / 2, feeds.len().saturating_sub(1)] {
        let Some(&feed) = feeds.get(at) else { return };
        let mut parts = points(&body[..feed], precision);
        parts.extend(points(&body[feed + 1..], precision));
        assert!(read.iter().map(|line| &line.point).eq(&parts), "cut at byte {feed}");
    }
}

/// Without its bad lines a body says the same: they leave no trace in what follows them.
fn check_good_lines(read: &[Read<'_>], precision: Precision) {
    let good: Vec<_> = read.iter().filter(|line| ends_by_itself(line, precision)).collect();
    let body: String = good.iter().flat_map(|line| [line.text, "\n"]).collect();
    let points = points(&body, precision);
    assert!(good.iter().map(|line| &line.point).eq(&points), "a bad line disturbs");
}

/// Whether a line is a point that a line feed ends. A quote that opens a string for the rule that
/// finds line ends, but not for the grammar, makes a point of the last line of a body alone.
fn ends_by_itself(line: &Read<'_>, precision: Precision) -> bool {
    let ended = [line.text, "\n"].concat();
    line.point.is_ok() && is_alone(&ended, &line.point, precision)
}
