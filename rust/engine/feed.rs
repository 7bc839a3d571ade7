//! What a trigger receives: the rows that were committed behind its cursor.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::ipc::writer::StreamWriter;

use super::Engine;
use crate::error::{EngineError, Result};
use crate::limits::TRIGGER_DEPTH_MAX;
use crate::line::Precision;
use crate::schema::{
    Catalog, DatabaseId, Origin, Position, Table, TableBatch, TableId, TriggerId, WriteOptions,
    rows_as_written,
};
use crate::wal::{LogReader, Record, RecordKind, Records};

/// Name of the database that lines are parsed into when nothing is stored.
const SCRATCH_DATABASE: &str = "scratch";

/// Rows of one table for one run.
#[derive(Debug, Clone)]
pub struct FeedTable {
    /// Name of the table.
    pub name: String,
    /// Tags, fields and `time`, in this order.
    pub rows: RecordBatch,
}

impl FeedTable {
    /// The rows as an Arrow IPC stream.
    ///
    /// # Errors
    /// `Internal` where they cannot be encoded.
    pub fn ipc(&self) -> Result<Vec<u8>> {
        let encode = || {
            let mut bytes = Vec::with_capacity(self.rows.get_array_memory_size());
            let mut writer = StreamWriter::try_new(&mut bytes, &self.rows.schema())?;
            writer.write(&self.rows)?;
            writer.finish()?;
            drop(writer);
            Ok(bytes)
        };
        encode().map_err(|error: arrow::error::ArrowError| {
            EngineError::internal("rows cannot be encoded").caused_by(error)
        })
    }
}

/// What one read found.
#[derive(Debug, Clone, Default)]
pub struct FeedRead {
    /// The cursor to commit with the run.
    pub position: Position,
    /// Greatest number of triggers in a row behind these rows.
    pub depth: u8,
    /// Rows left out because their chain of triggers was too deep.
    pub rows_cut: usize,
    /// One entry per table that has rows, in order of first appearance.
    pub tables: Vec<FeedTable>,
}

/// Which rows a trigger is to receive.
#[derive(Debug, Clone, Default)]
pub struct FeedChoice {
    /// Those of one table; `None`: of all.
    pub table: Option<String>,
    /// Whether those that it wrote itself are among them.
    pub own_output: bool,
    /// Columns that they have, beside `time`; `None`: all.
    pub columns: Option<Vec<String>>,
    /// A condition in SQL over the columns of a table. Tables that lack one of its columns have no
    /// row that it is true for.
    pub condition: Option<String>,
}

/// Reads the log for one trigger.
#[derive(Debug)]
pub struct Feed {
    engine: Arc<Engine>,
    reader: LogReader,
    trigger: TriggerId,
    database: DatabaseId,
    wanted: FeedChoice,
}

impl Engine {
    /// The rows of a trigger's database that are wanted, from its cursor onwards.
    ///
    /// # Errors
    /// `NotFound` where there is no such trigger.
    pub fn feed(self: &Arc<Self>, trigger: TriggerId, wanted: FeedChoice) -> Result<Feed> {
        let found = self.catalog().triggers.get(&trigger).cloned();
        let found = found.ok_or_else(|| {
            EngineError::not_found(format!("there is no trigger number {trigger}"))
        })?;
        self.release.feeds.lock().insert(trigger, found.cursor);
        Ok(Feed {
            engine: Arc::clone(self),
            reader: LogReader::new(Arc::clone(&self.release.log), found.cursor + 1),
            trigger,
            database: found.database,
            wanted,
        })
    }

    /// Lines as a trigger would receive them; nothing is stored.
    ///
    /// # Errors
    /// `Invalid` at the first bad line.
    pub fn parse_lines(&self, lines: &str, now_ns: i64) -> Result<Vec<FeedTable>> {
        let options = WriteOptions {
            precision: Precision::Nanosecond,
            accept_partial: false,
            now_ns,
            origin: Origin::default(),
        };
        let empty = Catalog::default();
        let mut resolver = self.resolver(&empty);
        if let Some(line) = resolver.add(SCRATCH_DATABASE, lines, &options)?.first() {
            return Err(EngineError::invalid(line.message.clone()));
        }
        let outcome = resolver.finish();
        let catalog = outcome.catalog.unwrap_or_default();
        Gathered::of(outcome.batches).into_tables(&catalog)
    }
}

/// Batches by table, in order of first appearance.
#[derive(Debug, Default)]
struct Gathered {
    tables: Vec<(DatabaseId, TableId, Vec<TableBatch>)>,
    rows: usize,
}

impl Gathered {
    fn of(batches: Vec<TableBatch>) -> Self {
        let mut gathered = Self::default();
        for batch in batches {
            gathered.add(batch);
        }
        gathered
    }

    fn add(&mut self, batch: TableBatch) {
        self.rows += batch.rows();
        match self.tables.iter_mut().find(|(_, table, _)| *table == batch.table) {
            Some((_, _, batches)) => batches.push(batch),
            None => self.tables.push((batch.database, batch.table, vec![batch])),
        }
    }

    /// A table that is gone by now has no name any more, and its rows go with it.
    fn into_tables(self, catalog: &Catalog) -> Result<Vec<FeedTable>> {
        let mut tables = Vec::with_capacity(self.tables.len());
        for (database, id, batches) in &self.tables {
            if let Some(table) = table_by_id(catalog, *database, *id) {
                let rows = rows_as_written(&table, batches)?;
                tables.push(FeedTable { name: table.name.to_string(), rows });
            }
        }
        Ok(tables)
    }
}

fn table_by_id(catalog: &Catalog, database: DatabaseId, table: TableId) -> Option<Arc<Table>> {
    catalog.database_by_id(database)?.table_by_id(table).cloned()
}

impl Feed {
    /// Where the next read starts.
    #[must_use]
    pub fn position(&self) -> Position {
        self.reader.next_position() - 1
    }

    /// Reads on to the end of the log, or to the first whole frame with which there are `rows_max`
    /// rows or `bytes_max` bytes of rows in the log.
    ///
    /// # Errors
    /// `NotFound` where the log does not reach back that far, `Corrupt` where it is damaged.
    pub fn read(&mut self, rows_max: usize, bytes_max: usize) -> Result<FeedRead> {
        let newest = self.engine.committed();
        let catalog = self.engine.catalog();
        let mut choice = Choice {
            catalog: &catalog,
            trigger: self.trigger,
            database: self.database,
            wanted: &self.wanted,
            known: HashMap::new(),
            gathered: Gathered::default(),
            bytes: 0,
            depth: 0,
            rows_cut: 0,
        };
        self.reader.read(newest, |_, payload| {
            choice.take(payload)?;
            let full = choice.gathered.rows >= rows_max || choice.bytes >= bytes_max;
            Ok(if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        let (depth, rows_cut) = (choice.depth, choice.rows_cut);
        let mut tables = choice.gathered.into_tables(&catalog)?;
        if self.wanted.columns.is_some() || self.wanted.condition.is_some() {
            tables = tables.into_iter().map(|one| self.narrowed(one)).collect::<Result<_>>()?;
            tables.retain(|one| one.rows.num_rows() > 0);
        }
        let position = self.position();
        self.engine.release.feeds.lock().insert(self.trigger, position);
        Ok(FeedRead { position, depth, rows_cut, tables })
    }

    /// The wanted rows and columns of a table.
    fn narrowed(&self, mut table: FeedTable) -> Result<FeedTable> {
        if let Some(condition) = &self.wanted.condition {
            table.rows = self.engine.query.filter(&table.rows, condition)?;
        }
        if let Some(columns) = &self.wanted.columns {
            let schema = table.rows.schema();
            let is_wanted = |name: &str| name == "time" || columns.iter().any(|one| one == name);
            let kept = schema.fields().iter().enumerate();
            let kept: Vec<usize> =
                kept.filter(|(_, field)| is_wanted(field.name())).map(|(at, _)| at).collect();
            table.rows = table.rows.project(&kept).map_err(|error| {
                EngineError::internal("rows cannot be narrowed").caused_by(error)
            })?;
        }
        Ok(table)
    }
}

/// Chooses from the frames of the log what is for one trigger.
struct Choice<'a> {
    catalog: &'a Catalog,
    trigger: TriggerId,
    database: DatabaseId,
    wanted: &'a FeedChoice,
    known: HashMap<TableId, bool>,
    gathered: Gathered,
    bytes: usize,
    depth: u8,
    rows_cut: usize,
}

impl Choice<'_> {
    fn take(&mut self, payload: &[u8]) -> Result<()> {
        let mut records = Records::of(payload);
        while let Some(raw) = records.next_raw()? {
            let RecordKind::Batch { database, table, origin } = raw.kind()? else {
                continue;
            };
            let own = origin.trigger == self.trigger && !self.wanted.own_output;
            if database != self.database || own || !self.wants(table) {
                continue;
            }
            let Record::Batch(batch) = raw.decode()? else {
                continue;
            };
            if origin.depth >= TRIGGER_DEPTH_MAX {
                self.rows_cut += batch.rows();
                continue;
            }
            self.depth = self.depth.max(origin.depth);
            self.bytes += raw.body_bytes();
            self.gathered.add(batch);
        }
        Ok(())
    }

    fn wants(&mut self, table: TableId) -> bool {
        let Some(name) = &self.wanted.table else { return true };
        let (catalog, database) = (self.catalog, self.database);
        *self.known.entry(table).or_insert_with(|| {
            table_by_id(catalog, database, table).is_some_and(|found| *found.name == **name)
        })
    }
}
