//! Rows of one table as typed columns: what the log stores, the buffer takes and a feed reads.
//!
//! What stays true: all columns of a batch have one length; a batch carries the tag sets that its
//! rows use, so that it can be understood without any earlier one.

use std::ops::Range;

use super::{ColumnId, ColumnKind, DatabaseId, Table, TableId, TriggerId};

/// Which trigger wrote a batch, and how many stood behind it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin {
    /// The trigger, or 0 where a client wrote.
    pub trigger: TriggerId,
    /// Triggers in a row that led to the write; 0 for a client.
    pub depth: u8,
}

/// The distinct tag sets of a batch, in order of first appearance.
///
/// A key is the present tags in ascending order of their column, each as `u16` column, `u32` length
/// and the bytes of the value (little-endian). It stays the same when a table gains a tag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeriesKeys {
    /// All keys, one behind the other.
    pub bytes: Vec<u8>,
    /// Where each key ends in `bytes`.
    pub ends: Vec<u32>,
}

impl SeriesKeys {
    /// Number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of a key.
    #[must_use]
    pub fn key(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.bytes[start..self.ends[index] as usize]
    }

    /// Ends the key whose tags were pushed last; returns its number.
    pub fn end_key(&mut self) -> u32 {
        self.ends.push(length_u32(self.bytes.len()));
        length_u32(self.ends.len() - 1)
    }

    /// Adds a tag to the key that is being built. Tags come in ascending order of their column.
    pub fn push_tag(&mut self, column: ColumnId, value: &str) {
        self.bytes.extend_from_slice(&column.to_le_bytes());
        self.bytes.extend_from_slice(&length_u32(value.len()).to_le_bytes());
        self.bytes.extend_from_slice(value.as_bytes());
    }

    /// The tags of a key.
    #[must_use]
    pub fn tags(&self, index: usize) -> Tags<'_> {
        Tags(self.key(index))
    }
}

/// Iterates over the tags of a key: column and value.
#[derive(Debug, Clone)]
pub struct Tags<'a>(&'a [u8]);

impl<'a> Tags<'a> {
    /// The tags of the bytes of one key.
    #[must_use]
    pub fn of(key: &'a [u8]) -> Self {
        Self(key)
    }
}

impl<'a> Iterator for Tags<'a> {
    type Item = (ColumnId, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (column, rest) = self.0.split_first_chunk::<2>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        self.0 = rest;
        Some((ColumnId::from_le_bytes(*column), value))
    }
}

/// The values of a field, one per row; a row without the field holds zero, false or "".
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// 64-bit signed integers.
    Integer(Vec<i64>),
    /// 64-bit unsigned integers.
    Unsigned(Vec<u64>),
    /// 64-bit floats.
    Float(Vec<f64>),
    /// True or false.
    Boolean(Vec<bool>),
    /// Texts: where each ends, and all their bytes.
    String { ends: Vec<u32>, bytes: Vec<u8> },
}

impl Cells {
    /// No cells of a column of that kind. (Tags are kept as series keys, not as cells.)
    #[must_use]
    pub fn of(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Integer => Self::Integer(Vec::new()),
            ColumnKind::Unsigned => Self::Unsigned(Vec::new()),
            ColumnKind::Float => Self::Float(Vec::new()),
            ColumnKind::Boolean => Self::Boolean(Vec::new()),
            ColumnKind::String | ColumnKind::Tag => {
                Self::String { ends: Vec::new(), bytes: Vec::new() }
            }
        }
    }

    /// The kind of the column that has them.
    #[must_use]
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Integer(_) => ColumnKind::Integer,
            Self::Unsigned(_) => ColumnKind::Unsigned,
            Self::Float(_) => ColumnKind::Float,
            Self::Boolean(_) => ColumnKind::Boolean,
            Self::String { .. } => ColumnKind::String,
        }
    }

    fn empty_like(&self) -> Self {
        Self::of(self.kind())
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Integer(values) => values.len(),
            Self::Unsigned(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Boolean(values) => values.len(),
            Self::String { ends, .. } => ends.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills up to `rows` rows with the value that stands for "no value".
    pub fn pad(&mut self, rows: usize) {
        match self {
            Self::Integer(values) => values.resize(rows, 0),
            Self::Unsigned(values) => values.resize(rows, 0),
            Self::Float(values) => values.resize(rows, 0.0),
            Self::Boolean(values) => values.resize(rows, false),
            Self::String { ends, .. } => {
                let end = ends.last().copied().unwrap_or(0);
                ends.resize(rows, end);
            }
        }
    }

    /// Adds rows `range` of another column of the same kind.
    fn extend(&mut self, more: &Self, range: &Range<usize>) {
        match (self, more) {
            (Self::Integer(cells), Self::Integer(more)) => cells.extend(&more[range.clone()]),
            (Self::Unsigned(cells), Self::Unsigned(more)) => cells.extend(&more[range.clone()]),
            (Self::Float(cells), Self::Float(more)) => cells.extend(&more[range.clone()]),
            (Self::Boolean(cells), Self::Boolean(more)) => cells.extend(&more[range.clone()]),
            (Self::String { ends, bytes }, Self::String { ends: more_ends, bytes: more }) => {
                let from = if range.start == 0 { 0 } else { more_ends[range.start - 1] };
                let until = if range.is_empty() { from } else { more_ends[range.end - 1] };
                let base = length_u32(bytes.len());
                ends.extend(more_ends[range.clone()].iter().map(|end| base + (end - from)));
                bytes.extend_from_slice(&more[from as usize..until as usize]);
            }
            (cells, _) => cells.pad(cells.len() + range.len()), // a column has one kind for ever
        }
    }

    /// Bytes of text.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        if let Self::String { bytes, .. } = self { bytes.len() } else { 0 }
    }
}

/// One field column of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldColumn {
    /// Number of the column in the table.
    pub column: ColumnId,
    /// One value per row.
    pub cells: Cells,
    /// One entry per row, true where the row has the field; `None` where all rows have it.
    pub present: Option<Vec<bool>>,
}

impl FieldColumn {
    /// A column without rows, of the kind of `other`.
    #[must_use]
    pub fn empty_like(other: &Self) -> Self {
        Self { column: other.column, cells: other.cells.empty_like(), present: None }
    }

    /// Fills up to `rows` rows that lack the field.
    pub fn pad(&mut self, rows: usize) {
        let filled = self.cells.len();
        if filled < rows {
            self.present.get_or_insert_with(|| vec![true; filled]).resize(rows, false);
            self.cells.pad(rows);
        }
    }

    /// Adds rows `range` of another column of the same kind.
    pub fn append(&mut self, more: &Self, range: &Range<usize>) {
        let (filled, rows) = (self.cells.len(), self.cells.len() + range.len());
        match (&mut self.present, &more.present) {
            (None, None) => {}
            (Some(present), None) => present.resize(rows, true),
            (present, Some(more)) => {
                let present = present.get_or_insert_with(|| vec![true; filled]);
                present.extend_from_slice(&more[range.clone()]);
            }
        }
        self.cells.extend(&more.cells, range);
    }
}

/// See the head of this file.
#[derive(Debug, Clone, PartialEq)]
pub struct TableBatch {
    /// The database of the table.
    pub database: DatabaseId,
    /// The table.
    pub table: TableId,
    /// Who wrote it.
    pub origin: Origin,
    /// The tag sets of its rows.
    pub series: SeriesKeys,
    /// For each row the number of its tag set in `series`.
    pub series_of_row: Vec<u32>,
    /// For each row its time, in nanoseconds since the epoch.
    pub time: Vec<i64>,
    /// The fields, in order of first appearance.
    pub fields: Vec<FieldColumn>,
}

impl TableBatch {
    /// Whether its columns are those of its table: it may have been made from another catalog.
    #[must_use]
    pub fn fits(&self, table: &Table) -> bool {
        let known = |field: &FieldColumn| {
            let column = table.columns.get(usize::from(field.column));
            column.is_some_and(|column| column.kind == field.cells.kind())
        };
        self.fields.iter().all(known)
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.time.len()
    }
}

/// A length as the log stores it. Bodies are limited far below 4 GiB, so nothing is cut off.
pub(super) fn length_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
