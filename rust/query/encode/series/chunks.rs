//! Documents of at most so many rows, each of one series.
//!
//! Stays true: a document says whether rows of its series follow, and whether anything follows in
//! its statement, so it waits for what follows.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;

use super::Sink;
use super::column::Column;
use super::shape::{Heading, Run, Series};

/// Rows of one series, spelled.
pub(super) struct Piece {
    pub(super) series: Series,
    pub(super) rows: usize,
    pub(super) body: Vec<u8>,
}

impl Piece {
    pub(super) fn of(series: Series) -> Self {
        Self { series, rows: 0, body: Vec::new() }
    }
}

/// What comes behind a document in its statement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Following {
    /// More of its series.
    Rows,
    /// Another series.
    Series,
    Nothing,
}

/// A spelling of documents.
pub(super) trait Spell: Send {
    /// Adds rows to a body.
    fn rows(&self, columns: &[Column], rows: Range<usize>, body: &mut Vec<u8>);
    /// Adds the document of a statement around one piece.
    fn document(
        &self,
        statement: (u32, &Heading),
        piece: &Piece,
        following: Following,
        bytes: &mut Vec<u8>,
    );
}

/// Documents, one behind the other.
pub(super) struct Chunks<S> {
    spell: S,
    heading: Arc<Heading>,
    statement_id: u32,
    rows_max: usize,
    held: Option<Piece>,
    bytes: Vec<u8>,
}

impl<S: Spell> Chunks<S> {
    pub(super) fn new(
        spell: S,
        heading: Arc<Heading>,
        statement_id: u32,
        rows_max: NonZeroUsize,
    ) -> Self {
        let rows_max = rows_max.get();
        Self { spell, heading, statement_id, rows_max, held: None, bytes: Vec::new() }
    }

    /// Writes the piece that waited.
    fn release(&mut self, following: Following) {
        if let Some(piece) = self.held.take() {
            let statement = (self.statement_id, &*self.heading);
            self.spell.document(statement, &piece, following, &mut self.bytes);
        }
    }

    /// The piece that rows of a series go to, which has room for one at least.
    fn piece(&mut self, series: &Series) -> &mut Piece {
        match &self.held {
            Some(held) if held.series != *series => self.release(Following::Series),
            Some(held) if held.rows == self.rows_max => self.release(Following::Rows),
            _ => {}
        }
        self.held.get_or_insert_with(|| Piece::of(series.clone()))
    }
}

impl<S: Spell> Sink for Chunks<S> {
    fn add(&mut self, run: &Run<'_>) {
        let mut rest = run.rows.clone();
        while !rest.is_empty() {
            let rows_max = self.rows_max;
            let held = self.piece(&run.series).rows;
            let end = rest.end.min(rest.start.saturating_add(rows_max - held));
            let rows = rest.start..end;
            rest.start = end;
            if let Some(piece) = &mut self.held {
                piece.rows += rows.len();
                self.spell.rows(run.columns, rows, &mut piece.body);
            }
        }
    }

    fn end(&mut self) {
        self.release(Following::Nothing);
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    fn bytes_held(&self) -> usize {
        self.held.as_ref().map_or(0, |piece| piece.body.len())
    }
}
