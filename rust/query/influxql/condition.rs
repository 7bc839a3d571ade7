//! `WHERE`, without its range of times.
//!
//! Comes in: a condition and what its names stand for. Goes out: a predicate of DataFusion. Stays
//! true: a tag that a row does not have compares as the empty string; values of kinds that do not
//! compare are never equal, greater or anything; a chain of `AND` or `OR` becomes a tree no deeper
//! than its logarithm. Refuses what is no condition.

use datafusion::functions::expr_fn as functions;
use datafusion::logical_expr::{Expr as Computed, Operator as Comparison, binary_expr, ident, lit};
use datafusion::scalar::ScalarValue;

use super::columns::{Kind, TIME};
use super::scope::{Scope, Typed};
use super::times::is_time;
use crate::error::{EngineError, Result};
use crate::influxql::{Expr, Literal, Operator};

impl Scope<'_> {
    /// Which rows `condition` keeps.
    ///
    /// # Errors
    /// `Invalid` for what is no condition.
    pub(super) fn predicate(&self, condition: &Expr) -> Result<Computed> {
        match condition {
            Expr::Nested(inner) => self.predicate(inner),
            Expr::Literal(Literal::Boolean(value)) => Ok(lit(*value)),
            Expr::Binary { operator: operator @ (Operator::And | Operator::Or), .. } => {
                let mut parts = Vec::new();
                links(condition, *operator, &mut parts);
                let parts = parts.into_iter().map(|part| self.predicate(part));
                Ok(joined(*operator, parts.collect::<Result<_>>()?))
            }
            Expr::Binary { left, operator, right } if is_comparison(*operator) => {
                self.comparison(left, *operator, right)
            }
            other => match self.values(other)? {
                Typed { expr, kind: Some(Kind::Boolean) } => Ok(expr),
                _ => Err(EngineError::invalid(format!("invalid condition: {other}"))),
            },
        }
    }

    fn comparison(&self, left: &Expr, operator: Operator, right: &Expr) -> Result<Computed> {
        if matches!(operator, Operator::Match | Operator::NotMatch) {
            return self.regex(left, operator == Operator::NotMatch, right);
        }
        let compared = comparison(operator);
        if is_time(left) {
            return Ok(binary_expr(ident(TIME), compared, self.time_literal(right)?));
        }
        if is_time(right) {
            return Ok(binary_expr(self.time_literal(left)?, compared, ident(TIME)));
        }
        let (left, right) = (self.operand(left)?, self.operand(right)?);
        Ok(compare(left, operator, right))
    }

    fn time_literal(&self, constant: &Expr) -> Result<Computed> {
        let time = self.clock.time(constant)?;
        Ok(lit(ScalarValue::TimestampNanosecond(Some(time), None)))
    }

    /// A side of a comparison; a name that no column has is a tag that no row has.
    fn operand(&self, expr: &Expr) -> Result<Typed> {
        match expr {
            Expr::Nested(inner) => self.operand(inner),
            Expr::Column { name, cast: None } if !self.columns.contains_key(name) => {
                Ok(Typed::new(lit(""), Kind::Tag))
            }
            other => self.values(other),
        }
    }

    fn regex(&self, text: &Expr, negated: bool, pattern: &Expr) -> Result<Computed> {
        let Expr::Literal(Literal::Regex(pattern)) = pattern else {
            return Err(EngineError::invalid("expected a regular expression after =~ or !~"));
        };
        check_regex(pattern)?;
        let text = self.operand(text)?;
        let text = match text.kind {
            Some(Kind::Tag) => or_empty(text.expr),
            Some(Kind::String) => text.expr,
            _ => return Ok(lit(false)),
        };
        let found = functions::regexp_like(text, lit(pattern.clone()), None);
        Ok(if negated { !found } else { found })
    }
}

/// Refuses a pattern that is no regular expression.
///
/// # Errors
/// `Invalid`, with what is wrong.
pub(super) fn check_regex(pattern: &str) -> Result<regex::Regex> {
    regex::Regex::new(pattern).map_err(|error| {
        let text = error.to_string(); // its last line says what, those before show where
        let what = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        EngineError::invalid(format!("invalid regular expression /{pattern}/: {what}"))
    })
}

fn is_comparison(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::Equal
            | Operator::NotEqual
            | Operator::Match
            | Operator::NotMatch
            | Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual
    )
}

fn comparison(operator: Operator) -> Comparison {
    match operator {
        Operator::NotEqual => Comparison::NotEq,
        Operator::Less => Comparison::Lt,
        Operator::LessOrEqual => Comparison::LtEq,
        Operator::Greater => Comparison::Gt,
        Operator::GreaterOrEqual => Comparison::GtEq,
        _ => Comparison::Eq,
    }
}

fn compare(left: Typed, operator: Operator, right: Typed) -> Computed {
    let compared = comparison(operator);
    let (Some(left_kind), Some(right_kind)) = (left.kind, right.kind) else { return lit(false) };
    if left_kind.is_text() && right_kind.is_text() {
        if let Some(simple) = tag_equals(&left, operator, &right) {
            return simple;
        }
        return binary_expr(text_of(left), compared, text_of(right));
    }
    if left_kind.is_numeric() && right_kind.is_numeric() {
        let kind = match (left_kind, right_kind) {
            (Kind::Integer, Kind::Unsigned) | (Kind::Unsigned, Kind::Integer) => None,
            (one, other) => Some(one.min(other)),
        };
        return match kind {
            Some(kind) => binary_expr(left.to(kind), compared, right.to(kind)),
            None => binary_expr(left.expr, compared, right.expr), // exact in a wider type
        };
    }
    if left_kind == right_kind && matches!(operator, Operator::Equal | Operator::NotEqual) {
        return binary_expr(left.expr, compared, right.expr);
    }
    lit(false)
}

/// `tag = 'x'`, which a row without the tag cannot pass: the table answers it by its series.
fn tag_equals(left: &Typed, operator: Operator, right: &Typed) -> Option<Computed> {
    let (tag, text) = match (left.kind?, right.kind?) {
        (Kind::Tag, Kind::String) => (left, right),
        (Kind::String, Kind::Tag) => (right, left),
        _ => return None,
    };
    let Computed::Literal(ScalarValue::Utf8(Some(value)), _) = &text.expr else { return None };
    let simple = operator == Operator::Equal && !value.is_empty();
    simple.then(|| tag.expr.clone().eq(text.expr.clone()))
}

fn text_of(operand: Typed) -> Computed {
    if operand.kind == Some(Kind::Tag) { or_empty(operand.expr) } else { operand.expr }
}

/// A tag, and the empty string where it is not there.
fn or_empty(tag: Computed) -> Computed {
    let text = Typed::new(tag, Kind::Tag).to(Kind::String);
    functions::coalesce(vec![text, lit("")])
}

/// The links of a chain of one operator, from the left; the chain may be long, so no recursion.
fn links<'e>(chain: &'e Expr, operator: Operator, parts: &mut Vec<&'e Expr>) {
    let mut rest = chain;
    let mut from_right = Vec::new();
    while let Expr::Binary { left, operator: own, right } = rest {
        if *own != operator {
            break;
        }
        from_right.push(&**right);
        rest = left;
    }
    parts.push(rest);
    parts.extend(from_right.into_iter().rev());
}

/// The parts as a balanced tree.
fn joined(operator: Operator, mut parts: Vec<Computed>) -> Computed {
    let join = |one: Computed, other: Computed| match operator {
        Operator::And => one.and(other),
        _ => one.or(other),
    };
    while parts.len() > 1 {
        let mut pairs = parts.into_iter();
        let mut shorter = Vec::with_capacity(pairs.len().div_ceil(2));
        while let Some(one) = pairs.next() {
            shorter.push(match pairs.next() {
                Some(other) => join(one, other),
                None => one,
            });
        }
        parts = shorter;
    }
    parts.pop().unwrap_or_else(|| lit(true))
}
