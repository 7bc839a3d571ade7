//! The threads that store the buffer and merge what is stored.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;

use super::compact::Compactor;
use super::persist::Persister;
use super::signal::Signal;
use crate::error::{EngineError, Result};

/// How much these threads step back for others: 19 is the most polite.
const NICENESS: i32 = 10;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Background {
    pub(super) persister: Arc<Signal>,
    pub(super) compactor: Arc<Signal>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Background {
    pub(super) fn start(persister: Persister, compactor: Compactor) -> Result<Self> {
        let signals = (Arc::clone(&persister.signal), Arc::clone(&compactor.signal));
        let threads = vec![
            spawn("persister", move || persister.run())?,
            spawn("compactor", move || compactor.run())?,
        ];
        Ok(Self { persister: signals.0, compactor: signals.1, threads: Mutex::new(threads) })
    }

    /// Ends both threads, each after the file that it is at.
    pub(super) fn stop(&self) {
        self.persister.close();
        self.compactor.close();
        self.threads.lock().drain(..).for_each(|thread| drop(thread.join()));
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let polite = move || {
        // A thread that may not step back works as others do.
        let _ = rustix::process::setpriority_process(None, NICENESS);
        run();
    };
    let thread = thread::Builder::new().name(name.to_owned()).spawn(polite);
    thread.map_err(|error| EngineError::internal("no thread").caused_by(error))
}
