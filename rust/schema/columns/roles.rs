//! What each column of a stream is: time, a tag, or a field of some kind.
//!
//! Which columns are tags is said by the first of these that says anything: the request, the series
//! key in the metadata of the schema, the metadata of the columns, the table; otherwise columns
//! with a dictionary are tags. Refused: types that no column may have, names that are repeated.

use std::collections::{HashMap, HashSet};

use arrow::datatypes::{DataType, Field, Schema};

use super::super::catalog::{ColumnKind, Table};
use super::super::table_builder::{check_new, conflict};
use super::ArrowOptions;
use crate::error::{EngineError, Result};
use crate::limits::{COLUMNS_PER_TABLE_CEILING, LINE_TEXT_BYTES_MAX};

const COLUMN_TYPE: &str = "iox::column::type";
const SERIES_KEY: &str = "iox::series::key";

/// What is said of a type that no column may have.
pub(super) const NO_COLUMN_TYPE: &str = "neither a number, a text, a boolean nor a timestamp";

/// A tag or a field of the stream.
#[derive(Debug)]
pub(super) struct Part {
    /// Its place in the schema of the stream.
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) kind: ColumnKind,
    /// Why no row may have it.
    pub(super) fault: Option<String>,
}

/// The columns of a stream. Columns of the type null are in none of these.
#[derive(Debug)]
pub(super) struct Roles {
    pub(super) time: Option<usize>,
    pub(super) tags: Vec<Part>,
    pub(super) fields: Vec<Part>,
}

impl Roles {
    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.tags.iter().chain(&self.fields)
    }
}

/// Refuses types that are not decoded at all.
pub(super) fn check_types(schema: &Schema, columns_max: usize) -> Result<()> {
    let columns = schema.fields().len();
    if columns > columns_max + 1 {
        return Err(EngineError::invalid(format!(
            "the stream has {columns} columns, the limit of a table is {columns_max} columns \
             beside its time"
        )));
    }
    let mut names = HashSet::new();
    for field in schema.fields() {
        let name = field.name();
        if name.is_empty() || name.len() > LINE_TEXT_BYTES_MAX {
            return Err(EngineError::invalid(format!(
                "a column name must have 1 to {LINE_TEXT_BYTES_MAX} bytes, one has {}",
                name.len()
            )));
        }
        if !names.insert(name) {
            return Err(EngineError::invalid(format!("column '{name}' is there twice")));
        }
        let is_time = matches!(field.data_type(), DataType::Timestamp(..) | DataType::Null);
        if !is_time && kind_of(field.data_type()).is_none() {
            return Err(unsupported(field, NO_COLUMN_TYPE));
        }
    }
    Ok(())
}

fn unsupported(field: &Field, what: &str) -> EngineError {
    EngineError::invalid(format!(
        "column '{}' has the type {}: {what}",
        field.name(),
        field.data_type()
    ))
}

fn kind_of(data_type: &DataType) -> Option<ColumnKind> {
    use DataType as T;
    Some(match data_type {
        T::Int8 | T::Int16 | T::Int32 | T::Int64 => ColumnKind::Integer,
        T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 => ColumnKind::Unsigned,
        T::Float16 | T::Float32 | T::Float64 => ColumnKind::Float,
        T::Boolean => ColumnKind::Boolean,
        T::Utf8 | T::LargeUtf8 | T::Utf8View => ColumnKind::String,
        T::Dictionary(_, values) if matches!(**values, T::Utf8 | T::LargeUtf8 | T::Utf8View) => {
            ColumnKind::String
        }
        _ => return None,
    })
}

/// Gives each column its role, as `table` and the request want it.
pub(super) fn roles(
    schema: &Schema,
    table: Option<&Table>,
    options: &ArrowOptions<'_>,
) -> Result<Roles> {
    let time = time_column(schema, options.time)?;
    let key = TagNames::find(schema, table, options)?;
    let mut found = Roles { time, tags: Vec::new(), fields: Vec::new() };
    for (index, field) in schema.fields().iter().enumerate() {
        if Some(index) == time || *field.data_type() == DataType::Null {
            continue;
        }
        let kind = kind_of(field.data_type())
            .ok_or_else(|| unsupported(field, "only the time column may have it"))?;
        let is_tag = key.contains(field, kind)?;
        let kind = if is_tag { ColumnKind::Tag } else { kind };
        let name = field.name().clone();
        let fault = fault_of(table, &name, kind);
        let parts = if is_tag { &mut found.tags } else { &mut found.fields };
        parts.push(Part { index, name, kind, fault });
    }
    if let TagNames::Named(places) = &key {
        found.tags.sort_by_key(|part| places.get(part.name.as_str()));
    }
    Ok(found)
}

fn time_column(schema: &Schema, name: &str) -> Result<Option<usize>> {
    let Some((index, field)) = schema.column_with_name(name) else {
        return Ok(None);
    };
    match field.data_type() {
        DataType::Timestamp(..) | DataType::Int64 | DataType::Null => Ok(Some(index)),
        _ => Err(unsupported(field, "the time column must be a timestamp or int64")),
    }
}

fn fault_of(table: Option<&Table>, name: &str, kind: ColumnKind) -> Option<String> {
    match table.and_then(|table| table.column(name)) {
        Some(column) if column.kind == kind => None,
        Some(column) => Some(conflict(name, column.kind.iox_name(), kind)),
        None => check_new(table, name, kind).err(),
    }
}

/// Which columns are tags.
enum TagNames<'a> {
    /// Each with its place among them.
    Named(HashMap<&'a str, usize>),
    Metadata,
    OfTable(&'a Table),
    Dictionaries,
}

impl<'a> TagNames<'a> {
    fn named(names: impl Iterator<Item = &'a str>) -> Self {
        let mut places = HashMap::new();
        for (place, name) in names.enumerate() {
            places.entry(name).or_insert(place);
        }
        Self::Named(places)
    }

    fn find(
        schema: &'a Schema,
        table: Option<&'a Table>,
        options: &ArrowOptions<'a>,
    ) -> Result<Self> {
        if let Some(asked) = options.tags {
            if asked.iter().any(|name| name == options.time) {
                let time = options.time;
                return Err(EngineError::invalid(format!("'{time}' is the time, and no tag")));
            }
            let unknown = asked.iter().find(|name| schema.column_with_name(name).is_none());
            return match unknown {
                Some(name) => Err(EngineError::invalid(format!("no column is named '{name}'"))),
                None => Ok(Self::named(asked.iter().map(String::as_str))),
            };
        }
        if let Some(key) = schema.metadata().get(SERIES_KEY) {
            return Ok(Self::named(key.split('/').take(COLUMNS_PER_TABLE_CEILING)));
        }
        if schema.fields().iter().any(|field| field.metadata().contains_key(COLUMN_TYPE)) {
            return Ok(Self::Metadata);
        }
        Ok(table.map_or(Self::Dictionaries, Self::OfTable))
    }

    /// Whether a column is a tag; an error where it was named as one and is no text.
    fn contains(&self, field: &Field, kind: ColumnKind) -> Result<bool> {
        let is_text = kind == ColumnKind::String;
        let is_named = match self {
            Self::Named(places) => places.contains_key(field.name().as_str()),
            Self::Metadata => {
                let kind = field.metadata().get(COLUMN_TYPE);
                kind.is_some_and(|kind| kind == ColumnKind::Tag.iox_name())
            }
            Self::OfTable(table) => {
                let column = table.column(field.name());
                return Ok(is_text && column.is_some_and(|one| one.kind == ColumnKind::Tag));
            }
            Self::Dictionaries => return Ok(matches!(field.data_type(), DataType::Dictionary(..))),
        };
        if is_named && !is_text {
            return Err(unsupported(field, "a tag must be a text or a dictionary of texts"));
        }
        Ok(is_named)
    }
}
