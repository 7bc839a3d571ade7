//! The scan of one table: blocks, read one at a time, shared out over partitions.
//!
//! Comes in: a snapshot, the columns wanted, and the times and series selected. Goes out: batches.
//! Stays true: a block outside the selected times is never read, and neither is one whose times a
//! filter that the running query has tightened (the newest ten so far, say) rules out; memory holds
//! one block per partition, or what few series have in many. Between two pieces of work the scan
//! lets go of its thread, so that a query can be cancelled.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Statistics, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::sort_pushdown::SortOrderPushdownResult;
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions,
};
use futures::Stream;

use super::errors::into_datafusion;
use super::leaf::without_children;
use super::running_filter::RunningFilter;
use super::source::{Batches, TableSnapshot, TimeRange};
use crate::limits::BLOCK_ROWS_MAX;

/// Fewer rows are read by one thread sooner than two have shared them out.
const PARTITION_ROWS_MIN: usize = 8 * BLOCK_ROWS_MAX;

/// The plan node.
#[derive(Debug, Clone)]
pub(super) struct BlockScan {
    snapshot: Arc<dyn TableSnapshot>,
    columns: Arc<[usize]>,
    time: TimeRange,
    limit: Option<usize>,
    /// Block numbers of each partition, in the order of reading.
    partitions: Vec<Vec<usize>>,
    running: Vec<RunningFilter>,
    /// The condition on tags that the snapshot was narrowed by, for people.
    tags: Option<Arc<str>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl BlockScan {
    pub(super) fn try_new(
        snapshot: Arc<dyn TableSnapshot>,
        columns: Vec<usize>,
        time: TimeRange,
        tags: Option<Arc<str>>,
        limit: Option<usize>,
        partitions_max: usize,
    ) -> Result<Self> {
        let schema = Arc::new(snapshot.schema().project(&columns)?);
        let blocks = touched(&*snapshot, time);
        let rows: usize = blocks.iter().map(|index| snapshot.block(*index).rows).sum();
        // a limit is reached soon: the first rows then come from the first blocks
        let partitions_max = if limit.is_some() { 1 } else { partitions_max };
        let worthwhile = rows.div_ceil(PARTITION_ROWS_MIN);
        let partitions = in_runs(&blocks, partitions_max.min(worthwhile));
        let properties = properties(schema, partitions.len());
        Ok(Self {
            snapshot,
            columns: columns.into(),
            time,
            limit,
            partitions,
            running: Vec::new(),
            tags,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    fn blocks(&self) -> impl Iterator<Item = usize> {
        self.partitions.iter().flatten().copied()
    }

    fn row_count(&self, partition: Option<usize>) -> Precision<usize> {
        let exact = self.snapshot.row_count_exact();
        let whole = self.time == TimeRange::ALL && partition.is_none();
        if let (true, None, Some(rows)) = (whole, self.limit, exact) {
            return Precision::Exact(rows);
        }
        let rows = |index: &usize| self.snapshot.block(*index).rows;
        let most: usize = match partition {
            Some(partition) => self.partitions.get(partition).into_iter().flatten().map(rows).sum(),
            None => self.partitions.iter().flatten().map(rows).sum(),
        };
        Precision::Inexact(self.limit.map_or(most, |limit| limit.min(most)))
    }

    /// This scan with its blocks in the order that reaches the first rows by time soonest.
    fn ordered_by_time(&self, descending: bool) -> Self {
        let mut blocks: Vec<usize> = self.blocks().collect();
        if descending {
            blocks.sort_by_key(|index| std::cmp::Reverse(self.snapshot.block(*index).time_max));
        } else {
            blocks.sort_by_key(|index| self.snapshot.block(*index).time_min);
        }
        Self { partitions: shared_out(&blocks, self.partitions.len()), ..self.clone() }
    }
}

/// Blocks that may have rows in the selected times.
fn touched(snapshot: &dyn TableSnapshot, time: TimeRange) -> Vec<usize> {
    let overlaps = |index: &usize| !snapshot.block(*index).times().intersect(time).is_empty();
    (0..snapshot.block_count()).filter(overlaps).collect()
}

/// Cuts blocks into runs, so that the partitions one after another are the blocks in their order.
fn in_runs(blocks: &[usize], partitions_max: usize) -> Vec<Vec<usize>> {
    let count = blocks.len().min(partitions_max).max(1);
    let start = |run: usize| blocks.len() * run / count;
    (0..count).map(|run| blocks[start(run)..start(run + 1)].to_vec()).collect()
}

/// Deals blocks out like cards, so that each partition starts near the front.
fn shared_out(blocks: &[usize], partitions_max: usize) -> Vec<Vec<usize>> {
    let count = blocks.len().min(partitions_max).max(1);
    let mut partitions = vec![Vec::with_capacity(blocks.len().div_ceil(count)); count];
    for (place, block) in blocks.iter().enumerate() {
        partitions[place % count].push(*block);
    }
    partitions
}

fn properties(schema: SchemaRef, partitions: usize) -> PlanProperties {
    PlanProperties::new(
        EquivalenceProperties::new(schema),
        Partitioning::UnknownPartitioning(partitions),
        EmissionType::Incremental,
        Boundedness::Bounded,
    )
}

impl DisplayAs for BlockScan {
    fn fmt_as(&self, _kind: DisplayFormatType, text: &mut fmt::Formatter) -> fmt::Result {
        let of = self.snapshot.block_count();
        write!(text, "BlockScan: blocks={} of {of}", self.blocks().count())?;
        let TimeRange { min, max } = self.time;
        if self.time != TimeRange::ALL {
            write!(text, ", time=[{min}, {max}]")?;
        }
        if let Some(tags) = &self.tags {
            write!(text, ", tags={tags}")?;
        }
        match self.limit {
            Some(limit) => write!(text, ", limit={limit}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for BlockScan {
    fn name(&self) -> &'static str {
        "BlockScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for filter in &self.running {
            if visit(filter.expression())? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
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
        let Some(blocks) = self.partitions.get(partition) else {
            return internal_err!("a BlockScan has no partition {partition}");
        };
        Ok(Box::pin(BlockStream {
            blocks: blocks.clone().into_iter(),
            batches: None,
            rows_left: self.limit.unwrap_or(usize::MAX),
            schema: Arc::clone(self.properties.eq_properties.schema()),
            metrics: BaselineMetrics::new(&self.metrics, partition),
            scan: self.clone(),
        }))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(
        &self,
        _inputs: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(self.properties.eq_properties.schema());
        statistics.num_rows = self.row_count(args.partition());
        Ok(Arc::new(statistics))
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(Self { limit, ..self.clone() }))
    }

    fn fetch(&self) -> Option<usize> {
        self.limit
    }

    fn handle_child_pushdown_result(
        &self,
        phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        _config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let filters = result.parent_filters;
        let unsupported = vec![PushedDown::No; filters.len()];
        let propagation = FilterPushdownPropagation::with_parent_pushdown_result(unsupported);
        if phase != FilterPushdownPhase::Post {
            return Ok(propagation);
        }
        let found = filters.iter().filter_map(|filter| RunningFilter::new(&filter.filter));
        let running: Vec<RunningFilter> = found.collect();
        if running.is_empty() {
            return Ok(propagation);
        }
        Ok(propagation.with_updated_node(Arc::new(Self { running, ..self.clone() })))
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
    ) -> Result<SortOrderPushdownResult<Arc<dyn ExecutionPlan>>> {
        let first = order.first();
        let column = first.and_then(|first| first.expr.downcast_ref::<Column>());
        match (first, column) {
            (Some(first), Some(column)) if column.name() == "time" => {
                let inner = Arc::new(self.ordered_by_time(first.options.descending));
                Ok(SortOrderPushdownResult::Inexact { inner })
            }
            _ => Ok(SortOrderPushdownResult::Unsupported),
        }
    }
}

/// Reads the blocks of one partition.
struct BlockStream {
    scan: BlockScan,
    blocks: std::vec::IntoIter<usize>,
    /// What is left of the blocks that are being read.
    batches: Option<Batches>,
    rows_left: usize,
    schema: SchemaRef,
    metrics: BaselineMetrics,
}

impl BlockStream {
    /// The next rows, perhaps none; `None` after the last.
    fn next(&mut self) -> Option<Result<RecordBatch>> {
        if self.rows_left == 0 {
            return None;
        }
        if let Some(batch) = self.batches.as_mut().and_then(Iterator::next) {
            return Some(batch.map(|batch| self.cut(batch)).map_err(into_datafusion));
        }
        match self.open_next()? {
            Ok(batches) => self.batches = Some(batches),
            Err(error) => return Some(Err(into_datafusion(error))),
        }
        Some(Ok(RecordBatch::new_empty(Arc::clone(&self.schema))))
    }

    /// All blocks that are left; where a limit or filters that become tighter may end the scan
    /// early, the next block that the selected times still touch.
    fn open_next(&mut self) -> Option<crate::error::Result<Batches>> {
        let (snapshot, columns) = (&self.scan.snapshot, &self.scan.columns);
        if self.scan.running.is_empty() && self.scan.limit.is_none() {
            let left: Vec<usize> = self.blocks.by_ref().collect();
            let any = !left.is_empty();
            return any.then(|| snapshot.read_many(&left, columns, self.scan.time));
        }
        let running = self.scan.running.iter();
        let time = running.fold(self.scan.time, |time, filter| time.intersect(filter.times()));
        let touched = |index: &usize| !snapshot.block(*index).times().intersect(time).is_empty();
        let index = self.blocks.find(touched)?;
        Some(snapshot.read(index, columns, time))
    }

    fn cut(&mut self, batch: RecordBatch) -> RecordBatch {
        let too_many = batch.num_rows() > self.rows_left;
        let batch = if too_many { batch.slice(0, self.rows_left) } else { batch };
        self.rows_left -= batch.num_rows();
        batch
    }
}

impl Stream for BlockStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let timer = this.metrics.elapsed_compute().clone();
        let next = {
            let _running = timer.timer();
            this.next()
        };
        if let Some(Ok(batch)) = &next
            && batch.num_rows() == 0
        {
            context.waker().wake_by_ref(); // lets others run, and a cancellation take effect
            return Poll::Pending;
        }
        this.metrics.record_poll(Poll::Ready(next))
    }
}

impl RecordBatchStream for BlockStream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
