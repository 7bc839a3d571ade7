//! The functions of InfluxQL that need more than one row.
//!
//! Comes in: calls. Goes out: what class a function is of, and the calls of an expression. Stays
//! true: a call inside another belongs to it. Refuses wrong numbers and kinds of arguments.

use super::scalar::{check_count, is_scalar};
use crate::error::{EngineError, Result};
use crate::influxql::{Expr, Literal};

/// How a function makes its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// One value of all rows of a group.
    Aggregate,
    /// One of the rows of a group.
    Selector,
    /// Several rows of a group: `top`, `bottom`.
    Ranking,
    /// Every value of a group once.
    Distinct,
    /// A value for each row, from it and those before it.
    Transform,
}

/// The class of a function; `None` for what is computed row by row, or unknown.
pub(super) fn class(name: &str) -> Option<Class> {
    Some(match name {
        "count" | "integral" | "mean" | "median" | "mode" | "spread" | "stddev" | "sum" => {
            Class::Aggregate
        }
        "first" | "last" | "min" | "max" | "percentile" => Class::Selector,
        "top" | "bottom" => Class::Ranking,
        "distinct" => Class::Distinct,
        "cumulative_sum"
        | "derivative"
        | "difference"
        | "elapsed"
        | "moving_average"
        | "non_negative_derivative"
        | "non_negative_difference" => Class::Transform,
        _ => return None,
    })
}

const MISSING: [&str; 12] = [
    "sample",
    "count_hll",
    "holt_winters",
    "holt_winters_with_fit",
    "exponential_moving_average",
    "double_exponential_moving_average",
    "triple_exponential_moving_average",
    "triple_exponential_derivative",
    "relative_strength_index",
    "kaufmans_efficiency_ratio",
    "kaufmans_adaptive_moving_average",
    "chande_momentum_oscillator",
];

/// Walks `expr` from its outside; `visit` says whether to look inside of what it was given.
pub(super) fn walk<'e>(expr: &'e Expr, visit: &mut impl FnMut(&'e Expr) -> bool) {
    if !visit(expr) {
        return;
    }
    match expr {
        Expr::Call { arguments, .. } => arguments.iter().for_each(|one| walk(one, visit)),
        Expr::Negative(inner) | Expr::Nested(inner) => walk(inner, visit),
        Expr::Binary { left, right, .. } => {
            walk(left, visit);
            walk(right, visit);
        }
        _ => {}
    }
}

/// The outermost calls of `class_of` functions in `expr`, with their classes.
pub(super) fn calls_of(expr: &Expr) -> Vec<(&Expr, Class)> {
    let mut found = Vec::new();
    walk(expr, &mut |one| match one {
        Expr::Call { name, .. } => match class(name) {
            Some(class) => {
                found.push((one, class));
                false
            }
            None => true,
        },
        _ => true,
    });
    found
}

/// The columns that `expr` reads outside of the calls that [`calls_of`] finds.
pub(super) fn columns_of_rows(expr: &Expr) -> Vec<&String> {
    let mut found = Vec::new();
    walk(expr, &mut |one| match one {
        Expr::Call { name, .. } => class(name).is_none(),
        Expr::Column { name, .. } => {
            found.push(name);
            false
        }
        _ => true,
    });
    found
}

/// The argument that a call computes with.
pub(super) fn argument(call: &Expr) -> &Expr {
    match call {
        Expr::Call { arguments, .. } => arguments.first().unwrap_or(call),
        other => other,
    }
}

/// Refuses calls in `expr` that cannot be: unknown functions, wrong arguments, calls in calls.
///
/// # Errors
/// `Invalid`; `Unsupported` for functions of InfluxDB 1 that InfluxDB 3 does not have either.
pub(super) fn check(expr: &Expr) -> Result<()> {
    match expr {
        Expr::Call { name, arguments } => {
            check_call(name, arguments)?;
            arguments.iter().try_for_each(check)
        }
        Expr::Nested(inner) | Expr::Negative(inner) => check(inner),
        Expr::Binary { left, right, .. } => {
            check(left)?;
            check(right)
        }
        _ => Ok(()),
    }
}

fn check_call(name: &str, arguments: &[Expr]) -> Result<()> {
    if MISSING.contains(&name) {
        return Err(EngineError::unsupported(format!("This feature is not implemented: {name}()")));
    }
    let Some(class) = class(name) else {
        if is_scalar(name) {
            return Ok(());
        }
        return Err(EngineError::invalid(format!("undefined function {name}()")));
    };
    let (least, most) = match name {
        "percentile" | "moving_average" => (2, 2),
        "integral" | "derivative" | "non_negative_derivative" | "elapsed" => (1, 2),
        "top" | "bottom" => (2, usize::MAX),
        _ => (1, 1),
    };
    check_count(name, arguments, least, most)?;
    let inner = calls_of(&arguments[0]);
    if class == Class::Transform {
        return inner.iter().try_for_each(|(_, class)| match class {
            Class::Aggregate | Class::Selector => Ok(()),
            _ => Err(EngineError::invalid(format!(
                "aggregate function required inside the call to {name}"
            ))),
        });
    }
    let counts_distinct = name == "count" && matches!(inner[..], [(_, Class::Distinct)]);
    if !inner.is_empty() && !counts_distinct {
        return Err(EngineError::invalid(format!("expected field argument in {name}()")));
    }
    check_options(name, arguments)
}

fn check_options(name: &str, arguments: &[Expr]) -> Result<()> {
    match name {
        "percentile" => percent(arguments).map(|_| ()),
        "top" | "bottom" => rank_limit(name, arguments).map(|_| ()),
        _ => Ok(()),
    }
}

/// The percent of `percentile(x, N)`.
///
/// # Errors
/// `Invalid` where it is no number from 0 to 100.
pub(super) fn percent(arguments: &[Expr]) -> Result<f64> {
    #[expect(clippy::cast_precision_loss, reason = "only 0 to 100 are taken")]
    let value = match arguments.get(1) {
        Some(Expr::Literal(Literal::Integer(value))) => *value as f64,
        Some(Expr::Literal(Literal::Float(value))) => *value,
        _ => return Err(EngineError::invalid("expected float argument in percentile()")),
    };
    if (0.0..=100.0).contains(&value) {
        return Ok(value);
    }
    Err(EngineError::invalid(format!("percentile of {value}: it must lie between 0 and 100")))
}

/// How many rows `top` or `bottom` finds.
///
/// # Errors
/// `Invalid` where the last argument is no positive integer, or another one is no name.
pub(super) fn rank_limit(name: &str, arguments: &[Expr]) -> Result<u64> {
    let inner = arguments.get(1..arguments.len().saturating_sub(1)).unwrap_or_default();
    for argument in inner {
        if !matches!(argument, Expr::Column { .. }) {
            return Err(EngineError::invalid(format!(
                "only fields or tags are allow for {name}(), got {argument}"
            )));
        }
    }
    match arguments.last() {
        Some(Expr::Literal(Literal::Integer(limit))) if *limit > 0 => Ok(limit.unsigned_abs()),
        Some(other) => Err(EngineError::invalid(format!(
            "expected integer greater than 0 as last argument in {name}(), found {other}"
        ))),
        None => Err(EngineError::invalid(format!("expected arguments in {name}()"))),
    }
}
