//! Lines of a request against the catalog: typed batches, catalog changes, refused lines.

use std::sync::Arc;

use super::batch::TableBatch;
use super::catalog::{Catalog, ColumnKind, Table};
use super::change::CatalogChange;
use super::request::Request;
use super::table_builder::NewColumn;
use super::{CatalogLimits, DatabaseId, Origin};
use crate::error::{EngineError, Result};
use crate::line::{Parser, Precision};

/// How the lines of a request are to be taken.
#[derive(Debug, Clone, Copy)]
pub struct WriteOptions {
    /// Unit of the timestamps.
    pub precision: Precision,
    /// Whether good lines are taken beside bad ones.
    pub accept_partial: bool,
    /// Time of lines that have none.
    pub now_ns: i64,
    /// Who writes.
    pub origin: Origin,
}

/// A line that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLine {
    /// Why, in the words of InfluxDB 3.
    pub message: String,
    /// Where the line begins in the body, from 1, as an editor shows it.
    pub line_number: usize,
    /// The beginning of the line.
    pub original_line: String,
    /// Lines (or rows) that it stands for.
    pub lines: usize,
}

/// What a request comes to: to be written as one frame, or dropped whole.
#[derive(Debug)]
pub struct Outcome {
    /// One batch per table that has rows.
    pub batches: Vec<TableBatch>,
    /// Changes of the catalog that the batches need.
    pub changes: Vec<CatalogChange>,
    /// The catalog after the changes; `None` where there are none.
    pub catalog: Option<Catalog>,
}

/// Collects the lines of one request, which may write to several databases.
#[derive(Debug)]
pub struct Resolver<'c> {
    base: &'c Catalog,
    pub(super) limits: CatalogLimits,
    edited: Option<Catalog>,
    changes: Vec<CatalogChange>,
    batches: Vec<TableBatch>,
    /// Tables by now, once they have been counted.
    live_tables: Option<usize>,
}

impl<'c> Resolver<'c> {
    /// Starts from a catalog, which is cloned only if a line changes it, and which may grow up to
    /// the usual limits.
    #[must_use]
    pub fn new(base: &'c Catalog) -> Self {
        Self::with_limits(base, CatalogLimits::default())
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(base: &'c Catalog, limits: CatalogLimits) -> Self {
        let (changes, batches) = (Vec::new(), Vec::new());
        Self { base, limits, edited: None, changes, batches, live_tables: None }
    }

    /// The catalog with the changes so far.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        self.edited.as_ref().unwrap_or(self.base)
    }

    /// Rows that have been taken so far.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.batches.iter().map(TableBatch::rows).sum()
    }

    /// Takes rows that were resolved against a catalog that this one came after.
    pub fn take(&mut self, batches: Vec<TableBatch>) {
        self.batches.extend(batches);
    }

    /// Makes a change, as if a line had asked for it.
    ///
    /// # Errors
    /// As [`Catalog::apply`].
    pub fn change(&mut self, change: CatalogChange) -> Result<()> {
        let catalog = self.edited.get_or_insert_with(|| self.base.clone());
        catalog.apply(&change, 0)?;
        let made = usize::from(matches!(change, CatalogChange::CreateTable { .. }));
        self.live_tables = self.live_tables.filter(|_| adds(&change)).map(|tables| tables + made);
        self.changes.push(change);
        Ok(())
    }

    /// Tables that are not marked for deletion; a request that makes many counts them once.
    pub(super) fn live_tables(&mut self) -> usize {
        let catalog = self.edited.as_ref().unwrap_or(self.base);
        *self.live_tables.get_or_insert_with(|| catalog.live_tables())
    }

    /// Adds lines for a database, which is made if a line is taken and it does not exist.
    ///
    /// Without `accept_partial` the first bad line ends it: it alone is returned, and the resolver
    /// must be dropped.
    ///
    /// # Errors
    /// `Invalid` where the body has no line or the database is marked for deletion, `TooLarge`
    /// where there may be no further database, or the lines would fill more than `BATCH_CELLS_MAX`
    /// cells.
    pub fn add(
        &mut self,
        database: &str,
        body: &str,
        options: &WriteOptions,
    ) -> Result<Vec<RefusedLine>> {
        self.check_database(database)?;
        let mut request = Request::new(self, database, options);
        let mut parser = Parser::new(body);
        let mut lines = 0;
        while let Some(line) = parser.next_point() {
            lines += 1;
            request.take(&line)?;
            if !options.accept_partial && !request.refused.is_empty() {
                return Ok(request.refused);
            }
        }
        if lines == 0 {
            return Err(EngineError::invalid("incoming write was empty"));
        }
        Ok(request.finish())
    }

    /// Whether a database takes rows, or may be made for them.
    pub(super) fn check_database(&self, name: &str) -> Result<()> {
        match self.catalog().database(name) {
            Some(found) if found.deletion.is_some() => Err(EngineError::invalid(format!(
                "cannot write to soft-deleted database '{name}' - it is marked for deletion"
            ))),
            Some(_) => Ok(()),
            None => self.check_new_database(),
        }
    }

    /// Whether a database may be made.
    ///
    /// # Errors
    /// `TooLarge` where it may not.
    pub fn check_new_database(&self) -> Result<()> {
        self.limits.check_new_database(self.catalog())
    }

    /// What the lines come to.
    #[must_use]
    pub fn finish(self) -> Outcome {
        Outcome { batches: self.batches, changes: self.changes, catalog: self.edited }
    }
}

/// Whether a change leaves all tables as live as they are.
fn adds(change: &CatalogChange) -> bool {
    use CatalogChange::{AddColumns, CreateDatabase, CreateTable};
    matches!(change, CreateDatabase { .. } | CreateTable { .. } | AddColumns { .. })
}

impl Resolver<'_> {
    /// Makes a table (and its database) with its columns, as `create table` does.
    ///
    /// # Errors
    /// `Conflict` where it exists, `Invalid` for a reserved or repeated name, `TooLarge` at a
    /// limit.
    pub fn create_table(
        &mut self,
        database: &str,
        table: &str,
        columns: &[(String, ColumnKind)],
    ) -> Result<()> {
        self.check_database(database)?;
        if self.catalog().database(database).is_some_and(|one| one.tables.contains_key(table)) {
            return Err(EngineError::conflict(
                "attempted to create a resource that already exists",
            ));
        }
        let new = new_columns(columns)?;
        self.extend_table(database, table, &new)?.map_err(EngineError::too_large)?;
        Ok(())
    }

    /// Makes a table (and its database) where they are missing, and adds columns; gives the number
    /// of the database and the table. The inner error is a limit that the columns would pass.
    pub(super) fn extend_table(
        &mut self,
        database: &str,
        table: &str,
        new: &[NewColumn],
    ) -> Result<Result<(DatabaseId, Arc<Table>), String>> {
        let options = WriteOptions {
            precision: Precision::Auto,
            accept_partial: false,
            now_ns: 0,
            origin: Origin::default(),
        };
        Request::new(self, database, &options).extend_table(table, new)
    }

    /// The table as the catalog has it by now.
    pub(super) fn table(&self, database: &str, table: &str) -> Option<Arc<Table>> {
        self.catalog().database(database)?.tables.get(table).cloned()
    }

    /// Adds a finished batch.
    pub(super) fn push(&mut self, batch: TableBatch) {
        self.batches.push(batch);
    }
}

fn new_columns(columns: &[(String, ColumnKind)]) -> Result<Vec<NewColumn>> {
    let mut new: Vec<NewColumn> = Vec::with_capacity(columns.len());
    for (name, kind) in columns {
        if super::is_reserved_column(name) {
            return Err(EngineError::invalid(format!("'{name}' is a reserved column")));
        }
        if let Some(known) = new.iter().find(|known| *known.name == **name) {
            return Err(EngineError::invalid(format!(
                "invalid column type for column '{name}', expected {}, got {}",
                known.kind.iox_name(),
                kind.iox_name()
            )));
        }
        new.push(NewColumn { name: name.as_str().into(), kind: *kind });
    }
    Ok(new)
}
