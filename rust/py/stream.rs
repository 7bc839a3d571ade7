//! Answers of queries, in chunks of bytes, and the way to end them.

use std::borrow::Cow;

use parking_lot::Mutex;
use pyo3::prelude::*;

use super::enter::enter;
use super::errors::to_python;
use crate::query::{self, Progress};

/// The encoded answer of a query, computed as it is read.
#[pyclass(frozen, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct QueryStream(Mutex<query::QueryStream>);

impl From<query::QueryStream> for QueryStream {
    fn from(stream: query::QueryStream) -> Self {
        Self(Mutex::new(stream))
    }
}

/// Ends a query from another thread than the one that waits for it.
#[pyclass(frozen, module = "influxpe._engine")]
#[derive(Debug, Default)]
pub(super) struct Cancellation(query::Cancellation);

impl Cancellation {
    pub(super) fn inner(&self) -> &query::Cancellation {
        &self.0
    }
}

#[pymethods]
impl Cancellation {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn cancel(&self) {
        self.0.cancel();
    }
}

#[pymethods]
impl QueryStream {
    fn next_chunk(&self, py: Python<'_>) -> PyResult<Option<Cow<'static, [u8]>>> {
        let chunk = enter(py, || self.0.lock().next_chunk())?;
        Ok(chunk.map(Cow::Owned))
    }

    fn has_plan(&self) -> bool {
        self.0.lock().has_plan()
    }

    fn poll(&self) -> PyResult<(bool, Option<Cow<'static, [u8]>>)> {
        match self.0.lock().poll() {
            Ok(Progress::Chunk(chunk)) => Ok((true, Some(Cow::Owned(chunk)))),
            Ok(Progress::End) => Ok((true, None)),
            Ok(Progress::Pending) => Ok((false, None)),
            Err(error) => Err(to_python(&error)),
        }
    }
}
