//! The one door to the wall clock: nanoseconds since the Unix epoch, UTC.
//!
//! Nothing else in the crate may ask for the time of day (`clippy.toml` bans it), so a caller that
//! needs reproducible times passes them in.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in nanoseconds since the Unix epoch; 0 for a clock set before it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this file is the door to the wall clock")]
pub fn now_ns() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX)
}
