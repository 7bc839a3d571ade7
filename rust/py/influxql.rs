//! The statements of InfluxQL in a text, as small frozen values.

use pyo3::prelude::*;

use super::enter::enter;
use super::errors::to_python;
use crate::influxql::{self, Parsed, Statement};

/// One statement and what must be known of it before it runs.
#[pyclass(frozen, get_all, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct InfluxqlStatement {
    text: String,
    kind: &'static str,
    name: String,
    database: Option<String>,
}

impl InfluxqlStatement {
    fn of(parsed: Parsed) -> crate::error::Result<Self> {
        let Parsed { statement, text } = parsed;
        let (kind, name) = match &statement {
            Statement::Select(_) | Statement::Explain { .. } => ("select", ""),
            Statement::Show(_) => ("show", ""),
            Statement::ShowDatabases => ("show_databases", ""),
            Statement::ShowRetentionPolicies { .. } => ("show_retention_policies", ""),
            Statement::Unsupported { name } => ("unsupported", *name),
        };
        let database = influxql::database(&statement)?;
        Ok(Self { text, kind, name: name.to_owned(), database })
    }
}

/// The statements in `text`, in order.
#[pyfunction]
pub(super) fn influxql_statements(py: Python<'_>, text: &str) -> PyResult<Vec<InfluxqlStatement>> {
    let parsed = enter(py, || influxql::parse(text))?;
    let statements = parsed.into_iter().map(InfluxqlStatement::of);
    statements.collect::<crate::error::Result<_>>().map_err(|error| to_python(&error))
}
