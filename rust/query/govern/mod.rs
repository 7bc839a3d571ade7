//! What keeps queries apart: how many run, on which threads, for how long and in which memory.
//!
//! Comes in: limits, and plans that are ready to run. Goes out: threads, permits, a memory pool per
//! query, and the end of those that were told to end. Stays true: a query that only reads a little
//! waits for no large one, neither for a permit nor for a thread; whoever waits for an answer hears
//! that its query was ended, however busy the threads are. Refuses a query where too many wait.

mod cancellation;
mod memory;
mod permits;
mod query_limits;
mod threads;
mod time_limit;
mod weight;
mod work;
mod yielding;

pub use cancellation::Cancellation;
pub(super) use memory::QueryPool;
pub(super) use memory::runtime;
pub use permits::QUERIES_WAITING_MAX;
pub(super) use permits::{Permits, Turn};
pub use query_limits::QueryLimits;
pub(super) use threads::QueryThreads;
pub(super) use time_limit::TimeLimit;
pub use weight::SMALL_ROWS_MAX;
pub(super) use weight::Weight;
pub(super) use work::{Ending, Work};
pub(super) use yielding::physical_rules;
