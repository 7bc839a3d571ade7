//! How far a catalog may grow.
//!
//! Comes in: the maxima of one run of the server, the catalog, and what is about to be added. Goes
//! out: nothing, or the message of InfluxDB 3 with the number that was passed. What stays true:
//! only growth is refused, so a catalog that is larger already stays as it is.

use super::catalog::{Catalog, Column, ColumnKind, Table};
use crate::error::{EngineError, Result};
use crate::limits::{
    COLUMNS_PER_TABLE_CEILING, COLUMNS_PER_TABLE_MAX, DATABASES_MAX, TABLES_MAX, TAGS_PER_TABLE_MAX,
};

/// The maxima that a server may be started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogLimits {
    /// Databases, `_internal` and deleted ones not counted.
    pub databases: usize,
    /// Tables over all databases, deleted ones not counted.
    pub tables: usize,
    /// Tags and fields of one table, `time` not counted.
    pub columns_per_table: usize,
}

impl Default for CatalogLimits {
    fn default() -> Self {
        Self {
            databases: DATABASES_MAX,
            tables: TABLES_MAX,
            columns_per_table: COLUMNS_PER_TABLE_MAX,
        }
    }
}

impl CatalogLimits {
    /// Checks the maxima themselves.
    ///
    /// # Errors
    /// `Invalid` where a table could have more columns than can be numbered.
    pub fn check(&self) -> Result<()> {
        if self.columns_per_table <= COLUMNS_PER_TABLE_CEILING {
            return Ok(());
        }
        Err(EngineError::invalid(format!(
            "a table can have {COLUMNS_PER_TABLE_CEILING} columns at most, not {}",
            self.columns_per_table
        )))
    }

    /// Whether a database may be added.
    ///
    /// # Errors
    /// `TooLarge` where it may not.
    pub fn check_new_database(&self, catalog: &Catalog) -> Result<()> {
        let limit = self.databases;
        if catalog.live_databases() < limit {
            return Ok(());
        }
        Err(EngineError::too_large(format!(
            "Adding a new database would exceed limit of {limit} databases"
        )))
    }

    /// Whether a table may be added to that many; otherwise why not.
    pub(super) fn check_new_table(&self, tables: usize) -> Result<(), String> {
        let limit = self.tables;
        if tables < limit {
            return Ok(());
        }
        Err(format!(
            "Update to schema would exceed number of tables limit: attempted to create table but \
             already have {tables} table(s) (limit: {limit})"
        ))
    }

    /// Whether columns of these kinds may be added to a table; otherwise why not.
    pub(super) fn check_new_columns(
        &self,
        table: Option<&Table>,
        new: impl ExactSizeIterator<Item = ColumnKind>,
    ) -> Result<(), String> {
        let known: &[Column] = table.map_or(&[], |table| &table.columns);
        let limit = self.columns_per_table;
        if known.len() + new.len() > limit {
            return Err(format!(
                "Update to schema would exceed number of columns per table limit of {limit} columns"
            ));
        }
        let kinds = known.iter().map(|column| column.kind).chain(new);
        if kinds.filter(|kind| *kind == ColumnKind::Tag).count() > TAGS_PER_TABLE_MAX {
            return Err(format!(
                "Update to schema would exceed number of tag columns per table limit of \
                 {TAGS_PER_TABLE_MAX} columns"
            ));
        }
        Ok(())
    }
}
