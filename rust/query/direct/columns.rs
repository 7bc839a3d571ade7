//! Which columns expressions read.

use std::collections::BTreeSet;

use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, SortExpr};

/// Names of columns of the one table that a statement reads.
pub(super) type Names = BTreeSet<String>;

/// The names of the columns that `expressions` read.
pub(super) fn names<'e>(expressions: impl IntoIterator<Item = &'e Expr>) -> Names {
    let mut names = Names::new();
    for expression in expressions {
        names.extend(expression.column_refs().into_iter().map(|column| column.name.clone()));
    }
    names
}

/// The names of the columns that an order reads.
pub(super) fn names_of_order(order: &[SortExpr]) -> Names {
    names(order.iter().map(|one| &one.expr))
}

/// The names of all columns of a schema.
pub(super) fn names_of_schema(schema: &DFSchema) -> Names {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

/// Functions that stand for more than a value of a row: the optimizer has a rule for them.
const WITH_RULES: [&str; 4] =
    ["date_bin_gapfill", "date_bin_wallclock_gapfill", "locf", "interpolate"];

/// Whether an expression can be computed as it stands.
pub(super) fn is_plain(expression: &Expr) -> Result<bool> {
    let mut plain = true;
    expression.apply(|part| {
        plain = match part {
            Expr::ScalarFunction(call) => !WITH_RULES.contains(&call.func.name()),
            Expr::Column(_)
            | Expr::Alias(_)
            | Expr::Literal(..)
            | Expr::BinaryExpr(_)
            | Expr::Like(_)
            | Expr::SimilarTo(_)
            | Expr::Not(_)
            | Expr::IsNotNull(_)
            | Expr::IsNull(_)
            | Expr::IsTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotTrue(_)
            | Expr::IsNotFalse(_)
            | Expr::IsNotUnknown(_)
            | Expr::Negative(_)
            | Expr::Between(_)
            | Expr::Case(_)
            | Expr::Cast(_)
            | Expr::TryCast(_)
            | Expr::InList(_)
            | Expr::AggregateFunction(_) => true,
            _ => false,
        };
        Ok(if plain { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })?;
    Ok(plain)
}

/// Whether all of these can be computed as they stand.
pub(super) fn all_plain<'e>(expressions: impl IntoIterator<Item = &'e Expr>) -> Result<bool> {
    for expression in expressions {
        if !is_plain(expression)? {
            return Ok(false);
        }
    }
    Ok(true)
}
