//! The newest row of each series, in place of all rows: for the last value of each group.

use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{
    SortColumn, SortOptions, concat_batches, lexsort_to_indices, partition, take,
};
use arrow::datatypes::SchemaRef;
use datafusion::common::{Column, DFSchema, ExprSchema};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, NullTreatment};
use datafusion::logical_expr::{Aggregate, DistinctOn, Expr, SortExpr};

use super::aggregate::call_of;
use super::columns::{Names, all_plain, names, names_of_order};
use super::given_rows::GivenRows;
use super::lower::{Lowered, Lowering};
use super::scan::{Source, qualified};
use crate::error::EngineError;
use crate::query::errors::into_datafusion;
use crate::query::source::Batches;

const TIME: &str = "time";

/// Which row of a series is its newest.
enum Newest<'e> {
    /// The one with the greatest time.
    Row,
    /// That among those which have a value in this column.
    Value(&'e Column),
}

impl Lowering<'_> {
    /// The rows that `aggregate` needs, where the newest of each series are enough; `None` where
    /// they are not, or the table cannot tell them.
    pub(super) fn newest_for(
        &self,
        aggregate: &Aggregate,
        read: &Names,
    ) -> Result<Option<Lowered>> {
        let Some(source) = Source::of(&aggregate.input) else { return Ok(None) };
        let schema = aggregate.input.schema();
        if !aggregate.group_expr.iter().all(|one| is_tag(one, schema)) {
            return Ok(None);
        }
        let Some(newest) = needed_by_all(&aggregate.aggr_expr) else { return Ok(None) };
        self.newest_rows(&source, read, &newest, None)
    }

    /// `DISTINCT ON` tags whose order is by time: the newest row of each group.
    pub(super) fn distinct_on(&self, distinct: &DistinctOn) -> Result<Option<Lowered>> {
        let DistinctOn { on_expr, select_expr, sort_expr, input, schema } = distinct;
        let (Some(source), Some(order)) = (Source::of(input), sort_expr.as_deref()) else {
            return Ok(None);
        };
        let newest_first = order.get(on_expr.len()).is_some_and(is_newest_first);
        if !newest_first
            || order.len() != on_expr.len() + 1
            || !on_expr.iter().all(|one| is_tag(one, input.schema()))
            || !all_plain(select_expr)?
        {
            return Ok(None);
        }
        let mut read = names(select_expr.iter().chain(on_expr));
        read.extend(names_of_order(order));
        let groups = names(on_expr);
        let rows = self.newest_rows(&source, &read, &Newest::Row, Some(groups))?;
        let Some(rows) = rows else { return Ok(None) };
        let Some(rows) = self.in_order(&order[..on_expr.len()], rows, None)? else {
            return Ok(None);
        };
        self.columns(select_expr, rows, schema).map(Some)
    }

    fn newest_rows(
        &self,
        source: &Source,
        read: &Names,
        newest: &Newest,
        groups: Option<Names>,
    ) -> Result<Option<Lowered>> {
        let Some(filters) = self.filters(source)? else { return Ok(None) };
        source.with_table(|table| {
            let Some(narrowed) = table.narrowed_exactly(self.state, &filters)? else {
                return Ok(None);
            };
            let columns = table.places(read);
            let value = match newest {
                Newest::Row => None,
                Newest::Value(column) => table.places(&[column.name.clone()].into()).pop(),
            };
            let rows = narrowed.snapshot.newest_rows(&columns, narrowed.time, value);
            let Some(rows) = rows.map_err(into_datafusion)? else { return Ok(None) };
            let schema = Arc::new(narrowed.snapshot.schema().project(&columns)?);
            let told = narrowed.told();
            let rows = match groups {
                Some(groups) => of_groups(&schema, rows, &groups)?,
                None => rows,
            };
            let known = qualified(source, &schema)?;
            let operator = GivenRows::new("NewestRowScan", told, schema, rows);
            Ok(Some(Lowered { operator: Arc::new(operator), schema: Arc::new(known) }))
        })
    }
}

/// The rows that all calls need; `None` where one needs others than the newest, or two differ.
fn needed_by_all(calls: &[Expr]) -> Option<Newest<'_>> {
    let (first, rest) = calls.split_first()?;
    let needed = needed_by(call_of(first)?)?;
    for call in rest {
        match (&needed, needed_by(call_of(call)?)?) {
            (Newest::Row, Newest::Row) => {}
            (Newest::Value(one), Newest::Value(other)) if *one == other => {}
            _ => return None,
        }
    }
    Some(needed)
}

fn needed_by(call: &AggregateFunction) -> Option<Newest<'_>> {
    let params = &call.params;
    if params.distinct || params.filter.is_some() {
        return None;
    }
    let keeps_nulls = !matches!(params.null_treatment, Some(NullTreatment::IgnoreNulls));
    match (call.func.name(), params.args.as_slice(), params.order_by.as_slice()) {
        ("max", [time], []) if is_time(time) => Some(Newest::Row),
        ("selector_last", [Expr::Column(value), time], []) if is_time(time) => {
            Some(Newest::Value(value))
        }
        ("last_value", [value], [order]) if is_oldest_first(order) => match value {
            Expr::Column(column) if !keeps_nulls => Some(Newest::Value(column)),
            _ if keeps_nulls => Some(Newest::Row),
            _ => None,
        },
        _ => None,
    }
}

fn is_time(expression: &Expr) -> bool {
    matches!(expression, Expr::Column(column) if column.name == TIME)
}

fn is_newest_first(order: &SortExpr) -> bool {
    !order.asc && is_time(&order.expr)
}

fn is_oldest_first(order: &SortExpr) -> bool {
    order.asc && is_time(&order.expr)
}

fn is_tag(expression: &Expr, schema: &DFSchema) -> bool {
    let Expr::Column(column) = expression else { return false };
    schema
        .field_from_column(column)
        .is_ok_and(|field| crate::query::predicate::is_tag(field.data_type()))
}

/// Of the newest rows of series the newest of each group of series, when they are asked for.
fn of_groups(schema: &SchemaRef, rows: Batches, groups: &Names) -> Result<Batches> {
    let place = |name: &String| schema.index_of(name);
    let groups = groups.iter().map(place).collect::<std::result::Result<Vec<_>, _>>()?;
    let (time, schema) = (schema.index_of(TIME)?, Arc::clone(schema));
    let mut waiting = Some(rows);
    Ok(Box::new(std::iter::from_fn(move || {
        let batches = waiting.take()?.collect::<crate::error::Result<Vec<_>>>();
        let newest = batches.and_then(|batches| {
            let failed = |error| EngineError::internal("newest rows do not fit").caused_by(error);
            let all = concat_batches(&schema, &batches).map_err(failed)?;
            newest_of_groups(&all, &groups, time).map_err(failed)
        });
        Some(newest)
    })))
}

fn newest_of_groups(
    rows: &RecordBatch,
    groups: &[usize],
    time: usize,
) -> std::result::Result<RecordBatch, arrow::error::ArrowError> {
    let newest_first = SortOptions { descending: true, nulls_first: false };
    let column =
        |place: &usize| SortColumn { values: Arc::clone(rows.column(*place)), options: None };
    let mut order: Vec<SortColumn> = groups.iter().map(column).collect();
    order.push(SortColumn { options: Some(newest_first), ..column(&time) });
    let order = lexsort_to_indices(&order, None)?;
    let groups: Vec<_> = groups
        .iter()
        .map(|place| take(rows.column(*place), &order, None))
        .collect::<Result<_, _>>()?;
    let firsts = partition(&groups)?.ranges();
    let firsts: UInt32Array =
        firsts.iter().map(|range| order.value(range.start)).collect::<Vec<_>>().into();
    arrow::compute::take_record_batch(rows, &firsts)
}
