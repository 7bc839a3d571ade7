//! Rows as the series of InfluxDB 1: those that come together with the same tags are one series.
//!
//! Comes in: batches that are sorted by measurement and tags, whose schema says in its metadata
//! which columns are tags (without it the first column is the name, and there are none). Goes out:
//! what one statement adds to an answer of `/query`. Stays true: a series is one in any cut into
//! batches; what waits for its end is charged to the memory of queries; rows that were written
//! before a failure are shown. Refuses infinite numbers in JSON, which has no word for them: the
//! rows of their batch are left out whole.

mod chunks;
mod clock;
mod column;
mod csv;
mod gathered;
mod json;
mod msgpack;
mod shape;

use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::execution::memory_pool::MemoryReservation;

use self::chunks::Chunks;
pub use self::column::Unit;
use self::column::check_finite;
use self::csv::Csv;
use self::gathered::Gathered;
use self::json::{Json, Members};
use self::msgpack::MsgPack;
use self::shape::{Heading, Run, Shape};
use super::Encoder;
use crate::error::Result;
use crate::query::errors::from_datafusion;

/// How series are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spelling {
    /// In one line.
    Json,
    /// Indented by two spaces.
    PrettyJson,
    /// A header, then a line for each row.
    Csv,
    /// `MessagePack`, with the names of JSON.
    MsgPack,
}

/// What one statement gives to an answer of `/query`.
///
/// In JSON this is the member `series` of its result, after a comma and without the end of the last
/// series and of the list: who reads it ends both, since a failure may be told behind them. In
/// `MessagePack` it is the whole member; in CSV the lines. With `chunk_rows` it is whole documents.
/// An answer without rows has no bytes in any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeriesFormat {
    /// The spelling.
    pub spelling: Spelling,
    /// The unit of times; `None` for text (RFC 3339).
    pub unit: Option<Unit>,
    /// Rows of a document, at most, each of one series; CSV has no documents.
    pub chunk_rows: Option<NonZeroUsize>,
    /// The number of the statement, in documents.
    pub statement_id: u32,
}

/// Writes the rows of series, as they come.
trait Sink: Send {
    /// Adds rows of one series.
    fn add(&mut self, run: &Run<'_>);
    /// Ends the answer, or what there is of it.
    fn end(&mut self);
    /// What has been written and not been taken.
    fn bytes(&mut self) -> &mut Vec<u8>;
    /// Bytes that wait for the end of something.
    fn bytes_held(&self) -> usize {
        0
    }
}

/// Cuts batches into runs of one series, for a sink.
pub(super) struct SeriesEncoder {
    shape: Shape,
    unit: Option<Unit>,
    is_json: bool,
    sink: Box<dyn Sink>,
    memory: MemoryReservation,
}

impl SeriesEncoder {
    /// # Errors
    /// `Invalid` for a schema without a first column.
    pub(super) fn try_new(
        format: SeriesFormat,
        schema: &SchemaRef,
        memory: MemoryReservation,
    ) -> Result<Self> {
        let shape = Shape::of(schema)?;
        let sink = sink(format, shape.heading());
        let is_json = matches!(format.spelling, Spelling::Json | Spelling::PrettyJson);
        Ok(Self { shape, unit: format.unit, is_json, sink, memory })
    }
}

fn sink(format: SeriesFormat, heading: Arc<Heading>) -> Box<dyn Sink> {
    let number = format.statement_id;
    let json = Json { is_pretty: format.spelling == Spelling::PrettyJson };
    match (format.spelling, format.chunk_rows) {
        (Spelling::Csv, _) => Box::new(Csv::new(heading)),
        (Spelling::MsgPack, None) => Box::new(Gathered::new(heading)),
        (Spelling::MsgPack, Some(rows)) => Box::new(Chunks::new(MsgPack, heading, number, rows)),
        (_, None) => Box::new(Members::new(json, heading)),
        (_, Some(rows)) => Box::new(Chunks::new(json, heading, number, rows)),
    }
}

impl Encoder for SeriesEncoder {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = self.shape.columns(batch, self.unit)?;
        if self.is_json {
            check_finite(&columns)?;
        }
        for (series, rows) in self.shape.series(batch)? {
            self.sink.add(&Run { series, columns: &columns, rows });
        }
        let held = self.memory.try_resize(self.sink.bytes_held());
        held.map_err(|error| from_datafusion(&error))
    }

    fn finish(&mut self) -> Result<()> {
        self.sink.end();
        Ok(())
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        self.sink.bytes()
    }

    fn cut(&mut self) -> Vec<u8> {
        self.sink.end();
        std::mem::take(self.sink.bytes())
    }

    fn rows_per_step(&self) -> usize {
        usize::MAX // an infinite number leaves out its batch, whatever its size
    }
}
