//! Groups of rows, and what is computed of each.

use std::sync::Arc;

use datafusion::arrow::datatypes::{FieldRef, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams, physical_name};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::{LoweredAggregate, LoweredAggregateBuilder};
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

use super::columns::{all_plain, names, names_of_schema};
use super::lower::{Lowered, Lowering};
use super::scan::Source;
use crate::query::tag_bins::TagBins;

/// Calls whose own order of rows needs no sorted input.
const ORDERED_INSIDE: [&str; 2] = ["first_value", "last_value"];

impl Lowering<'_> {
    pub(super) fn aggregate(&self, aggregate: &Aggregate) -> Result<Option<Lowered>> {
        if let Some(counted) = row_count(aggregate)? {
            return Ok(Some(counted));
        }
        let Aggregate { input, group_expr, aggr_expr, .. } = aggregate;
        let known = aggr_expr.iter().all(|one| call_of(one).is_some_and(is_known));
        if !known || !all_plain(group_expr.iter().chain(aggr_expr))? {
            return Ok(None);
        }
        let read = names(group_expr.iter().chain(aggr_expr));
        let few = if aggr_expr.is_empty() {
            self.values(input, &read)?
        } else {
            self.newest_for(aggregate, &read)?
        };
        let Some(input) = self.few_or_all(few, input, &read)? else { return Ok(None) };
        let group =
            |one: &Expr| Ok((self.expression(one.clone(), &input.schema)?, physical_name(one)?));
        let groups = group_expr.iter().map(group).collect::<Result<Vec<_>>>()?;
        let mut calls = Vec::with_capacity(aggr_expr.len());
        for one in aggr_expr {
            let Some(call) = self.call(one, &input)? else { return Ok(None) };
            calls.push(call);
        }
        let operator = grouped(input.operator, group_by(groups), calls)?;
        Ok(Some(Lowered { operator, schema: Arc::clone(&aggregate.schema) }))
    }

    fn call(&self, expression: &Expr, input: &Lowered) -> Result<Option<LoweredAggregate>> {
        let folded = self.folded(expression.clone(), &input.schema)?;
        if call_of(&folded).is_none() {
            return Ok(None);
        }
        let (rows, context) = (input.operator.schema(), PhysicalPlanningContext::default());
        let properties = self.state.execution_props();
        LoweredAggregateBuilder::new(&folded, &input.schema, &rows, properties, &context)
            .with_name(physical_name(expression)?)
            .build()
            .map(Some)
    }

    /// Rows without repetitions.
    pub(super) fn distinct(&self, input: &LogicalPlan) -> Result<Option<Lowered>> {
        let read = names_of_schema(input.schema());
        let few = self.values(input, &read)?;
        let Some(input) = self.few_or_all(few, input, &read)? else { return Ok(None) };
        let rows = input.operator.schema();
        let column = |(place, field): (usize, &FieldRef)| {
            let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), place));
            (column, field.name().clone())
        };
        let groups = rows.fields().iter().enumerate().map(column).collect();
        let operator = grouped(Arc::clone(&input.operator), group_by(groups), Vec::new())?;
        Ok(Some(Lowered { operator, schema: input.schema }))
    }
}

/// The number of all rows, where the table knows it.
fn row_count(aggregate: &Aggregate) -> Result<Option<Lowered>> {
    let Some(source) = Source::of(&aggregate.input).filter(Source::is_whole) else {
        return Ok(None);
    };
    let calls = &aggregate.aggr_expr;
    if !aggregate.group_expr.is_empty() || calls.is_empty() || !calls.iter().all(counts_rows) {
        return Ok(None);
    }
    let rows = source.with_table(|table| Ok(table.row_count()))?;
    let Some(rows) = rows.and_then(|rows| i64::try_from(rows).ok()) else { return Ok(None) };
    let column = |call: &Expr| {
        let expr = Arc::new(Literal::new(ScalarValue::Int64(Some(rows))));
        Ok(ProjectionExpr { expr, alias: physical_name(call)? })
    };
    let columns = calls.iter().map(column).collect::<Result<Vec<_>>>()?;
    let one_row = Arc::new(PlaceholderRowExec::new(Arc::new(Schema::empty())));
    let operator = Arc::new(ProjectionExec::try_new(columns, one_row)?);
    Ok(Some(Lowered { operator, schema: Arc::clone(&aggregate.schema) }))
}

type Group = (Arc<dyn PhysicalExpr>, String);

fn group_by(groups: Vec<Group>) -> PhysicalGroupBy {
    if groups.is_empty() {
        return PhysicalGroupBy::new(Vec::new(), Vec::new(), Vec::new(), false);
    }
    PhysicalGroupBy::new_single(groups)
}

/// Groups all partitions of `input` into one.
fn grouped(
    input: Arc<dyn ExecutionPlan>,
    groups: PhysicalGroupBy,
    calls: Vec<LoweredAggregate>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let rows = input.schema();
    let (calls, filters): (Vec<_>, Vec<_>) =
        calls.into_iter().map(|call| (call.aggregate, call.filter)).unzip();
    let partitions = input.output_partitioning().partition_count();
    let of = |mode, groups, calls, input| {
        AggregateExec::try_new(mode, groups, calls, filters.clone(), input, Arc::clone(&rows))
    };
    let first = of(AggregateMode::Partial, groups.clone(), calls.clone(), Arc::clone(&input))?;
    let bins = TagBins::in_place_of(&first);
    if partitions == 1 && bins.is_none() {
        return Ok(Arc::new(of(AggregateMode::Single, groups, calls, input)?));
    }
    let (groups, calls) = (first.group_expr().as_final(), first.aggr_expr().to_vec());
    let mut parts: Arc<dyn ExecutionPlan> = match bins {
        Some(bins) => Arc::new(bins),
        None => Arc::new(first),
    };
    if partitions > 1 {
        parts = Arc::new(CoalescePartitionsExec::new(parts));
    }
    Ok(Arc::new(of(AggregateMode::Final, groups, calls, parts)?))
}

/// The call that an expression is, perhaps under another name.
pub(super) fn call_of(expression: &Expr) -> Option<&AggregateFunction> {
    match expression {
        Expr::AggregateFunction(call) => Some(call),
        Expr::Alias(alias) => call_of(&alias.expr),
        _ => None,
    }
}

fn is_known(call: &AggregateFunction) -> bool {
    let AggregateFunctionParams { distinct, order_by, .. } = &call.params;
    !distinct && (order_by.is_empty() || ORDERED_INSIDE.contains(&call.func.name()))
}

/// Whether a call counts rows, whatever is in them.
fn counts_rows(expression: &Expr) -> bool {
    let Some(call) = call_of(expression) else { return false };
    let AggregateFunctionParams { args, filter, .. } = &call.params;
    let constant = |one: &Expr| matches!(one, Expr::Literal(value, _) if !value.is_null());
    call.func.name() == "count" && is_known(call) && filter.is_none() && args.iter().all(constant)
}
