//! A way to end a query from another thread than the one that waits for it.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::query::system_tables::Entry;

use super::Ending;

/// Ends the query that it was given to, before or after it was.
#[derive(Debug, Default)]
pub struct Cancellation {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_cancelled: bool,
    query: Weak<Entry>,
}

impl Cancellation {
    /// Ends the query; one that has ended is left as it is.
    pub fn cancel(&self) {
        let mut state = self.state.lock();
        state.is_cancelled = true;
        if let Some(query) = state.query.upgrade() {
            query.interrupt(Ending::Cancelled);
        }
    }

    /// What `cancel` ends.
    pub(in crate::query) fn attach(&self, query: &Arc<Entry>) {
        let mut state = self.state.lock();
        state.query = Arc::downgrade(query);
        if state.is_cancelled {
            query.interrupt(Ending::Cancelled);
        }
    }
}
