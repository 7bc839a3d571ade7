//! A cache as DataFusion sees it.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use futures::future::BoxFuture;

use super::conditions::{of_filter, shown};
use super::scan::CacheScan;
use crate::cache::KeyCondition;
use crate::query::errors::into_datafusion;
use crate::query::source::CacheSource;
use crate::schema::CacheKind;

/// The provider of one cache.
#[derive(Debug)]
pub(super) struct CacheTable {
    source: Arc<dyn CacheSource>,
    schema: SchemaRef,
}

impl CacheTable {
    pub(super) fn new(source: Arc<dyn CacheSource>) -> Self {
        let schema = source.schema();
        Self { source, schema }
    }

    fn condition(&self, filter: &Expr) -> Option<KeyCondition> {
        of_filter(filter, &self.schema, self.source.definition().key_columns().len())
    }

    fn scan_plan(
        &self,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut conditions: Vec<KeyCondition> =
            filters.iter().filter_map(|filter| self.condition(filter)).collect();
        conditions.sort_by_key(|condition| condition.column);
        let rows = self.source.rows(&conditions).map_err(into_datafusion)?;
        let schema = Arc::clone(&self.schema);
        let columns = projection.map(|columns| {
            let name = |column: &usize| self.schema.field(*column).name().clone();
            columns.iter().map(name).collect()
        });
        let inner = MemorySourceConfig::try_new_exec(&[vec![rows]], schema, projection.cloned())?;
        let definition = self.source.definition();
        Ok(Arc::new(CacheScan {
            kind: definition.kind(),
            columns: columns.filter(|_| definition.kind() == CacheKind::Distinct),
            conditions: shown(&conditions, &self.schema, definition),
            inner,
        }))
    }
}

impl TableProvider for CacheTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let pushdown = |filter: &&Expr| match self.condition(filter) {
            Some(_) => TableProviderFilterPushDown::Exact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(pushdown).collect())
    }

    fn scan<'this, 'session, 'projection, 'filters, 'async_trait>(
        &'this self,
        _session: &'session dyn Session,
        projection: Option<&'projection Vec<usize>>,
        filters: &'filters [Expr],
        _limit: Option<usize>,
    ) -> BoxFuture<'async_trait, Result<Arc<dyn ExecutionPlan>>>
    where
        'this: 'async_trait,
        'session: 'async_trait,
        'projection: 'async_trait,
        'filters: 'async_trait,
    {
        let plan = self.scan_plan(projection, filters);
        Box::pin(async move { plan })
    }
}
