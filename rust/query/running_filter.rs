//! Conditions that a running query finds out for itself.
//!
//! Comes in: a filter that an operator above the scan keeps tightening, such as "newer than the
//! tenth newest row so far". Goes out: the times that it leaves at this moment. Stays true: a time
//! that any part of the filter could keep is in the range.

use std::sync::Arc;

use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column, DynamicFilterPhysicalExpr, IsNullExpr, Literal,
};

use super::predicate::{range_of, scalar_nanoseconds};
use super::source::TimeRange;

/// How deep the terms of a filter are searched for `time`.
const DEPTH_MAX: usize = 16;

/// One filter that changes while the query runs.
#[derive(Debug, Clone)]
pub(super) struct RunningFilter {
    expression: Arc<dyn PhysicalExpr>,
}

impl RunningFilter {
    /// Takes a filter if it changes; others have been evaluated at planning.
    pub(super) fn new(expression: &Arc<dyn PhysicalExpr>) -> Option<Self> {
        let _ = expression.downcast_ref::<DynamicFilterPhysicalExpr>()?;
        Some(Self { expression: Arc::clone(expression) })
    }

    /// The filter itself.
    pub(super) fn expression(&self) -> &Arc<dyn PhysicalExpr> {
        &self.expression
    }

    /// The times that pass the filter now.
    pub(super) fn times(&self) -> TimeRange {
        let dynamic = self.expression.downcast_ref::<DynamicFilterPhysicalExpr>();
        match dynamic.map(DynamicFilterPhysicalExpr::current) {
            Some(Ok(now)) => times(&now, 0),
            _ => TimeRange::ALL,
        }
    }
}

fn times(expression: &Arc<dyn PhysicalExpr>, depth: usize) -> TimeRange {
    if let Some(is_null) = expression.downcast_ref::<IsNullExpr>() {
        // The term for sort keys without a value; a row always has a time.
        return if is_time(is_null.arg()) { TimeRange::EMPTY } else { TimeRange::ALL };
    }
    let Some(binary) = expression.downcast_ref::<BinaryExpr>() else {
        return TimeRange::ALL;
    };
    let (left, right) = (binary.left(), binary.right());
    match binary.op() {
        Operator::And | Operator::Or if depth == DEPTH_MAX => TimeRange::ALL,
        Operator::And => times(left, depth + 1).intersect(times(right, depth + 1)),
        Operator::Or => times(left, depth + 1).hull(times(right, depth + 1)),
        operator => compared(left, *operator, right).unwrap_or(TimeRange::ALL),
    }
}

fn is_time(expression: &Arc<dyn PhysicalExpr>) -> bool {
    expression.downcast_ref::<Column>().is_some_and(|column| column.name() == "time")
}

fn compared(
    left: &Arc<dyn PhysicalExpr>,
    operator: Operator,
    right: &Arc<dyn PhysicalExpr>,
) -> Option<TimeRange> {
    let literal = right.downcast_ref::<Literal>().filter(|_| is_time(left))?;
    range_of(operator, scalar_nanoseconds(literal.value())?)
}
