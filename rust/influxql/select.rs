//! `SELECT` and its clauses.
//!
//! Comes in: the text behind `SELECT`. Goes out: the statement. Stays true: clauses are read in
//! their one order, so the caller refuses one that stands elsewhere. Refuses an order by anything
//! but time.

use super::ast::{ColumnType, Dimension, Expr, Field, Fill, Page, Select, Source};
use super::expression::Place;
use super::scan::Scanner;
use crate::error::Result;

const FILLS: [(&str, Fill); 4] = [
    ("null", Fill::Null),
    ("none", Fill::None),
    ("previous", Fill::Previous),
    ("linear", Fill::Linear),
];

impl Scanner<'_> {
    /// What follows `SELECT`.
    pub(super) fn select(&mut self) -> Result<Select> {
        Ok(Select {
            fields: self.list(Self::field)?,
            sources: self.from()?,
            condition: self.filter()?,
            dimensions: self.group_by()?,
            fill: self.fill()?,
            descending: self.order_by()?,
            rows: self.page("LIMIT", "OFFSET")?,
            series: self.page("SLIMIT", "SOFFSET")?,
            zone: self.zone()?,
        })
    }

    fn field(&mut self) -> Result<Field> {
        let expr = self.arithmetic(Place::Field)?.expr;
        let alias = self.after("AS", |scanner| {
            scanner.expect_name("invalid field alias, expected identifier")
        })?;
        Ok(Field { expr, alias })
    }

    fn from(&mut self) -> Result<Vec<Source>> {
        self.expect_word("FROM", "invalid SELECT statement, expected FROM")?;
        self.sources()
    }

    /// `WHERE …`.
    pub(super) fn filter(&mut self) -> Result<Option<Expr>> {
        self.after("WHERE", Self::condition)
    }

    fn group_by(&mut self) -> Result<Vec<Dimension>> {
        if !self.take_word("GROUP") {
            return Ok(Vec::new());
        }
        self.expect_word("BY", "invalid GROUP BY clause, expected BY")?;
        self.list(Self::dimension)
    }

    fn dimension(&mut self) -> Result<Dimension> {
        if self.take("*") {
            return self.every_tag();
        }
        if self.take_word("TIME") {
            return self.time();
        }
        if let Some(regex) = self.regex()? {
            return Ok(Dimension::Regex(regex));
        }
        self.tag()
    }

    fn every_tag(&mut self) -> Result<Dimension> {
        if self.take_adjacent("::") {
            self.expect_word("TAG", "invalid GROUP BY clause, expected TAG")?;
        }
        Ok(Dimension::Wildcard)
    }

    fn tag(&mut self) -> Result<Dimension> {
        let start = self.start();
        let expected = match self.column()?.map(|tree| tree.expr) {
            Some(Expr::Column { name, cast: None | Some(ColumnType::Tag) }) => {
                return Ok(Dimension::Tag(name));
            }
            Some(_) => "a tag",
            None => "wildcard, TIME, identifier or regular expression",
        };
        Err(self.error_at(start, format!("invalid GROUP BY clause, expected {expected}")))
    }

    fn time(&mut self) -> Result<Dimension> {
        self.expect("(", "invalid TIME call, expected 1 or 2 arguments")?;
        let interval = self.arithmetic(Place::Interval)?.expr;
        let mut offset = None;
        if self.take(",") {
            offset = Some(self.arithmetic(Place::Offset)?.expr);
        }
        self.expect(")", "invalid TIME call, expected ')'")?;
        Ok(Dimension::Time { interval, offset })
    }

    fn fill(&mut self) -> Result<Option<Fill>> {
        self.after("FILL", |scanner| {
            scanner.expect("(", "invalid FILL clause, expected '('")?;
            let fill = scanner.fill_option()?;
            scanner.expect(")", "invalid FILL clause, expected ')'")?;
            Ok(fill)
        })
    }

    fn fill_option(&mut self) -> Result<Fill> {
        let word = self.word();
        if let Some((name, fill)) = FILLS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)) {
            self.advance(name.len());
            return Ok(*fill);
        }
        let expected = "NULL, NONE, PREVIOUS, LINEAR, or a number";
        self.expect_number(&format!("invalid FILL option, expected {expected}")).map(Fill::Value)
    }

    /// Whether the newest rows come first.
    fn order_by(&mut self) -> Result<bool> {
        if !self.take_word("ORDER") {
            return Ok(false);
        }
        self.expect_word("BY", "invalid ORDER BY, expected BY")?;
        if let Some(descending) = self.direction() {
            return Ok(descending);
        }
        let start = self.start();
        let is_time = self.name()?.is_some_and(|name| name.eq_ignore_ascii_case("time"));
        let descending = self.direction().unwrap_or_default();
        if !is_time || self.take(",") {
            let message = "invalid ORDER BY, only ORDER BY time is supported";
            return Err(self.error_at(start, message));
        }
        Ok(descending)
    }

    fn direction(&mut self) -> Option<bool> {
        let descending = self.take_word("DESC");
        (descending || self.take_word("ASC")).then_some(descending)
    }

    /// A limit and an offset, of these names.
    pub(super) fn page(&mut self, limit: &str, offset: &str) -> Result<Page> {
        Ok(Page { limit: self.count(limit)?, offset: self.count(offset)? })
    }

    fn count(&mut self, clause: &str) -> Result<Option<u64>> {
        let message = format!("invalid {clause} clause, expected unsigned integer");
        self.after(clause, |scanner| scanner.expect_unsigned(&message))
    }

    fn zone(&mut self) -> Result<Option<String>> {
        self.after("TZ", |scanner| {
            scanner.expect("(", "invalid TZ clause, expected '('")?;
            let zone = scanner.expect_text("invalid TZ clause, expected string")?;
            scanner.expect(")", "invalid TZ clause, expected ')'")?;
            Ok(zone)
        })
    }
}
