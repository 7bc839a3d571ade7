//! Aggregates that InfluxQL has and SQL has not: `mode` and `percentile`.
//!
//! Comes in: the values of a group. Goes out: one of them. Stays true: nulls count nowhere, and the
//! memory that a group takes is told to DataFusion. Refuses nothing.

mod gathered;

use std::sync::{Arc, LazyLock};

use datafusion::logical_expr::{AggregateUDF, Expr, lit};

use gathered::{Choice, Gather};

static MODE: LazyLock<Arc<AggregateUDF>> =
    LazyLock::new(|| Arc::new(AggregateUDF::new_from_impl(Gather::new(Choice::Mode))));
static PERCENTILE: LazyLock<Arc<AggregateUDF>> =
    LazyLock::new(|| Arc::new(AggregateUDF::new_from_impl(Gather::new(Choice::Percentile))));

/// The value that is there most often; of several the one that was there first.
pub(super) fn mode(values: Expr, times: Expr) -> Expr {
    MODE.call(vec![values, times])
}

/// The value below or at which `percent` of the values lie, by the nearest rank; null where the
/// rank is 0.
pub(super) fn percentile(values: Expr, percent: f64) -> Expr {
    PERCENTILE.call(vec![values, lit(percent)])
}
