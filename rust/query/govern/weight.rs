//! Whether a query is small: whether it surely ends soon.
//!
//! Comes in: a physical plan. Goes out: its weight. Stays true: a small query reads few rows and
//! has no step that makes many of few, such as a join; where anything is unknown, it is large.

use datafusion::common::stats::Precision;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::union::UnionExec;

/// Rows that a small query reads at most, by the count of its blocks: milliseconds of work.
pub const SMALL_ROWS_MAX: usize = 131_072;

/// Steps that answer from memory without a count of their rows, or with one row of each series.
const FEW_ROWS: [&str; 5] =
    ["DistinctCacheExec", "ExplainExec", "LastCacheExec", "NewestRowScan", "SeriesScan"];

/// Steps with one input that may make many rows of few.
const MULTIPLIERS: [&str; 2] = ["GapFill", "UnnestExec"];

/// How much work a query is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum Weight {
    Small,
    Large,
}

impl Weight {
    pub(in crate::query) fn of(plan: &dyn ExecutionPlan) -> Self {
        match rows_read(plan) {
            Some(rows) if rows <= SMALL_ROWS_MAX => Self::Small,
            _ => Self::Large,
        }
    }
}

/// Rows that a plan reads at most; `None` where that does not tell how much work it is. Calls
/// itself for each step: query threads have the stack for any plan.
fn rows_read(plan: &dyn ExecutionPlan) -> Option<usize> {
    let inputs = plan.children();
    if inputs.is_empty() {
        return leaf_rows(plan);
    }
    if inputs.len() > 1 && !plan.is::<UnionExec>() || MULTIPLIERS.contains(&plan.name()) {
        return None;
    }
    inputs.into_iter().try_fold(0_usize, |rows, input| Some(rows + rows_read(input.as_ref())?))
}

fn leaf_rows(leaf: &dyn ExecutionPlan) -> Option<usize> {
    if FEW_ROWS.contains(&leaf.name()) {
        return Some(0);
    }
    let statistics = leaf.statistics_from_inputs(&[], &StatisticsArgs::new()).ok()?;
    match statistics.num_rows {
        Precision::Exact(rows) | Precision::Inexact(rows) => Some(rows),
        Precision::Absent => None,
    }
}
