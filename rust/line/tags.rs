//! Tag sets.
//!
//! Comes in: the bytes from the first tag on, up to the end of the tag set or of the line. Goes
//! out: key and value of each tag, in the order written. Stays true: the first fault from the left
//! is the one reported, repeated keys last. Refused: tags without key, equals sign or value, names
//! that end in a backslash or are too long, keys that are repeated (also when they are escaped
//! differently).

use super::cursor::{Cursor, End};
use super::message::{self, LineError};
use super::text::Text;

/// A tag: key and value.
pub type Tag<'a> = (Text<'a>, Text<'a>);

/// Up to so many tags, comparing all pairs of keys is faster than sorting them.
const PAIRWISE_MAX: usize = 32;

/// Replaces `into` by the tags of a set, which is empty or starts at a key. Prefer
/// [`Point::parse_tags`](super::Point::parse_tags): its messages show what follows the tag set.
///
/// # Errors
/// The first fault of the tag set; `into` then holds the tags before it.
pub fn parse_tags<'a>(tag_set: &'a [u8], into: &mut Vec<Tag<'a>>) -> Result<(), LineError> {
    into.clear();
    if tag_set.is_empty() {
        return Ok(());
    }
    read_tags(tag_set, into)
}

/// Appends the tags at the start of `onward`, which may go on behind them.
pub(super) fn read_tags<'a>(onward: &'a [u8], into: &mut Vec<Tag<'a>>) -> Result<(), LineError> {
    let mut cursor = Cursor::new(onward);
    loop {
        let key = cursor.name(End::Key);
        check_key(key, &mut cursor)?;
        let value = cursor.name(End::TagValue);
        check_value(value, &cursor)?;
        into.push((key, value));
        if !cursor.skip(b',') {
            return refuse_repeated_keys(into);
        }
    }
}

/// Checks a tag key, and moves behind the equals sign.
#[inline]
fn check_key(key: Text<'_>, cursor: &mut Cursor<'_>) -> Result<(), LineError> {
    key.check()?;
    if key.raw().is_empty() {
        return Err(message::no_tag_key(cursor.rest()));
    }
    if cursor.skip(b'=') { Ok(()) } else { Err(message::no_equals_sign(cursor.line)) }
}

#[inline]
fn check_value(value: Text<'_>, cursor: &Cursor<'_>) -> Result<(), LineError> {
    value.check()?;
    if value.raw().is_empty() { Err(message::no_tag_value(cursor.rest())) } else { Ok(()) }
}

fn refuse_repeated_keys(tags: &[Tag<'_>]) -> Result<(), LineError> {
    let repeated = if tags.len() <= PAIRWISE_MAX { first_pair(tags) } else { first_of_many(tags) };
    repeated.map_or(Ok(()), |at| Err(message::repeated_tag(&tags[at].0.decode())))
}

/// The first tag whose key was there before.
fn first_pair(tags: &[Tag<'_>]) -> Option<usize> {
    (1..tags.len()).find(|&at| tags[..at].iter().any(|(key, _)| *key == tags[at].0))
}

/// The same in less than quadratic time, because a line may hold a million tags.
fn first_of_many(tags: &[Tag<'_>]) -> Option<usize> {
    let mut keys: Vec<_> = tags.iter().map(|(key, _)| key.decode()).zip(0..).collect();
    keys.sort_unstable();
    let neighbours = keys.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    neighbours.map(|pair| pair[1].1).min()
}
