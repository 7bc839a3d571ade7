//! Opens a log: reads every frame back, cuts a torn tail, stops at any other damage.
//!
//! Every frame carries the newest position that was durable when it was written. A damaged frame
//! that a later one knows to be durable was acknowledged, so its loss must be reported; a damaged
//! frame that none knows of was never acknowledged, so it is cut.

use std::sync::Arc;

use super::frame::{ALIGNMENT, HEADER_BYTES as FRAME_HEADER_BYTES};
use super::log::{Log, LogOptions, LogWriter};
use super::segment::{self, FOLDER, HEADER_BYTES, SPARE, Segment};
use super::spare;
use crate::disk::Disk;
use crate::error::{EngineError, Result};
use crate::schema::Position;

/// A log that is ready to be written.
#[derive(Debug)]
pub struct Recovered {
    /// Writes behind the last frame.
    pub writer: LogWriter,
    /// Position of the first frame that the log holds or will hold.
    pub first: Position,
    /// Whether there was no log yet.
    pub is_new: bool,
    /// Position of the last frame; the one before `first` for an empty log.
    pub newest: Position,
}

/// Opens the log of a disk, or begins one behind the position `start`; gives every frame to
/// `replay`, in order.
///
/// # Errors
/// `Corrupt` with file, offset and remedy; `Internal` where the medium refuses; what `replay` says.
pub fn recover(
    disk: Arc<dyn Disk>,
    options: LogOptions,
    start: Position,
    mut replay: impl FnMut(Position, &[u8]) -> Result<()>,
) -> Result<Recovered> {
    let numbers = find_segments(&*disk)?;
    let mut segments = Vec::with_capacity(numbers.len().max(1));
    for number in numbers {
        segments.push(Arc::new(Segment::open(&*disk, number)?));
    }
    let is_new = segments.is_empty();
    if is_new {
        let file = spare::create_first(&*disk, options.segment_bytes)?;
        segments.push(Arc::new(Segment::begin(&*disk, file, 1, start + 1)?));
    }
    let (newest, offset) = read_segments(&*disk, &segments, &mut replay)?;
    let first = segments[0].first;
    let last = Arc::clone(&segments[segments.len() - 1]);
    let log = Arc::new(Log::new(disk, segments, newest));
    Ok(Recovered { writer: LogWriter::new(log, options, last, offset), first, is_new, newest })
}

/// Numbers of the segments, in order; removes a spare that was never used.
fn find_segments(disk: &dyn Disk) -> Result<Vec<u64>> {
    let unreadable = |error| segment::failed(disk, FOLDER, "cannot be listed", error);
    let mut numbers = Vec::new();
    for name in disk.list(FOLDER).map_err(unreadable)? {
        if SPARE.ends_with(&name) {
            disk.remove(SPARE).map_err(unreadable)?;
        } else if let Some(number) = name.strip_suffix(".wal").and_then(|text| text.parse().ok()) {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

/// Position of the last frame, and the offset behind it in the last segment.
fn read_segments(
    disk: &dyn Disk,
    segments: &[Arc<Segment>],
    replay: &mut impl FnMut(Position, &[u8]) -> Result<()>,
) -> Result<(Position, u64)> {
    let mut newest = segments[0].first - 1;
    let mut offset = HEADER_BYTES;
    for (index, segment) in segments.iter().enumerate() {
        let follows = index == 0 || segment.number == segments[index - 1].number + 1;
        if !follows || segment.first != newest + 1 {
            let name = segment::name_of(segment.number);
            let why = format!("it begins at position {}, not {}", segment.first, newest + 1);
            return Err(segment::damaged(disk, &name, 0, &why));
        }
        (newest, offset) = read_segment(disk, segment, newest, replay)?;
        let is_last = index + 1 == segments.len();
        if is_last {
            cut_tail(disk, segment, offset, newest)?;
            if offset > HEADER_BYTES {
                sync_read(disk, segment)?;
            }
        }
    }
    Ok((newest, offset))
}

/// Replays the sound frames of a segment; stops before the first that is not.
fn read_segment(
    disk: &dyn Disk,
    segment: &Segment,
    mut newest: Position,
    replay: &mut impl FnMut(Position, &[u8]) -> Result<()>,
) -> Result<(Position, u64)> {
    let name = segment::name_of(segment.number);
    let unreadable = |error| segment::failed(disk, &name, "cannot be read", error);
    let mut offset = HEADER_BYTES;
    let mut payload = Vec::new();
    while let Some(header) = segment.frame_header(offset).map_err(unreadable)? {
        let follows = header.position == newest + 1;
        let sound = segment.read_payload(offset, &header, &mut payload).map_err(unreadable)?;
        if !follows || !sound {
            break;
        }
        replay(header.position, &payload).map_err(|error| in_frame(&name, offset, error))?;
        newest = header.position;
        offset += header.frame_bytes();
    }
    Ok((newest, offset))
}

fn in_frame(name: &str, offset: u64, error: EngineError) -> EngineError {
    EngineError::new(error.kind(), format!("frame at byte {offset} of {name} cannot be applied"))
        .caused_by(error)
}

/// What was read may have been written by a process that died before its sync.
fn sync_read(disk: &dyn Disk, segment: &Segment) -> Result<()> {
    let name = segment::name_of(segment.number);
    segment.file.sync().map_err(|error| segment::failed(disk, &name, "cannot be synced", error))
}

/// Zeroes what lies behind the last sound frame, unless it was acknowledged.
fn cut_tail(disk: &dyn Disk, segment: &Segment, offset: u64, newest: Position) -> Result<()> {
    let name = segment::name_of(segment.number);
    let unreadable = |error| segment::failed(disk, &name, "cannot be read", error);
    let length = usize::try_from(segment.bytes - offset).unwrap_or(usize::MAX);
    let mut tail = vec![0; length];
    segment.file.read_at(offset, &mut tail).map_err(unreadable)?;
    let Some(last_used) = last_nonzero(&tail) else {
        return Ok(());
    };
    if knows_durable(segment, offset, &tail, newest + 1).map_err(unreadable)? {
        let why = "an acknowledged frame is unreadable";
        return Err(segment::damaged(disk, &name, offset, why));
    }
    let cut = || {
        segment.file.write_at(offset, &vec![0; last_used + 1])?;
        segment.file.sync()
    };
    cut().map_err(|error| segment::failed(disk, &name, "cannot be cut", error))
}

fn last_nonzero(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|byte| *byte != 0)
}

/// Whether a sound frame in `tail` says that `position` was durable.
fn knows_durable(
    segment: &Segment,
    offset: u64,
    tail: &[u8],
    position: Position,
) -> std::io::Result<bool> {
    let mut payload = Vec::new();
    for at in (0..tail.len().saturating_sub(FRAME_HEADER_BYTES)).step_by(ALIGNMENT) {
        if tail[at..at + 4] != *b"IPFR" {
            continue;
        }
        let at = offset + at as u64;
        if let Some(header) = segment.frame_header(at)?
            && header.synced >= position
            && segment.read_payload(at, &header, &mut payload)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
