//! What a `SELECT` reads: the rows of one measurement, or of a subquery over it.
//!
//! Comes in: sources. Goes out: plans with their columns. Stays true: the columns of a plan are
//! named as the statement names them, `time` among them. Refuses sources of several databases.

use datafusion::common::{Column, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr as Computed, LogicalPlan, LogicalPlanBuilder, ident, lit};
use datafusion::scalar::ScalarValue;

use super::columns::{self, Columns, Kind, TIME};
use super::condition::check_regex;
use super::prepare::Outer;
use super::scope::cast;
use super::select::Planner;
use crate::error::Result;
use crate::influxql::{Measurement, Name, Source};
use crate::query::errors::from_datafusion;

/// Rows of one measurement.
pub(super) struct Input {
    pub(super) measurement: String,
    pub(super) plan: LogicalPlan,
    pub(super) columns: Columns,
    /// Whether the rows lie in the range of times already: those of a subquery do, though a bin
    /// may begin before the range does.
    pub(super) in_range: bool,
}

impl Input {
    /// Its tags, sorted.
    pub(super) fn tags(&self) -> impl Iterator<Item = &String> {
        self.columns.iter().filter(|(_, kind)| **kind == Kind::Tag).map(|(name, _)| name)
    }

    /// The tag of this name, null where no row has it.
    pub(super) fn tag(&self, name: &str) -> Computed {
        match self.columns.get(name) {
            Some(Kind::Tag) => ident(name),
            _ => cast(lit(ScalarValue::Null), Kind::Tag),
        }
    }

    /// Forgets fields whose kind does not go with that of the same field elsewhere.
    pub(super) fn keep_compatible(&mut self, merged: &Columns) {
        self.columns.retain(|name, kind| {
            let wanted = merged.get(name).copied().unwrap_or(*kind);
            *kind == wanted || (kind.is_numeric() && wanted.is_numeric())
        });
    }
}

impl Planner<'_> {
    /// The inputs that `sources` name, each measurement once; a measurement that does not exist is
    /// none.
    ///
    /// # Errors
    /// What planning a subquery or opening a table meets.
    pub(super) fn inputs(&self, sources: &[Source], outer: &Outer) -> Result<Vec<Input>> {
        let mut inputs = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for source in sources {
            match source {
                Source::Measurement(measurement) => names.extend(self.names(measurement)?),
                Source::Subquery(select) => {
                    inputs.extend(self.select(select, outer)?.into_inputs()?);
                }
            }
        }
        names.sort();
        names.dedup();
        for name in names {
            inputs.extend(self.table(&name)?);
        }
        Ok(inputs)
    }

    /// The names of the measurements that `measurement` means.
    ///
    /// # Errors
    /// `Invalid` for a pattern that is no regular expression.
    pub(super) fn names(&self, measurement: &Measurement) -> Result<Vec<String>> {
        let known = self.tables.names().into_iter();
        Ok(match &measurement.name {
            Name::Exact(name) => known.filter(|known| known == name).collect(),
            Name::Regex(pattern) => {
                let pattern = check_regex(pattern)?;
                known.filter(|name| pattern.is_match(name)).collect()
            }
        })
    }

    /// A table with its columns by their plain names.
    ///
    /// # Errors
    /// What opening it meets.
    pub(super) fn table(&self, name: &str) -> Result<Option<Input>> {
        let failed = |error| from_datafusion(&error);
        let Some(provider) = self.tables.open(name).map_err(failed)? else { return Ok(None) };
        let schema = provider.schema();
        let columns = columns::columns_of(&schema);
        let table = TableReference::bare(name);
        let renamed = |name: &str| {
            let qualified = Column::new(Some(table.clone()), name);
            Computed::Column(qualified).alias(name)
        };
        let names = columns.keys().map(String::as_str).chain([TIME]);
        let renamed: Vec<Computed> = names.map(renamed).collect();
        let plan = LogicalPlanBuilder::scan(table, provider_as_source(provider), None)
            .and_then(|scan| scan.project(renamed))
            .and_then(LogicalPlanBuilder::build)
            .map_err(failed)?;
        Ok(Some(Input { measurement: name.to_owned(), plan, columns, in_range: false }))
    }
}
