//! Steps that make many rows of few let go of their thread while they do.
//!
//! Comes in: a physical plan. Goes out: the same plan, where what joins and unnests yields. Stays
//! true: DataFusion lets scans yield, and one batch of a scan may become hours of a cross join; so
//! here each batch that a join makes counts, and a query can be ended, or wait for another, amid
//! them.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;

/// The rule of DataFusion that does this for scans. Ours comes after it, as that passes over what
/// lies below a step that yields, and before filters that change at run time are handed down.
const SCANS_YIELD: &str = "EnsureCooperative";

/// The rules of DataFusion, and ours.
pub(in crate::query) fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    let scans = rules.iter().position(|rule| rule.name() == SCANS_YIELD);
    rules.insert(scans.map_or(rules.len(), |place| place + 1), Arc::new(JoinsYield));
    rules
}

#[derive(Debug)]
struct JoinsYield;

impl PhysicalOptimizerRule for JoinsYield {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let yielding = plan.transform_up(|step| {
            if is_multiplier(step.as_ref()) {
                return Ok(Transformed::yes(Arc::new(CooperativeExec::new(step))));
            }
            Ok(Transformed::no(step))
        });
        yielding.map(|plan| plan.data)
    }

    fn name(&self) -> &'static str {
        "JoinsYield"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn is_multiplier(step: &dyn ExecutionPlan) -> bool {
    step.name().ends_with("JoinExec") || step.name() == "UnnestExec"
}
