//! Values for the `$name` placeholders of a statement.
//!
//! Comes in: a parsed statement and pairs of name and scalar. Goes out: the statement with literals
//! where placeholders stood. Stays true: a value is a literal and can never become a name or an
//! operator. Refuses a placeholder without a value.

use crate::error::{EngineError, Result};
use crate::influxql::{Dimension, Expr, Literal, Select, Source, Statement};
use crate::query::Param;

/// Puts `params` in the place of the placeholders.
///
/// # Errors
/// `Invalid` for the first placeholder without a value, and for a null.
pub(super) fn bind(statement: &mut Statement, params: &[(String, Param)]) -> Result<()> {
    match statement {
        Statement::Select(select) | Statement::Explain { select, .. } => in_select(select, params),
        Statement::Show(show) => in_optional(show.condition.as_mut(), params),
        _ => Ok(()),
    }
}

fn in_select(select: &mut Select, params: &[(String, Param)]) -> Result<()> {
    for field in &mut select.fields {
        in_expr(&mut field.expr, params)?;
    }
    for source in &mut select.sources {
        if let Source::Subquery(inner) = source {
            in_select(inner, params)?;
        }
    }
    for dimension in &mut select.dimensions {
        if let Dimension::Time { interval, offset } = dimension {
            in_expr(interval, params)?;
            in_optional(offset.as_mut(), params)?;
        }
    }
    in_optional(select.condition.as_mut(), params)
}

fn in_optional(expr: Option<&mut Expr>, params: &[(String, Param)]) -> Result<()> {
    expr.map_or(Ok(()), |expr| in_expr(expr, params))
}

fn in_expr(expr: &mut Expr, params: &[(String, Param)]) -> Result<()> {
    match expr {
        Expr::Param(name) => {
            *expr = Expr::Literal(value_of(name, params)?);
            Ok(())
        }
        Expr::Call { arguments, .. } => {
            arguments.iter_mut().try_for_each(|argument| in_expr(argument, params))
        }
        Expr::Negative(inner) | Expr::Nested(inner) => in_expr(inner, params),
        Expr::Binary { left, right, .. } => {
            in_expr(left, params)?;
            in_expr(right, params)
        }
        Expr::Literal(_) | Expr::Column { .. } | Expr::Wildcard(_) => Ok(()),
    }
}

fn value_of(name: &str, params: &[(String, Param)]) -> Result<Literal> {
    let found = params.iter().find(|(known, _)| known == name);
    Ok(match found.map(|(_, value)| value) {
        Some(Param::Boolean(value)) => Literal::Boolean(*value),
        Some(Param::Integer(value)) => Literal::Integer(*value),
        Some(Param::Unsigned(value)) => Literal::Unsigned(*value),
        Some(Param::Float(value)) => Literal::Float(*value),
        Some(Param::String(value)) => Literal::String(value.clone()),
        Some(Param::Null) => {
            return Err(EngineError::invalid(format!(
                "the value of placeholder ${name} is null, which InfluxQL has no literal for"
            )));
        }
        None => {
            return Err(EngineError::invalid(format!(
                "Error during planning: No value found for placeholder with name ${name}"
            )));
        }
    })
}
