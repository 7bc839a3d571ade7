//! Conditions of a query that a cache answers: which values a key column has, or has not.
//!
//! Comes in: filters as DataFusion has simplified them. Goes out: conditions on single key columns.
//! Stays true: a condition keeps exactly the rows that its filter keeps. Refuses nothing: what is
//! none is filtered above.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::scalar::ScalarValue;

use crate::cache::{KeyCondition, KeyValue};
use crate::schema::{CacheDefinition, CacheKind};

/// The condition that a filter is; its columns are those of the cache, of which the first `keys`
/// are the key.
pub(super) fn of_filter(filter: &Expr, schema: &Schema, keys: usize) -> Option<KeyCondition> {
    let found = match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let (left, right) = (of_filter(left, schema, keys)?, of_filter(right, schema, keys)?);
            let same = left.column == right.column && !left.negated && !right.negated;
            let values = left.values.union(&right.values).cloned().collect();
            return same.then_some(KeyCondition { values, ..left });
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let negated = match op {
                Operator::Eq => false,
                Operator::NotEq => true,
                _ => return None,
            };
            let ((Expr::Column(column), given) | (given, Expr::Column(column))) =
                (&**left, &**right)
            else {
                return None;
            };
            (column, BTreeSet::from([value(given)?]), negated)
        }
        Expr::InList(InList { expr, list, negated }) => {
            let Expr::Column(column) = &**expr else { return None };
            (column, list.iter().map(value).collect::<Option<_>>()?, *negated)
        }
        _ => return None,
    };
    let (column, values, negated) = found;
    let column = schema.index_of(&column.name).ok().filter(|place| *place < keys)?;
    Some(KeyCondition { column, values, negated })
}

fn value(given: &Expr) -> Option<KeyValue> {
    let Expr::Literal(given, _) = given else { return None };
    match given {
        ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text) => {
            text.as_deref().map(|text| KeyValue::Text(Arc::from(text)))
        }
        ScalarValue::Int64(number) => number.map(KeyValue::Integer),
        ScalarValue::UInt64(number) => number.map(KeyValue::Unsigned),
        ScalarValue::Boolean(flag) => flag.map(KeyValue::Boolean),
        _ => None,
    }
}

/// Conditions as `EXPLAIN` shows them (as InfluxDB 3).
pub(super) fn shown(
    conditions: &[KeyCondition],
    schema: &Schema,
    definition: &CacheDefinition,
) -> String {
    let is_last = definition.kind() == CacheKind::Last;
    let value = |value: &KeyValue| match value {
        KeyValue::Text(text) if is_last => format!("'{text}'"),
        other => other.to_string(),
    };
    let mut all = String::new();
    for condition in conditions {
        let name = schema.field(condition.column).name();
        let id = definition.key_columns()[condition.column];
        let values: Vec<String> = condition.values.iter().map(value).collect();
        let comma = if all.is_empty() { "" } else { ", " };
        let not = if condition.negated { "NOT " } else { "" };
        let _ = write!(all, "{comma}[{name}@{id} {not}IN ({})]", values.join(", ")); // to memory
    }
    all
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field};
    use datafusion::logical_expr::{col, lit};

    use super::*;

    fn schema() -> Schema {
        let field = |name: &str, kind| Field::new(name, kind, true);
        Schema::new(vec![field("a", DataType::Utf8), field("b", DataType::Int64)])
    }

    #[expect(clippy::unnecessary_wraps, reason = "the answer of `of_filter`")]
    fn condition(column: usize, values: &[KeyValue], negated: bool) -> Option<KeyCondition> {
        Some(KeyCondition { column, values: values.iter().cloned().collect(), negated })
    }

    #[test]
    fn values_of_one_key_column_are_a_condition() {
        let text = |text: &str| KeyValue::Text(text.into());
        let of = |filter: &Expr| of_filter(filter, &schema(), 2);
        assert_eq!(of(&col("a").eq(lit("x"))), condition(0, &[text("x")], false));
        assert_eq!(of(&lit("x").not_eq(col("a"))), condition(0, &[text("x")], true));
        let either = col("b").eq(lit(1_i64)).or(col("b").eq(lit(2_i64)));
        let numbers = [KeyValue::Integer(1), KeyValue::Integer(2)];
        assert_eq!(of(&either), condition(1, &numbers, false));
        let list = col("b").in_list(vec![lit(1_i64), lit(2_i64)], true);
        assert_eq!(of(&list), condition(1, &numbers, true));
    }

    #[test]
    fn anything_else_is_none() {
        let of = |filter: &Expr| of_filter(filter, &schema(), 1);
        assert_eq!(of(&col("a").gt(lit("x"))), None);
        assert_eq!(of(&col("b").eq(lit(1_i64))), None, "b is no key");
        assert_eq!(of(&col("a").eq(lit(ScalarValue::Utf8(None)))), None);
        assert_eq!(of(&col("a").eq(lit("x")).or(col("a").not_eq(lit("y")))), None);
        assert_eq!(of(&col("a").in_list(vec![lit("x"), col("b")], false)), None);
    }
}
