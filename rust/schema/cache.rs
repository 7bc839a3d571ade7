//! What a cache of a table is made of: the part of it that the catalog keeps.
//!
//! What stays true: columns are named by their numbers, so they are those of the table for ever.
//! Refuses a definition that its table cannot have: it was made from another catalog.

use std::sync::Arc;

use super::ColumnId;
use super::catalog::{ColumnKind, Table};
use crate::error::{EngineError, Result};

/// Which of the two caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CacheKind {
    /// The newest rows of each key.
    Last,
    /// The values that columns have together.
    Distinct,
}

/// What is kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheContents {
    /// The newest rows of each key.
    Last {
        /// The columns whose values are the key.
        keys: Vec<ColumnId>,
        /// The other columns that are kept; `None` for all, later ones too.
        values: Option<Vec<ColumnId>>,
        /// Rows of each key, at most.
        count: u64,
        /// Seconds that a row is kept after it was written.
        ttl_s: u64,
    },
    /// The values that columns have together.
    Distinct {
        /// The columns, from the outermost to the innermost.
        columns: Vec<ColumnId>,
        /// Combinations, at most.
        max_cardinality: u64,
        /// Seconds that a combination is kept after the time of its newest row.
        max_age_s: u64,
    },
}

/// One cache of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheDefinition {
    /// Number among the caches of its table and kind.
    pub id: u32,
    /// Name, unique among them.
    pub name: Arc<str>,
    /// Nanoseconds since the epoch: rows that were there by then count as written then.
    pub created_at_ns: i64,
    /// What it keeps.
    pub contents: CacheContents,
}

impl CacheDefinition {
    /// Which of the two caches it is.
    #[must_use]
    pub fn kind(&self) -> CacheKind {
        match self.contents {
            CacheContents::Last { .. } => CacheKind::Last,
            CacheContents::Distinct { .. } => CacheKind::Distinct,
        }
    }

    /// The columns by which it is asked.
    #[must_use]
    pub fn key_columns(&self) -> &[ColumnId] {
        match &self.contents {
            CacheContents::Last { keys, .. } => keys,
            CacheContents::Distinct { columns, .. } => columns,
        }
    }

    /// Whether a table can have it.
    ///
    /// # Errors
    /// `Corrupt` where it cannot.
    pub(super) fn check(&self, table: &Table) -> Result<()> {
        let values = match &self.contents {
            CacheContents::Last { values: Some(values), .. } => values.as_slice(),
            _ => &[],
        };
        let kind_of = |id: &ColumnId| table.columns.get(usize::from(*id)).map(|one| one.kind);
        let floats = |id: &ColumnId| kind_of(id).is_none_or(|kind| kind == ColumnKind::Float);
        if self.key_columns().iter().any(floats) || values.iter().any(|id| kind_of(id).is_none()) {
            let (name, table) = (&self.name, &table.name);
            return Err(EngineError::corrupt(format!(
                "cache '{name}' names columns that table '{table}' does not have"
            )));
        }
        Ok(())
    }
}
