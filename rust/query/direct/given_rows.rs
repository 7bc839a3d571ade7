//! A leaf of a plan: rows that a table finds without reading all of its blocks.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::internal_err;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions,
};
use parking_lot::Mutex;

use crate::query::errors::into_datafusion;
use crate::query::leaf::without_children;
use crate::query::source::Batches;

/// The plan node; it gives its rows once.
pub(super) struct GivenRows {
    name: &'static str,
    /// What the rows are, for people.
    told: String,
    rows: Mutex<Option<Batches>>,
    properties: Arc<PlanProperties>,
}

impl GivenRows {
    pub(super) fn new(name: &'static str, told: String, schema: SchemaRef, rows: Batches) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { name, told, rows: Mutex::new(Some(rows)), properties: Arc::new(properties) }
    }
}

impl fmt::Debug for GivenRows {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.debug_struct(self.name).field("told", &self.told).finish_non_exhaustive()
    }
}

impl DisplayAs for GivenRows {
    fn fmt_as(&self, _kind: DisplayFormatType, text: &mut fmt::Formatter) -> fmt::Result {
        write!(text, "{}: {}", self.name, self.told)
    }
}

impl ExecutionPlan for GivenRows {
    fn name(&self) -> &'static str {
        self.name
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
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
        _context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let Some(rows) = self.rows.lock().take().filter(|_| partition == 0) else {
            return internal_err!("{} gives its rows once", self.name);
        };
        let schema = Arc::clone(self.properties.eq_properties.schema());
        let rows = rows.map(|batch| batch.map_err(into_datafusion));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::iter(rows))))
    }
}
