//! The lines of one database within a request.
//!
//! Comes in: line after line. Goes out: batches and changes, into the resolver, and the lines that
//! were refused. What stays true: each table has one builder, however its name is spelled, and a
//! refused line leaves nothing behind, not even a builder.

use std::collections::HashMap;
use std::sync::Arc;

use hashbrown::DefaultHashBuilder;

use super::catalog::{Column, Database, Table};
use super::change::CatalogChange;
use super::resolve::{RefusedLine, Resolver, WriteOptions};
use super::table_builder::{NewColumn, TableBuilder};
use super::{ColumnId, DatabaseId};
use crate::error::{EngineError, Result};
use crate::limits::BATCH_CELLS_MAX;
use crate::line::{Line, Point, original_line};

/// See the head of this file. `'a` is the body that the lines are part of.
pub(super) struct Request<'r, 'c, 'a> {
    resolver: &'r mut Resolver<'c>,
    database_name: &'a str,
    options: &'r WriteOptions,
    /// The last one alone may be of a table that is not made yet.
    tables: Vec<TableBuilder<'a>>,
    by_raw: HashMap<&'a [u8], usize, DefaultHashBuilder>,
    by_name: HashMap<Arc<str>, usize, DefaultHashBuilder>,
    last: Option<(&'a [u8], usize)>,
    pub(super) refused: Vec<RefusedLine>,
}

impl<'r, 'c, 'a> Request<'r, 'c, 'a> {
    pub(super) fn new(
        resolver: &'r mut Resolver<'c>,
        database: &'a str,
        options: &'r WriteOptions,
    ) -> Self {
        Self {
            resolver,
            database_name: database,
            options,
            tables: Vec::new(),
            by_raw: HashMap::default(),
            by_name: HashMap::default(),
            last: None,
            refused: Vec::new(),
        }
    }

    /// Takes a line, or notes why not.
    ///
    /// # Errors
    /// `TooLarge` where the lines would fill more than `BATCH_CELLS_MAX` cells.
    pub(super) fn take(&mut self, line: &Line<'_, 'a>) -> Result<()> {
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
        let taken = self.take_into(index, point)?;
        if taken.is_err() {
            self.forget_unmade(point);
        }
        Ok(taken)
    }

    fn take_into(&mut self, index: usize, point: &Point<'_, 'a>) -> Result<Result<(), String>> {
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
        let known = self.by_name.get(&*name).copied();
        let index = known.unwrap_or_else(|| {
            let table = self.database().and_then(|one| one.tables.get(&*name)).cloned();
            let name: Arc<str> = name.into();
            self.by_name.insert(Arc::clone(&name), self.tables.len());
            self.tables.push(TableBuilder::new(name, table, self.options.origin));
            self.tables.len() - 1
        });
        self.by_raw.insert(point.measurement.raw(), index);
        index
    }

    /// Forgets the builder of a refused line whose table was not made: a body may name very many.
    fn forget_unmade(&mut self, point: &Point<'_, 'a>) {
        if let Some(unmade) = self.tables.pop_if(|last| last.table.is_none()) {
            self.by_raw.remove(point.measurement.raw());
            self.by_name.remove(unmade.name());
            self.last = None;
        }
    }

    fn database(&self) -> Option<&Arc<Database>> {
        self.resolver.catalog().database(self.database_name)
    }

    fn check_limits(&mut self, index: usize, new: &[NewColumn]) -> Result<(), String> {
        let limits = self.resolver.limits;
        let table = self.tables[index].table.as_deref();
        if table.is_none() {
            limits.check_new_table(self.resolver.live_tables())?;
        }
        limits.check_new_columns(table, new.iter().map(|column| column.kind))
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

    /// Adds columns to a table as a line would, and gives the number of the database and the table.
    /// The inner error is a limit that they would pass.
    pub(super) fn extend_table(
        mut self,
        table: &str,
        new: &[NewColumn],
    ) -> Result<Result<(DatabaseId, Arc<Table>), String>> {
        let known = self.resolver.table(self.database_name, table);
        let is_complete = known.is_some() && new.is_empty();
        self.tables.push(TableBuilder::new(table.into(), known, self.options.origin));
        if !is_complete {
            if let Err(message) = self.check_limits(0, new) {
                return Ok(Err(message));
            }
            self.extend_catalog(0, new)?;
        }
        let id = self.database_id()?;
        let table = self.tables[0].table.take();
        let table =
            table.ok_or_else(|| EngineError::internal("a table was made and is missing"))?;
        Ok(Ok((id, table)))
    }

    /// Hands the batches to the resolver; gives the refused lines.
    pub(super) fn finish(self) -> Vec<RefusedLine> {
        if let Some(id) = self.database().map(|database| database.id) {
            let batches = self.tables.into_iter().filter_map(|builder| builder.finish(id));
            batches.for_each(|batch| self.resolver.push(batch));
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
