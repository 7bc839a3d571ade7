//! Databases, tokens and triggers as small frozen values.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};

use crate::schema::{Catalog, Database, Token, Trigger};

/// One database of the catalog.
#[pyclass(frozen, get_all, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct DatabaseInfo {
    name: String,
    retention_ns: Option<i64>,
    deleted: bool,
}

impl From<&Arc<Database>> for DatabaseInfo {
    fn from(database: &Arc<Database>) -> Self {
        Self {
            name: database.name.to_string(),
            retention_ns: database.retention_ns,
            deleted: database.deletion.is_some(),
        }
    }
}

/// One token of the catalog.
#[pyclass(frozen, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct TokenInfo(Token);

impl From<Token> for TokenInfo {
    fn from(token: Token) -> Self {
        Self(token)
    }
}

#[pymethods]
impl TokenInfo {
    #[getter]
    fn id(&self) -> u32 {
        self.0.id
    }

    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    #[getter]
    fn hash(&self) -> &[u8] {
        &self.0.hash
    }

    #[getter]
    fn created_at_ms(&self) -> i64 {
        self.0.created_at_ms
    }

    #[getter]
    fn expiry_ms(&self) -> Option<i64> {
        self.0.expiry_ms
    }
}

/// One trigger of the catalog.
#[pyclass(frozen, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct TriggerInfo {
    trigger: Arc<Trigger>,
    #[pyo3(get)]
    database: String,
}

impl TriggerInfo {
    /// A trigger with the name of its database in that catalog.
    pub(super) fn new(trigger: Arc<Trigger>, catalog: &Catalog) -> Self {
        let database = catalog.database_by_id(trigger.database);
        let database = database.map(|one| one.name.to_string()).unwrap_or_default();
        Self { trigger, database }
    }
}

#[pymethods]
impl TriggerInfo {
    #[getter]
    fn id(&self) -> u32 {
        self.trigger.id
    }

    #[getter]
    fn name(&self) -> &str {
        &self.trigger.name
    }

    #[getter]
    fn plugin_filename(&self) -> &str {
        &self.trigger.plugin_filename
    }

    #[getter]
    fn specification(&self) -> &str {
        &self.trigger.specification
    }

    #[getter]
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let arguments = self.trigger.arguments.as_ref();
        arguments.map(|arguments| arguments.into_py_dict(py)).transpose()
    }

    #[getter]
    fn run_async(&self) -> bool {
        self.trigger.run_async
    }

    #[getter]
    fn error_behavior(&self) -> &str {
        &self.trigger.error_behavior
    }

    #[getter]
    fn disabled(&self) -> bool {
        self.trigger.disabled
    }

    #[getter]
    fn cursor(&self) -> u64 {
        self.trigger.cursor
    }

    #[getter]
    fn options(&self) -> &str {
        &self.trigger.options
    }

    #[getter]
    fn tick_ns(&self) -> Option<i64> {
        self.trigger.memory.tick_ns
    }
}
