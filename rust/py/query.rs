//! What a query is asked with, as Python says it.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use pyo3::prelude::*;

use super::errors::InvalidError;
use crate::query::{self, Format, Language, Param, Spelling, Unit};

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

/// An answer as the series of `InfluxDB` 1.
#[pyclass(frozen, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct SeriesFormat(query::SeriesFormat);

impl SeriesFormat {
    pub(super) fn inner(&self) -> Format {
        Format::Series(self.0)
    }
}

#[pymethods]
impl SeriesFormat {
    #[new]
    #[pyo3(signature = (spelling, *, epoch = None, chunk_rows = None, statement_id = 0))]
    fn new(
        spelling: &str,
        epoch: Option<&str>,
        chunk_rows: Option<NonZeroUsize>,
        statement_id: u32,
    ) -> PyResult<Self> {
        let spelling = spelling_of(spelling)?;
        let unit = epoch.map(unit_of).transpose()?;
        Ok(Self(query::SeriesFormat { spelling, unit, chunk_rows, statement_id }))
    }
}

fn spelling_of(name: &str) -> PyResult<Spelling> {
    Ok(match name {
        "json" => Spelling::Json,
        "pretty_json" => Spelling::PrettyJson,
        "csv" => Spelling::Csv,
        "msgpack" => Spelling::MsgPack,
        _ => return Err(InvalidError::new_err(format!("unknown spelling of series: {name}"))),
    })
}

fn unit_of(name: &str) -> PyResult<Unit> {
    Unit::parse(name).ok_or_else(|| InvalidError::new_err(format!("unknown epoch: {name}")))
}
