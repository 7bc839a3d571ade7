//! Statements as text.
//!
//! Comes in: a statement. Goes out: its text, in one form. Stays true: what the parser made is read
//! as the same statement. Refuses nothing.

use std::fmt::{self, Display, Formatter, Write as _};

use super::ast::{
    Dimension, Field, Fill, Keys, Measurement, Name, Page, Select, Show, Shown, Source, Statement,
};
use super::names::{Written, write_quoted};
use super::write::{write_list, write_regex};

impl Display for Statement {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Select(select) => select.fmt(formatter),
            Self::Explain { analyze: false, select } => write!(formatter, "EXPLAIN {select}"),
            Self::Explain { analyze: true, select } => {
                write!(formatter, "EXPLAIN ANALYZE {select}")
            }
            Self::Show(show) => show.fmt(formatter),
            Self::ShowDatabases => formatter.write_str("SHOW DATABASES"),
            Self::ShowRetentionPolicies { database } => {
                formatter.write_str("SHOW RETENTION POLICIES")?;
                write_on(formatter, database.as_deref())
            }
            Self::Unsupported { name } => formatter.write_str(name),
        }
    }
}

impl Display for Select {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("SELECT ")?;
        write_list(formatter, &self.fields)?;
        formatter.write_str(" FROM ")?;
        write_list(formatter, &self.sources)?;
        write_clause(formatter, "WHERE", self.condition.as_ref())?;
        if !self.dimensions.is_empty() {
            formatter.write_str(" GROUP BY ")?;
            write_list(formatter, &self.dimensions)?;
        }
        if let Some(fill) = self.fill {
            write!(formatter, " FILL({fill})")?;
        }
        if self.descending {
            formatter.write_str(" ORDER BY TIME DESC")?;
        }
        write_page(formatter, ["LIMIT", "OFFSET"], self.rows)?;
        write_page(formatter, ["SLIMIT", "SOFFSET"], self.series)?;
        let Some(zone) = &self.zone else {
            return Ok(());
        };
        formatter.write_str(" TZ(")?;
        write_quoted(formatter, zone, '\'')?;
        formatter.write_char(')')
    }
}

fn write_clause<T: Display>(
    formatter: &mut Formatter<'_>,
    name: &str,
    value: Option<T>,
) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(formatter, " {name} {value}"))
}

fn write_page(formatter: &mut Formatter<'_>, names: [&str; 2], page: Page) -> fmt::Result {
    write_clause(formatter, names[0], page.limit)?;
    write_clause(formatter, names[1], page.offset)
}

fn write_on(formatter: &mut Formatter<'_>, database: Option<&str>) -> fmt::Result {
    write_clause(formatter, "ON", database.map(Written))
}

impl Display for Field {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.expr.fmt(formatter)?;
        write_clause(formatter, "AS", self.alias.as_deref().map(Written))
    }
}

impl Display for Source {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Measurement(measurement) => measurement.fmt(formatter),
            Self::Subquery(select) => write!(formatter, "({select})"),
        }
    }
}

impl Display for Measurement {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        if let Some(database) = &self.database {
            write!(formatter, "{}.", Written(database))?;
        }
        if let Some(policy) = &self.retention_policy {
            Written(policy).fmt(formatter)?;
        }
        if self.database.is_some() || self.retention_policy.is_some() {
            formatter.write_char('.')?;
        }
        self.name.fmt(formatter)
    }
}

impl Display for Name {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => Written(name).fmt(formatter),
            Self::Regex(regex) => write_regex(formatter, regex),
        }
    }
}

impl Display for Dimension {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time { interval, offset: None } => write!(formatter, "TIME({interval})"),
            Self::Time { interval, offset: Some(offset) } => {
                write!(formatter, "TIME({interval}, {offset})")
            }
            Self::Tag(name) if name.eq_ignore_ascii_case("time") => {
                write_quoted(formatter, name, '"')
            }
            Self::Tag(name) => Written(name).fmt(formatter),
            Self::Regex(regex) => write_regex(formatter, regex),
            Self::Wildcard => formatter.write_char('*'),
        }
    }
}

impl Display for Fill {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("NULL"),
            Self::None => formatter.write_str("NONE"),
            Self::Previous => formatter.write_str("PREVIOUS"),
            Self::Linear => formatter.write_str("LINEAR"),
            Self::Value(number) => number.fmt(formatter),
        }
    }
}

impl Display for Show {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            Shown::Measurements => "MEASUREMENTS",
            Shown::TagKeys => "TAG KEYS",
            Shown::FieldKeys => "FIELD KEYS",
            Shown::TagValues(_) => "TAG VALUES",
        };
        write!(formatter, "SHOW {what}")?;
        write_on(formatter, self.database.as_deref())?;
        self.write_sources(formatter)?;
        if let Shown::TagValues(keys) = &self.what {
            write!(formatter, " WITH KEY {keys}")?;
        }
        write_clause(formatter, "WHERE", self.condition.as_ref())?;
        write_page(formatter, ["LIMIT", "OFFSET"], self.rows)?;
        write_page(formatter, ["SLIMIT", "SOFFSET"], self.series)
    }
}

impl Show {
    /// `FROM …`, or what `SHOW MEASUREMENTS` has in its place.
    fn write_sources(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Some(first) = self.sources.first() else {
            return Ok(());
        };
        if self.what != Shown::Measurements {
            formatter.write_str(" FROM ")?;
            return write_list(formatter, &self.sources);
        }
        let operator = if matches!(first.name, Name::Regex(_)) { "=~" } else { "=" };
        write!(formatter, " WITH MEASUREMENT {operator} {first}")
    }
}

impl Display for Keys {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal(name) => write!(formatter, "= {}", Written(name)),
            Self::NotEqual(name) => write!(formatter, "!= {}", Written(name)),
            Self::In(names) => {
                formatter.write_str("IN (")?;
                write_list(formatter, &names.iter().map(|name| Written(name)).collect::<Vec<_>>())?;
                formatter.write_char(')')
            }
            Self::Match(regex) => {
                formatter.write_str("=~ ")?;
                write_regex(formatter, regex)
            }
            Self::NotMatch(regex) => {
                formatter.write_str("!~ ")?;
                write_regex(formatter, regex)
            }
        }
    }
}
