//! What a query is asked with, as Python says it.

use std::collections::HashMap;

use pyo3::prelude::*;

use super::errors::InvalidError;
use crate::query::{Format, Language, Param};

/// A value for a placeholder of a query.
#[derive(Debug, FromPyObject)]
pub(super) enum Scalar {
    Boolean(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    String(String),
}

impl From<Option<Scalar>> for Param {
    fn from(scalar: Option<Scalar>) -> Self {
        match scalar {
            None => Self::Null,
            Some(Scalar::Boolean(value)) => Self::Boolean(value),
            Some(Scalar::Integer(value)) => Self::Integer(value),
            Some(Scalar::Unsigned(value)) => Self::Unsigned(value),
            Some(Scalar::Float(value)) => Self::Float(value),
            Some(Scalar::String(value)) => Self::String(value),
        }
    }
}

pub(super) fn params_of(given: Option<HashMap<String, Option<Scalar>>>) -> Vec<(String, Param)> {
    given.unwrap_or_default().into_iter().map(|(name, value)| (name, value.into())).collect()
}

pub(super) fn language_of(name: &str) -> PyResult<Language> {
    match name {
        "sql" => Ok(Language::Sql),
        "influxql" => Ok(Language::InfluxQl),
        other => Err(InvalidError::new_err(format!("unknown language: {other}"))),
    }
}

pub(super) fn format_of(name: &str) -> PyResult<Format> {
    Ok(match name {
        "json" => Format::Json,
        "json_lines" => Format::JsonLines,
        "csv" => Format::Csv,
        "pretty" => Format::Pretty,
        "parquet" => Format::Parquet,
        "arrow" => Format::Arrow,
        _ => return Err(InvalidError::new_err(format!("unknown format: {name}"))),
    })
}
