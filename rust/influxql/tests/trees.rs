//! Statements that proptest makes: such as the parser can make.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::super::{
    ColumnType, Dimension, Expr, Field, Fill, Keys, Literal, Measurement, Name, Number, Operator,
    Page, Select, Show, Shown, Source, Statement, WildcardKind,
};

use Operator as Op;

const LOGICAL: [Operator; 8] = [
    Op::Equal,
    Op::NotEqual,
    Op::Less,
    Op::LessOrEqual,
    Op::Greater,
    Op::GreaterOrEqual,
    Op::And,
    Op::Or,
];
const ARITHMETIC: [Operator; 8] = [
    Op::Add,
    Op::Subtract,
    Op::BitOr,
    Op::BitXor,
    Op::Multiply,
    Op::Divide,
    Op::Modulo,
    Op::BitAnd,
];

const NAMES: [&str; 8] = ["time", "select", "true", "FALSE", "user", "a.b", "fill", ""];

fn closeness(operator: Operator) -> u8 {
    match operator {
        Op::Or => 1,
        Op::And => 2,
        Op::Add | Op::Subtract | Op::BitOr | Op::BitXor => 4,
        Op::Multiply | Op::Divide | Op::Modulo | Op::BitAnd => 5,
        _ => 3,
    }
}

/// Names: words, keywords, and whatever needs quotes.
pub(super) fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z_][a-z0-9_]{0,4}",
        1 => prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned),
        1 => ".{1,6}",
        1 => "[\"\\\\\n/'; *-]{1,4}",
    ]
}

/// What can stand between slashes.
fn regex() -> impl Strategy<Value = String> {
    "[^*\n\\\\][^\n\\\\]{0,5}(\\\\[/dw.])?[a-z]?"
        .prop_filter("ends in no backslash", |text| !text.ends_with('\\'))
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), (-1000_i32..1000).prop_map(|value| f64::from(value) / 4.0)]
        .prop_filter("finite", |value| value.is_finite())
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![any::<i64>().prop_map(Number::Integer), float().prop_map(Number::Float)]
}

/// A value that a condition can have.
fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<i64>().prop_map(Literal::Integer),
        (1 << 63..=u64::MAX).prop_map(Literal::Unsigned),
        float().prop_map(Literal::Float),
        name().prop_map(Literal::String),
        any::<bool>().prop_map(Literal::Boolean),
        (-i64::MAX..=i64::MAX).prop_map(Literal::Duration),
    ]
}

fn cast() -> impl Strategy<Value = Option<ColumnType>> {
    option::weighted(
        0.2,
        prop::sample::select(vec![
            ColumnType::Float,
            ColumnType::Integer,
            ColumnType::Unsigned,
            ColumnType::String,
            ColumnType::Boolean,
            ColumnType::Tag,
            ColumnType::Field,
            ColumnType::Timestamp,
        ]),
    )
}

fn column() -> impl Strategy<Value = Expr> {
    (name(), cast()).prop_map(|(name, cast)| Expr::Column { name, cast })
}

fn leaf() -> BoxedStrategy<Expr> {
    prop_oneof![
        3 => column(),
        3 => literal().prop_map(Expr::Literal),
        1 => name().prop_map(Expr::Param),
    ]
    .boxed()
}

fn field_leaf() -> BoxedStrategy<Expr> {
    let kinds = vec![None, Some(WildcardKind::Tag), Some(WildcardKind::Field)];
    prop_oneof![
        5 => leaf(),
        1 => regex().prop_map(|regex| Expr::Literal(Literal::Regex(regex))),
        1 => prop::sample::select(kinds).prop_map(Expr::Wildcard),
    ]
    .boxed()
}

fn nested(expr: Expr) -> Expr {
    Expr::Nested(Box::new(expr))
}

/// An operation, with parentheses where they are needed.
fn binary(left: Expr, operator: Operator, right: Expr) -> Expr {
    let close = closeness(operator);
    let wrap = |operand: Expr, at_least: u8| match operand {
        Expr::Binary { operator, .. } if closeness(operator) < at_least => nested(operand),
        _ => operand,
    };
    let (left, right) = (wrap(left, close), wrap(right, close + 1));
    Expr::Binary { left: Box::new(left), operator, right: Box::new(right) }
}

/// The negative of an operand, with parentheses where a sign would become a part of it.
fn negative(operand: Expr) -> Expr {
    match operand {
        Expr::Literal(_) | Expr::Binary { .. } | Expr::Wildcard(_) => {
            Expr::Negative(Box::new(nested(operand)))
        }
        _ => Expr::Negative(Box::new(operand)),
    }
}

fn arithmetic(
    leaf: BoxedStrategy<Expr>,
    functions: &'static [&'static str],
) -> BoxedStrategy<Expr> {
    leaf.prop_recursive(5, 24, 3, move |inner| {
        let operators = prop::sample::select(ARITHMETIC.to_vec());
        let names = prop::sample::select(functions.to_vec());
        prop_oneof![
            4 => (inner.clone(), operators, inner.clone())
                .prop_map(|(left, operator, right)| binary(left, operator, right)),
            1 => inner.clone().prop_map(negative),
            1 => inner.clone().prop_map(nested),
            2 => (names, vec(inner, 0..3))
                .prop_map(|(name, arguments)| Expr::Call { name: name.to_owned(), arguments }),
        ]
    })
    .boxed()
}

fn comparison() -> BoxedStrategy<Expr> {
    let operands = || arithmetic(leaf(), &["abs", "pow", "date_part"]);
    let pattern = prop_oneof![
        regex().prop_map(|regex| Expr::Literal(Literal::Regex(regex))),
        name().prop_map(Expr::Param),
    ];
    let matches = prop::sample::select(vec![Op::Match, Op::NotMatch]);
    prop_oneof![
        3 => (operands(), prop::sample::select(LOGICAL[..6].to_vec()), operands())
            .prop_map(|(left, operator, right)| binary(left, operator, right)),
        1 => (operands(), matches, pattern)
            .prop_map(|(left, operator, right)| binary(left, operator, right)),
        1 => operands(),
    ]
    .boxed()
}

pub(super) fn condition() -> impl Strategy<Value = Expr> {
    comparison().prop_recursive(4, 8, 2, |inner| {
        let operators = prop::sample::select(LOGICAL.to_vec());
        prop_oneof![
            4 => (inner.clone(), operators, inner.clone())
                .prop_map(|(left, operator, right)| binary(left, operator, right)),
            1 => inner.prop_map(nested),
        ]
    })
}

fn field() -> impl Strategy<Value = Field> {
    let expr = arithmetic(field_leaf(), &["mean", "distinct", "count", "now", "true"]);
    (expr, option::weighted(0.3, name())).prop_map(|(expr, alias)| Field { expr, alias })
}

fn any_name() -> impl Strategy<Value = Name> {
    prop_oneof![3 => name().prop_map(Name::Exact), 1 => regex().prop_map(Name::Regex)]
}

fn measurement() -> impl Strategy<Value = Measurement> {
    let part = || option::weighted(0.3, name().prop_filter("named", |name| !name.is_empty()));
    (part(), part(), any_name()).prop_map(|(database, retention_policy, name)| Measurement {
        database,
        retention_policy,
        name,
    })
}

fn dimension() -> impl Strategy<Value = Dimension> {
    let duration = || {
        let value = prop_oneof![
            (-i64::MAX..=i64::MAX).prop_map(Literal::Duration),
            any::<i64>().prop_map(Literal::Integer),
        ];
        arithmetic(value.prop_map(Expr::Literal).boxed(), &["now"])
            .prop_filter("no calls", |expr| !expr.to_string().contains("now"))
    };
    prop_oneof![
        2 => (duration(), option::of(duration()))
            .prop_map(|(interval, offset)| Dimension::Time { interval, offset }),
        3 => name().prop_map(Dimension::Tag),
        1 => regex().prop_map(Dimension::Regex),
        1 => Just(Dimension::Wildcard),
    ]
}

fn fill() -> impl Strategy<Value = Fill> {
    prop_oneof![
        Just(Fill::Null),
        Just(Fill::None),
        Just(Fill::Previous),
        Just(Fill::Linear),
        number().prop_map(Fill::Value),
    ]
}

fn page() -> impl Strategy<Value = Page> {
    let count = || option::weighted(0.3, any::<u64>());
    (count(), count()).prop_map(|(limit, offset)| Page { limit, offset })
}

fn select() -> impl Strategy<Value = Select> {
    let measurements = vec(measurement().prop_map(Source::Measurement), 1..3);
    select_from(measurements.boxed()).prop_recursive(3, 4, 1, |inner| {
        let source = prop_oneof![
            inner.prop_map(|select| Source::Subquery(Box::new(select))),
            measurement().prop_map(Source::Measurement),
        ];
        select_from(vec(source, 1..3).boxed())
    })
}

fn select_from(sources: BoxedStrategy<Vec<Source>>) -> BoxedStrategy<Select> {
    let clauses = (option::of(fill()), any::<bool>(), page(), page(), option::of(name()));
    (vec(field(), 1..3), sources, option::of(condition()), vec(dimension(), 0..3), clauses)
        .prop_map(|(fields, sources, condition, dimensions, clauses)| {
            let (fill, descending, rows, series, zone) = clauses;
            Select { fields, sources, condition, dimensions, fill, descending, rows, series, zone }
        })
        .boxed()
}

fn keys() -> impl Strategy<Value = Keys> {
    prop_oneof![
        name().prop_map(Keys::Equal),
        name().prop_map(Keys::NotEqual),
        vec(name(), 1..3).prop_map(Keys::In),
        regex().prop_map(Keys::Match),
        regex().prop_map(Keys::NotMatch),
    ]
}

fn show() -> impl Strategy<Value = Show> {
    let what = prop_oneof![
        Just(Shown::Measurements),
        Just(Shown::TagKeys),
        Just(Shown::FieldKeys),
        keys().prop_map(Shown::TagValues),
    ];
    let parts = (option::of(name()), vec(measurement(), 0..3), option::of(condition()));
    (what, parts, page(), page()).prop_map(|(what, parts, rows, series)| {
        let (database, mut sources, condition) = parts;
        let condition = condition.filter(|_| what != Shown::FieldKeys);
        if what == Shown::Measurements {
            sources.truncate(1);
        }
        Show { what, database, sources, condition, rows, series }
    })
}

pub(super) fn statement() -> impl Strategy<Value = Statement> {
    let unsupported = prop::sample::select(vec!["CREATE DATABASE", "DROP MEASUREMENT", "DELETE"]);
    prop_oneof![
        6 => select().prop_map(Statement::Select),
        1 => (any::<bool>(), select())
            .prop_map(|(analyze, select)| Statement::Explain { analyze, select }),
        4 => show().prop_map(Statement::Show),
        1 => Just(Statement::ShowDatabases),
        1 => option::of(name())
            .prop_map(|database| Statement::ShowRetentionPolicies { database }),
        1 => unsupported.prop_map(|name| Statement::Unsupported { name }),
    ]
}
