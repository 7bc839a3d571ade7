//! Columns as InfluxQL knows them: names and kinds.
//!
//! Comes in: the Arrow schema of a table. Goes out: the kind of each of its columns. Stays true:
//! `time` is no such column. Refuses a name that is a tag in one measurement and a field in
//! another.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, Schema};

use crate::error::{EngineError, Result};

/// The column of times.
pub(super) const TIME: &str = "time";

/// What a column holds; of the fields of one name in several measurements the first kind here wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Float,
    Integer,
    Unsigned,
    String,
    Boolean,
    Tag,
}

/// Columns by name, without `time`.
pub(super) type Columns = BTreeMap<String, Kind>;

impl Kind {
    /// The kind of a column of a table.
    fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Dictionary(..) => Some(Self::Tag),
            DataType::Float64 => Some(Self::Float),
            DataType::Int64 => Some(Self::Integer),
            DataType::UInt64 => Some(Self::Unsigned),
            DataType::Utf8 => Some(Self::String),
            DataType::Boolean => Some(Self::Boolean),
            _ => None,
        }
    }

    /// How Arrow holds it.
    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Float => DataType::Float64,
            Self::Integer => DataType::Int64,
            Self::Unsigned => DataType::UInt64,
            Self::String => DataType::Utf8,
            Self::Boolean => DataType::Boolean,
            Self::Tag => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        }
    }

    /// Whether one can compute with it.
    pub(super) fn is_numeric(self) -> bool {
        matches!(self, Self::Float | Self::Integer | Self::Unsigned)
    }

    /// Whether it is text.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::String | Self::Tag)
    }

    /// The name that `SHOW FIELD KEYS` gives it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Integer => "integer",
            Self::Unsigned => "unsigned",
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Tag => "tag",
        }
    }
}

/// The columns of a table.
pub(super) fn columns_of(schema: &Schema) -> Columns {
    let known = schema.fields().iter().filter(|field| field.name() != TIME);
    known.filter_map(|field| Some((field.name().clone(), Kind::of(field.data_type())?))).collect()
}

/// The columns of several inputs as one.
///
/// # Errors
/// `Invalid` for a name that is a tag here and a field there.
pub(super) fn merged<'a>(inputs: impl Iterator<Item = &'a Columns>) -> Result<Columns> {
    let mut all = Columns::new();
    for columns in inputs {
        for (name, &kind) in columns {
            let known = all.entry(name.clone()).or_insert(kind);
            if (*known == Kind::Tag) != (kind == Kind::Tag) {
                return Err(EngineError::invalid(format!(
                    "cannot mix tag and field columns with the same name: {name}"
                )));
            }
            *known = kind.min(*known);
        }
    }
    Ok(all)
}
