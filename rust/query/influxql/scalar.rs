//! Arithmetic and mathematical functions, row by row.
//!
//! Comes in: an expression and what its names stand for. Goes out: an expression of DataFusion and
//! its kind. Stays true: integers divide to floats, a division by zero is 0, and whatever has a
//! null or two kinds that do not fit is null. Refuses unknown functions and wrong numbers of
//! arguments.

use datafusion::functions::expr_fn as functions;
use datafusion::logical_expr::{Expr as Computed, lit, when};
use datafusion::scalar::ScalarValue;

use super::columns::{Kind, TIME};
use super::scope::{Scope, Typed, cast};
use super::times::is_time;
use crate::error::{EngineError, Result};
use crate::influxql::{ColumnType, Expr, Literal, Operator};
use crate::query::errors::from_datafusion;

impl Scope<'_> {
    /// The values of an expression.
    ///
    /// # Errors
    /// `Invalid` for functions that are unknown or called wrongly.
    pub(super) fn values(&self, expr: &Expr) -> Result<Typed> {
        match expr {
            Expr::Nested(inner) => self.values(inner),
            Expr::Literal(literal) => literal_values(literal),
            Expr::Column { name, cast } => Ok(as_type(self.column(name), *cast)),
            Expr::Negative(inner) => {
                let zero = Typed::new(lit(0_i64), Kind::Integer);
                computed(zero, Operator::Subtract, self.values(inner)?)
            }
            Expr::Binary { left, operator, right } => {
                let (left, right) = (self.values(left)?, self.values(right)?);
                computed(left, *operator, right)
            }
            Expr::Call { name, arguments } => match self.call(expr) {
                Some(known) => Ok(known),
                None => self.function(name, arguments),
            },
            Expr::Param(name) => {
                Err(EngineError::invalid(format!("no value for the placeholder ${name}")))
            }
            Expr::Wildcard(_) => Err(EngineError::invalid("unexpected wildcard in an expression")),
        }
    }

    fn function(&self, name: &str, arguments: &[Expr]) -> Result<Typed> {
        if name == "date_part" {
            return date_part(arguments);
        }
        let Some(known) = Function::of(name) else {
            return Err(EngineError::invalid(format!("undefined function {name}()")));
        };
        let expected = if known.has_two_arguments() { 2 } else { 1 };
        check_count(name, arguments, expected, expected)?;
        let values = arguments.iter().map(|one| self.values(one)).collect::<Result<Vec<_>>>()?;
        if values.iter().any(|one| !one.kind.is_some_and(Kind::is_numeric)) {
            return Ok(Typed::null());
        }
        Ok(known.of_values(&values))
    }
}

fn computed(left: Typed, operator: Operator, right: Typed) -> Result<Typed> {
    let (Some(left_kind), Some(right_kind)) = (left.kind, right.kind) else {
        return Ok(Typed::null());
    };
    if left_kind == Kind::Boolean && right_kind == Kind::Boolean {
        return Ok(booleans(left.expr, operator, right.expr));
    }
    if !(left_kind.is_numeric() && right_kind.is_numeric()) {
        return Ok(Typed::null());
    }
    let kind = operand_kind(&left, left_kind, &right, right_kind, operator)?;
    numbers(left.to(kind), operator, right.to(kind), kind)
}

/// Refuses a call with fewer or more arguments.
///
/// # Errors
/// `Invalid`, with what is expected.
pub(super) fn check_count(name: &str, given: &[Expr], least: usize, most: usize) -> Result<()> {
    if (least..=most).contains(&given.len()) {
        return Ok(());
    }
    let expected = match most {
        _ if least == most => format!("{least}"),
        usize::MAX => format!("at least {least}"),
        _ if given.len() < least => format!("at least {least}"),
        _ => format!("at most {most}"),
    };
    let got = given.len();
    Err(EngineError::invalid(format!(
        "invalid number of arguments for {name}, expected {expected}, got {got}"
    )))
}

/// Whether `name` is computed row by row.
pub(super) fn is_scalar(name: &str) -> bool {
    Function::of(name).is_some() || matches!(name, "date_part" | "now")
}

fn literal_values(literal: &Literal) -> Result<Typed> {
    Ok(match literal {
        Literal::Integer(value) | Literal::Duration(value) => {
            Typed::new(lit(*value), Kind::Integer)
        }
        Literal::Unsigned(value) => Typed::new(lit(*value), Kind::Unsigned),
        Literal::Float(value) => Typed::new(lit(*value), Kind::Float),
        Literal::String(value) => Typed::new(lit(value.clone()), Kind::String),
        Literal::Boolean(value) => Typed::new(lit(*value), Kind::Boolean),
        Literal::Regex(text) => {
            return Err(EngineError::invalid(format!("unexpected regular expression /{text}/")));
        }
    })
}

/// `column::type`: numbers change, anything else is null where it is not of that type.
fn as_type(column: Typed, wanted: Option<ColumnType>) -> Typed {
    let Some(kind) = column.kind else { return column };
    let wanted = match wanted {
        None | Some(ColumnType::Timestamp) => return column,
        Some(ColumnType::Field) if kind != Kind::Tag => return column,
        Some(ColumnType::Field) => return Typed::null(),
        Some(ColumnType::Tag) => Kind::Tag,
        Some(ColumnType::Float) => Kind::Float,
        Some(ColumnType::Integer) => Kind::Integer,
        Some(ColumnType::Unsigned) => Kind::Unsigned,
        Some(ColumnType::String) => Kind::String,
        Some(ColumnType::Boolean) => Kind::Boolean,
    };
    if wanted == kind {
        return column;
    }
    if wanted.is_numeric() && kind.is_numeric() {
        return Typed::new(column.to(wanted), wanted);
    }
    Typed::null()
}

/// The kind in which two numbers are computed.
fn operand_kind(
    left: &Typed,
    left_kind: Kind,
    right: &Typed,
    right_kind: Kind,
    operator: Operator,
) -> Result<Kind> {
    match (left_kind, right_kind) {
        (Kind::Unsigned, Kind::Integer) => mixed(&right.expr, operator),
        (Kind::Integer, Kind::Unsigned) => mixed(&left.expr, operator),
        (one, other) => Ok(one.min(other)),
    }
}

/// An unsigned value beside a signed one, which must be a literal to become unsigned.
fn mixed(signed: &Computed, operator: Operator) -> Result<Kind> {
    match signed {
        Computed::Literal(ScalarValue::Int64(Some(value)), _) if *value >= 0 => Ok(Kind::Unsigned),
        Computed::Literal(ScalarValue::Int64(Some(_)), _) => Err(EngineError::invalid(format!(
            "cannot use {operator} with an unsigned field and a negative literal"
        ))),
        _ => Ok(Kind::Float),
    }
}

fn numbers(left: Computed, operator: Operator, right: Computed, kind: Kind) -> Result<Typed> {
    let bits = |expr: Computed| match kind {
        Kind::Float => Ok(Typed::null()), // bits of floats are nothing to compute with
        _ => Ok(Typed::new(expr, kind)),
    };
    match operator {
        Operator::Add => Ok(Typed::new(left + right, kind)),
        Operator::Subtract => Ok(Typed::new(left - right, kind)),
        Operator::Multiply => Ok(Typed::new(left * right, kind)),
        Operator::Divide => divided(left, right, kind),
        Operator::Modulo => {
            let rest = left.clone() % right.clone();
            Ok(Typed::new(zero_for_zero(&left, right, rest, kind)?, kind))
        }
        Operator::BitAnd => bits(left & right),
        Operator::BitOr => bits(left | right),
        Operator::BitXor => bits(left ^ right),
        _ => Ok(Typed::null()),
    }
}

fn divided(left: Computed, right: Computed, kind: Kind) -> Result<Typed> {
    let kind = if kind == Kind::Integer { Kind::Float } else { kind };
    let (left, right) = (cast(left, kind), cast(right, kind));
    let quotient = left.clone() / right.clone();
    Ok(Typed::new(zero_for_zero(&left, right, quotient, kind)?, kind))
}

/// `result`, and 0 where `right` is 0.
fn zero_for_zero(
    left: &Computed,
    right: Computed,
    result: Computed,
    kind: Kind,
) -> Result<Computed> {
    let zero = cast(lit(0_i64), kind);
    let by_zero = left.clone().is_not_null().and(right.eq(zero.clone()));
    when(by_zero, zero).otherwise(result).map_err(|error| from_datafusion(&error))
}

fn booleans(left: Computed, operator: Operator, right: Computed) -> Typed {
    let expr = match operator {
        Operator::BitAnd | Operator::And => left.and(right),
        Operator::BitOr | Operator::Or => left.or(right),
        Operator::BitXor => left.not_eq(right),
        _ => return Typed::null(),
    };
    Typed::new(expr, Kind::Boolean)
}

fn date_part(arguments: &[Expr]) -> Result<Typed> {
    check_count("date_part", arguments, 2, 2)?;
    let Expr::Literal(Literal::String(part)) = &arguments[0] else {
        return Err(EngineError::invalid("date_part: first argument must be a string"));
    };
    if !is_time(&arguments[1]) {
        return Err(EngineError::invalid("date_part: second argument must be time"));
    }
    let part = functions::date_part(lit(part.clone()), datafusion::logical_expr::ident(TIME));
    Ok(Typed::new(cast(part, Kind::Integer), Kind::Integer))
}

/// A mathematical function.
#[derive(Debug, Clone, Copy)]
enum Function {
    /// Of one float.
    Float(fn(Computed) -> Computed),
    /// Keeps integers as they are.
    Rounding(fn(Computed) -> Computed),
    /// Of two floats.
    Pair(fn(Computed, Computed) -> Computed),
    Absolute,
}

impl Function {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "abs" => Self::Absolute,
            "acos" => Self::Float(functions::acos),
            "asin" => Self::Float(functions::asin),
            "atan" => Self::Float(functions::atan),
            "cos" => Self::Float(functions::cos),
            "exp" => Self::Float(functions::exp),
            "ln" => Self::Float(functions::ln),
            "log2" => Self::Float(functions::log2),
            "log10" => Self::Float(functions::log10),
            "sin" => Self::Float(functions::sin),
            "sqrt" => Self::Float(functions::sqrt),
            "tan" => Self::Float(functions::tan),
            "ceil" => Self::Rounding(functions::ceil),
            "floor" => Self::Rounding(functions::floor),
            "round" => Self::Rounding(|value| functions::round(vec![value])),
            "atan2" => Self::Pair(functions::atan2),
            "log" => Self::Pair(|value, base| functions::log(base, value)),
            "pow" => Self::Pair(functions::power),
            _ => return None,
        })
    }

    fn has_two_arguments(self) -> bool {
        matches!(self, Self::Pair(_))
    }

    /// The function of numbers.
    fn of_values(self, values: &[Typed]) -> Typed {
        let first = &values[0];
        match self {
            Self::Float(function) => Typed::new(function(first.to(Kind::Float)), Kind::Float),
            Self::Rounding(function) if first.kind == Some(Kind::Float) => {
                Typed::new(function(first.expr.clone()), Kind::Float)
            }
            Self::Absolute if first.kind != Some(Kind::Unsigned) => {
                Typed { expr: functions::abs(first.expr.clone()), kind: first.kind }
            }
            Self::Rounding(_) | Self::Absolute => first.clone(),
            Self::Pair(function) => {
                let (one, other) = (first.to(Kind::Float), values[1].to(Kind::Float));
                Typed::new(function(one, other), Kind::Float)
            }
        }
    }
}
