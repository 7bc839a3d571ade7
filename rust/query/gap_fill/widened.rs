//! Aggregates that are filled in several ways.
//!
//! Comes in: calls of `locf` and `interpolate` above a step that fills gaps. Goes out: the same
//! steps, with a column for each of these calls. Stays true: the aggregates themselves keep their
//! columns, filled as before.

use std::sync::Arc;

use datafusion::common::{Column, internal_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, LogicalPlanBuilder};

use super::node::GapFill;
use super::rule::column;
use super::{Fill, gap_fill};
use crate::query::functions::Mark;

/// The inputs of `step` with the columns of `calls`, which are in its expressions.
///
/// # Errors
/// `Plan` where gaps are not filled right below, or a call is not for an aggregate.
pub(super) fn inputs(step: &LogicalPlan, calls: &[Expr]) -> Result<Vec<LogicalPlan>> {
    let inputs = step.inputs();
    match (step, inputs.as_slice()) {
        (
            LogicalPlan::Projection(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::Window(_)
            | LogicalPlan::Sort(_),
            [input],
        ) => Ok(vec![widened(input, calls)?]),
        _ => misplaced(calls),
    }
}

fn misplaced<T>(calls: &[Expr]) -> Result<T> {
    let Some((mark, _)) = calls.first().and_then(Mark::of) else {
        return internal_err!("no call of a function that fills gaps");
    };
    mark.misplaced()
}

fn widened(plan: &LogicalPlan, calls: &[Expr]) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Extension(Extension { node }) => {
            match node.as_any().downcast_ref::<GapFill>() {
                Some(node) => with_columns(node, calls),
                None => misplaced(calls),
            }
        }
        LogicalPlan::Filter(_) | LogicalPlan::Window(_) | LogicalPlan::Sort(_) => {
            let inputs = inputs(plan, calls)?;
            plan.with_new_exprs(plan.expressions(), inputs)
        }
        _ => misplaced(calls),
    }
}

fn with_columns(node: &GapFill, calls: &[Expr]) -> Result<LogicalPlan> {
    let (input, mut spec) = (node.input(), node.spec().clone());
    let schema = input.schema();
    let mut columns: Vec<Expr> = schema.columns().into_iter().map(Expr::Column).collect();
    for call in calls {
        let Some((mark, [filled])) = Mark::of(call) else { return misplaced(calls) };
        let Some(source) = aggregate(filled, node) else {
            let name = mark.name();
            return plan_err!(
                "{name} must be called on an aggregate column in a gap-filling query"
            );
        };
        let new = column(call);
        if schema.maybe_index_of_column(&new).is_some() {
            continue; // a step between has asked for it
        }
        columns.push(Expr::Column(source).alias(new.name.clone()));
        let fill = if mark == Mark::Linear { Fill::Linear } else { Fill::Previous };
        spec.fills.push((new, fill));
    }
    let input = LogicalPlanBuilder::new_from_arc(Arc::clone(input)).project(columns)?.build()?;
    gap_fill(input, spec)
}

/// The column of an aggregate, which is neither time nor a series.
fn aggregate(argument: &Expr, node: &GapFill) -> Option<Column> {
    let column = match argument {
        Expr::Column(column) => column,
        Expr::Alias(alias) => return aggregate(&alias.expr, node),
        _ => return None,
    };
    let spec = node.spec();
    let is_key = *column == spec.time || spec.series.contains(column);
    let is_there = node.input().schema().maybe_index_of_column(column).is_some();
    (is_there && !is_key).then(|| column.clone())
}
