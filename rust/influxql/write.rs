//! Expressions as text.
//!
//! Comes in: a tree. Goes out: its text. Stays true: what the parser made is read as the same tree;
//! a tree that it would not make gets parentheses, so its meaning stays. A row of operands is
//! written with a loop. Refuses nothing.

use std::fmt::{self, Display, Formatter, Write as _};

use super::ast::{ColumnType, Expr, Literal, Number, Operator, WildcardKind};
use super::duration;
use super::expression::closeness;
use super::names::{Written, write_quoted};
use super::scan::word_or_digits;

impl Display for Expr {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => literal.fmt(formatter),
            Self::Param(name) => write_parameter(formatter, name),
            Self::Column { name, cast } => {
                Written(name).fmt(formatter)?;
                cast.map_or(Ok(()), |cast| write!(formatter, "::{cast}"))
            }
            Self::Wildcard(None) => formatter.write_char('*'),
            Self::Wildcard(Some(kind)) => write!(formatter, "*::{kind}"),
            Self::Call { name, arguments } => {
                write!(formatter, "{name}(")?;
                write_list(formatter, arguments)?;
                formatter.write_char(')')
            }
            Self::Negative(operand) => write_negative(formatter, operand),
            Self::Binary { .. } => write_row(formatter, self),
            Self::Nested(inner) => write!(formatter, "({inner})"),
        }
    }
}

/// Items with commas between them.
pub(super) fn write_list<T: Display>(formatter: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    for (number, item) in items.iter().enumerate() {
        let comma = if number == 0 { "" } else { ", " };
        write!(formatter, "{comma}{item}")?;
    }
    Ok(())
}

/// A row of operands: down its left side, and back up.
fn write_row(formatter: &mut Formatter<'_>, expr: &Expr) -> fmt::Result {
    let (mut first, mut links, mut least) = (expr, Vec::new(), 0);
    while let Expr::Binary { left, operator, right } = first {
        if closeness(*operator) < least {
            break;
        }
        least = closeness(*operator);
        links.push((*operator, right));
        first = left;
    }
    write_operand(formatter, first, u8::MAX)?;
    while let Some((operator, right)) = links.pop() {
        write!(formatter, " {operator} ")?;
        write_operand(formatter, right, closeness(operator) + 1)?;
    }
    Ok(())
}

/// An operand, in parentheses if it does not bind at least that close.
fn write_operand(formatter: &mut Formatter<'_>, operand: &Expr, at_least: u8) -> fmt::Result {
    match operand {
        Expr::Binary { operator, .. } if closeness(*operator) < at_least => {
            write!(formatter, "({operand})")
        }
        _ => operand.fmt(formatter),
    }
}

/// `-x`; `--` would begin a comment.
fn write_negative(formatter: &mut Formatter<'_>, operand: &Expr) -> fmt::Result {
    let blank = if matches!(operand, Expr::Negative(_)) { " " } else { "" };
    write!(formatter, "-{blank}")?;
    match operand {
        Expr::Literal(_) => write!(formatter, "({operand})"),
        _ => write_operand(formatter, operand, u8::MAX),
    }
}

fn write_parameter(formatter: &mut Formatter<'_>, name: &str) -> fmt::Result {
    formatter.write_char('$')?;
    if !name.is_empty() && word_or_digits(name) == name {
        return formatter.write_str(name);
    }
    write_quoted(formatter, name, '"')
}

impl Display for Literal {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => value.fmt(formatter),
            Self::Unsigned(value) => value.fmt(formatter),
            Self::Float(value) => write_float(formatter, *value),
            Self::String(value) => write_quoted(formatter, value, '\''),
            Self::Boolean(value) => value.fmt(formatter),
            Self::Duration(value) => duration::write(formatter, *value),
            Self::Regex(value) => write_regex(formatter, value),
        }
    }
}

impl Display for Number {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => value.fmt(formatter),
            Self::Float(value) => write_float(formatter, *value),
        }
    }
}

/// A float without an exponent, which InfluxQL has not, and always with a point.
fn write_float(formatter: &mut Formatter<'_>, value: f64) -> fmt::Result {
    let text = value.to_string();
    let point = if text.contains('.') { "" } else { ".0" };
    write!(formatter, "{text}{point}")
}

/// `/…/`.
pub(super) fn write_regex(formatter: &mut Formatter<'_>, regex: &str) -> fmt::Result {
    write!(formatter, "/{}/", regex.replace('/', "\\/"))
}

impl Display for Operator {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Or => "OR",
            Self::And => "AND",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Match => "=~",
            Self::NotMatch => "!~",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::BitOr => "|",
            Self::BitXor => "^",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::BitAnd => "&",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        })
    }
}

impl Display for ColumnType {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Float => "float",
            Self::Integer => "integer",
            Self::Unsigned => "unsigned",
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Tag => "tag",
            Self::Field => "field",
            Self::Timestamp => "timestamp",
        })
    }
}

impl Display for WildcardKind {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tag => "tag",
            Self::Field => "field",
        })
    }
}
