//! The area under the points of a series, as a sum over its points.
//!
//! Comes in: a column of values and how rows are grouped. Goes out: for each point the part of the
//! area that its bin gains by it. Stays true: it is the area of InfluxDB 1. Points are joined by
//! straight lines; the line from one bin to the next is cut where the first bin ends, and the rest
//! belongs to the bin of the later point. Refuses nothing.

use arrow::datatypes::DataType;
use datafusion::functions_window::expr_fn::{lag, lead};
use datafusion::logical_expr::expr::NullTreatment;
use datafusion::logical_expr::{
    Expr as Computed, ExprFunctionExt, SortExpr, cast, ident, lit, when,
};

use super::bins::Bins;
use super::columns::TIME;
use crate::error::Result;
use crate::query::errors::from_datafusion;

/// Where a series goes on: partitions and order of its points.
pub(super) struct Series {
    pub(super) partition: Vec<Computed>,
    pub(super) order: Vec<SortExpr>,
}

/// A point: its time in nanoseconds and its value.
#[derive(Clone)]
struct Point {
    time: Computed,
    value: Computed,
}

/// The columns of the points before and after each row, with the names that they get.
///
/// # Errors
/// `Internal` where DataFusion does not build it.
pub(super) fn neighbours(value: &Computed, series: &Series, prefix: &str) -> Result<Vec<Computed>> {
    let time = when(value.clone().is_not_null(), ident(TIME)).end();
    let time = time.map_err(|error| from_datafusion(&error))?;
    let named = |function: Computed, name: &str| {
        let built = function
            .partition_by(series.partition.clone())
            .order_by(series.order.clone())
            .null_treatment(Some(NullTreatment::IgnoreNulls))
            .build();
        built.map(|built| built.alias(format!("{prefix}::{name}")))
    };
    let built = [
        named(lag(value.clone(), Some(1), None), "lag"),
        named(lag(time.clone(), Some(1), None), "lag_time"),
        named(lead(value.clone(), Some(1), None), "lead"),
        named(lead(time, Some(1), None), "lead_time"),
    ];
    built.into_iter().collect::<Result<_, _>>().map_err(|error| from_datafusion(&error))
}

/// What each row adds to the area of its bin, in value times `unit_ns`; 0 where it has no value.
///
/// # Errors
/// `Internal` where DataFusion does not build it.
pub(super) fn part(
    value: &Computed,
    bins: Option<&Bins>,
    unit_ns: i64,
    prefix: &str,
) -> Result<Computed> {
    let own = Point { time: nanoseconds(ident(TIME)), value: value.clone() };
    let before = neighbour(prefix, "lag");
    let after = neighbour(prefix, "lead");
    let (from_before, to_after) = match bins {
        None => (area(&before, &own), lit(0.0)),
        Some(bins) => binned(bins, (&before, &own, &after), prefix)?,
    };
    let or_zero = |area: Computed, known: &Point| {
        when(known.time.clone().is_not_null().and(own.value.clone().is_not_null()), area)
            .otherwise(lit(0.0))
            .map_err(|error| from_datafusion(&error))
    };
    let sum = or_zero(from_before, &before)? + or_zero(to_after, &after)?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a unit is a divisor of an area, itself a float"
    )]
    let unit = unit_ns as f64;
    Ok(sum / lit(unit))
}

fn neighbour(prefix: &str, name: &str) -> Point {
    Point {
        time: nanoseconds(ident(format!("{prefix}::{name}_time"))),
        value: ident(format!("{prefix}::{name}")),
    }
}

fn nanoseconds(time: Computed) -> Computed {
    cast(time, DataType::Int64)
}

/// The area between two points, in value times nanoseconds.
fn area(from: &Point, to: &Point) -> Computed {
    let length = cast(to.time.clone() - from.time.clone(), DataType::Float64);
    (from.value.clone() + to.value.clone()) * lit(0.5) * length
}

/// The point on the line from `from` to `to` at `time`.
fn between(from: &Point, to: &Point, time: Computed) -> Point {
    let share = cast(time.clone() - from.time.clone(), DataType::Float64)
        / cast(to.time.clone() - from.time.clone(), DataType::Float64);
    let value = from.value.clone() + (to.value.clone() - from.value.clone()) * share;
    Point { time, value }
}

/// The areas before and after a point that belong to its bin.
fn binned(
    bins: &Bins,
    (before, own, after): (&Point, &Point, &Point),
    prefix: &str,
) -> Result<(Computed, Computed)> {
    let end = |time: Computed| nanoseconds(bins.start(time)) + lit(bins.interval_ns);
    let end_before = end(ident(format!("{prefix}::lag_time")));
    let cut = between(before, own, end_before.clone());
    let same_bin = end_before.clone().gt(own.time.clone());
    let from_before = when(same_bin, area(before, own)).otherwise(area(&cut, own));
    let own_end = end(ident(TIME));
    let cut = between(own, after, own_end.clone());
    let later = after.time.clone().gt_eq(own_end);
    let to_after = when(later, area(own, &cut)).otherwise(lit(0.0));
    let failed = |error| from_datafusion(&error);
    Ok((from_before.map_err(failed)?, to_after.map_err(failed)?))
}
