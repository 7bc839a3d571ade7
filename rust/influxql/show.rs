//! `SHOW` and its clauses.
//!
//! Comes in: the text behind `SHOW`. Goes out: the statement. Stays true: what InfluxDB 3 does not
//! show is no statement. Refuses `ON *`: a query reads one database.

use super::ast::{Keys, Measurement, Name, Show, Shown, Statement};
use super::database::{SEVERAL, full_name};
use super::scan::Scanner;
use crate::error::{EngineError, Result};

const EXPECTED: &str = "invalid SHOW statement, expected DATABASES, FIELD KEYS, MEASUREMENTS, \
                        TAG KEYS, TAG VALUES, or RETENTION POLICIES following SHOW";

impl Scanner<'_> {
    /// What follows `SHOW`.
    pub(super) fn show(&mut self) -> Result<Statement> {
        if self.take_word("DATABASES") {
            return Ok(Statement::ShowDatabases);
        }
        if self.take_word("RETENTION") {
            self.expect_word("POLICIES", EXPECTED)?;
            return Ok(Statement::ShowRetentionPolicies { database: self.on()? });
        }
        if self.take_word("MEASUREMENTS") {
            return self.measurements().map(Statement::Show);
        }
        if self.take_word("FIELD") {
            self.expect_word("KEYS", EXPECTED)?;
            return self.shown(Shown::FieldKeys).map(Statement::Show);
        }
        self.expect_word("TAG", EXPECTED)?;
        if self.take_word("KEYS") {
            return self.shown(Shown::TagKeys).map(Statement::Show);
        }
        self.expect_word("VALUES", "invalid SHOW TAG statement, expected KEYS or VALUES")?;
        self.tag_values().map(Statement::Show)
    }

    fn measurements(&mut self) -> Result<Show> {
        let database = self.on_any()?;
        let sources = self.with_measurement()?;
        self.clauses(Shown::Measurements, database, sources)
    }

    fn shown(&mut self, what: Shown) -> Result<Show> {
        let (database, sources) = (self.on()?, self.shown_sources()?);
        self.clauses(what, database, sources)
    }

    fn tag_values(&mut self) -> Result<Show> {
        let (database, sources) = (self.on()?, self.shown_sources()?);
        let what = Shown::TagValues(self.with_key()?);
        self.clauses(what, database, sources)
    }

    /// What every `SHOW` ends with; the fields of a measurement have no condition.
    fn clauses(
        &mut self,
        what: Shown,
        database: Option<String>,
        sources: Vec<Measurement>,
    ) -> Result<Show> {
        let condition = if what == Shown::FieldKeys { None } else { self.filter()? };
        let (rows, series) = (self.page("LIMIT", "OFFSET")?, self.page("SLIMIT", "SOFFSET")?);
        Ok(Show { what, database, sources, condition, rows, series })
    }

    /// `ON database`.
    fn on(&mut self) -> Result<Option<String>> {
        self.after("ON", |scanner| scanner.expect_name("invalid ON clause, expected identifier"))
    }

    /// `ON database[.retention policy]`.
    fn on_any(&mut self) -> Result<Option<String>> {
        self.after("ON", Self::database_and_policy)
    }

    fn database_and_policy(&mut self) -> Result<String> {
        let message = "invalid ON clause, expected wildcard or identifier";
        if self.take("*") {
            return Err(EngineError::invalid(SEVERAL));
        }
        let (database, mut policy) = (self.expect_name(message)?, None);
        if self.take_adjacent(".") {
            policy = Some(self.expect_name(message)?);
        }
        Ok(full_name(&database, policy.as_deref()))
    }

    /// `FROM measurement, …`.
    fn shown_sources(&mut self) -> Result<Vec<Measurement>> {
        let message = "invalid FROM clause, expected identifier or regular expression";
        let read = |scanner: &mut Self| scanner.list(|scanner| scanner.measurement(message));
        Ok(self.after("FROM", read)?.unwrap_or_default())
    }

    /// `WITH MEASUREMENT = name` or `=~ /…/`.
    fn with_measurement(&mut self) -> Result<Vec<Measurement>> {
        if !self.take_word("WITH") {
            return Ok(Vec::new());
        }
        self.expect_word("MEASUREMENT", "invalid WITH clause, expected MEASUREMENT")?;
        let by_regex = self.take("=~");
        if !by_regex {
            self.expect("=", "expected = or =~")?;
        }
        let start = self.start();
        let message =
            if by_regex { "expected regular expression" } else { "expected measurement name" };
        let measurement = self.measurement(message)?;
        if by_regex != matches!(measurement.name, Name::Regex(_)) {
            return Err(self.error_at(start, message));
        }
        Ok(vec![measurement])
    }

    /// `WITH KEY …`.
    fn with_key(&mut self) -> Result<Keys> {
        const NAME: &str = "invalid WITH KEY clause, expected identifier following ";
        const REGEX: &str = "invalid WITH KEY clause, expected regular expression following ";
        let message = "invalid SHOW TAG VALUES statement, expected WITH KEY clause";
        self.expect_word("WITH", message)?;
        self.expect_word("KEY", "invalid WITH KEY clause, expected KEY")?;
        if self.take("=~") {
            return self.expect_regex(&format!("{REGEX}=~")).map(Keys::Match);
        }
        if self.take("!~") {
            return self.expect_regex(&format!("{REGEX}!~")).map(Keys::NotMatch);
        }
        if self.take("=") {
            return self.expect_name(&format!("{NAME}=")).map(Keys::Equal);
        }
        if self.take("!=") || self.take("<>") {
            return self.expect_name(&format!("{NAME}!=")).map(Keys::NotEqual);
        }
        self.expect_word("IN", "invalid WITH KEY clause, expected condition")?;
        self.key_list().map(Keys::In)
    }

    fn key_list(&mut self) -> Result<Vec<String>> {
        let message = "invalid WITH KEY clause, expected identifier list following IN";
        self.expect("(", message)?;
        let item = "invalid IN clause, expected identifier";
        let keys = self.list(|scanner| scanner.expect_name(item))?;
        self.expect(")", "invalid identifier list, expected ')'")?;
        Ok(keys)
    }
}
