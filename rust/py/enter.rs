//! The one door from Python into the engine.

use pyo3::prelude::*;

use super::errors::to_python;
use crate::error::Result;

/// Runs `work` with the interpreter lock released, and turns its error into an exception.
pub(super) fn enter<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    py.detach(work).map_err(|error| to_python(&error))
}
