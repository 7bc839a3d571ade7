//! Gap filling in SQL.
//!
//! Comes in: a plan in which functions stand for gap filling. Goes out: one that fills gaps, and
//! has none of these functions. Stays true: the names and types of its columns. Refuses the
//! functions where they cannot be replaced. It comes before the other rules, to which a call of
//! such a function would be like any other.

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use super::bounds::Folding;
use super::{aggregate, widened};
use crate::query::functions::Mark;

/// The rule.
#[derive(Debug)]
pub(in crate::query) struct FillGaps;

impl OptimizerRule for FillGaps {
    fn name(&self) -> &'static str {
        "fill_gaps"
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        if !is_marked(&plan)? {
            return Ok(Transformed::no(plan));
        }
        let folding = Folding::new(config);
        let filled = plan.transform_up_with_subqueries(|step| {
            // a step below may have more columns now, and nulls in them
            rewritten(step.recompute_schema()?, &folding).map(Transformed::yes)
        })?;
        Ok(Transformed::yes(filled.data))
    }
}

fn is_marked(plan: &LogicalPlan) -> Result<bool> {
    let mut marked = false;
    plan.apply_with_subqueries(|step| {
        step.apply_expressions(|expression| {
            marked |= expression.exists(|part| Ok(Mark::of(part).is_some()))?;
            Ok(if marked { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })
    })?;
    Ok(marked)
}

/// The functions that an expression calls, outermost first.
pub(super) fn calls(expression: &Expr) -> Result<Vec<Mark>> {
    let mut found = Vec::new();
    expression.apply(|part| {
        found.extend(Mark::of(part).map(|(mark, _)| mark));
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// Refuses expressions that call any of the functions.
pub(super) fn refuse_all(expressions: &[Expr]) -> Result<()> {
    for expression in expressions {
        if let Some(mark) = calls(expression)?.first() {
            return mark.misplaced();
        }
    }
    Ok(())
}

fn rewritten(step: LogicalPlan, folding: &Folding) -> Result<LogicalPlan> {
    if let LogicalPlan::Aggregate(aggregate) = step {
        return aggregate::filled(aggregate, folding);
    }
    let mut fills = Vec::new();
    step.apply_expressions(|expression| {
        expression.apply(|part| {
            if let Some((mark, arguments)) = Mark::of(part)
                && !fills.contains(part)
            {
                match arguments {
                    [_] if !mark.is_bins() => fills.push(part.clone()),
                    _ => return mark.misplaced(),
                }
            }
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    if fills.is_empty() {
        return Ok(step);
    }
    let inputs = widened::inputs(&step, &fills)?;
    let names = NamePreserver::new(&step);
    let mut expressions = Vec::new();
    for expression in step.expressions() {
        let name = names.save(&expression);
        expressions.push(name.restore(with_columns(expression)?));
    }
    step.with_new_exprs(expressions, inputs)
}

/// The expression with columns in the place of calls: each has the name of the call.
fn with_columns(expression: Expr) -> Result<Expr> {
    let replaced = expression.transform_down(|part| {
        Ok(match Mark::of(&part) {
            Some(_) => Transformed::yes(Expr::Column(column(&part))),
            None => Transformed::no(part),
        })
    })?;
    Ok(replaced.data)
}

/// The column that a call of `locf` or `interpolate` stands for.
pub(super) fn column(call: &Expr) -> Column {
    Column::new_unqualified(call.schema_name().to_string())
}
