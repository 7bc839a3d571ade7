//! A table snapshot as DataFusion sees it.
//!
//! Comes in: the columns, filters and limit of one scan. Goes out: a plan that reads only the
//! blocks that the times of the filters touch, and only the series that its conditions on tags
//! keep. Stays true: what this table says it filters exactly is not filtered again. Refuses
//! nothing.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{Array, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::common::cast::as_boolean_array;
use datafusion::error::Result;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use futures::future::BoxFuture;

use super::block_scan::BlockScan;
use super::errors::{from_datafusion, into_datafusion};
use super::predicate::{self, Kind};
use super::source::{TableSnapshot, TimeRange};
use crate::schema::TagFilter;

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

    pub(super) fn pushdown(&self, filter: &Expr) -> TableProviderFilterPushDown {
        match predicate::kind(filter, &self.schema) {
            Kind::Time(bounds) if bounds.exact => TableProviderFilterPushDown::Exact,
            Kind::Time(_) => TableProviderFilterPushDown::Inexact,
            Kind::Tags => TableProviderFilterPushDown::Exact,
            Kind::Rows => TableProviderFilterPushDown::Unsupported,
        }
    }

    /// Where the columns of these names stand; names of others are left out.
    pub(super) fn places(&self, names: &BTreeSet<String>) -> Vec<usize> {
        let fields = self.schema.fields().iter().enumerate();
        fields.filter(|(_, field)| names.contains(field.name())).map(|(place, _)| place).collect()
    }

    /// The type of a column.
    pub(super) fn data_type(&self, place: usize) -> &DataType {
        self.schema.field(place).data_type()
    }

    /// The number of rows, where it is known without reading.
    pub(super) fn row_count(&self) -> Option<usize> {
        self.snapshot.row_count_exact()
    }

    /// Times that all of `filters` keep, and those of them that are about tags.
    fn select<'f>(&self, filters: &'f [Expr]) -> (TimeRange, Vec<&'f Expr>) {
        let mut time = TimeRange::ALL;
        let mut on_tags = Vec::new();
        for filter in filters {
            match predicate::kind(filter, &self.schema) {
                Kind::Time(bounds) => time = time.intersect(bounds.range),
                Kind::Tags => on_tags.push(filter),
                Kind::Rows => {}
            }
        }
        (time, on_tags)
    }

    /// What `filters` leave, as far as the table itself can tell.
    fn narrowed(&self, session: &dyn Session, filters: &[Expr]) -> Result<Narrowed> {
        let (time, on_tags) = self.select(filters);
        let (mut snapshot, mut tags) = (Arc::clone(&self.snapshot), None);
        if let Some(filter) = TagExpression::of(session, &on_tags, &self.schema)? {
            tags = Some(filter.expression.to_string().into());
            snapshot = snapshot.with_tags(Arc::new(filter)).map_err(into_datafusion)?;
        }
        Ok(Narrowed { snapshot, time, tags })
    }

    /// What `filters` leave; `None` where the table itself cannot tell it all.
    pub(super) fn narrowed_exactly(
        &self,
        session: &dyn Session,
        filters: &[Expr],
    ) -> Result<Option<Narrowed>> {
        let exact = |filter: &Expr| self.pushdown(filter) == TableProviderFilterPushDown::Exact;
        if !filters.iter().all(exact) {
            return Ok(None);
        }
        self.narrowed(session, filters).map(Some)
    }

    pub(super) fn scan_plan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Narrowed { snapshot, time, tags } = self.narrowed(session, filters)?;
        let columns = match projection {
            Some(columns) => columns.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let partitions = session.config().target_partitions();
        Ok(Arc::new(BlockScan::try_new(snapshot, columns, time, tags, limit, partitions)?))
    }
}

/// A table, narrowed by conditions.
pub(super) struct Narrowed {
    /// The table without the series that do not pass.
    pub(super) snapshot: Arc<dyn TableSnapshot>,
    /// The times that are left.
    pub(super) time: TimeRange,
    /// The condition on tags, for people.
    tags: Option<Arc<str>>,
}

impl Narrowed {
    /// Whether no time is left out.
    pub(super) fn is_of_all_times(&self) -> bool {
        self.time == TimeRange::ALL
    }

    /// Times and tags, for people.
    pub(super) fn told(&self) -> String {
        let TimeRange { min, max } = self.time;
        let time =
            if self.is_of_all_times() { "all".to_owned() } else { format!("[{min}, {max}]") };
        match &self.tags {
            Some(tags) => format!("time={time}, tags={tags}"),
            None => format!("time={time}"),
        }
    }
}

/// Conditions on tags, all of which must hold.
#[derive(Debug)]
struct TagExpression {
    schema: SchemaRef,
    expression: Arc<dyn PhysicalExpr>,
}

impl TagExpression {
    fn of(session: &dyn Session, filters: &[&Expr], table: &Schema) -> Result<Option<Self>> {
        let all = conjunction(filters.iter().map(|filter| (*filter).clone()));
        let Some(all) = all else { return Ok(None) };
        let used = all.column_refs();
        let names: HashSet<&str> = used.iter().map(|column| column.name()).collect();
        let fields = table.fields().iter().filter(|field| names.contains(&**field.name()));
        let schema = Arc::new(Schema::new(fields.cloned().collect::<Vec<_>>()));
        let known = DFSchema::try_from(SchemaRef::clone(&schema))?;
        let expression = session.create_physical_expr(all, &known)?;
        Ok(Some(Self { schema, expression }))
    }

    fn evaluate(&self, tags: &RecordBatch) -> Result<BooleanBuffer> {
        let value = self.expression.evaluate(tags)?.into_array(tags.num_rows())?;
        let passing: &BooleanArray = as_boolean_array(&value)?;
        Ok(match passing.nulls() {
            Some(known) => passing.values() & known.inner(),
            None => passing.values().clone(),
        })
    }
}

impl TagFilter for TagExpression {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn passing(&self, tags: &RecordBatch) -> crate::error::Result<BooleanBuffer> {
        self.evaluate(tags).map_err(|error| from_datafusion(&error))
    }
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
