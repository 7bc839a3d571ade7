//! Plans made without the optimizer.
//!
//! Comes in: the logical plan of a statement that reads one table. Goes out: the operators that
//! compute it, or nothing, and then the optimizer plans it. Stays true: types are coerced,
//! constants folded and filters handed to the table by the same code as there, and rows go through
//! the same operators, so the answer is the same; only the choice of operators is ours. Refuses
//! nothing.
//!
//! A statement of a dashboard runs for less than the 1.5 ms that the optimizer takes to plan it.

mod aggregate;
mod columns;
mod explain;
mod given_rows;
mod lower;
mod newest;
mod scan;
mod series;

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;

use lower::Lowering;

/// The operators of `logical`; `None` for what the optimizer must plan.
///
/// # Errors
/// What the optimizer would meet in the same expressions.
pub(super) fn plan(
    state: &SessionState,
    logical: &LogicalPlan,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    match logical {
        LogicalPlan::Explain(explain) => explain::plan(state, explain),
        LogicalPlan::Analyze(analyze) => explain::analyze(state, analyze),
        _ => statement(state, logical),
    }
}

fn statement(
    state: &SessionState,
    logical: &LogicalPlan,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    Lowering::new(state).plan(logical)
}
