//! SQL functions that InfluxDB 3 has beyond DataFusion, or has otherwise.
//!
//! Comes in: the functions of DataFusion. Goes out: the same, with `now`, `to_timestamp`, `tz`,
//! `date_bin_wallclock`, the selectors, the window functions of InfluxDB 3 and those that stand for
//! gap filling, and a bound on those that make much out of little. Refuses nothing.

mod bounded;
mod date_bin_wallclock;
mod gap_fill;
mod now;
pub(in crate::query) mod regex;
pub(in crate::query) mod selector;
mod to_timestamp;
mod tz;
pub(in crate::query) mod window;

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::ScalarUDF;

pub(super) use date_bin_wallclock::function as date_bin_wallclock;
pub(super) use gap_fill::Mark;

/// The zone of `now()`.
const UTC: &str = "+00:00";

/// Puts the functions into `state`, in the place of those with the same names.
pub(super) fn register(state: &mut SessionState) -> Result<()> {
    state.register_udf(Arc::new(ScalarUDF::new_from_impl(now::Now::new())))?;
    state.register_udf(Arc::new(ScalarUDF::new_from_impl(to_timestamp::ToTimestamp::new())))?;
    state.register_udf(Arc::new(ScalarUDF::new_from_impl(tz::Tz::new())))?;
    state.register_udf(Arc::new(date_bin_wallclock()))?;
    for mark in Mark::ALL {
        state.register_udf(Arc::new(gap_fill::function(mark)))?;
    }
    for negated in [false, true] {
        state.register_udf(regex::function(negated))?;
    }
    for kind in selector::Kind::ALL {
        state.register_udaf(kind.function())?;
    }
    for kind in window::Kind::ALL.into_iter().filter(|kind| kind.is_sql()) {
        state.register_udwf(kind.function())?;
    }
    for (name, shape) in bounded::FUNCTIONS {
        let function = bounded::Bounded::new(state.udf(name)?, shape);
        state.register_udf(Arc::new(ScalarUDF::new_from_impl(function)))?;
    }
    Ok(())
}
