//! The schema `system`: what a database knows of itself, as tables.
//!
//! Comes in: rows from the engine, the query log and the schemas of the database. Goes out: one
//! batch per table, made when it is scanned. Stays true: names, columns and types are those of
//! InfluxDB 3; six of the tables exist in `_internal` alone. Refuses nothing.

mod caches;
mod columns;
mod kept;
mod log_ring;
mod query_log;
mod rows;
mod tables;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use futures::future::BoxFuture;

pub use log_ring::{LogLine, LogRing};
pub use query_log::QUERIES_LOGGED_MAX;
pub(super) use query_log::{Entry, Logged, Phase, QueryLog, now};
pub use rows::{
    DatabaseRow, DistinctCacheRow, FileRow, LastCacheRow, NodeRow, PluginFileRow, SystemSource,
    TableRow, TokenRow, TriggerRow,
};

use super::source::Database;
use kept::KEPT;
use tables::{ALL, Kind};

/// The database whose schema `system` has every table.
const INTERNAL_DATABASE: &str = "_internal";

/// Everything that system tables read from.
#[derive(Debug, Clone)]
struct Sources {
    database: Arc<dyn Database>,
    system: Arc<dyn SystemSource>,
    queries: Arc<QueryLog>,
}

/// The schema `system` of one query.
#[derive(Debug)]
pub(super) struct SystemSchema {
    sources: Sources,
}

impl SystemSchema {
    pub(super) fn new(
        database: Arc<dyn Database>,
        system: Arc<dyn SystemSource>,
        queries: Arc<QueryLog>,
    ) -> Self {
        Self { sources: Sources { database, system, queries } }
    }

    fn kinds(&self) -> impl Iterator<Item = Kind> {
        let all = self.sources.database.name() == INTERNAL_DATABASE;
        ALL.into_iter().filter(move |kind| all || kind.is_everywhere())
    }

    /// Names of the tables, sorted.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let kept = KEPT.iter().map(|table| table.name);
        let mut names: Vec<_> = self.kinds().map(Kind::name).chain(kept).collect();
        names.sort_unstable();
        names
    }

    /// A table by its exact name.
    pub(super) fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(kept) = KEPT.iter().find(|kept| kept.name == name) {
            return kept.view(&self.sources).map(Some);
        }
        let kind = self.kinds().find(|kind| kind.name() == name);
        let table = |kind: Kind| -> Arc<dyn TableProvider> {
            Arc::new(SystemTable { kind, schema: kind.schema(), sources: self.sources.clone() })
        };
        Ok(kind.map(table))
    }
}

/// One system table.
#[derive(Debug)]
pub(super) struct SystemTable {
    kind: Kind,
    schema: SchemaRef,
    sources: Sources,
}

impl SystemTable {
    fn scan_plan(&self, projection: Option<&Vec<usize>>) -> Result<Arc<dyn ExecutionPlan>> {
        let rows = self.kind.rows(&self.sources)?;
        let schema = Arc::clone(&self.schema);
        Ok(MemorySourceConfig::try_new_exec(&[vec![rows]], schema, projection.cloned())?)
    }
}

impl TableProvider for SystemTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn scan<'this, 'session, 'projection, 'filters, 'async_trait>(
        &'this self,
        _session: &'session dyn Session,
        projection: Option<&'projection Vec<usize>>,
        _filters: &'filters [Expr],
        _limit: Option<usize>,
    ) -> BoxFuture<'async_trait, Result<Arc<dyn ExecutionPlan>>>
    where
        'this: 'async_trait,
        'session: 'async_trait,
        'projection: 'async_trait,
        'filters: 'async_trait,
    {
        let plan = self.scan_plan(projection);
        Box::pin(async move { plan })
    }
}
