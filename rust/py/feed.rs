//! Feeds of triggers.

use std::borrow::Cow;
use std::sync::Arc;

use parking_lot::Mutex;
use pyo3::prelude::*;

use super::enter::enter;
use crate::engine;

/// Reads the log for one trigger.
#[pyclass(frozen, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct Feed(Mutex<engine::Feed>);

impl From<engine::Feed> for Feed {
    fn from(feed: engine::Feed) -> Self {
        Self(Mutex::new(feed))
    }
}

#[pymethods]
impl Feed {
    #[getter]
    fn position(&self, py: Python<'_>) -> PyResult<u64> {
        enter(py, || Ok(self.0.lock().position()))
    }

    #[pyo3(signature = (*, rows_max, bytes_max = usize::MAX))]
    fn read(&self, py: Python<'_>, rows_max: usize, bytes_max: usize) -> PyResult<FeedRead> {
        enter(py, || self.0.lock().read(rows_max, bytes_max)).map(FeedRead)
    }
}

/// What one read of a feed found.
#[pyclass(frozen, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct FeedRead(engine::FeedRead);

#[pymethods]
impl FeedRead {
    #[getter]
    fn position(&self) -> u64 {
        self.0.position
    }

    #[getter]
    fn depth(&self) -> u8 {
        self.0.depth
    }

    #[getter]
    fn rows_cut(&self) -> usize {
        self.0.rows_cut
    }

    #[getter]
    fn tables(&self) -> Vec<FeedTable> {
        self.0.tables.iter().map(FeedTable::from).collect()
    }
}

/// New rows of one table for one run of a trigger.
#[pyclass(frozen, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct FeedTable(Arc<engine::FeedTable>);

impl From<&engine::FeedTable> for FeedTable {
    fn from(table: &engine::FeedTable) -> Self {
        Self(Arc::new(table.clone()))
    }
}

#[pymethods]
impl FeedTable {
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    #[getter]
    fn rows(&self) -> usize {
        self.0.rows.num_rows()
    }

    fn ipc(&self, py: Python<'_>) -> PyResult<Cow<'static, [u8]>> {
        enter(py, || self.0.ipc()).map(Cow::Owned)
    }
}
