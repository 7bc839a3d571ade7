//! A query under way, for whoever may end it.
//!
//! Comes in: the task that plans, and later the one that runs. Goes out: the end of both, told to
//! whoever waits. Stays true: the first to speak is heard, the plan or the end; a task that is busy
//! and cannot be ended at once keeps nobody waiting.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::error::{EngineError, Result};
use crate::query::ready::Bell;
use crate::query::stream::Message;

/// Why a query was ended before its answer was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum Ending {
    Cancelled,
    TimedOut(Duration),
}

impl Ending {
    pub(in crate::query) fn error(self) -> EngineError {
        match self {
            Self::Cancelled => EngineError::cancelled("query cancelled"),
            Self::TimedOut(limit) => {
                EngineError::timed_out(format!("query timed out after {limit:?}"))
            }
        }
    }
}

/// The parts of a query that ending it must reach.
#[derive(Debug)]
pub(in crate::query) struct Work {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    planned: Option<oneshot::Sender<Result<()>>>,
    messages: mpsc::WeakSender<Message>,
    bell: Bell,
    task: Option<AbortHandle>,
    ending: Option<Ending>,
    /// Whether it was ended, with an ending or without.
    is_over: bool,
}

impl Work {
    /// Nothing runs yet. `planned` is told once whether there is a plan.
    pub(in crate::query) fn new(
        planned: oneshot::Sender<Result<()>>,
        messages: mpsc::WeakSender<Message>,
        bell: Bell,
    ) -> Self {
        let planned = Some(planned);
        let state = State { planned, messages, bell, task: None, ending: None, is_over: false };
        Self { state: Mutex::new(state) }
    }

    /// Takes note of the task that `spawn` starts in place of the one before.
    pub(in crate::query) fn spawn(&self, spawn: impl FnOnce() -> AbortHandle) {
        let mut state = self.state.lock(); // the new task may itself go on as another
        let task = spawn();
        if state.is_over {
            task.abort();
        }
        state.task = Some(task);
    }

    /// Says whether there is a plan. `false` where nobody waits for it any more.
    pub(in crate::query) fn planned(&self, outcome: Result<()>) -> bool {
        let planned = self.state.lock().planned.take();
        planned.is_some_and(|planned| planned.send(outcome).is_ok())
    }

    /// Ends the work, and tells whoever waits for its plan or for its rows.
    pub(in crate::query) fn end(&self, ending: Ending) {
        let mut state = self.state.lock();
        state.ending = Some(ending);
        state.abort();
        if let Some(planned) = state.planned.take() {
            let _ = planned.send(Err(ending.error())); // who asked may be gone
        }
        if let Some(messages) = state.messages.upgrade() {
            // where there is no room, nobody waits: the next to read looks for the ending first
            let _ = messages.try_send(Message::Failed(ending.error()));
        }
        state.bell.ring();
    }

    /// Ends the work without a word: nobody reads any more.
    pub(in crate::query) fn abandon(&self) {
        self.state.lock().abort();
    }

    pub(in crate::query) fn ending(&self) -> Option<Ending> {
        self.state.lock().ending
    }
}

impl State {
    /// Ends the task, and the one that it may go on as.
    fn abort(&mut self) {
        self.is_over = true;
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
