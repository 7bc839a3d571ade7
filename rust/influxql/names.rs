//! Names: bare, and in double quotes.
//!
//! Comes in: the text, or a name to be written. Goes out: the name, or its text. Stays true: a
//! name that is written is read as the same name. Refuses nothing: a keyword is no bare name, so
//! the caller says what it expected.

use std::fmt::{self, Write as _};

use super::scan::{Scanner, word};
use crate::error::Result;

/// Words that are no bare names, in order.
const KEYWORDS: [&str; 78] = [
    "ALL",
    "ALTER",
    "ANALYZE",
    "AND",
    "ANY",
    "AS",
    "ASC",
    "BEGIN",
    "BY",
    "CARDINALITY",
    "CONTINUOUS",
    "CREATE",
    "DATABASE",
    "DATABASES",
    "DEFAULT",
    "DELETE",
    "DESC",
    "DESTINATIONS",
    "DIAGNOSTICS",
    "DISTINCT",
    "DROP",
    "DURATION",
    "END",
    "EVERY",
    "EXACT",
    "EXPLAIN",
    "FIELD",
    "FOR",
    "FROM",
    "GRANT",
    "GRANTS",
    "GROUP",
    "GROUPS",
    "IN",
    "INF",
    "INSERT",
    "INTO",
    "KEY",
    "KEYS",
    "KILL",
    "LIMIT",
    "MEASUREMENT",
    "MEASUREMENTS",
    "NAME",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "PASSWORD",
    "POLICIES",
    "POLICY",
    "PRIVILEGES",
    "QUERIES",
    "QUERY",
    "READ",
    "REPLICATION",
    "RESAMPLE",
    "RETENTION",
    "REVOKE",
    "SELECT",
    "SERIES",
    "SET",
    "SHARD",
    "SHARDS",
    "SHOW",
    "SLIMIT",
    "SOFFSET",
    "STATS",
    "SUBSCRIPTION",
    "SUBSCRIPTIONS",
    "TAG",
    "TO",
    "USER",
    "USERS",
    "VALUES",
    "WHERE",
    "WITH",
    "WRITE",
];

/// The longest keyword has as many bytes as `SUBSCRIPTIONS`.
const KEYWORD_BYTES_MAX: usize = 13;

/// Whether a word is no bare name.
pub(super) fn is_keyword(word: &str) -> bool {
    word.len() <= KEYWORD_BYTES_MAX
        && KEYWORDS.binary_search(&word.to_ascii_uppercase().as_str()).is_ok()
}

/// Whether a word is `true` or `false`.
pub(super) fn truth(word: &str) -> Option<bool> {
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    is("true").then_some(true).or_else(|| is("false").then_some(false))
}

impl Scanner<'_> {
    /// A name, if one is next.
    pub(super) fn name(&mut self) -> Result<Option<String>> {
        self.peek();
        self.adjacent_name()
    }

    /// A name without blanks before it.
    pub(super) fn adjacent_name(&mut self) -> Result<Option<String>> {
        if self.adjacent().starts_with('"') {
            return self.quoted('"').map(Some);
        }
        let name = bare_name(self.adjacent());
        self.advance(name.len());
        Ok((!name.is_empty()).then(|| name.to_owned()))
    }

    /// A name, or the error that says what was expected.
    pub(super) fn expect_name(&mut self, message: &str) -> Result<String> {
        match self.name()? {
            Some(name) => Ok(name),
            None => Err(self.error(message)),
        }
    }
}

/// The bare name with which a text begins. As in InfluxDB 3, a keyword is one before `.` and `::`.
fn bare_name(text: &str) -> &str {
    let name = word(text);
    let qualified = text[name.len()..].starts_with(['.', ':']);
    if is_keyword(name) && !qualified { "" } else { name }
}

/// A name as it is written: bare where it can be.
pub(super) struct Written<'a>(pub(super) &'a str);

impl fmt::Display for Written<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0;
        let bare = !name.is_empty() && word(name) == name;
        if bare && !is_keyword(name) && truth(name).is_none() {
            return formatter.write_str(name);
        }
        write_quoted(formatter, name, '"')
    }
}

/// A text in quotes.
pub(super) fn write_quoted(
    formatter: &mut fmt::Formatter<'_>,
    text: &str,
    quote: char,
) -> fmt::Result {
    formatter.write_char(quote)?;
    for character in text.chars() {
        match character {
            '\n' => formatter.write_str("\\n")?,
            '\\' => formatter.write_str("\\\\")?,
            _ if character == quote => write!(formatter, "\\{quote}")?,
            _ => formatter.write_char(character)?,
        }
    }
    formatter.write_char(quote)
}
