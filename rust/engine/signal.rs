//! How a thread in the background is told to work, and how others wait until it has.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::error::{EngineError, Result};
use crate::limits::BACKGROUND_RETRY_MS;

/// Requests to one background thread, counted.
#[derive(Debug, Default)]
pub(super) struct Signal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    asked: u64,
    done: u64,
    closing: bool,
    /// Why the last attempt failed.
    failure: Option<String>,
}

impl Signal {
    /// Asks for work, unless work is asked for already.
    pub(super) fn ask(&self) {
        let mut state = self.state.lock();
        if state.asked == state.done {
            state.asked += 1;
            self.changed.notify_all();
        }
    }

    /// Asks for work and waits for its end.
    ///
    /// # Errors
    /// `Internal` with the reason where an attempt fails, `Closed` where there is no more work.
    pub(super) fn ask_and_wait(&self) -> Result<()> {
        let mut state = self.state.lock();
        state.asked += 1;
        let wanted = state.asked;
        state.failure = None;
        self.changed.notify_all();
        while state.done < wanted {
            match &state.failure {
                Some(failure) => return Err(EngineError::internal(failure.clone())),
                None if state.closing => return Err(EngineError::closed("the engine is closed")),
                None => self.changed.wait(&mut state),
            }
        }
        Ok(())
    }

    /// Why the last attempt failed, where it did.
    pub(super) fn failure(&self) -> Option<String> {
        self.state.lock().failure.clone()
    }

    /// Ends the thread once its present work is done.
    pub(super) fn close(&self) {
        self.state.lock().closing = true;
        self.changed.notify_all();
    }

    pub(super) fn is_closing(&self) -> bool {
        self.state.lock().closing
    }

    /// The batches, until the thread is to end: work on them may take longer than a stop.
    ///
    /// # Errors
    /// `Closed` from then on.
    pub(super) fn until_closing<T>(
        &self,
        batches: impl Iterator<Item = Result<T>>,
    ) -> impl Iterator<Item = Result<T>> {
        batches.map(|batch| {
            if self.is_closing() {
                return Err(EngineError::closed("the engine is closed"));
            }
            batch
        })
    }

    /// Does `work` whenever it is asked for, and every `pause` without being asked, until `close`.
    /// Work that failed is done again after a while.
    pub(super) fn serve(&self, pause: Option<Duration>, mut work: impl FnMut() -> Result<()>) {
        let mut wait = pause;
        while let Some(asked) = self.next(wait) {
            let result = work();
            self.finish(asked, &result);
            let retry = Some(Duration::from_millis(BACKGROUND_RETRY_MS));
            wait = if result.is_ok() { pause } else { retry };
        }
    }

    /// Blocks until there is work, or for `patience` at most; `None` at the end. A request that
    /// failed is not new work.
    fn next(&self, patience: Option<Duration>) -> Option<u64> {
        let mut state = self.state.lock();
        let idle = |state: &mut State| {
            let is_new = state.asked > state.done && state.failure.is_none();
            !state.closing && !is_new
        };
        match patience {
            Some(patience) => drop(self.changed.wait_while_for(&mut state, idle, patience)),
            None => self.changed.wait_while(&mut state, idle),
        }
        (!state.closing).then_some(state.asked)
    }

    /// Says how the work went that answers all requests up to `asked`.
    fn finish(&self, asked: u64, result: &Result<()>) {
        let mut state = self.state.lock();
        match result {
            Ok(()) => {
                state.done = state.done.max(asked);
                state.failure = None;
            }
            Err(error) => state.failure = Some(error.to_string()),
        }
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::thread;

    use super::*;

    /// A thread that fails the first time, and says whenever it works.
    fn serve(signal: &Arc<Signal>) -> (thread::JoinHandle<()>, mpsc::Receiver<usize>) {
        let (works, worked) = mpsc::channel();
        let signal = Arc::clone(signal);
        let mut times = 0;
        let work = move || {
            times += 1;
            works.send(times).map_err(|_| EngineError::internal("nobody listens"))?;
            if times == 1 { Err(EngineError::internal("not now")) } else { Ok(()) }
        };
        (thread::spawn(move || signal.serve(None, work)), worked)
    }

    #[test]
    fn work_that_failed_is_done_again_without_being_asked_for() {
        let signal = Arc::new(Signal::default());
        let (thread, worked) = serve(&signal);
        signal.ask();
        let patience = Duration::from_millis(20 * BACKGROUND_RETRY_MS);
        assert_eq!(worked.recv_timeout(patience), Ok(1));
        assert_eq!(worked.recv_timeout(patience), Ok(2));
        signal.ask_and_wait().expect("the third time");
        assert_eq!(signal.failure(), None);
        signal.close();
        thread.join().expect("the end");
        assert_eq!(signal.ask_and_wait().expect_err("closed").to_string(), "the engine is closed");
    }

    #[test]
    fn who_waits_is_told_of_a_failure() {
        let signal = Arc::new(Signal::default());
        let (thread, _worked) = serve(&signal);
        let error = signal.ask_and_wait().expect_err("a failure");
        assert_eq!(error.to_string(), "not now");
        signal.ask_and_wait().expect("the second time");
        signal.close();
        thread.join().expect("the end");
    }
}
