//! The rules for names, as functions.

use pyo3::prelude::*;

use super::enter::enter;
use crate::schema;

#[pyfunction]
pub(super) fn check_database_name(py: Python<'_>, name: &str) -> PyResult<()> {
    enter(py, || schema::check_database_name(name))
}

#[pyfunction]
pub(super) fn check_namespace(py: Python<'_>, name: &str) -> PyResult<()> {
    enter(py, || schema::check_namespace(name))
}
