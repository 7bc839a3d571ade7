//! What the names of an expression stand for.
//!
//! Comes in: columns of a plan, and calls that a step below has computed. Goes out: expressions of
//! DataFusion with their kinds. Stays true: a name that is not there is a null of no kind, as a tag
//! or field that no row has. Refuses nothing.

use datafusion::logical_expr::{Expr as Computed, ident, lit};
use datafusion::scalar::ScalarValue;

use super::columns::{Columns, Kind};
use super::times::Clock;
use crate::influxql::Expr;

/// An expression of DataFusion and the kind of its values; `None`: it is null.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub(super) expr: Computed,
    pub(super) kind: Option<Kind>,
}

impl Typed {
    pub(super) fn new(expr: Computed, kind: Kind) -> Self {
        Self { expr, kind: Some(kind) }
    }

    pub(super) fn null() -> Self {
        Self { expr: lit(ScalarValue::Null), kind: None }
    }

    /// These values as another kind; what does not fit is null.
    pub(super) fn to(&self, kind: Kind) -> Computed {
        if self.kind == Some(kind) {
            return self.expr.clone();
        }
        let fits = match self.kind {
            Some(own) => {
                (own.is_numeric() && kind.is_numeric()) || (own.is_text() && kind.is_text())
            }
            None => false,
        };
        if !fits {
            return cast(lit(ScalarValue::Null), kind);
        }
        let data_type = kind.data_type();
        Computed::TryCast(datafusion::logical_expr::TryCast::new(
            Box::new(self.expr.clone()),
            data_type,
        ))
    }
}

/// A null or a number as a kind.
pub(super) fn cast(expr: Computed, kind: Kind) -> Computed {
    datafusion::logical_expr::cast(expr, kind.data_type())
}

/// Where names are looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) columns: &'a Columns,
    /// Calls that are columns by now.
    pub(super) calls: &'a [Call],
    pub(super) clock: Clock,
}

/// A call that a step below has computed into a column.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) expr: Expr,
    pub(super) value: Typed,
}

impl Scope<'_> {
    /// The column of this name.
    pub(super) fn column(&self, name: &str) -> Typed {
        match self.columns.get(name) {
            Some(&kind) => Typed::new(ident(name), kind),
            None => Typed::null(),
        }
    }

    /// What a call was computed to.
    pub(super) fn call(&self, expr: &Expr) -> Option<Typed> {
        self.calls.iter().find(|call| call.expr == *expr).map(|call| call.value.clone())
    }
}
