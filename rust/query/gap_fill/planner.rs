//! From the logical step to the operator.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{Column, DFSchema};
use datafusion::error::Result;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};

use super::exec::{Filled, GapFillExec};
use super::node::GapFill;
use super::{Fill, GapFillSpec};

/// The planner of DataFusion, which also knows how to fill gaps.
#[derive(Debug)]
pub(in crate::query) struct Planner;

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(OfGapFill)]);
        planner.create_physical_plan(plan, session).await
    }
}

struct OfGapFill;

#[async_trait]
impl ExtensionPlanner for OfGapFill {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let node = node.as_any().downcast_ref::<GapFill>();
        let (Some(node), [logical], [physical]) = (node, logical_inputs, physical_inputs) else {
            return Ok(None);
        };
        let filled = filled(logical.schema(), node.spec())?;
        Ok(Some(Arc::new(GapFillExec::try_new(Arc::clone(physical), filled)?)))
    }
}

/// `spec` with the places of its columns in `schema`.
fn filled(schema: &DFSchema, spec: &GapFillSpec) -> Result<Filled> {
    let place = |column: &Column| schema.index_of_column(column);
    let time = place(&spec.time)?;
    let series = spec.series.iter().map(place).collect::<Result<Vec<usize>>>()?;
    let mut fills = vec![Fill::Null; schema.fields().len()];
    for (column, fill) in &spec.fills {
        fills[place(column)?] = fill.clone();
    }
    Ok(Filled { time, series, fills, spec: spec.clone() })
}
