//! What all leaves of a plan have in common.

use std::sync::Arc;

use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;

/// The leaf itself: it has no children that could be replaced.
///
/// # Errors
/// Where children are given to it all the same.
pub(super) fn without_children(
    leaf: Arc<dyn ExecutionPlan>,
    children: &[Arc<dyn ExecutionPlan>],
) -> Result<Arc<dyn ExecutionPlan>> {
    if children.is_empty() { Ok(leaf) } else { internal_err!("a {} has no children", leaf.name()) }
}
