//! `difference`, `derivative` and their like: a value for each row, from it and those before it.
//!
//! Comes in: rows, or groups whose calls are computed. Goes out: the same rows with a column for
//! each transform. Stays true: rows go by time within a series. Refuses values that are no numbers,
//! and units and lengths that are not positive.

use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr as Computed, ExprFunctionExt, WindowFunctionDefinition, ident, lit, when,
};

use super::aggregate::check_numeric;
use super::calls::argument;
use super::columns::{Kind, TIME};
use super::scope::{Call, Typed};
use super::stage::{Stage, call_name};
use crate::error::{EngineError, Result};
use crate::influxql::{Expr, Literal};
use crate::query::errors::from_datafusion;
use crate::query::functions::window::Kind as Function;

const SECOND_NS: i64 = 1_000_000_000;

impl Stage<'_> {
    /// Computes transforms into columns.
    ///
    /// # Errors
    /// `Invalid` for what a transform cannot take.
    pub(super) fn transform(&mut self, transforms: &[Expr]) -> Result<()> {
        let mut found = Vec::new();
        for call in transforms {
            found.push(self.one_transform(call)?);
        }
        let first = self.calls.len();
        let known = found.iter().enumerate();
        let columns: Vec<Computed> = known
            .filter_map(|(index, one)| {
                one.kind.map(|_| one.expr.clone().alias(call_name(first + index)))
            })
            .collect();
        if !columns.is_empty() {
            self.step(|plan| plan.window(columns))?;
        }
        for (index, (one, call)) in found.into_iter().zip(transforms).enumerate() {
            let value = match one.kind {
                Some(kind) => Typed::new(ident(call_name(first + index)), kind),
                None => Typed::null(),
            };
            self.calls.push(Call { expr: call.clone(), value });
        }
        Ok(())
    }

    fn one_transform(&self, call: &Expr) -> Result<Typed> {
        let Expr::Call { name, arguments } = call else {
            return Err(EngineError::internal(format!("'{call}' is no call")));
        };
        let value = self.scope().values(argument(call))?;
        let Some(kind) = value.kind else { return Ok(Typed::null()) };
        if name != "elapsed" {
            check_numeric(name, argument(call), kind)?;
        }
        let (function, kind) = function(name, kind)?;
        let mut given = vec![value.expr.clone()];
        match function {
            Function::Derivative | Function::NonNegativeDerivative => {
                let default =
                    self.prepared.bins.as_ref().map_or(SECOND_NS, |bins| bins.interval_ns);
                given.extend([ident(TIME), lit(unit(name, arguments, default)?)]);
            }
            Function::Elapsed => {
                let time = when(value.expr.is_not_null(), ident(TIME)).end();
                let time = time.map_err(|error| from_datafusion(&error))?;
                given = vec![time, lit(unit(name, arguments, 1)?)];
            }
            Function::MovingAverage => given.push(lit(length(arguments)?)),
            _ => {}
        }
        let window = WindowFunctionDefinition::WindowUDF(function.function());
        let window = Computed::from(WindowFunction::new(window, given));
        let window = window.partition_by(self.partition()).order_by(self.by_time()).build();
        Ok(Typed::new(window.map_err(|error| from_datafusion(&error))?, kind))
    }
}

/// The function and the kind of its values.
fn function(name: &str, kind: Kind) -> Result<(Function, Kind)> {
    let signed = if kind == Kind::Unsigned { Kind::Integer } else { kind };
    Ok(match name {
        "derivative" => (Function::Derivative, Kind::Float),
        "non_negative_derivative" => (Function::NonNegativeDerivative, Kind::Float),
        "difference" => (Function::Difference, signed),
        "non_negative_difference" => (Function::NonNegativeDifference, kind),
        "cumulative_sum" => (Function::CumulativeSum, kind),
        "moving_average" => (Function::MovingAverage, Kind::Float),
        "elapsed" => (Function::Elapsed, Kind::Integer),
        _ => return Err(EngineError::internal(format!("{name}() is no transform"))),
    })
}

fn unit(name: &str, arguments: &[Expr], default_ns: i64) -> Result<i64> {
    match arguments.get(1) {
        None => Ok(default_ns),
        Some(Expr::Literal(Literal::Duration(unit))) if *unit > 0 => Ok(*unit),
        Some(Expr::Literal(Literal::Duration(_))) => {
            Err(EngineError::invalid("duration argument must be positive"))
        }
        Some(other) => Err(EngineError::invalid(format!(
            "second argument to {name} must be a duration, got {other}"
        ))),
    }
}

/// How many values a moving average is of.
///
/// # Errors
/// `Invalid` where it is not greater than 1.
pub(super) fn length(arguments: &[Expr]) -> Result<i64> {
    match arguments.get(1) {
        Some(Expr::Literal(Literal::Integer(length))) if *length > 1 => Ok(*length),
        Some(Expr::Literal(Literal::Integer(length))) => Err(EngineError::invalid(format!(
            "moving_average window must be greater than 1, got {length}"
        ))),
        _ => Err(EngineError::invalid("second argument for moving_average must be an integer")),
    }
}
