//! A table snapshot as DataFusion sees it.
//!
//! Comes in: the columns, filters and limit of one scan. Goes out: a plan that reads only the
//! blocks that the times of the filters touch, and only the series that its conditions on tags
//! keep. Stays true: what this table says it filters exactly is not filtered again. Refuses
//! nothing.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::common::cast::as_boolean_array;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use futures::future::BoxFuture;

use super::block_scan::{BlockScan, Selection};
use super::errors::into_datafusion;
use super::predicate::{self, Kind};
use super::source::{TableSnapshot, TimeRange};

/// The provider of one table.
#[derive(Debug)]
pub(super) struct SnapshotTable {
    snapshot: Arc<dyn TableSnapshot>,
    schema: SchemaRef,
}

impl SnapshotTable {
    pub(super) fn new(snapshot: Arc<dyn TableSnapshot>) -> Self {
        let schema = snapshot.schema();
        Self { snapshot, schema }
    }

    fn pushdown(&self, filter: &Expr) -> TableProviderFilterPushDown {
        match predicate::kind(filter, &self.schema) {
            Kind::Time(bounds) if bounds.exact => TableProviderFilterPushDown::Exact,
            Kind::Time(_) => TableProviderFilterPushDown::Inexact,
            Kind::Tags => TableProviderFilterPushDown::Exact,
            Kind::Rows => TableProviderFilterPushDown::Unsupported,
        }
    }

    /// Times and series that all of `filters` keep.
    fn select(&self, session: &dyn Session, filters: &[Expr]) -> Result<Selection> {
        let mut time = TimeRange::ALL;
        let mut on_tags = Vec::new();
        for filter in filters {
            match predicate::kind(filter, &self.schema) {
                Kind::Time(bounds) => time = time.intersect(bounds.range),
                Kind::Tags => on_tags.push(filter),
                Kind::Rows => {}
            }
        }
        let series = self.series_mask(session, &on_tags)?;
        Ok(Selection { time, series })
    }

    /// Evaluates conditions on tags once per series; `None` where every series passes.
    fn series_mask(
        &self,
        session: &dyn Session,
        on_tags: &[&Expr],
    ) -> Result<Option<BooleanBuffer>> {
        if on_tags.is_empty() {
            return Ok(None);
        }
        let series = self.snapshot.series().map_err(into_datafusion)?;
        let schema = DFSchema::try_from(series.schema())?;
        let mut mask = BooleanBuffer::new_set(series.num_rows());
        for filter in on_tags {
            mask = &mask & &passing(session, filter, &schema, &series)?;
        }
        Ok((mask.count_set_bits() < mask.len()).then_some(mask))
    }

    fn scan_plan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let selection = self.select(session, filters)?;
        let columns = match projection {
            Some(columns) => columns.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let partitions = session.config().target_partitions();
        let snapshot = Arc::clone(&self.snapshot);
        Ok(Arc::new(BlockScan::try_new(snapshot, columns, selection, limit, partitions)?))
    }
}

/// The series for which `filter` is true, by number.
fn passing(
    session: &dyn Session,
    filter: &Expr,
    schema: &DFSchema,
    series: &RecordBatch,
) -> Result<BooleanBuffer> {
    let expression = session.create_physical_expr(filter.clone(), schema)?;
    let value = expression.evaluate(series)?.into_array(series.num_rows())?;
    let passing: &BooleanArray = as_boolean_array(&value)?;
    Ok(match passing.nulls() {
        Some(known) => passing.values() & known.inner(),
        None => passing.values().clone(),
    })
}

impl TableProvider for SnapshotTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters.iter().map(|filter| self.pushdown(filter)).collect())
    }

    fn scan<'this, 'session, 'projection, 'filters, 'async_trait>(
        &'this self,
        session: &'session dyn Session,
        projection: Option<&'projection Vec<usize>>,
        filters: &'filters [Expr],
        limit: Option<usize>,
    ) -> BoxFuture<'async_trait, Result<Arc<dyn ExecutionPlan>>>
    where
        'this: 'async_trait,
        'session: 'async_trait,
        'projection: 'async_trait,
        'filters: 'async_trait,
    {
        Box::pin(async move { self.scan_plan(session, projection, filters, limit) })
    }
}
