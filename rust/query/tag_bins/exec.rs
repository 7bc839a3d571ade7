//! The operator.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, NullArray, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{internal_datafusion_err, internal_err};
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties,
    ReplaceChildrenOptions,
};
use futures::StreamExt;

use super::Piece;
use super::folds::{Fold, fold_of};
use super::key::{Key, KeyColumns};
use super::table::Table;
use crate::limits::GROUPS_HELD_MAX;

/// Bytes of the table of groups at which they are handed on: each bin has a place for each series.
const TABLE_BYTES_FULL: usize = 16 * 1_024 * 1_024;

/// See the head of the folder.
#[derive(Debug)]
pub(in crate::query) struct TagBins {
    input: Arc<dyn ExecutionPlan>,
    asked: Arc<Asked>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

/// What is computed.
#[derive(Debug)]
struct Asked {
    /// The first half of the aggregation, whose work this is.
    half: AggregateExec,
    keys: Vec<Key>,
    calls: Vec<Call>,
}

impl TagBins {
    /// In place of the first half of an aggregation; `None` where there is a key or a call that is
    /// unknown here.
    pub(in crate::query) fn in_place_of(half: &AggregateExec) -> Option<Self> {
        let asked = Asked::of(half)?;
        Some(Self::over(Arc::clone(half.input()), Arc::new(asked)))
    }

    fn over(input: Arc<dyn ExecutionPlan>, asked: Arc<Asked>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(asked.half.schema()),
            input.output_partitioning().clone(),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        let metrics = ExecutionPlanMetricsSet::new();
        Self { input, asked, properties: Arc::new(properties), metrics }
    }
}

impl Asked {
    fn of(half: &AggregateExec) -> Option<Self> {
        let (groups, rows) = (half.group_expr(), half.input().schema());
        if !groups.is_single() || half.filter_expr().iter().any(Option::is_some) {
            return None;
        }
        let keys = groups.expr().iter().map(|(expression, _)| Key::of(expression, &rows));
        let keys = keys.collect::<Option<Vec<_>>>()?;
        let bins = keys.iter().filter(|key| matches!(key, Key::Bin { .. })).count();
        let calls = half.aggr_expr().iter().map(|call| Call::of(call, &rows));
        let calls = calls.collect::<Option<Vec<_>>>()?;
        let known = !keys.is_empty() && bins <= 1;
        known.then(|| Self { half: half.clone(), keys, calls })
    }

    fn folds(&self) -> Result<Vec<Box<dyn Fold>>> {
        let fold = |call: &Call| fold_of(&call.name, &call.kind);
        let folds: Option<Vec<_>> = self.calls.iter().map(fold).collect();
        folds.ok_or_else(|| internal_datafusion_err!("TagBins does not know a call"))
    }
}

/// A call that is known here.
#[derive(Debug)]
struct Call {
    name: String,
    /// The column that it reads, or its cast; `None` where it counts rows.
    argument: Option<Arc<dyn PhysicalExpr>>,
    kind: DataType,
}

impl Call {
    fn of(call: &AggregateFunctionExpr, rows: &Schema) -> Option<Self> {
        let arguments = call.expressions();
        let [argument] = &*arguments else { return None };
        if call.is_distinct() || !call.order_bys().is_empty() {
            return None;
        }
        let kind = argument.data_type(rows).ok()?;
        let name = call.fun().name().to_owned();
        fold_of(&name, &kind)?;
        let constant = argument.downcast_ref::<Literal>().map(Literal::value);
        if constant.is_some_and(|value| !value.is_null()) && name == "count" {
            return Some(Self { name, argument: None, kind });
        }
        let cast = argument.downcast_ref::<CastExpr>().map(CastExpr::expr);
        let plain = cast.unwrap_or(argument).is::<Column>();
        plain.then(|| Self { name, argument: Some(Arc::clone(argument)), kind })
    }

    /// What it reads of a batch; nothing where it counts rows.
    fn values(&self, batch: &RecordBatch) -> Result<ArrayRef> {
        match &self.argument {
            Some(argument) => argument.evaluate(batch)?.into_array(batch.num_rows()),
            None => Ok(Arc::new(NullArray::new(0))),
        }
    }
}

impl DisplayAs for TagBins {
    fn fmt_as(&self, _kind: DisplayFormatType, text: &mut fmt::Formatter) -> fmt::Result {
        let half = &self.asked.half;
        let groups: Vec<&str> =
            half.group_expr().expr().iter().map(|(_, name)| name.as_str()).collect();
        let calls: Vec<&str> = half.aggr_expr().iter().map(|call| call.name()).collect();
        write!(text, "TagBins: gby=[{}], aggr=[{}]", groups.join(", "), calls.join(", "))
    }
}

impl ExecutionPlan for TagBins {
    fn name(&self) -> &'static str {
        "TagBins"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
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
            return internal_err!("TagBins takes one input");
        };
        Ok(Arc::new(Self::over(input, Arc::clone(&self.asked))))
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
        let memory = MemoryConsumer::new("TagBins").register(context.memory_pool());
        let work = Work {
            input: self.input.execute(partition, Arc::clone(&context))?,
            folds: self.asked.folds()?,
            asked: Arc::clone(&self.asked),
            table: Table::default(),
            pieces: Vec::new(),
            ahead: None,
            memory,
            metrics: BaselineMetrics::new(&self.metrics, partition),
        };
        let batches = futures::stream::try_unfold(work, Work::next);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

struct Work {
    input: SendableRecordBatchStream,
    asked: Arc<Asked>,
    table: Table,
    folds: Vec<Box<dyn Fold>>,
    pieces: Vec<Piece>,
    /// A batch whose tags do not fit the table.
    ahead: Option<RecordBatch>,
    memory: MemoryReservation,
    metrics: BaselineMetrics,
}

impl Work {
    async fn next(mut self) -> Result<Option<(RecordBatch, Self)>> {
        while let Some(batch) = self.next_batch().await? {
            if self.add(batch)? {
                break;
            }
        }
        if self.table.len() == 0 && self.ahead.is_none() {
            return Ok(None);
        }
        let states = self.states()?;
        self.metrics.record_output(states.num_rows());
        Ok(Some((states, self)))
    }

    async fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        match self.ahead.take() {
            Some(batch) => Ok(Some(batch)),
            None => self.input.next().await.transpose(),
        }
    }

    /// Folds a batch; `true` where the states must be handed on.
    fn add(&mut self, batch: RecordBatch) -> Result<bool> {
        let mut keys = KeyColumns::of(&self.asked.keys, &batch)?;
        if !self.table.fits(&keys) {
            self.ahead = Some(batch);
            return Ok(true);
        }
        self.pieces.clear();
        self.table.find(&mut keys, batch.num_rows(), &mut self.pieces);
        for (fold, call) in self.folds.iter_mut().zip(&self.asked.calls) {
            fold.grow(self.table.len());
            fold.add(&call.values(&batch)?, &self.pieces)?;
        }
        Ok(self.is_full())
    }

    /// Whether there are too many groups, or no memory for them.
    fn is_full(&mut self) -> bool {
        let bytes = self.table.bytes() + self.table.len() * 16 * self.folds.len();
        self.table.len() >= GROUPS_HELD_MAX
            || bytes >= TABLE_BYTES_FULL
            || self.memory.try_resize(bytes).is_err()
    }

    /// What was folded so far, which begins anew.
    fn states(&mut self) -> Result<RecordBatch> {
        let mut columns: Vec<ArrayRef> = self.table.finish(&self.asked.keys)?;
        columns.extend(self.folds.iter_mut().flat_map(|fold| fold.finish()));
        self.memory.free();
        Ok(RecordBatch::try_new(self.asked.half.schema(), columns)?)
    }
}
