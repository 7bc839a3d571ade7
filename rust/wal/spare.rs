//! The next segment, made before it is needed, and what is known about the space for it.
//!
//! Comes in: the wish for a segment of a length. Goes out: its file, or the news that the medium
//! has no space for it. What stays true: a file that could not be made whole, its first sync
//! included, is removed and never used; where space is lacking, a new file is tried after a second.
//! What it refuses: to try again after any other failure.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::log::Log;
use super::segment::{self, SPARE};
use crate::disk::{Disk, File};
use crate::error::{EngineError, Result};

/// How long a medium without space is left alone.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);

type Made = io::Result<Arc<dyn File>>;

#[derive(Debug, Default)]
struct State {
    wanted: bool,
    making: bool,
    made: Option<Made>,
    lacking: Option<String>,
    closing: bool,
}

/// What writers and the maker of spares tell each other.
#[derive(Debug, Default)]
pub(super) struct Space {
    state: Mutex<State>,
    changed: Condvar,
}

impl Space {
    /// Why the next segment cannot be made for now; `None` where nothing is known to be amiss.
    pub(super) fn lacking(&self) -> Option<String> {
        self.state.lock().lacking.clone()
    }

    /// Blocks until a spare is wanted, and for a while where space is lacking; false at the end.
    fn next_wish(&self) -> bool {
        let mut state = self.state.lock();
        if state.lacking.is_some() {
            self.changed.wait_while_for(&mut state, |state| !state.closing, RETRY_AFTER);
        }
        self.changed.wait_while(&mut state, |state| !state.closing && !state.wanted);
        state.making = !state.closing;
        state.making
    }

    /// A spare that lacks space stays wanted; everything else is for the writer.
    fn settle(&self, disk: &dyn Disk, made: Made) {
        let mut state = self.state.lock();
        state.making = false;
        match made {
            Err(error) if is_full(&error) => state.lacking = Some(no_space(disk, &error)),
            made => {
                state.lacking = None;
                state.wanted = false;
                state.made = Some(made);
            }
        }
        self.changed.notify_all();
    }

    fn want(&self) {
        self.state.lock().wanted = true;
        self.changed.notify_all();
    }

    /// The spare, once it is made; `None` where there is no space for it.
    fn await_spare(&self) -> io::Result<Option<Arc<dyn File>>> {
        let mut state = self.state.lock();
        if state.made.is_none() {
            state.wanted = true;
            self.changed.notify_all();
        }
        let undecided = |state: &mut State| state.made.is_none() && state.lacking.is_none();
        self.changed.wait_while(&mut state, undecided);
        state.made.take().transpose()
    }

    /// Ends the wish for a spare; gives what was made of it.
    fn withdraw(&self) -> Option<Made> {
        let mut state = self.state.lock();
        state.wanted = false;
        self.changed.wait_while(&mut state, |state| state.making);
        state.wanted = false;
        state.made.take()
    }

    fn close(&self) {
        self.state.lock().closing = true;
        self.changed.notify_all();
    }
}

/// Makes segments for one writer, ahead on a thread of its own or when asked.
#[derive(Debug)]
pub(super) struct Spare {
    log: Arc<Log>,
    bytes: u64,
    space: Arc<Space>,
    maker: Option<JoinHandle<()>>,
}

impl Spare {
    /// A maker of segments of `bytes`. Without a thread it makes them when they are taken.
    pub(super) fn new(log: Arc<Log>, bytes: u64, ahead: bool) -> Self {
        let space = Arc::<Space>::default();
        let maker = ahead.then(|| start_maker(Arc::clone(&log), bytes, Arc::clone(&space)));
        let made = Self { log, bytes, space, maker: maker.flatten() };
        made.want();
        made
    }

    pub(super) fn space(&self) -> &Arc<Space> {
        &self.space
    }

    /// Begins to make the next one.
    pub(super) fn want(&self) {
        if self.maker.is_some() {
            self.space.want();
        }
    }

    /// A file of at least `bytes` under the name of the spare; `None` where there is no space.
    ///
    /// # Errors
    /// `Internal` where the medium refuses for another reason.
    pub(super) fn take(&self, bytes: u64) -> Result<Option<Arc<dyn File>>> {
        let is_ahead = self.maker.is_some() && bytes <= self.bytes;
        let taken = if is_ahead { self.space.await_spare() } else { self.make_now(bytes) };
        taken.map_err(|error| cannot_be_made(self.log.disk(), error))
    }

    fn make_now(&self, bytes: u64) -> io::Result<Option<Arc<dyn File>>> {
        let disk = self.log.disk();
        if let Some(Ok(too_short)) = self.space.withdraw() {
            drop(too_short);
            disk.remove(SPARE)?;
        }
        self.space.settle(disk, create(disk, bytes));
        self.space.withdraw().transpose()
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        self.space.close();
        if let Some(maker) = self.maker.take() {
            drop(maker.join());
        }
    }
}

fn start_maker(log: Arc<Log>, bytes: u64, space: Arc<Space>) -> Option<JoinHandle<()>> {
    let make = move || {
        while space.next_wish() {
            space.settle(log.disk(), create(log.disk(), bytes));
        }
    };
    std::thread::Builder::new().name("wal-spare".to_owned()).spawn(make).ok()
}

/// Makes the file of a segment, zeroed and synced, under the name of the spare. What is made in
/// part is removed; where even that fails for now, the next attempt begins with it.
fn create(disk: &dyn Disk, bytes: u64) -> Made {
    let made = match disk.create(SPARE, bytes) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            disk.remove(SPARE)?;
            disk.create(SPARE, bytes)
        }
        made => made,
    };
    made.inspect_err(|_| drop(disk.remove(SPARE)))
}

/// Makes the first segment of a log.
///
/// # Errors
/// `Internal` where the medium refuses, for lack of space too.
pub(super) fn create_first(disk: &dyn Disk, bytes: u64) -> Result<Arc<dyn File>> {
    create(disk, bytes).map_err(|error| cannot_be_made(disk, error))
}

fn cannot_be_made(disk: &dyn Disk, error: io::Error) -> EngineError {
    segment::failed(disk, SPARE, "cannot be made", error)
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn no_space(disk: &dyn Disk, error: &io::Error) -> String {
    format!(
        "no space left for the next log segment {}: {error}; writes are taken again once there is",
        disk.describe(SPARE)
    )
}
