//! The segments that exist, shared by the writer and the readers; and the writer's end of the last.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};

use super::frame::PreparedFrame;
use super::segment::{self, FOLDER, HEADER_BYTES, Segment};
use super::spare::{Space, Spare};
use crate::disk::Disk;
use crate::error::{EngineError, Result};
use crate::schema::Position;

/// The segments of a log, oldest first.
#[derive(Debug)]
pub struct Log {
    disk: Arc<dyn Disk>,
    segments: RwLock<Vec<Arc<Segment>>>,
    syncs: AtomicU64,
    synced: AtomicU64,
    /// Held while segments are removed: writer and readers need not wait for that.
    releasing: Mutex<()>,
}

impl Log {
    pub(super) fn new(disk: Arc<dyn Disk>, segments: Vec<Arc<Segment>>, newest: Position) -> Self {
        let segments = RwLock::new(segments);
        let synced = AtomicU64::new(newest);
        Self { disk, segments, syncs: AtomicU64::new(0), synced, releasing: Mutex::default() }
    }

    /// Bytes of all segments.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.read().iter().map(|segment| segment.bytes).sum()
    }

    /// The first position that is left.
    #[must_use]
    pub fn first(&self) -> Position {
        self.segments.read().first().map_or(0, |segment| segment.first)
    }

    /// The first position of the newest segments that together have at most `bytes`; of the last
    /// one at least.
    #[must_use]
    pub fn first_within(&self, bytes: u64) -> Position {
        let segments = self.segments.read();
        let mut total = 0;
        let within = segments.iter().rev().take_while(|segment| {
            total += segment.bytes;
            total <= bytes
        });
        within.last().or(segments.last()).map_or(0, |segment| segment.first)
    }

    /// Syncs since the start.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    /// The newest position that is durable.
    #[must_use]
    pub fn synced(&self) -> Position {
        self.synced.load(Ordering::Acquire)
    }

    /// Lets another process open the folder of the log. Its writer must have ended.
    pub fn release_folder(&self) {
        self.disk.release();
    }

    /// All segments, oldest first. Who holds one can read it, even once it is removed.
    pub(super) fn segments(&self) -> Vec<Arc<Segment>> {
        self.segments.read().clone()
    }

    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// The segment in which `position` lies or will lie.
    ///
    /// # Errors
    /// `NotFound` where it has been removed.
    pub(super) fn segment_of(&self, position: Position) -> Result<Arc<Segment>> {
        let segments = self.segments.read();
        let after = segments.partition_point(|segment| segment.first <= position);
        let found = after.checked_sub(1).and_then(|index| segments.get(index));
        found.cloned().ok_or_else(|| {
            EngineError::not_found(format!("position {position} is no longer in the log"))
        })
    }

    /// Removes whole segments that lie before `position`, but never the last one. Returns the first
    /// position that is left.
    ///
    /// # Errors
    /// `Internal` where the medium refuses.
    pub fn release(&self, position: Position) -> Result<Position> {
        let _releasing = self.releasing.lock();
        while let Some(number) = self.oldest_before(position) {
            let name = segment::name_of(number);
            let removed = self.disk.remove(&name).and_then(|()| self.disk.sync_folder(FOLDER));
            removed.map_err(|error| segment::failed(&*self.disk, &name, "cannot go", error))?;
            self.segments.write().remove(0);
        }
        Ok(self.first())
    }

    /// The number of the first segment, where another one begins at or before `position`.
    fn oldest_before(&self, position: Position) -> Option<u64> {
        let segments = self.segments.read();
        let next = segments.get(1).filter(|next| next.first <= position);
        next.map(|_| segments[0].number)
    }
}

/// How large segments are, and whether the next one is made before it is needed.
#[derive(Debug, Clone, Copy)]
pub struct LogOptions {
    /// Bytes of a segment.
    pub segment_bytes: u64,
    /// Makes the next segment on a thread of its own. Off, every operation is in one order.
    pub prepare_ahead: bool,
}

/// Writes frames at the end of a log. There is one writer per log.
#[derive(Debug)]
pub struct LogWriter {
    log: Arc<Log>,
    options: LogOptions,
    current: Arc<Segment>,
    offset: u64,
    scratch: Vec<u8>,
    spare: Spare,
}

impl LogWriter {
    pub(super) fn new(
        log: Arc<Log>,
        options: LogOptions,
        current: Arc<Segment>,
        offset: u64,
    ) -> Self {
        let spare = Spare::new(Arc::clone(&log), options.segment_bytes, options.prepare_ahead);
        Self { log, options, current, offset, scratch: Vec::new(), spare }
    }

    /// The segments that this writer adds to.
    #[must_use]
    pub fn log(&self) -> &Arc<Log> {
        &self.log
    }

    /// What is known about space for the next segment.
    pub(super) fn space(&self) -> &Arc<Space> {
        self.spare.space()
    }

    /// Bytes that are left in the current segment: they are the medium's already.
    pub(super) fn room(&self) -> u64 {
        self.current.bytes - self.offset
    }

    /// Writes frames, the first of which has the position `first`, at `written_s` in seconds since
    /// the epoch. Durable after `sync`. Returns how many were written: less than all where there is
    /// no space for the next segment. Nothing is known of the others then, and they may be given
    /// again.
    ///
    /// # Errors
    /// `Internal` where the medium refuses; nothing may be written after that.
    pub fn append<'f>(
        &mut self,
        first: Position,
        written_s: u32,
        frames: impl Iterator<Item = &'f mut PreparedFrame>,
    ) -> Result<usize> {
        self.scratch.clear();
        let mut written = 0;
        for (position, frame) in (first..).zip(frames) {
            let end = self.offset + (self.scratch.len() + frame.len()) as u64;
            if end > self.current.bytes {
                self.flush_scratch()?;
                if !self.rotate(position, frame.len() as u64)? {
                    return Ok(written);
                }
            }
            self.scratch.extend_from_slice(frame.seal(position, self.log.synced(), written_s));
            written += 1;
        }
        self.flush_scratch().map(|()| written)
    }

    fn flush_scratch(&mut self) -> Result<()> {
        if self.scratch.is_empty() {
            return Ok(());
        }
        let written = self.current.file.write_at(self.offset, &self.scratch);
        written.map_err(|error| self.failure("cannot be written", error))?;
        self.offset += self.scratch.len() as u64;
        self.scratch.clear();
        Ok(())
    }

    /// Makes everything up to `newest` durable.
    ///
    /// # Errors
    /// `Internal` where the medium refuses. What is durable is then unknown: nothing may be written
    /// or acknowledged after that, and nothing may try again.
    pub fn sync(&mut self, newest: Position) -> Result<()> {
        self.current.file.sync().map_err(|error| self.failure("cannot be synced", error))?;
        self.log.syncs.fetch_add(1, Ordering::Relaxed);
        self.log.synced.store(newest, Ordering::Release);
        Ok(())
    }

    fn failure(&self, what: &str, error: std::io::Error) -> EngineError {
        segment::failed(self.log.disk(), &segment::name_of(self.current.number), what, error)
    }

    /// Ends the current segment, durably, and begins the next one at `first`. False, and nothing
    /// done, where there is no space for it.
    fn rotate(&mut self, first: Position, frame_bytes: u64) -> Result<bool> {
        let bytes = self.options.segment_bytes.max(HEADER_BYTES + frame_bytes);
        let Some(file) = self.spare.take(bytes)? else { return Ok(false) };
        self.sync(first - 1)?;
        let number = self.current.number + 1;
        let segment = Arc::new(Segment::begin(self.log.disk(), file, number, first)?);
        self.log.segments.write().push(Arc::clone(&segment));
        self.current = segment;
        self.offset = HEADER_BYTES;
        self.spare.want();
        Ok(true)
    }
}
