//! The log as a backup copies it, and what such a copy holds.
//!
//! Comes in: a log that goes on growing; or the bytes of a segment. Goes out: every segment up to a
//! position, for as long as the copy is held; or the frames that count. What stays true: the copy
//! of a segment ends behind a whole frame.

use std::sync::Arc;

use super::frame::{HEADER_BYTES as FRAME_HEADER_BYTES, Header};
use super::log::Log;
use super::segment::{self, HEADER_BYTES, Segment};
use crate::error::{EngineError, Result};
use crate::schema::Position;

/// The log up to one position; it can be read even once its segments are removed.
#[derive(Debug)]
pub struct LogCopy {
    log: Arc<Log>,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    segment: Arc<Segment>,
    name: String,
    bytes: u64,
}

impl Log {
    /// The log up to `newest`, which must be durable.
    ///
    /// # Errors
    /// `Internal` where the medium refuses.
    pub fn copy(self: &Arc<Self>, newest: Position) -> Result<LogCopy> {
        let mut parts = Vec::new();
        let segments = self.segments();
        for (index, segment) in segments.iter().enumerate() {
            let is_last = segments.get(index + 1).is_none_or(|next| next.first > newest);
            let name = segment::name_of(segment.number);
            let end = |error| segment::failed(self.disk(), &name, "cannot be read", error);
            let bytes = if is_last { segment.end_of(newest).map_err(end)? } else { segment.bytes };
            parts.push(Part { segment: Arc::clone(segment), name, bytes });
            if is_last {
                break;
            }
        }
        Ok(LogCopy { log: Arc::clone(self), parts })
    }
}

impl Segment {
    /// Bytes up to behind the last frame that is not behind `newest`.
    fn end_of(&self, newest: Position) -> std::io::Result<u64> {
        let mut offset = HEADER_BYTES;
        let mut next = self.first;
        while next <= newest {
            let Some(header) = self.frame_header(offset)?.filter(|one| one.position == next) else {
                break;
            };
            offset += header.frame_bytes();
            next += 1;
        }
        Ok(offset)
    }
}

impl LogCopy {
    /// Names and lengths of the segments, in order.
    pub fn parts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.parts.iter().map(|part| (&*part.name, part.bytes))
    }

    /// Bytes of a segment from `offset` on, at most `length`.
    ///
    /// # Errors
    /// `NotFound` for a name that is not in the copy, `Internal` where the medium refuses.
    pub fn read(&self, name: &str, offset: u64, length: usize) -> Result<Vec<u8>> {
        let found = self.parts.iter().find(|part| part.name == name);
        let part =
            found.ok_or_else(|| EngineError::not_found(format!("{name} is not in the log")))?;
        let left = usize::try_from(part.bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(left)];
        let read = part.segment.file.read_at(offset, &mut bytes);
        read.map_err(|error| segment::failed(self.log.disk(), name, "cannot be read", error))?;
        Ok(bytes)
    }
}

/// What counts of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentFrames {
    /// Place among the segments, from 1.
    pub number: u64,
    /// Position of its first frame.
    pub first: Position,
    /// Position of the last frame that counts; the one before `first` where none does.
    pub last: Position,
    /// Bytes up to behind that frame.
    pub end: u64,
    /// When that frame was written, in seconds since the epoch; 0 where that is not known.
    pub last_s: Option<u32>,
}

/// The frames of a segment, up to the first that is not sound or lies behind a limit.
///
/// # Errors
/// `Corrupt` where this is no segment.
pub fn read_segment(
    bytes: &[u8],
    position_max: Position,
    written_s_max: u32,
) -> Result<SegmentFrames> {
    let (number, first) = segment::identify(bytes)
        .ok_or_else(|| EngineError::corrupt("these bytes do not begin as a log segment does"))?;
    let mut frames =
        SegmentFrames { number, first, last: first - 1, end: HEADER_BYTES, last_s: None };
    while let Some(header) = sound_header(bytes, frames.end) {
        let within = header.position <= position_max && header.written_s <= written_s_max;
        if header.position != frames.last + 1 || !within {
            break;
        }
        frames.last = header.position;
        frames.end += header.frame_bytes();
        frames.last_s = Some(header.written_s);
    }
    Ok(frames)
}

/// The header of the frame at `offset`, where the whole frame is sound.
fn sound_header(bytes: &[u8], offset: u64) -> Option<Header> {
    let frame = bytes.get(usize::try_from(offset).ok()?..)?;
    let (head, rest) = frame.split_first_chunk::<FRAME_HEADER_BYTES>()?;
    let header = Header::decode(head)?;
    let payload = rest.get(..header.payload_bytes)?;
    let whole = frame.len() as u64 >= header.frame_bytes();
    (whole && crc32fast::hash(payload) == header.payload_crc).then_some(header)
}
