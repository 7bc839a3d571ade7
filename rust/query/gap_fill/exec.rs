//! The operator that fills gaps.
//!
//! Comes in: one partition, sorted by series and time. Goes out: one partition, in the same order,
//! with the rows that were missing. Stays true: rows are made when they are asked for, and between
//! two batches the operator lets go of its thread, so that a query can be cancelled.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::SortOptions;
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::common::internal_err;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    EquivalenceProperties, LexRequirement, OrderingRequirements, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, SchedulingType,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, InputDistributionRequirements,
    Partitioning, PlanProperties, ReplaceChildrenOptions,
};

use super::bins::Starts;
use super::block::Filling;
use super::node::nullable;
use super::series::{SeriesReader, with_range};
use super::{Fill, GapFillSpec};

/// What is filled, by the places of the columns.
#[derive(Debug)]
pub(super) struct Filled {
    pub(super) time: usize,
    pub(super) series: Vec<usize>,
    /// One for each column.
    pub(super) fills: Vec<Fill>,
    pub(super) spec: GapFillSpec,
}

impl Filled {
    /// Whether a row that is made may have nothing in a column.
    fn may_be_empty(&self, index: usize) -> bool {
        let value = matches!(&self.fills[index], Fill::Value(value) if !value.is_null());
        index != self.time && !self.series.contains(&index) && !value
    }

    fn schema(&self, input: &Schema) -> Schema {
        let field = |(index, field): (usize, &FieldRef)| {
            if self.may_be_empty(index) { nullable(field) } else { Arc::clone(field) }
        };
        let fields: Vec<FieldRef> = input.fields().iter().enumerate().map(field).collect();
        Schema::new_with_metadata(fields, input.metadata().clone())
    }

    fn order(&self, schema: &Schema) -> Vec<PhysicalSortExpr> {
        let keys = self.series.iter().chain(std::iter::once(&self.time));
        let column = |index: &usize| Arc::new(Column::new(schema.field(*index).name(), *index));
        let options = SortOptions { descending: false, nulls_first: true };
        keys.map(|index| PhysicalSortExpr::new(column(index), options)).collect()
    }
}

/// The operator.
#[derive(Debug)]
pub(super) struct GapFillExec {
    input: Arc<dyn ExecutionPlan>,
    filled: Arc<Filled>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl GapFillExec {
    pub(super) fn try_new(input: Arc<dyn ExecutionPlan>, filled: Filled) -> Result<Self> {
        filled.spec.bins.clock()?;
        Ok(Self::over(input, Arc::new(filled)))
    }

    fn over(input: Arc<dyn ExecutionPlan>, filled: Arc<Filled>) -> Self {
        let schema = Arc::new(filled.schema(&input.schema()));
        let order = filled.order(&schema);
        let properties = PlanProperties::new(
            EquivalenceProperties::new_with_orderings(schema, [order]),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let properties = properties.with_scheduling_type(SchedulingType::Cooperative);
        let metrics = ExecutionPlanMetricsSet::new();
        Self { input, filled, properties: Arc::new(properties), metrics }
    }
}

impl DisplayAs for GapFillExec {
    fn fmt_as(&self, _kind: DisplayFormatType, text: &mut fmt::Formatter) -> fmt::Result {
        write!(text, "{}", self.filled.spec)
    }
}

impl ExecutionPlan for GapFillExec {
    fn name(&self) -> &'static str {
        "GapFill"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition])
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        let order = self.filled.order(&self.input.schema());
        let order = LexRequirement::new(order.into_iter().map(Into::into));
        vec![order.map(OrderingRequirements::new)]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
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
        let Ok([input]) = <[Arc<dyn ExecutionPlan>; 1]>::try_from(children) else {
            return internal_err!("GapFill takes one input");
        };
        Ok(Arc::new(Self::over(input, Arc::clone(&self.filled))))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, options)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, Arc::clone(&context))?;
        let work = Work {
            filled: Arc::clone(&self.filled),
            schema: self.schema(),
            metrics: BaselineMetrics::new(&self.metrics, partition),
            context,
            stage: Stage::Begin(input),
        };
        let batches = futures::stream::try_unfold(work, Work::next);
        let stream = RecordBatchStreamAdapter::new(self.schema(), batches);
        Ok(make_cooperative(Box::pin(stream)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// How far the operator has come.
enum Stage {
    Begin(SendableRecordBatchStream),
    Rows(Box<Rows>),
    End,
}

struct Rows {
    reader: SeriesReader,
    bins: Starts,
    filling: Option<Filling>,
}

struct Work {
    filled: Arc<Filled>,
    schema: SchemaRef,
    metrics: BaselineMetrics,
    context: Arc<TaskContext>,
    stage: Stage,
}

impl Work {
    async fn next(mut self) -> Result<Option<(RecordBatch, Self)>> {
        loop {
            match std::mem::replace(&mut self.stage, Stage::End) {
                Stage::Begin(input) => {
                    if let Some(rows) = self.begin(input).await? {
                        self.stage = Stage::Rows(Box::new(rows));
                    }
                }
                Stage::Rows(mut rows) => {
                    if let Some(batch) = self.fill(&mut rows).await? {
                        self.stage = Stage::Rows(rows);
                        self.metrics.record_output(batch.num_rows());
                        return Ok(Some((batch, self)));
                    }
                }
                Stage::End => return Ok(None),
            }
        }
    }

    /// `None` where there is no row at all.
    async fn begin(&mut self, input: SendableRecordBatchStream) -> Result<Option<Rows>> {
        let memory = MemoryConsumer::new("GapFill").register(self.context.memory_pool());
        let spec = &self.filled.spec;
        let (input, first, last) = match (spec.first, spec.last) {
            (Some(first), Some(last)) => (input, first, last),
            (first, last) => {
                let (input, range) =
                    with_range(input, self.filled.time, memory.new_empty()).await?;
                let Some((earliest, latest)) = range else { return Ok(None) };
                (input, first.unwrap_or(earliest), last.unwrap_or(latest))
            }
        };
        let reader = SeriesReader::try_new(input, self.filled.series.clone(), memory)?;
        Ok(Some(Rows { reader, bins: spec.bins.starts(first, last)?, filling: None }))
    }

    async fn fill(&mut self, rows: &mut Rows) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(filling) = &mut rows.filling
                && let Some(batch) = filling.next()?
            {
                return Ok(Some(batch));
            }
            rows.filling = None; // before its memory is given back
            let Some(block) = rows.reader.next().await? else { return Ok(None) };
            let (filled, schema) = (Arc::clone(&self.filled), Arc::clone(&self.schema));
            rows.filling = Some(Filling::new(block, filled, schema, &rows.bins));
        }
    }
}
