//! `GROUP BY time(…)`: the bins that rows fall into.
//!
//! Comes in: the interval and offset of a dimension, and a zone. Goes out: the start of the bin of
//! a time. Stays true: bins without a zone are counted from the epoch, those of a zone from its
//! midnights. Refuses intervals that are no positive constant.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::functions::expr_fn::date_bin;
use datafusion::logical_expr::{Expr as Computed, cast, lit};
use datafusion::scalar::ScalarValue;

use super::times::Clock;
use crate::error::{EngineError, Result};
use crate::influxql::{Dimension, Expr};
use crate::query::functions::date_bin_wallclock;

/// Bins of one length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bins {
    /// How long each is, in nanoseconds.
    pub(super) interval_ns: i64,
    /// How far they are moved, from 0 to below the interval.
    pub(super) offset_ns: i64,
    /// The zone whose clocks count them.
    pub(super) zone: Option<Arc<str>>,
}

impl Bins {
    /// The bins that `dimensions` ask for, if any.
    ///
    /// # Errors
    /// `Invalid` for more than one `time()`, and for what is no positive constant.
    pub(super) fn of(
        dimensions: &[Dimension],
        clock: Clock,
        zone: Option<&str>,
    ) -> Result<Option<Self>> {
        let mut found = None;
        for dimension in dimensions {
            let Dimension::Time { interval, offset } = dimension else { continue };
            if found.is_some() {
                return Err(EngineError::invalid("multiple time dimensions not allowed"));
            }
            let bins = Self::checked(interval, offset.as_ref(), clock)?;
            found = Some(Self { zone: zone.map(Arc::from), ..bins });
        }
        Ok(found)
    }

    fn checked(interval: &Expr, offset: Option<&Expr>, clock: Clock) -> Result<Self> {
        let interval_ns = match clock.nanoseconds(interval)? {
            Some(interval) if interval > 0 => interval,
            _ => return Err(EngineError::invalid("time dimension must have a positive duration")),
        };
        let offset_ns = match offset {
            None => 0,
            Some(offset) => clock.nanoseconds(offset)?.ok_or_else(|| {
                EngineError::invalid("time dimension offset must be a duration or now()")
            })?,
        };
        Ok(Self { interval_ns, offset_ns: offset_ns.rem_euclid(interval_ns), zone: None })
    }

    /// The start of the bin that `time` falls into.
    pub(super) fn start(&self, time: Computed) -> Computed {
        let stride = ScalarValue::new_interval_mdn(0, 0, self.interval_ns);
        let origin = ScalarValue::TimestampNanosecond(Some(self.offset_ns), None);
        let Some(zone) = &self.zone else { return date_bin(lit(stride), time, lit(origin)) };
        let local = in_zone(time, zone);
        let start = date_bin_wallclock().call(vec![lit(stride), local, lit(origin)]);
        cast(start, DataType::Timestamp(TimeUnit::Nanosecond, None))
    }
}

/// The same instants, shown by the clocks of a zone.
pub(super) fn in_zone(time: Computed, zone: &str) -> Computed {
    let zoned = |zone: &str| DataType::Timestamp(TimeUnit::Nanosecond, Some(zone.into()));
    cast(cast(time, zoned("+00:00")), zoned(zone))
}
