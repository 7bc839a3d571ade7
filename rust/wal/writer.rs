//! Group commit: a queue of frames, and the one thread that makes them durable.
//!
//! There is no timer. While a sync is on its way, frames gather; the next group is all of them. A
//! frame's item goes to the sink after the sync, in the order of positions, and only then is its
//! position *committed*: durable, visible, to be acknowledged. A group in which nobody waits for
//! the disk (`no_sync`) goes to the sink before the sync.
//!
//! A full disk: where the next segment has no space, a frame is taken as long as it fits into the
//! current one; others are refused before they have a position. Frames that were queued before the
//! lack was known keep their positions and wait for space, in their order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::frame::PreparedFrame;
use super::log::{Log, LogWriter};
use super::spare::{RETRY_AFTER, Space};
use crate::clock;
use crate::error::{EngineError, ErrorKind, Result};
use crate::limits::QUEUE_BYTES_MAX;
use crate::schema::Position;

/// A frame that nobody waits for is committed before its sync, which nobody is told of.
const SYNC_POLL: Duration = Duration::from_millis(5);

/// A frame on its way to the log, and what to do once it is there.
#[derive(Debug)]
pub struct Commit<T> {
    /// The bytes.
    pub frame: PreparedFrame,
    /// What the sink gets.
    pub item: T,
    /// Whether the caller is content before the sync.
    pub no_sync: bool,
}

/// Takes what has been committed.
pub trait Sink<T> {
    /// One frame, in the order of positions.
    fn apply(&mut self, position: Position, item: T);
    /// A group is applied; `newest` is its last position.
    fn group_done(&mut self, newest: Position);
}

#[derive(Debug)]
struct State<T> {
    pending: Vec<Commit<T>>,
    pending_bytes: usize,
    /// Bytes of frames that are queued, or in the writer's hands, but not yet written.
    unwritten_bytes: u64,
    /// Bytes that are left in the current segment behind what is written.
    room: u64,
    space: Option<Arc<Space>>,
    next: Position,
    closing: bool,
    stopped: Option<String>,
}

/// The frames that wait for the disk.
#[derive(Debug)]
pub struct Queue<T> {
    state: Mutex<State<T>>,
    work: Condvar,
    done: Condvar,
    committed: AtomicU64,
}

impl<T> Queue<T> {
    /// An empty queue behind a log whose last frame is `newest`.
    #[must_use]
    pub fn new(newest: Position) -> Self {
        let state = State {
            pending: Vec::new(),
            pending_bytes: 0,
            unwritten_bytes: 0,
            room: 0,
            space: None,
            next: newest + 1,
            closing: false,
            stopped: None,
        };
        Self {
            state: Mutex::new(state),
            work: Condvar::new(),
            done: Condvar::new(),
            committed: AtomicU64::new(newest),
        }
    }

    /// Adds a frame; returns its position.
    ///
    /// # Errors
    /// `Closed` where nothing can be written any more, `Busy` where too much is waiting or the disk
    /// is full.
    pub fn push(&self, commit: Commit<T>) -> Result<Position> {
        let mut state = self.state.lock();
        check(&state)?;
        if state.pending_bytes > QUEUE_BYTES_MAX {
            return Err(EngineError::busy(format!(
                "more than {QUEUE_BYTES_MAX} bytes wait for the disk; try again in a moment"
            )));
        }
        check_space(&state, commit.frame.len() as u64)?;
        state.pending_bytes += commit.frame.len();
        state.unwritten_bytes += commit.frame.len() as u64;
        state.pending.push(commit);
        let position = state.next;
        state.next += 1;
        self.work.notify_one();
        Ok(position)
    }

    /// The newest position that is durable and visible.
    #[must_use]
    pub fn committed(&self) -> Position {
        self.committed.load(Ordering::Acquire)
    }

    /// Blocks until `position` is committed, on a full disk until there is space.
    ///
    /// # Errors
    /// `Closed` where that cannot happen any more.
    pub fn wait(&self, position: Position) -> Result<()> {
        let mut state = self.state.lock();
        while self.committed() < position {
            if let Some(reason) = &state.stopped {
                return Err(EngineError::closed(reason.clone()));
            }
            self.done.wait(&mut state);
        }
        Ok(())
    }

    /// Blocks until `log`, to which these frames go, is durable up to `position`.
    ///
    /// # Errors
    /// As `wait`.
    pub fn wait_synced(&self, position: Position, log: &Log) -> Result<()> {
        self.wait(position)?;
        let mut state = self.state.lock();
        while log.synced() < position {
            if let Some(reason) = &state.stopped {
                return Err(EngineError::closed(reason.clone()));
            }
            self.done.wait_for(&mut state, SYNC_POLL);
        }
        Ok(())
    }

    /// Whether frames can still be added.
    ///
    /// # Errors
    /// `Closed`, with the reason.
    pub fn check_open(&self) -> Result<()> {
        check(&self.state.lock())
    }

    /// Takes no more frames; the writer ends when those that wait are committed. Those that wait
    /// for space are tried once more.
    pub fn close(&self) {
        self.state.lock().closing = true;
        self.work.notify_one();
    }

    /// Everything that waits; empty once closed and drained.
    fn take(&self) -> (Position, Vec<Commit<T>>) {
        let mut state = self.state.lock();
        while state.pending.is_empty() && !state.closing {
            self.work.wait(&mut state);
        }
        let pending = std::mem::take(&mut state.pending);
        state.pending_bytes = 0;
        (state.next - pending.len() as u64, pending)
    }

    /// Notes where the writer stands, after it wrote `bytes` of frames.
    fn note_written(&self, bytes: u64, writer: &LogWriter) {
        let mut state = self.state.lock();
        state.unwritten_bytes -= bytes;
        state.room = writer.room();
        state.space = Some(Arc::clone(writer.space()));
    }

    /// Blocks for as long as a full disk is left alone; false at once when the queue is closed.
    fn wait_for_space(&self) -> bool {
        let mut state = self.state.lock();
        self.work.wait_while_for(&mut state, |state| !state.closing, RETRY_AFTER);
        !state.closing
    }

    fn mark_committed(&self, newest: Position) {
        // Under the lock, so that a waiter cannot miss it between its test and its sleep.
        let _state = self.state.lock();
        self.committed.store(newest, Ordering::Release);
        self.done.notify_all();
    }

    fn stop(&self, reason: &str) {
        let mut state = self.state.lock();
        state.stopped = Some(reason.to_owned());
        state.pending.clear();
        self.done.notify_all();
    }
}

fn check<T>(state: &MutexGuard<'_, State<T>>) -> Result<()> {
    match &state.stopped {
        Some(reason) => Err(EngineError::closed(reason.clone())),
        None if state.closing => Err(EngineError::closed("the engine is closed")),
        None => Ok(()),
    }
}

/// Whether the frames that wait and one of `bytes` are sure of their place.
fn check_space<T>(state: &MutexGuard<'_, State<T>>, bytes: u64) -> Result<()> {
    if state.unwritten_bytes + bytes <= state.room {
        return Ok(());
    }
    let lacking = state.space.as_ref().and_then(|space| space.lacking());
    lacking.map_or(Ok(()), |reason| Err(EngineError::busy(reason)))
}

/// Runs until the queue is closed and drained, or the disk fails; then nothing can be written any
/// more, while what is committed can still be read.
pub fn run_writer<T>(queue: &Arc<Queue<T>>, mut writer: LogWriter, mut sink: impl Sink<T>) {
    queue.note_written(0, &writer);
    loop {
        let (first, group) = queue.take();
        if group.is_empty() {
            queue.stop("the engine is closed");
            break;
        }
        if let Err(error) = commit_all(queue, &mut writer, &mut sink, first, group) {
            queue.stop(&reason_of(&error));
            // Wakes those who wait by other means than `wait`.
            sink.group_done(queue.committed());
            break;
        }
    }
}

fn reason_of(error: &EngineError) -> String {
    match error.kind() {
        ErrorKind::Closed => error.to_string(),
        _ => format!("the engine takes no more writes, for its log failed: {error}"),
    }
}

/// Commits a group, over as many attempts as a full disk asks for.
fn commit_all<T>(
    queue: &Queue<T>,
    writer: &mut LogWriter,
    sink: &mut impl Sink<T>,
    mut first: Position,
    mut group: Vec<Commit<T>>,
) -> Result<()> {
    let mut is_open = true;
    loop {
        let count = group.len();
        group = commit_group(queue, writer, sink, first, group)?;
        first += (count - group.len()) as u64;
        if group.is_empty() {
            return Ok(());
        }
        if !is_open {
            let reason = writer.space().lacking().unwrap_or_default();
            return Err(EngineError::closed(format!("the engine is closed: {reason}")));
        }
        is_open = queue.wait_for_space();
    }
}

/// Commits what there is space for; returns the rest.
fn commit_group<T>(
    queue: &Queue<T>,
    writer: &mut LogWriter,
    sink: &mut impl Sink<T>,
    first: Position,
    mut group: Vec<Commit<T>>,
) -> Result<Vec<Commit<T>>> {
    let frames = group.iter_mut().map(|commit| &mut commit.frame);
    let written = writer.append(first, now_s(), frames)?;
    let rest = group.split_off(written);
    let bytes = group.iter().map(|commit| commit.frame.len() as u64).sum();
    queue.note_written(bytes, writer);
    if group.is_empty() {
        return Ok(rest);
    }
    let newest = first + written as u64 - 1;
    let nobody_waits = group.iter().all(|commit| commit.no_sync);
    if nobody_waits {
        apply_group(queue, sink, first, group);
        writer.sync(newest)?;
        return Ok(rest);
    }
    writer.sync(newest)?;
    apply_group(queue, sink, first, group);
    Ok(rest)
}

fn now_s() -> u32 {
    u32::try_from(clock::now_ns() / 1_000_000_000).unwrap_or_default()
}

fn apply_group<T>(
    queue: &Queue<T>,
    sink: &mut impl Sink<T>,
    first: Position,
    group: Vec<Commit<T>>,
) {
    let newest = first + group.len() as u64 - 1;
    for (position, commit) in (first..).zip(group) {
        sink.apply(position, commit.item);
    }
    queue.mark_committed(newest);
    sink.group_done(newest);
}
