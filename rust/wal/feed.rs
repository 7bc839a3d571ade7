//! Reads the log from a position onwards, as triggers do.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::log::Log;
use super::segment::{self, HEADER_BYTES, Segment};
use crate::error::{EngineError, Result};
use crate::schema::Position;

/// Whether a reader is to go on.
pub type Read = ControlFlow<()>;

/// A place in a log, and the way on from it.
#[derive(Debug)]
pub struct LogReader {
    log: Arc<Log>,
    next: Position,
    at: Option<(Arc<Segment>, u64)>,
    payload: Vec<u8>,
}

impl LogReader {
    /// A reader whose first frame is `next`.
    #[must_use]
    pub fn new(log: Arc<Log>, next: Position) -> Self {
        Self { log, next, at: None, payload: Vec::new() }
    }

    /// The position of the next frame.
    #[must_use]
    pub fn next_position(&self) -> Position {
        self.next
    }

    /// Gives the frames up to `newest` to `visit`, until it breaks. `newest` must be durable.
    ///
    /// # Errors
    /// `NotFound` where the next frame is no longer in the log, `Corrupt` where a frame is not what
    /// was written, and what `visit` says; the reader then stays before that frame.
    pub fn read(
        &mut self,
        newest: Position,
        mut visit: impl FnMut(Position, &[u8]) -> Result<Read>,
    ) -> Result<()> {
        while self.next <= newest {
            let (segment, offset) = self.locate()?;
            let frame_bytes = self.load(&segment, offset)?;
            let go_on = visit(self.next, &self.payload)?;
            self.at = Some((segment, offset + frame_bytes));
            self.next += 1;
            if go_on.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn locate(&mut self) -> Result<(Arc<Segment>, u64)> {
        let segment = self.log.segment_of(self.next)?;
        if let Some((current, offset)) = self.at.take()
            && current.number == segment.number
        {
            return Ok((segment, offset));
        }
        let mut offset = HEADER_BYTES;
        for position in segment.first..self.next {
            let header = self.header(&segment, offset, position)?;
            offset += header.frame_bytes();
        }
        Ok((segment, offset))
    }

    fn load(&mut self, segment: &Segment, offset: u64) -> Result<u64> {
        let header = self.header(segment, offset, self.next)?;
        let sound = segment.read_payload(offset, &header, &mut self.payload);
        if sound.map_err(|error| self.unreadable(segment, error))? {
            return Ok(header.frame_bytes());
        }
        Err(self.damaged(segment, offset))
    }

    fn header(
        &self,
        segment: &Segment,
        offset: u64,
        position: Position,
    ) -> Result<super::frame::Header> {
        let header =
            segment.frame_header(offset).map_err(|error| self.unreadable(segment, error))?;
        let expected = header.filter(|header| header.position == position);
        expected.ok_or_else(|| self.damaged(segment, offset))
    }

    fn unreadable(&self, segment: &Segment, error: std::io::Error) -> EngineError {
        let name = segment::name_of(segment.number);
        segment::failed(self.log.disk(), &name, "cannot be read", error)
    }

    fn damaged(&self, segment: &Segment, offset: u64) -> EngineError {
        let name = segment::name_of(segment.number);
        segment::damaged(self.log.disk(), &name, offset, "it has changed since it was written")
    }
}
