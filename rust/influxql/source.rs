//! Where rows come from: measurements and subqueries.
//!
//! Comes in: the text. Goes out: sources. Stays true: nothing is looked up. Refuses names of more
//! than three parts.

use super::ast::{Measurement, Name, Source};
use super::scan::Scanner;
use crate::error::Result;

const EXPECTED: &str = "invalid FROM clause, expected identifier, regular expression or subquery";

impl Scanner<'_> {
    /// What follows `FROM` in a `SELECT`.
    pub(super) fn sources(&mut self) -> Result<Vec<Source>> {
        self.list(Self::source)
    }

    fn source(&mut self) -> Result<Source> {
        if !self.take("(") {
            return self.measurement(EXPECTED).map(Source::Measurement);
        }
        self.deeper(|scanner| {
            scanner.expect_word("SELECT", "invalid subquery, expected SELECT")?;
            let select = scanner.select()?;
            scanner.expect(")", "invalid subquery, expected ')'")?;
            Ok(Source::Subquery(Box::new(select)))
        })
    }

    /// `[database.[retention policy].]name`, without blanks in it.
    pub(super) fn measurement(&mut self, message: &str) -> Result<Measurement> {
        self.peek();
        let first = self.part(message)?;
        let Some(qualifier) = self.qualifier(&first) else {
            return Ok(measurement(None, None, first));
        };
        if self.take_adjacent(".") {
            return Ok(measurement(Some(qualifier), None, self.part(message)?));
        }
        let second = self.part(message)?;
        match self.qualifier(&second) {
            Some(policy) => Ok(measurement(Some(qualifier), Some(policy), self.part(message)?)),
            None => Ok(measurement(None, Some(qualifier), second)),
        }
    }

    /// The name before a point, and the point.
    fn qualifier(&mut self, part: &Name) -> Option<String> {
        match part {
            Name::Exact(name) if self.take_adjacent(".") => Some(name.clone()),
            _ => None,
        }
    }

    fn part(&mut self, message: &str) -> Result<Name> {
        if let Some(regex) = self.adjacent_regex()? {
            return Ok(Name::Regex(regex));
        }
        match self.adjacent_name()? {
            Some(name) => Ok(Name::Exact(name)),
            None => Err(self.error(message)),
        }
    }
}

fn measurement(database: Option<String>, policy: Option<String>, name: Name) -> Measurement {
    let named = |name: Option<String>| name.filter(|name| !name.is_empty());
    Measurement { database: named(database), retention_policy: named(policy), name }
}
