//! The plan node of a cache: what was read of it, with what it was asked, for `EXPLAIN`.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
};

use crate::query::leaf::without_children;
use crate::schema::CacheKind;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct CacheScan {
    pub(super) kind: CacheKind,
    /// The columns to show.
    pub(super) columns: Option<Vec<String>>,
    /// The conditions to show; empty for none.
    pub(super) conditions: String,
    pub(super) inner: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for CacheScan {
    fn fmt_as(&self, kind: DisplayFormatType, text: &mut fmt::Formatter) -> fmt::Result {
        write!(text, "{}:", self.name())?;
        if let Some(columns) = &self.columns {
            write!(text, " projection=[{}]", columns.join(", "))?;
        }
        if !self.conditions.is_empty() {
            write!(text, " predicates=[{}]", self.conditions)?;
        }
        text.write_str(" inner=")?;
        self.inner.fmt_as(kind, text)
    }
}

impl ExecutionPlan for CacheScan {
    fn name(&self) -> &'static str {
        match self.kind {
            CacheKind::Last => "LastCacheExec",
            CacheKind::Distinct => "DistinctCacheExec",
        }
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.inner.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        without_children(self, &children)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        without_children(self, &children)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.inner.execute(partition, context)
    }
}
