//! `LIMIT` and `OFFSET` of each series.
//!
//! Comes in: a plan, what separates its series, and their order. Goes out: the rows of a page of
//! each. Stays true: a page that leaves nothing out changes nothing. Refuses nothing.

use datafusion::error::Result;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{
    Expr as Computed, ExprFunctionExt, LogicalPlanBuilder, SortExpr, ident, lit,
};

use crate::influxql::Page;

const NUMBER: &str = "iox::number";

/// A count as DataFusion wants it.
fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Keeps the rows of a page of what `series` separates; nothing there: of all rows.
///
/// # Errors
/// What DataFusion says of it.
pub(super) fn keep_page(
    plan: LogicalPlanBuilder,
    series: Vec<Computed>,
    order: Vec<SortExpr>,
    page: Page,
) -> Result<LogicalPlanBuilder> {
    if page == Page::default() {
        return Ok(plan);
    }
    let offset = page.offset.unwrap_or(0);
    if series.is_empty() {
        return plan.sort(order)?.limit(count(offset), page.limit.map(count));
    }
    let number = row_number().partition_by(series).order_by(order).build()?;
    let mut plan = plan.window(vec![number.alias(NUMBER)])?;
    if offset > 0 {
        plan = plan.filter(ident(NUMBER).gt(lit(offset)))?;
    }
    match page.limit {
        Some(limit) => plan.filter(ident(NUMBER).lt_eq(lit(offset.saturating_add(limit)))),
        None => Ok(plan),
    }
}

/// The items of a page of a list.
pub(super) fn page_of<T>(items: Vec<T>, page: Page) -> impl Iterator<Item = T> {
    let items = items.into_iter().skip(page.offset.map_or(0, count));
    items.take(page.limit.map_or(usize::MAX, count))
}
