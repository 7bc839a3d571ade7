//! Lines of a request against the catalog: typed batches, catalog changes, refused lines.

use std::collections::HashMap;
use std::sync::Arc;

use super::batch::TableBatch;
use super::catalog::{Catalog, Column, ColumnKind, Database, Table};
use super::change::CatalogChange;
use super::table_builder::{NewColumn, TableBuilder};
use super::{ColumnId, DatabaseId, Origin};
use crate::error::{EngineError, Result};
use crate::limits::{BATCH_CELLS_MAX, COLUMNS_PER_TABLE_MAX, DATABASES_MAX, TABLES_MAX};
use crate::line::{Line, Parser, Point, Precision, original_line};

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
    edited: Option<Catalog>,
    changes: Vec<CatalogChange>,
    batches: Vec<TableBatch>,
}

impl<'c> Resolver<'c> {
    /// Starts from a catalog, which is cloned only if a line changes it.
    #[must_use]
    pub fn new(base: &'c Catalog) -> Self {
        Self { base, edited: None, changes: Vec::new(), batches: Vec::new() }
    }

    /// The catalog with the changes so far.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        self.edited.as_ref().unwrap_or(self.base)
    }

    /// Makes a change, as if a line had asked for it.
    ///
    /// # Errors
    /// As [`Catalog::apply`].
    pub fn change(&mut self, change: CatalogChange) -> Result<()> {
        let catalog = self.edited.get_or_insert_with(|| self.base.clone());
        catalog.apply(&change, 0)?;
        self.changes.push(change);
        Ok(())
    }

    /// Adds lines for a database, which is made if a line is taken and it does not exist.
    ///
    /// Without `accept_partial` the first bad line ends it: it alone is returned, and the resolver
    /// must be dropped.
    ///
    /// # Errors
    /// `Invalid` where the body has no line, `Conflict` for a database that is marked for deletion,
    /// `TooLarge` where the lines would fill more than `BATCH_CELLS_MAX` cells.
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

    pub(super) fn check_database(&self, name: &str) -> Result<()> {
        match self.catalog().database(name) {
            Some(found) if found.deletion.is_some() => Err(EngineError::invalid(format!(
                "cannot write to soft-deleted database '{name}' - it is marked for deletion"
            ))),
            _ => Ok(()),
        }
    }

    /// What the lines come to.
    #[must_use]
    pub fn finish(self) -> Outcome {
        Outcome { batches: self.batches, changes: self.changes, catalog: self.edited }
    }
}

/// The lines of one database within a request.
struct Request<'r, 'c, 'a> {
    resolver: &'r mut Resolver<'c>,
    database_name: &'a str,
    options: &'r WriteOptions,
    tables: Vec<TableBuilder<'a>>,
    by_raw: HashMap<&'a [u8], usize, hashbrown::DefaultHashBuilder>,
    last: Option<(&'a [u8], usize)>,
    refused: Vec<RefusedLine>,
}

impl<'r, 'c, 'a> Request<'r, 'c, 'a> {
    fn new(resolver: &'r mut Resolver<'c>, database: &'a str, options: &'r WriteOptions) -> Self {
        Self {
            resolver,
            database_name: database,
            options,
            tables: Vec::new(),
            by_raw: HashMap::default(),
            last: None,
            refused: Vec::new(),
        }
    }

    fn take(&mut self, line: &Line<'_, 'a>) -> Result<()> {
        let taken = match &line.point {
            Ok(point) => self.take_point(point)?,
            Err(error) => Err(error.message.clone()),
        };
        if let Err(message) = taken {
            self.refused.push(RefusedLine {
                message,
                line_number: line.number,
                original_line: original_line(line.text).to_owned(),
                lines: 1,
            });
        }
        Ok(())
    }

    /// The inner result is the line's own, the outer one that of the whole request.
    fn take_point(&mut self, point: &Point<'_, 'a>) -> Result<Result<(), String>> {
        let index = self.table_index(point);
        let plan = match self.tables[index].plan(point) {
            Ok(plan) => plan,
            Err(message) => return Ok(Err(message)),
        };
        let time_ns = match self.time_of(point) {
            Ok(time_ns) => time_ns,
            Err(message) => return Ok(Err(message)),
        };
        if self.tables[index].table.is_none() || !plan.new_columns.is_empty() {
            if let Err(message) = self.check_limits(index, &plan.new_columns) {
                return Ok(Err(message));
            }
            self.extend_catalog(index, &plan.new_columns)?;
        }
        let builder = &mut self.tables[index];
        builder.append(point, &plan, time_ns);
        check_cells(builder)?;
        Ok(Ok(()))
    }

    fn time_of(&self, point: &Point<'_, 'a>) -> Result<i64, String> {
        let precision = self.options.precision;
        match point.timestamp {
            Some(time) => precision.to_nanoseconds(time).map_err(|error| error.message),
            None => Ok(precision.truncate(self.options.now_ns)),
        }
    }

    fn table_index(&mut self, point: &Point<'_, 'a>) -> usize {
        let raw = point.measurement.raw();
        if let Some((last_raw, index)) = self.last
            && last_raw == raw
        {
            return index;
        }
        let index = self.by_raw.get(raw).copied().unwrap_or_else(|| self.add_table(point));
        self.last = Some((raw, index));
        index
    }

    fn add_table(&mut self, point: &Point<'_, 'a>) -> usize {
        let name = point.measurement.decode();
        // An escape may give one name two spellings; both must meet in one builder.
        let known = self.tables.iter().position(|table| **table.name() == *name);
        let index = known.unwrap_or_else(|| {
            let table = self.database().and_then(|one| one.tables.get(&*name)).cloned();
            self.tables.push(TableBuilder::new(name.into(), table, self.options.origin));
            self.tables.len() - 1
        });
        self.by_raw.insert(point.measurement.raw(), index);
        index
    }

    fn database(&self) -> Option<&Arc<Database>> {
        self.resolver.catalog().database(self.database_name)
    }

    fn check_limits(&self, index: usize, new: &[NewColumn]) -> Result<(), String> {
        let catalog = self.resolver.catalog();
        if self.database().is_none() && catalog.live_databases() >= DATABASES_MAX {
            return Err(too_many_databases());
        }
        let table = self.tables[index].table.as_ref();
        let tables = catalog.live_tables();
        if table.is_none() && tables >= TABLES_MAX {
            return Err(too_many_tables(tables));
        }
        let columns = table.map_or(0, |table| table.columns.len()) + new.len();
        if columns > COLUMNS_PER_TABLE_MAX {
            return Err(too_many_columns());
        }
        Ok(())
    }

    fn extend_catalog(&mut self, index: usize, new: &[NewColumn]) -> Result<()> {
        let database = self.database_id()?;
        let name = Arc::clone(self.tables[index].name());
        if self.tables[index].table.is_none() {
            let id = self.resolver.catalog().next_table_id();
            let name = Arc::clone(&name);
            self.resolver.change(CatalogChange::CreateTable { database, id, name })?;
        }
        let first = self.tables[index].table.as_ref().map_or(0, |table| table.columns.len());
        let columns = numbered(new, first);
        let table = Arc::clone(&name);
        self.resolver.change(CatalogChange::AddColumns { database, table, columns })?;
        let table = self.database().and_then(|one| one.tables.get(&name)).cloned();
        self.tables[index].table = table;
        Ok(())
    }

    fn database_id(&mut self) -> Result<DatabaseId> {
        if let Some(database) = self.database() {
            return Ok(database.id);
        }
        let id = self.resolver.catalog().next_database_id();
        let name = self.database_name.into();
        self.resolver.change(CatalogChange::CreateDatabase { id, name, retention_ns: None })?;
        Ok(id)
    }

    fn finish(self) -> Vec<RefusedLine> {
        if let Some(id) = self.database().map(|database| database.id) {
            let batches = self.tables.into_iter().filter_map(|builder| builder.finish(id));
            self.resolver.batches.extend(batches);
        }
        self.refused
    }
}

fn check_cells(builder: &TableBuilder<'_>) -> Result<()> {
    let cells = builder.cells_with_one_more_row();
    if cells <= BATCH_CELLS_MAX {
        return Ok(());
    }
    Err(EngineError::too_large(format!(
        "the lines of table '{}' would fill more than {BATCH_CELLS_MAX} cells in one request; \
         send them in smaller requests",
        builder.name()
    )))
}

fn numbered(new: &[NewColumn], first: usize) -> Vec<Column> {
    let number = |index: usize| ColumnId::try_from(first + index).unwrap_or(ColumnId::MAX);
    let column = |(index, new): (usize, &NewColumn)| Column {
        id: number(index),
        name: Arc::clone(&new.name),
        kind: new.kind,
    };
    new.iter().enumerate().map(column).collect()
}

fn too_many_databases() -> String {
    format!("Adding a new database would exceed limit of {DATABASES_MAX} databases")
}

fn too_many_tables(tables: usize) -> String {
    format!(
        "Update to schema would exceed number of tables limit: attempted to create table but \
         already have {tables} table(s) (limit: {TABLES_MAX})"
    )
}

fn too_many_columns() -> String {
    format!(
        "Update to schema would exceed number of columns per table limit of \
         {COLUMNS_PER_TABLE_MAX} columns"
    )
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
        let known = self.table(database, table);
        let mut request = Request::new(self, database, &options);
        let is_complete = known.is_some() && new.is_empty();
        request.tables.push(TableBuilder::new(table.into(), known, options.origin));
        if !is_complete {
            if let Err(message) = request.check_limits(0, new) {
                return Ok(Err(message));
            }
            request.extend_catalog(0, new)?;
        }
        let id = request.database_id()?;
        let table = request.tables[0].table.take();
        let table =
            table.ok_or_else(|| EngineError::internal("a table was made and is missing"))?;
        Ok(Ok((id, table)))
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
