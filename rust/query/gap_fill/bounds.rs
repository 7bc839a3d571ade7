//! The range of time that a query asks for.
//!
//! Comes in: the plan below an aggregate, and the column of its times. Goes out: the first and the
//! last instant that conditions on that column leave. Stays true: only conditions that every row
//! meets count.

use std::sync::Arc;

use arrow::datatypes::DataType;
use chrono::{DateTime, Utc};
use datafusion::common::{Column, DFSchema, DFSchemaRef};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::utils::{split_conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Between, BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};
use datafusion::optimizer::OptimizerConfig;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::scalar::ScalarValue;

/// What constants are computed with.
pub(super) struct Folding {
    now: Option<DateTime<Utc>>,
    options: Arc<ConfigOptions>,
}

impl Folding {
    pub(super) fn new(config: &dyn OptimizerConfig) -> Self {
        Self { now: config.query_execution_start_time(), options: config.options() }
    }

    fn simplify(&self, expression: Expr, schema: &DFSchemaRef) -> Result<Expr> {
        let context = SimplifyContext::builder()
            .with_schema(Arc::clone(schema))
            .with_query_execution_start_time(self.now)
            .with_config_options(Arc::clone(&self.options))
            .build();
        ExprSimplifier::new(context).simplify(expression)
    }

    /// The value of an expression that no row has a part in.
    pub(super) fn scalar(
        &self,
        expression: &Expr,
        schema: &DFSchemaRef,
    ) -> Result<Option<ScalarValue>> {
        Ok(match self.simplify(expression.clone(), schema)? {
            Expr::Literal(value, _) => Some(value),
            _ => None,
        })
    }
}

/// Both ends belong to it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Bounds {
    pub(super) lower: Option<i64>,
    pub(super) upper: Option<i64>,
}

impl Bounds {
    fn narrow(&mut self, other: Self) {
        self.lower = self.lower.max(other.lower); // none is the least
        self.upper = match (self.upper, other.upper) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// The bounds that the conditions in `plan` put to `column` of it.
pub(super) fn of(plan: &LogicalPlan, column: &Column, folding: &Folding) -> Result<Bounds> {
    let (mut plan, mut column, mut bounds) = (plan, column.clone(), Bounds::default());
    loop {
        match plan {
            LogicalPlan::Filter(filter) => {
                let schema = filter.input.schema();
                let terms = split_conjunction(&filter.predicate);
                bounds.narrow(of_terms(&terms, schema, &column, folding)?);
                plan = &filter.input;
            }
            LogicalPlan::TableScan(scan) => {
                let terms: Vec<&Expr> = scan.filters.iter().collect();
                bounds.narrow(of_terms(&terms, plan.schema(), &column, folding)?);
                return Ok(bounds);
            }
            LogicalPlan::SubqueryAlias(alias) => {
                let index = alias.schema.index_of_column(&column)?;
                plan = &alias.input;
                column = Column::from(plan.schema().qualified_field(index));
            }
            LogicalPlan::Projection(projection) => {
                let index = projection.schema.index_of_column(&column)?;
                plan = &projection.input;
                let Some(source) = instants(&projection.expr[index], plan.schema()) else {
                    return Ok(bounds);
                };
                column = source;
            }
            LogicalPlan::Sort(sort) => plan = &sort.input,
            LogicalPlan::Limit(limit) => plan = &limit.input,
            _ => return Ok(bounds),
        }
    }
}

fn of_terms(
    terms: &[&Expr],
    schema: &DFSchemaRef,
    column: &Column,
    folding: &Folding,
) -> Result<Bounds> {
    let mut bounds = Bounds::default();
    for term in terms {
        if !term.column_refs().into_iter().any(|other| same(other, column, schema)) {
            continue;
        }
        let term = folding.simplify((*term).clone(), schema)?;
        for term in split_conjunction_owned(term) {
            bounds.narrow(of_term(&term, schema, column));
        }
    }
    Ok(bounds)
}

fn of_term(term: &Expr, schema: &DFSchema, column: &Column) -> Bounds {
    let is_column =
        |side: &Expr| instants(side, schema).is_some_and(|other| same(&other, column, schema));
    match term {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (&**left, &**right) {
            (side, Expr::Literal(value, _)) if is_column(side) => compared(*op, value),
            (Expr::Literal(value, _), side) if is_column(side) => {
                op.swap().map_or_else(Bounds::default, |op| compared(op, value))
            }
            _ => Bounds::default(),
        },
        Expr::Between(Between { expr, negated: false, low, high }) if is_column(expr) => {
            let mut bounds = Bounds::default();
            for (op, side) in [(Operator::GtEq, low), (Operator::LtEq, high)] {
                if let Expr::Literal(value, _) = &**side {
                    bounds.narrow(compared(op, value));
                }
            }
            bounds
        }
        _ => Bounds::default(),
    }
}

fn same(one: &Column, other: &Column, schema: &DFSchema) -> bool {
    let place = schema.maybe_index_of_column(one);
    place.is_some() && place == schema.maybe_index_of_column(other)
}

fn compared(operator: Operator, value: &ScalarValue) -> Bounds {
    let Some(at) = instant(value) else { return Bounds::default() };
    let (lower, upper) = match operator {
        Operator::Gt => (Some(at.saturating_add(1)), None),
        Operator::GtEq => (Some(at), None),
        Operator::Lt => (None, Some(at.saturating_sub(1))),
        Operator::LtEq => (None, Some(at)),
        Operator::Eq => (Some(at), Some(at)),
        _ => (None, None),
    };
    Bounds { lower, upper }
}

fn instant(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::TimestampNanosecond(Some(at), _) => Some(*at),
        ScalarValue::TimestampMicrosecond(Some(at), _) => Some(at.saturating_mul(1_000)),
        ScalarValue::TimestampMillisecond(Some(at), _) => Some(at.saturating_mul(1_000_000)),
        ScalarValue::TimestampSecond(Some(at), _) => Some(at.saturating_mul(1_000_000_000)),
        _ => None,
    }
}

/// The column whose instants `expression` has, perhaps in another zone.
pub(super) fn instants(expression: &Expr, schema: &DFSchema) -> Option<Column> {
    let inner = match expression {
        Expr::Column(column) => return Some(column.clone()),
        Expr::Alias(alias) => &alias.expr,
        Expr::Cast(cast) => {
            let from = cast.expr.get_type(schema).ok()?;
            keeps_instants(&from, cast.field.data_type()).then_some(&cast.expr)?
        }
        Expr::ScalarFunction(call) if call.func.name() == "tz" => call.args.first()?,
        _ => return None,
    };
    instants(inner, schema)
}

/// A cast between a zone and none takes what clocks show: the instant only where they show UTC.
fn keeps_instants(from: &DataType, to: &DataType) -> bool {
    let is_utc = |zone: &str| matches!(zone, "UTC" | "+00:00" | "Z" | "Etc/UTC");
    match (from, to) {
        (DataType::Timestamp(_, from), DataType::Timestamp(_, to)) => match (from, to) {
            (Some(zone), None) | (None, Some(zone)) => is_utc(zone),
            (Some(_), Some(_)) | (None, None) => true,
        },
        _ => false,
    }
}
