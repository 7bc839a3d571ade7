//! The member `series` of a result in `MessagePack`: its arrays begin with their lengths, so it
//! waits for its end.

use std::sync::Arc;

use super::Sink;
use super::chunks::{Piece, Spell};
use super::msgpack::{MsgPack, array, series, text};
use super::shape::{Heading, Run};

/// The series so far.
pub(super) struct Gathered {
    heading: Arc<Heading>,
    ended: usize,
    /// Those that have ended.
    list: Vec<u8>,
    held: Option<Piece>,
    bytes: Vec<u8>,
}

impl Gathered {
    pub(super) fn new(heading: Arc<Heading>) -> Self {
        Self { heading, ended: 0, list: Vec::new(), held: None, bytes: Vec::new() }
    }

    fn release(&mut self) {
        if let Some(piece) = self.held.take() {
            series(&self.heading, &piece, false, &mut self.list);
            self.ended += 1;
        }
    }
}

impl Sink for Gathered {
    fn add(&mut self, run: &Run<'_>) {
        if self.held.as_ref().is_some_and(|piece| piece.series != run.series) {
            self.release();
        }
        let piece = self.held.get_or_insert_with(|| Piece::of(run.series.clone()));
        piece.rows += run.rows.len();
        MsgPack.rows(run.columns, run.rows.clone(), &mut piece.body);
    }

    fn end(&mut self) {
        self.release();
        if self.ended > 0 {
            text("series", &mut self.bytes);
            array(self.ended, &mut self.bytes);
            self.bytes.append(&mut self.list);
        }
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    fn bytes_held(&self) -> usize {
        self.list.len() + self.held.as_ref().map_or(0, |piece| piece.body.len())
    }
}
