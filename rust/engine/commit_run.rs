//! The end of a run of a trigger: all that it leaves behind becomes one frame.
//!
//! Comes in: lines and Arrow rows that its plugin wrote, changes of its state, the cursor or tick
//! that it reached, and lines about the run for `_internal`. Goes out: a ticket. What stays true:
//! after a crash either all of it is there or nothing. Refuses the whole where one line, row or
//! value is bad.

use std::sync::Arc;

use bytes::Bytes;

use super::Engine;
use super::write_path::Ticket;
use crate::error::{EngineError, ErrorKind, Result};
use crate::limits::{FRAME_BYTES_MAX, STATE_BYTES_MAX, STATE_KEY_BYTES_MAX, STATE_VALUE_BYTES_MAX};
use crate::line::Precision;
use crate::schema::{
    ArrowOptions, ArrowRows, CatalogChange, INTERNAL_DATABASE, Origin, Position, RefusedLine,
    Resolver, TriggerId, WriteOptions, check_database_name,
};

/// Name of the time column of Arrow rows that a plugin writes.
const TIME: &str = "time";

/// Arrow rows that a run wrote.
#[derive(Debug, Clone)]
pub struct RunRows {
    /// Where to write.
    pub database: String,
    /// The table.
    pub table: String,
    /// The tag columns; `None` leaves it to the stream and to the table.
    pub tags: Option<Vec<String>>,
    /// An IPC stream.
    pub stream: Bytes,
}

/// A line about a run for `_internal`, which is to say how many rows the run wrote.
#[derive(Debug, Clone)]
pub struct RunRecord {
    /// The line up to its time; the field `rows_out` is added to it.
    pub line: String,
    /// Its time.
    pub time_ns: i64,
}

/// What a run leaves behind.
#[derive(Debug, Clone, Default)]
pub struct RunOutput {
    /// Databases, and lines for each, in nanoseconds.
    pub lines: Vec<(String, String)>,
    /// Arrow rows.
    pub rows: Vec<RunRows>,
    /// Keys of the trigger's state with their new values; `None` forgets one.
    pub state: Vec<(String, Option<Vec<u8>>)>,
    /// The cursor that the trigger has reached.
    pub cursor: Option<Position>,
    /// The tick of its schedule that is served with it.
    pub tick_ns: Option<i64>,
    /// What is to be known of the run.
    pub record: Option<RunRecord>,
    /// Further lines for `_internal`, in nanoseconds.
    pub internal: String,
    /// How many triggers in a row stand behind the rows.
    pub depth: u8,
}

impl Engine {
    /// Queues what a run of a trigger leaves behind as one frame.
    ///
    /// Each run moves something in the catalog, but its rows are resolved before the catalog is
    /// held, as those of clients are: however much it wrote, nobody waits for that. Only where
    /// they need new tables or columns they are resolved again.
    ///
    /// # Errors
    /// `Invalid`, naming database and line, where a line is bad, or the state would be too large;
    /// nothing is queued then. Otherwise as `write`.
    pub fn commit_run(
        &self,
        trigger: TriggerId,
        output: &RunOutput,
        now_ns: i64,
    ) -> Result<Ticket> {
        let options = WriteOptions {
            precision: Precision::Nanosecond,
            accept_partial: false,
            now_ns,
            origin: Origin { trigger, depth: output.depth },
        };
        let columns_max = self.catalog_limits.columns_per_table;
        let decode = |rows: &RunRows| decode(rows, columns_max);
        let decoded = output.rows.iter().map(decode).collect::<Result<Vec<_>>>()?;
        let base = self.catalog();
        let mut resolver = self.resolver(&base);
        let rows = add_all(&mut resolver, output, &decoded, &options)?;
        let early = resolver.finish();
        let _lock = self.catalog_lock.lock();
        let latest = self.catalog();
        let mut resolver = self.resolver(&latest);
        if early.changes.is_empty() {
            resolver.take(early.batches);
        } else {
            add_all(&mut resolver, output, &decoded, &options)?;
        }
        change_memory(&mut resolver, trigger, output)?;
        let position = self.commit_outcome(resolver.finish(), false)?;
        self.counters.written(rows, bytes_of(output), 0);
        Ok(Ticket { position, rows, refused: Vec::new() })
    }
}

/// Adds all rows of a run; gives the number of those that its plugin wrote.
fn add_all(
    resolver: &mut Resolver<'_>,
    output: &RunOutput,
    decoded: &[ArrowRows],
    options: &WriteOptions,
) -> Result<usize> {
    add_lines(resolver, output, options)?;
    for (rows, decoded) in output.rows.iter().zip(decoded) {
        add_rows(resolver, rows, decoded, *options)?;
    }
    let rows = resolver.rows();
    if let Some(RunRecord { line, time_ns }) = &output.record {
        let line = format!("{line},rows_out={rows}i {time_ns}");
        add_internal(resolver, &line, options)?;
    }
    add_internal(resolver, &output.internal, options)?;
    Ok(rows)
}

fn decode(rows: &RunRows, columns_max: usize) -> Result<ArrowRows> {
    ArrowRows::decode(rows.stream.clone(), FRAME_BYTES_MAX, columns_max)
        .map_err(|error| write_back_failed(&rows.database, error))
}

fn add_lines(
    resolver: &mut Resolver<'_>,
    output: &RunOutput,
    options: &WriteOptions,
) -> Result<()> {
    for (database, lines) in output.lines.iter().filter(|(_, lines)| !lines.trim().is_empty()) {
        check_database_name(database)
            .and_then(|()| resolver.add(database, lines, options))
            .and_then(|refused| refuse_first(&refused))
            .map_err(|error| write_back_failed(database, error))?;
    }
    Ok(())
}

fn add_rows(
    resolver: &mut Resolver<'_>,
    rows: &RunRows,
    decoded: &ArrowRows,
    write: WriteOptions,
) -> Result<()> {
    let options = ArrowOptions { write, tags: rows.tags.as_deref(), time: TIME };
    check_database_name(&rows.database)
        .and_then(|()| resolver.add_columns(&rows.database, &rows.table, decoded, &options))
        .and_then(|refused| refuse_first(&refused))
        .map_err(|error| write_back_failed(&rows.database, error))
}

fn add_internal(resolver: &mut Resolver<'_>, lines: &str, options: &WriteOptions) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    match resolver.add(INTERNAL_DATABASE, lines, options)?.first() {
        Some(line) => Err(EngineError::internal(line.message.clone())),
        None => Ok(()),
    }
}

fn change_memory(
    resolver: &mut Resolver<'_>,
    trigger: TriggerId,
    output: &RunOutput,
) -> Result<()> {
    if let Some(cursor) = output.cursor {
        resolver.change(CatalogChange::SetCursor { trigger, cursor })?;
    }
    if let Some(time_ns) = output.tick_ns {
        resolver.change(CatalogChange::SetTick { trigger, time_ns })?;
    }
    for (key, value) in &output.state {
        check_state(key, value.as_deref())?;
        let (key, value) = (key.as_str().into(), value.as_deref().map(Arc::from));
        resolver.change(CatalogChange::SetTriggerState { trigger, key, value })?;
    }
    if output.state.is_empty() {
        return Ok(());
    }
    let found = resolver.catalog().triggers.get(&trigger);
    let bytes = found.map_or(0, |trigger| trigger.memory.state_bytes());
    if bytes <= STATE_BYTES_MAX {
        return Ok(());
    }
    Err(EngineError::invalid(format!(
        "the state of the trigger would have {bytes} bytes: the maximum is {STATE_BYTES_MAX} bytes"
    )))
}

fn check_state(key: &str, value: Option<&[u8]>) -> Result<()> {
    let too_long = |what: &str, bytes: usize, max: usize| {
        Err(EngineError::invalid(format!("{what} has {bytes} bytes: the maximum is {max} bytes")))
    };
    let value_bytes = value.map_or(0, <[u8]>::len);
    if key.len() > STATE_KEY_BYTES_MAX {
        return too_long("a key of the trigger's state", key.len(), STATE_KEY_BYTES_MAX);
    }
    if value_bytes > STATE_VALUE_BYTES_MAX {
        let what = format!("the value of '{key}' in the trigger's state");
        return too_long(&what, value_bytes, STATE_VALUE_BYTES_MAX);
    }
    Ok(())
}

fn bytes_of(output: &RunOutput) -> usize {
    let lines = output.lines.iter().map(|(_, lines)| lines.len());
    lines.chain(output.rows.iter().map(|rows| rows.stream.len())).sum()
}

fn refuse_first(refused: &[RefusedLine]) -> Result<()> {
    match refused.first() {
        Some(line) => Err(EngineError::invalid(format!(
            "{} in line {} `{}`",
            line.message, line.line_number, line.original_line
        ))),
        None => Ok(()),
    }
}

/// Names the database; keeps the kind of errors that say nothing about the lines.
fn write_back_failed(database: &str, error: EngineError) -> EngineError {
    match error.kind() {
        ErrorKind::Invalid | ErrorKind::TooLarge => EngineError::invalid(format!(
            "error writing back lines to {database}: {}",
            error.message()
        )),
        _ => error,
    }
}
