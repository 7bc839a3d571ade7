//! One call over the rows of a group, as aggregates of DataFusion.
//!
//! Comes in: a call, its argument, and how rows are grouped. Goes out: aggregates to compute, and
//! the value that is made of them. Stays true: nulls count nowhere; of two points with one time
//! `first` and `last` take the greater value, `min` and `max` take the earlier point. Refuses kinds
//! that a function cannot take.

use datafusion::functions_aggregate::expr_fn as functions;
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::{Expr as Computed, ExprFunctionExt, SortExpr, ident};

use super::aggregates;
use super::calls::{argument, percent};
use super::columns::{Kind, TIME};
use super::scope::{Typed, cast};
use crate::error::{EngineError, Result};
use crate::influxql::Expr;
use crate::query::errors::from_datafusion;

/// Aggregates that are computed for one call.
pub(super) struct Aggregated {
    /// Each becomes a column of the name beside it.
    pub(super) parts: Vec<(String, Computed)>,
    /// What is made of those columns.
    pub(super) value: Typed,
}

/// The aggregates of `call`, whose argument is `values`; `prefix` names their columns.
///
/// # Errors
/// `Invalid` for kinds that the function cannot take.
pub(super) fn aggregated(call: &Expr, values: &Typed, prefix: &str) -> Result<Aggregated> {
    let Expr::Call { name, arguments } = call else {
        return Err(EngineError::internal(format!("'{call}' is no call")));
    };
    let Some(kind) = values.kind else {
        return Ok(Aggregated { parts: Vec::new(), value: Typed::null() });
    };
    let single = |expr: Computed, kind: Kind| Aggregated {
        parts: vec![(prefix.to_owned(), expr)],
        value: Typed::new(cast(ident(prefix), kind), kind),
    };
    let expr = values.expr.clone();
    if let Some(order) = order(name, expr.clone()) {
        return Ok(single(pick(expr.clone(), order, expr)?, kind));
    }
    match name.as_str() {
        "count" if is_distinct(argument(call)) => {
            return Ok(single(functions::count_distinct(expr), Kind::Integer));
        }
        "count" => return Ok(single(functions::count(expr), Kind::Integer)),
        "mode" => return Ok(single(aggregates::mode(expr, ident(TIME)), kind)),
        _ => {}
    }
    check_numeric(name, argument(call), kind)?;
    let float = values.to(Kind::Float);
    Ok(match name.as_str() {
        "sum" => single(functions::sum(expr), kind),
        "min" => single(functions::min(expr), kind),
        "max" => single(functions::max(expr), kind),
        "mean" => single(functions::avg(float), Kind::Float),
        "median" => single(functions::median(float), Kind::Float),
        "stddev" => single(functions::stddev(float), Kind::Float),
        "percentile" => single(aggregates::percentile(expr, percent(arguments)?), kind),
        "spread" => spread(expr, kind, prefix),
        _ => return Err(EngineError::internal(format!("{name}() is no aggregate"))),
    })
}

fn spread(expr: Computed, kind: Kind, prefix: &str) -> Aggregated {
    let (most, least) = (format!("{prefix}::max"), format!("{prefix}::min"));
    let value = Typed::new(ident(&most) - ident(&least), kind);
    let parts = vec![(most, functions::max(expr.clone())), (least, functions::min(expr))];
    Aggregated { parts, value }
}

fn is_distinct(expr: &Expr) -> bool {
    matches!(expr, Expr::Call { name, .. } if name == "distinct")
}

/// Refuses what is no number.
///
/// # Errors
/// `Invalid`, with the argument and its kind.
pub(super) fn check_numeric(name: &str, argument: &Expr, kind: Kind) -> Result<()> {
    if kind.is_numeric() {
        return Ok(());
    }
    let kind = kind.name();
    Err(EngineError::invalid(format!("{name}() needs numbers: {argument} is of type {kind}")))
}

/// The order in which `first` and `last` find their point at the head.
fn order(name: &str, values: Computed) -> Option<Vec<SortExpr>> {
    let earliest = name == "first";
    matches!(name, "first" | "last")
        .then(|| vec![ident(TIME).sort(earliest, false), values.sort(false, false)])
}

/// The order in which a selector finds its point at the head.
pub(super) fn selection(name: &str, values: Computed) -> Vec<SortExpr> {
    order(name, values.clone())
        .unwrap_or_else(|| vec![values.sort(name == "min", false), ident(TIME).sort(true, false)])
}

/// `wanted` of the row at the head of `order`, of those where `values` is not null.
///
/// # Errors
/// `Internal` where DataFusion does not build it.
pub(super) fn pick(wanted: Computed, order: Vec<SortExpr>, values: Computed) -> Result<Computed> {
    let picked = first_value_udaf().call(vec![wanted]).order_by(order).filter(values.is_not_null());
    picked.build().map_err(|error| from_datafusion(&error))
}
