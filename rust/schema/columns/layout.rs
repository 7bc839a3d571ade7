//! Which buffers each column of a stream has, and how long they must be.
//!
//! Comes in: the verified schema of a stream, before it is decoded, then the lengths that each
//! batch names. What stays true: what passes has a type that columns may have, and buffers that
//! hold as many rows as it says. Whether their content is valid is checked by the decoder.

use std::collections::HashMap;

use arrow::ipc::{Field, FieldNode, Int, Precision, RecordBatch, Schema, TimeUnit, Type};

use super::message::{Fault, malformed};
use super::roles::NO_COLUMN_TYPE;
use crate::error::EngineError;

/// The buffers of one column, beside its nulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// No buffer at all, not even one of nulls.
    Nothing,
    Bits,
    /// Numbers of that many bytes.
    Numbers(usize),
    /// Texts, whose offsets have that many bytes.
    Texts(usize),
    Views,
}

/// The columns of a stream and the values of its dictionaries.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    columns: Vec<Layout>,
    dictionaries: HashMap<i64, Layout>,
}

impl Layouts {
    pub(super) fn of(schema: Schema<'_>) -> Result<Self, Fault> {
        let fields = schema.fields().ok_or_else(|| malformed("a schema without columns"))?;
        let mut found = Self::default();
        for field in fields {
            let values = Layout::of(&field).ok_or_else(|| refused(&field))?;
            let column = match field.dictionary() {
                None => values,
                Some(dictionary) => {
                    let known = *found.dictionaries.entry(dictionary.id()).or_insert(values);
                    let index = dictionary.indexType().and_then(width);
                    let index = index.filter(|_| known == values);
                    Layout::Numbers(index.ok_or_else(|| malformed("a dictionary of two types"))?)
                }
            };
            found.columns.push(column);
        }
        Ok(found)
    }

    /// Checks the buffers of a record batch, of which `lengths` are the unpacked ones.
    pub(super) fn check(&self, batch: RecordBatch<'_>, lengths: &[usize]) -> Result<(), Fault> {
        check(&self.columns, batch, lengths)
    }

    /// Checks the buffers of the values of a dictionary.
    pub(super) fn check_dictionary(
        &self,
        id: i64,
        batch: RecordBatch<'_>,
        lengths: &[usize],
    ) -> Result<(), Fault> {
        let values = self.dictionaries.get(&id);
        check(&[*values.ok_or_else(|| malformed("a dictionary of no column"))?], batch, lengths)
    }
}

impl Layout {
    /// The layout of the values of a column; `None` where no column may have the type.
    fn of(field: &Field<'_>) -> Option<Self> {
        Some(match field.type_type() {
            Type::Null => Self::Nothing,
            Type::Bool => Self::Bits,
            Type::Int => Self::Numbers(width(field.type_as_int()?)?),
            Type::FloatingPoint => {
                Self::Numbers(match field.type_as_floating_point()?.precision() {
                    Precision::HALF => 2,
                    Precision::SINGLE => 4,
                    Precision::DOUBLE => 8,
                    _ => return None,
                })
            }
            Type::Timestamp => {
                let unit = field.type_as_timestamp()?.unit();
                return TimeUnit::ENUM_VALUES.contains(&unit).then_some(Self::Numbers(8));
            }
            Type::Utf8 => Self::Texts(4),
            Type::LargeUtf8 => Self::Texts(8),
            Type::Utf8View => Self::Views,
            _ => return None,
        })
    }

    /// Whether the buffers behind that of the nulls are long enough. Takes them from `lengths`.
    fn fits<'l>(
        self,
        rows: usize,
        mut lengths: impl Iterator<Item = &'l usize>,
        mut views: impl Iterator<Item = i64>,
    ) -> bool {
        // The decoder reads a buffer as numbers of one width, to its end.
        let (needed, width) = match self {
            Self::Nothing => return true,
            Self::Bits => (rows.div_ceil(8), 1),
            Self::Numbers(width) => (rows * width, width),
            Self::Texts(width) => ((rows + usize::from(rows > 0)) * width, width),
            Self::Views => (rows * 16, 16),
        };
        let further = match self {
            Self::Texts(_) => 1,
            Self::Views => views.next().and_then(|count| usize::try_from(count).ok()).unwrap_or(0),
            _ => 0,
        };
        let fits = |length: &usize| *length >= needed && length.is_multiple_of(width);
        lengths.next().is_some_and(fits) && (further == 0 || lengths.nth(further - 1).is_some())
    }
}

fn refused(field: &Field<'_>) -> Fault {
    let (name, kind) = (field.name().unwrap_or_default(), field.type_type());
    let kind = kind.variant_name().unwrap_or("unknown");
    Fault::Refused(EngineError::invalid(format!(
        "column '{name}' has the type {kind}: {NO_COLUMN_TYPE}"
    )))
}

/// Bytes of an integer.
fn width(int: Int<'_>) -> Option<usize> {
    match int.bitWidth() {
        8 => Some(1),
        16 => Some(2),
        32 => Some(4),
        64 => Some(8),
        _ => None,
    }
}

fn check(columns: &[Layout], batch: RecordBatch<'_>, lengths: &[usize]) -> Result<(), Fault> {
    let rows = usize::try_from(batch.length()).map_err(|_| malformed("a negative row count"))?;
    let mut nodes = batch.nodes().into_iter().flatten();
    let mut lengths = lengths.iter();
    let mut views = batch.variadicBufferCounts().into_iter().flatten();
    for column in columns {
        let node = nodes.next().ok_or_else(|| malformed("a batch lacks a column"))?;
        if node.length() != batch.length() {
            return Err(malformed("a column has another row count than its batch"));
        }
        let nulls_fit = *column == Layout::Nothing || nulls_fit(node, rows, lengths.next());
        if !nulls_fit || !column.fits(rows, &mut lengths, &mut views) {
            return Err(malformed("a buffer has not the length that the rows of its batch need"));
        }
    }
    if nodes.next().is_some() || views.next().is_some() {
        return Err(malformed("a batch has more columns than the schema"));
    }
    Ok(())
}

/// Whether the buffer of the nulls is long enough; without nulls it is not read.
fn nulls_fit(node: &FieldNode, rows: usize, length: Option<&usize>) -> bool {
    let is_count = (0..=node.length()).contains(&node.null_count());
    is_count && length.is_some_and(|length| node.null_count() == 0 || *length >= rows.div_ceil(8))
}
