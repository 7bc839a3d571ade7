//! An aggregate whose rows are to be for bins of time without gaps.
//!
//! Comes in: an aggregate with a call of `date_bin_gapfill` among its keys. Goes out: an aggregate
//! by plain bins, and the step above it that fills the gaps. Refuses what InfluxDB 3 refuses, with
//! its words.

use std::sync::Arc;

use arrow::datatypes::{DataType, IntervalMonthDayNano, TimeUnit};
use datafusion::common::{Column, exec_datafusion_err, plan_datafusion_err, plan_err};
use datafusion::error::Result;
use datafusion::functions::datetime::date_bin;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable, LogicalPlan, lit};
use datafusion::scalar::ScalarValue;

use super::arguments::{origin_ns, stride_ns};
use super::bins::Bins;
use super::bounds::{self, Bounds, Folding};
use super::rule::{calls, refuse_all};
use super::{Fill, GapFillSpec, gap_fill};
use crate::query::functions::{Mark, date_bin_wallclock};

/// The bins that a key asks for.
struct Bin {
    index: usize,
    mark: Mark,
    arguments: Vec<Expr>,
}

/// Fills the gaps of `aggregate` where it asks for that.
pub(super) fn filled(aggregate: Aggregate, folding: &Folding) -> Result<LogicalPlan> {
    refuse_all(&aggregate.aggr_expr)?;
    match bin(&aggregate)? {
        None => Ok(LogicalPlan::Aggregate(aggregate)),
        Some(bin) => with_bins(aggregate, &bin, folding),
    }
}

/// The only call among the keys.
fn bin(aggregate: &Aggregate) -> Result<Option<Bin>> {
    let mut found: Option<Bin> = None;
    for (index, key) in aggregate.group_expr.iter().enumerate() {
        let Some(mark) = calls(key)?.into_iter().next() else { continue };
        let shown = mark.name().to_uppercase();
        if !mark.is_bins() {
            return mark.misplaced();
        }
        if found.is_some() {
            return plan_err!("{shown} specified more than once");
        }
        let (mark, arguments) = match Mark::of(unaliased(key)) {
            Some((mark, arguments)) if calls(key)?.len() == 1 => (mark, arguments.to_vec()),
            _ => {
                return plan_err!(
                    "{shown} must be a top-level expression in the GROUP BY clause when gap \
                     filling. It cannot be part of another expression or cast"
                );
            }
        };
        found = Some(Bin { index, mark, arguments });
    }
    Ok(found)
}

fn unaliased(expression: &Expr) -> &Expr {
    match expression {
        Expr::Alias(alias) => unaliased(&alias.expr),
        other => other,
    }
}

/// What the arguments of a call mean.
struct Meaning {
    bins: Bins,
    /// The first three arguments of the plain function.
    stride: Expr,
    source: Expr,
    origin: Expr,
    bounds: Bounds,
}

fn meaning(input: &LogicalPlan, bin: &Bin, folding: &Folding) -> Result<Meaning> {
    let (schema, name) = (input.schema(), bin.mark.name().to_uppercase());
    let (stride, source, origin) = match bin.arguments.as_slice() {
        [stride, source] => (stride, source, None),
        [stride, source, origin] => (stride, source, Some(origin)),
        other => return plan_err!("{name} expects 2 or 3 arguments, got {}", other.len()),
    };
    let Some(column) = bounds::instants(source, schema) else {
        return plan_err!("{name} requires a column as the source argument");
    };
    let scalar = |argument: &Expr, what: &str| {
        let value = folding.scalar(argument, schema)?.filter(|value| !value.is_null());
        value.ok_or_else(|| {
            plan_datafusion_err!(
                "{what} argument to {name} for gap fill query must evaluate to a scalar"
            )
        })
    };
    let stride = stride_ns(&scalar(stride, "stride")?, &name)?;
    let origin = origin.map(|origin| scalar(origin, "origin")).transpose()?;
    let zone = zone(source, input)?;
    let by_clock = bin.mark == Mark::WallClockBins;
    let origin_zone = if by_clock { None } else { zone.as_deref() };
    let origin_type = origin.as_ref().map(ScalarValue::data_type);
    if by_clock && matches!(origin_type, Some(DataType::Timestamp(_, Some(_)))) {
        return plan_err!("{name} requires an origin without a zone, which is local time");
    }
    let origin = origin.map_or(Ok(0), |origin| origin_ns(&origin, origin_zone))?;
    let bins = Bins::new(stride, origin, zone.as_deref().filter(|_| by_clock))?;
    let time = DataType::Timestamp(TimeUnit::Nanosecond, zone.clone());
    Ok(Meaning {
        bins,
        stride: lit(ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(
            0, 0, stride,
        )))),
        source: source.clone().cast_to(&time, schema)?,
        origin: lit(ScalarValue::TimestampNanosecond(Some(origin), zone.filter(|_| !by_clock))),
        bounds: bounds::of(input, &column, folding)?,
    })
}

fn zone(source: &Expr, input: &LogicalPlan) -> Result<Option<Arc<str>>> {
    match source.get_type(input.schema())? {
        DataType::Timestamp(_, zone) => Ok(zone),
        other => plan_err!("bins need a timestamp, got {other}"),
    }
}

fn with_bins(mut aggregate: Aggregate, bin: &Bin, folding: &Folding) -> Result<LogicalPlan> {
    let meaning = meaning(&aggregate.input, bin, folding)?;
    let (first, last) = match (meaning.bounds.lower, meaning.bounds.upper) {
        (Some(lower), Some(upper)) => (lower, upper),
        (lower, upper) => {
            let missing = match (lower, upper) {
                (None, None) => "both upper and lower time bounds",
                (None, _) => "lower time bound",
                _ => "upper time bound",
            };
            return plan_err!("gap-filling query is missing {missing}");
        }
    };
    let function = match bin.mark {
        Mark::WallClockBins => Arc::new(date_bin_wallclock()),
        _ => date_bin(),
    };
    let call =
        ScalarFunction::new_udf(function, vec![meaning.stride, meaning.source, meaning.origin]);
    let key = &mut aggregate.group_expr[bin.index];
    let name = key.schema_name().to_string();
    *key = Expr::ScalarFunction(call).alias(name);
    let aggregate = Aggregate::try_new(aggregate.input, aggregate.group_expr, aggregate.aggr_expr)?;
    let spec = spec(&aggregate, bin.index, meaning.bins, (first, last))?;
    gap_fill(LogicalPlan::Aggregate(aggregate), spec)
}

fn spec(
    aggregate: &Aggregate,
    time: usize,
    bins: Bins,
    (first, last): (i64, i64),
) -> Result<GapFillSpec> {
    let columns = aggregate.schema.columns();
    let keys = aggregate.group_expr.len();
    let column = |index: usize| {
        let column = columns.get(index).cloned();
        column.ok_or_else(|| exec_datafusion_err!("an aggregate has lost a column"))
    };
    let series = (0..keys).filter(|index| *index != time).map(column);
    let mut fills = Vec::new();
    for (number, expression) in aggregate.aggr_expr.iter().enumerate() {
        if let Some(default) = default(expression, aggregate)? {
            fills.push((column(keys + number)?, Fill::Value(default)));
        }
    }
    let series: Vec<Column> = series.collect::<Result<_>>()?;
    let (first, last) = (Some(first), Some(last));
    Ok(GapFillSpec { time: column(time)?, series, bins, first, last, fills })
}

/// What an aggregate has of no rows, as `count` has 0.
fn default(expression: &Expr, aggregate: &Aggregate) -> Result<Option<ScalarValue>> {
    let Expr::AggregateFunction(call) = unaliased(expression) else { return Ok(None) };
    let data_type = expression.get_type(aggregate.input.schema())?;
    let value = call.func.default_value(&data_type)?;
    Ok(Some(value).filter(|value| !value.is_null() && value.data_type() == data_type))
}
