//! The rows of the table: what its conditions leave.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::{DFSchema, TableReference};
use datafusion::error::Result;
use datafusion::logical_expr::expr_rewriter::unnormalize_col;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, TableProviderFilterPushDown, TableScan};
use datafusion::physical_plan::filter::FilterExec;

use super::columns::{Names, is_plain, names};
use super::lower::{Lowered, Lowering};
use crate::query::table_provider::SnapshotTable;

/// A table, the name that the statement gives it, and its condition.
pub(super) struct Source<'p> {
    /// The scan, or the step that gives it another name.
    table: &'p LogicalPlan,
    condition: Option<&'p Expr>,
}

impl<'p> Source<'p> {
    /// The source that a plan is; `None` where it is more.
    pub(super) fn of(plan: &'p LogicalPlan) -> Option<Self> {
        let (table, condition) = match plan {
            LogicalPlan::Filter(Filter { input, predicate, .. }) => (&**input, Some(predicate)),
            _ => (plan, None),
        };
        table_scan(table)?;
        Some(Self { table, condition })
    }

    /// What `use_table` makes of the table; `None` where it is none that writes have made.
    pub(super) fn with_table<R>(
        &self,
        use_table: impl FnOnce(&SnapshotTable) -> Result<Option<R>>,
    ) -> Result<Option<R>> {
        let Some(scan) = table_scan(self.table) else { return Ok(None) };
        if scan.fetch.is_some() || !scan.filters.is_empty() {
            return Ok(None);
        }
        let provider = source_as_provider(&scan.source)?;
        provider.downcast_ref::<SnapshotTable>().map_or(Ok(None), use_table)
    }

    /// Whether all rows of the table are wanted.
    pub(super) fn is_whole(&self) -> bool {
        self.condition.is_none()
    }

    fn qualifier(&self) -> Option<TableReference> {
        self.table.schema().iter().next().and_then(|(qualifier, _)| qualifier.cloned())
    }
}

/// Columns of a source as its statement names them.
pub(super) fn qualified(source: &Source, schema: &SchemaRef) -> Result<DFSchema> {
    match source.qualifier() {
        Some(name) => DFSchema::try_from_qualified_schema(name, schema),
        None => DFSchema::try_from(Arc::clone(schema)),
    }
}

fn table_scan(plan: &LogicalPlan) -> Option<&TableScan> {
    match plan {
        LogicalPlan::TableScan(scan) => Some(scan),
        LogicalPlan::SubqueryAlias(alias) => table_scan(&alias.input),
        _ => None,
    }
}

impl Lowering<'_> {
    /// The rows of a source, with the columns that are read.
    pub(super) fn source(&self, source: &Source, read: &Names) -> Result<Option<Lowered>> {
        let Some(filters) = self.filters(source)? else { return Ok(None) };
        source.with_table(|table| self.scan(source, table, &filters, read).map(Some))
    }

    /// The conditions that must all hold; `None` where the optimizer makes more of them.
    pub(super) fn filters(&self, source: &Source) -> Result<Option<Vec<Expr>>> {
        let Some(condition) = source.condition else { return Ok(Some(Vec::new())) };
        if !is_plain(condition)? {
            return Ok(None);
        }
        let folded = self.folded(condition.clone(), source.table.schema())?;
        let filters = split_conjunction_owned(unnormalize_col(folded));
        let is_constant = |filter: &Expr| matches!(filter, Expr::Literal(..));
        Ok((!filters.iter().any(is_constant)).then_some(filters))
    }

    fn scan(
        &self,
        source: &Source,
        table: &SnapshotTable,
        filters: &[Expr],
        read: &Names,
    ) -> Result<Lowered> {
        let exact = |filter: &&Expr| table.pushdown(filter) == TableProviderFilterPushDown::Exact;
        let left: Vec<Expr> = filters.iter().filter(|filter| !exact(filter)).cloned().collect();
        let mut columns = names(&left);
        columns.extend(read.iter().cloned());
        let columns = table.places(&columns);
        let operator = table.scan_plan(self.state, Some(&columns), filters, None)?;
        let schema = Arc::new(qualified(source, &operator.schema())?);
        let Some(condition) = conjunction(left) else { return Ok(Lowered { operator, schema }) };
        let filter = FilterExec::try_new(self.expression(condition, &schema)?, operator)?;
        Ok(Lowered { operator: Arc::new(filter), schema })
    }
}
