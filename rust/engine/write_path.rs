//! From lines or Arrow rows to a queued frame.
//!
//! A request that needs no change of the catalog never waits for one: it is resolved against the
//! catalog as it stands, on the thread of its caller. One that does is resolved, then queued under
//! the catalog lock, so that no frame which uses the change can overtake it.

use std::sync::Arc;

use bytes::Bytes;

use super::Engine;
use super::sink::{self, Effect};
use crate::error::{EngineError, Result};
use crate::line::Precision;
use crate::schema::{
    ArrowOptions, ArrowRows, Catalog, CatalogChange, Origin, Outcome, Position, RefusedLine,
    Resolver, WriteOptions, check_database_name,
};
use crate::wal::{Commit, FrameBuilder};

/// Line protocol for one database.
#[derive(Debug, Clone, Copy)]
pub struct WriteRequest<'a> {
    /// Where to write.
    pub database: &'a str,
    /// Line protocol.
    pub body: &'a [u8],
    /// Unit of the timestamps.
    pub precision: Precision,
    /// Whether good lines are taken beside bad ones.
    pub accept_partial: bool,
    /// Whether the caller is content before the sync.
    pub no_sync: bool,
    /// Time of lines that have none.
    pub now_ns: i64,
}

/// An Arrow IPC stream for one table.
#[derive(Debug, Clone)]
pub struct ArrowRequest<'a> {
    /// Where to write.
    pub database: &'a str,
    /// The table.
    pub table: &'a str,
    /// An IPC stream; it is not copied.
    pub body: Bytes,
    /// The tag columns; `None` leaves it to the stream and to the table.
    pub tags: Option<&'a [String]>,
    /// Name of the time column.
    pub time: &'a str,
    /// Unit of times that are plain integers.
    pub precision: Precision,
    /// Whether good rows are taken beside bad ones.
    pub accept_partial: bool,
    /// Whether the caller is content before the sync.
    pub no_sync: bool,
    /// Time of rows that have none.
    pub now_ns: i64,
    /// Bytes that the stream may unpack to.
    pub bytes_max: usize,
}

/// How the rows of a request are committed.
#[derive(Debug, Clone, Copy)]
struct Terms {
    accept_partial: bool,
    no_sync: bool,
    bytes: usize,
}

/// A write that is on its way to the disk.
#[derive(Debug)]
pub struct Ticket {
    /// What to wait for; 0 where nothing was to be written.
    pub position: Position,
    /// Lines that were taken.
    pub rows: usize,
    /// Lines that were not; of Arrow rows their ranges.
    pub refused: Vec<RefusedLine>,
}

impl Ticket {
    /// Lines or rows that were refused.
    #[must_use]
    pub fn rows_refused(&self) -> usize {
        lines_of(&self.refused)
    }
}

impl Engine {
    /// Takes lines; returns before the sync.
    ///
    /// # Errors
    /// `Invalid` for a bad name, bad UTF-8 or an empty body, `Busy` where the buffer or the queue
    /// is full, `Closed` where nothing can be written any more.
    pub fn write(&self, request: &WriteRequest<'_>) -> Result<Ticket> {
        self.check_room()?;
        check_database_name(request.database)?;
        let body = std::str::from_utf8(request.body).map_err(|error| {
            EngineError::invalid("body content is not valid utf8").caused_by(error)
        })?;
        let options = WriteOptions {
            precision: request.precision,
            accept_partial: request.accept_partial,
            now_ns: request.now_ns,
            origin: Origin::default(),
        };
        let (accept_partial, no_sync) = (request.accept_partial, request.no_sync);
        let terms = Terms { accept_partial, no_sync, bytes: body.len() };
        self.commit_rows(terms, |resolver| resolver.add(request.database, body, &options))
    }

    /// Takes rows of an Arrow IPC stream; returns before the sync.
    ///
    /// # Errors
    /// `Invalid` for a bad name, a malformed or empty stream, or columns that no table can have;
    /// `TooLarge` past a limit; otherwise as `write`.
    pub fn write_arrow(&self, request: &ArrowRequest<'_>) -> Result<Ticket> {
        self.check_room()?;
        check_database_name(request.database)?;
        let columns_max = self.catalog_limits.columns_per_table;
        let rows = ArrowRows::decode(request.body.clone(), request.bytes_max, columns_max)?;
        let write = WriteOptions {
            precision: request.precision,
            accept_partial: request.accept_partial,
            now_ns: request.now_ns,
            origin: Origin::default(),
        };
        let options = ArrowOptions { write, tags: request.tags, time: request.time };
        let (accept_partial, no_sync) = (request.accept_partial, request.no_sync);
        let terms = Terms { accept_partial, no_sync, bytes: request.body.len() };
        self.commit_rows(terms, |resolver| {
            resolver.add_columns(request.database, request.table, &rows, &options)
        })
    }

    /// Resolves rows against the catalog and queues them. `read` runs again where the catalog was
    /// changed by another write in between, and this one changes it too.
    fn commit_rows(
        &self,
        terms: Terms,
        read: impl Fn(&mut Resolver<'_>) -> Result<Vec<RefusedLine>>,
    ) -> Result<Ticket> {
        let base = self.catalog();
        let (outcome, refused) = self.resolve(&base, &read)?;
        if !terms.accept_partial && !refused.is_empty() {
            self.counters.refused(lines_of(&refused));
            return Ok(Ticket { position: 0, rows: 0, refused });
        }
        let (position, rows, refused) = if outcome.changes.is_empty() {
            let rows = rows_of(&outcome);
            (self.queue_outcome(outcome, terms.no_sync)?, rows, refused)
        } else {
            self.commit_changes(&base, outcome, refused, terms, &read)?
        };
        self.counters.written(rows, terms.bytes, lines_of(&refused));
        Ok(Ticket { position, rows, refused })
    }

    fn commit_changes(
        &self,
        base: &Arc<Catalog>,
        outcome: Outcome,
        refused: Vec<RefusedLine>,
        terms: Terms,
        read: impl Fn(&mut Resolver<'_>) -> Result<Vec<RefusedLine>>,
    ) -> Result<(Position, usize, Vec<RefusedLine>)> {
        let _lock = self.catalog_lock.lock();
        let latest = self.catalog();
        let (outcome, refused) = if Arc::ptr_eq(base, &latest) {
            (outcome, refused)
        } else {
            self.resolve(&latest, read)?
        };
        if !terms.accept_partial && !refused.is_empty() {
            return Ok((0, 0, refused));
        }
        let rows = rows_of(&outcome);
        Ok((self.commit_outcome(outcome, terms.no_sync)?, rows, refused))
    }

    /// The errors that writing these lines would meet.
    ///
    /// # Errors
    /// As `write`, but for those of the lines.
    pub fn check_lines(
        &self,
        database: &str,
        lines: &str,
        now_ns: i64,
    ) -> Result<Vec<RefusedLine>> {
        check_database_name(database)?;
        let options = WriteOptions {
            precision: Precision::Nanosecond,
            accept_partial: true,
            now_ns,
            origin: Origin::default(),
        };
        self.resolver(&self.catalog()).add(database, lines, &options)
    }

    pub(super) fn resolver<'c>(&self, catalog: &'c Catalog) -> Resolver<'c> {
        Resolver::with_limits(catalog, self.catalog_limits)
    }

    fn resolve(
        &self,
        catalog: &Catalog,
        read: impl Fn(&mut Resolver<'_>) -> Result<Vec<RefusedLine>>,
    ) -> Result<(Outcome, Vec<RefusedLine>)> {
        let mut resolver = self.resolver(catalog);
        let refused = read(&mut resolver)?;
        Ok((resolver.finish(), refused))
    }

    /// Changes the catalog; the change is durable on return.
    pub(super) fn change<R>(&self, edit: impl FnOnce(&mut Resolver<'_>) -> Result<R>) -> Result<R> {
        let (result, position) = {
            let _lock = self.catalog_lock.lock();
            let base = self.catalog();
            let mut resolver = self.resolver(&base);
            let result = edit(&mut resolver)?;
            (result, self.commit_outcome(resolver.finish(), false)?)
        };
        self.wait(position)?;
        Ok(result)
    }

    /// Queues an outcome and publishes its catalog. The caller holds the catalog lock.
    pub(super) fn commit_outcome(&self, mut outcome: Outcome, no_sync: bool) -> Result<Position> {
        let Some(mut catalog) = outcome.catalog.take() else {
            return self.queue_outcome(outcome, no_sync);
        };
        let triggers: Vec<CatalogChange> =
            outcome.changes.iter().filter(|one| needs_position(one)).cloned().collect();
        let position = self.queue_outcome(outcome, no_sync)?;
        for change in &triggers {
            catalog.apply(change, position)?;
        }
        self.catalog.store(Arc::new(catalog));
        Ok(position)
    }

    fn queue_outcome(&self, outcome: Outcome, no_sync: bool) -> Result<Position> {
        if outcome.batches.is_empty() && outcome.changes.is_empty() {
            self.queue.check_open()?;
            return Ok(0);
        }
        let mut frame = FrameBuilder::new();
        outcome.changes.iter().for_each(|change| frame.push_change(change));
        outcome.batches.iter().for_each(|batch| frame.push_batch(batch));
        let purged = sink::purged_tables(&self.catalog(), &outcome.changes);
        let item = Effect {
            batches: outcome.batches,
            purged,
            changes: outcome.changes,
            ..Effect::default()
        };
        self.queue.push(Commit { frame: frame.finish()?, item, no_sync })
    }

    fn check_room(&self) -> Result<()> {
        let bytes = self.buffer.bytes();
        if bytes < self.buffer_bytes_max {
            return Ok(());
        }
        let reason = self.background.persister.failure();
        let reason = reason.map(|reason| format!(", and cannot be stored: {reason}"));
        Err(EngineError::busy(format!(
            "the buffer holds {bytes} bytes, its limit is {} bytes{}; try again later",
            self.buffer_bytes_max,
            reason.unwrap_or_default()
        )))
    }
}

/// Changes whose meaning depends on where they stand in the log.
fn needs_position(change: &CatalogChange) -> bool {
    matches!(change, CatalogChange::PutTrigger(_))
}

fn lines_of(refused: &[RefusedLine]) -> usize {
    refused.iter().map(|line| line.lines).sum()
}

fn rows_of(outcome: &Outcome) -> usize {
    outcome.batches.iter().map(crate::schema::TableBatch::rows).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Options;

    fn request(body: &str) -> WriteRequest<'_> {
        WriteRequest {
            database: "db",
            body: body.as_bytes(),
            precision: Precision::Nanosecond,
            accept_partial: false,
            no_sync: false,
            now_ns: 0,
        }
    }

    #[test]
    fn a_write_that_another_overtakes_is_still_taken_whole_or_not_at_all() {
        let options = Options::default();
        let engine = Engine::open(&options).expect("an engine");
        let body = "m f=1i 1\nother f=1i 2";
        let write = WriteOptions {
            precision: Precision::Nanosecond,
            accept_partial: false,
            now_ns: 0,
            origin: Origin::default(),
        };
        let read = |resolver: &mut Resolver<'_>| resolver.add("db", body, &write);
        let base = engine.catalog();
        let (outcome, refused) = engine.resolve(&base, read).expect("lines");
        assert_eq!(refused, []);
        let first = engine.write(&request("m f=1.5 1")).expect("the other write");
        let terms = Terms { accept_partial: false, no_sync: false, bytes: body.len() };
        let late = engine.commit_changes(&base, outcome, refused, terms, read);
        let (position, rows, refused) = late.expect("refused lines");
        assert_eq!((position, rows, refused.len()), (0, 0, 1));
        engine.wait(first.position).expect("the other write is committed");
        assert!(!engine.catalog().databases["db"].tables.contains_key("other"));
    }
}
