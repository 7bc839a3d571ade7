//! Some rows of each group, chosen by their rank: `top`, `bottom`, and `percentile` alone.
//!
//! Comes in: the rows that a condition keeps. Goes out: those of them that the rank chooses, whole.
//! Stays true: of equal values the earlier one comes first. Refuses values that are no numbers.

use arrow::datatypes::DataType;
use datafusion::functions::expr_fn::floor;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr as Computed, ExprFunctionExt, SortExpr, WindowFunctionDefinition, cast, ident, lit,
};

use super::aggregate::check_numeric;
use super::calls::{argument, percent, rank_limit};
use super::columns::TIME;
use super::scope::{Call, Typed};
use super::stage::{Stage, call_name};
use crate::error::{EngineError, Result};
use crate::influxql::Expr;
use crate::query::errors::from_datafusion;

const RANK: &str = "iox::rank";
const RANK_OF_TAGS: &str = "iox::rank_of_tags";
const COUNT: &str = "iox::count";

impl Stage<'_> {
    /// Keeps the rows that `call` chooses.
    ///
    /// # Errors
    /// `Invalid` for values that are no numbers.
    pub(super) fn rank(&mut self, call: &Expr) -> Result<()> {
        let Expr::Call { name, arguments } = call else {
            return Err(EngineError::internal(format!("'{call}' is no call")));
        };
        let value = self.scope().values(argument(call))?;
        self.keep_known(std::slice::from_ref(&value))?;
        if let Some(kind) = value.kind {
            check_numeric(name, argument(call), kind)?;
            match name.as_str() {
                "percentile" => self.keep_percentile(&value, percent(arguments)?)?,
                _ => self.keep_ranks(name, arguments, &value)?,
            }
        }
        let in_bins = name == "percentile" && self.prepared.bins.is_some() && value.kind.is_some();
        let expr = if in_bins { ident(call_name(0)) } else { value.expr };
        let value = Typed { expr, kind: value.kind };
        self.calls.push(Call { expr: call.clone(), value });
        Ok(())
    }

    /// What separates groups in a window.
    fn groups(&self) -> Vec<Computed> {
        let bin = self.prepared.bins.as_ref().map(|bins| bins.start(ident(TIME)));
        self.partition().into_iter().chain(bin).collect()
    }

    fn by_value(&self, value: &Typed, ascending: bool) -> Vec<SortExpr> {
        let value = value.expr.clone().sort(ascending, false);
        std::iter::once(value).chain(self.by_time()).collect()
    }

    fn keep_ranks(&mut self, name: &str, arguments: &[Expr], value: &Typed) -> Result<()> {
        let limit = rank_limit(name, arguments)?;
        let order = self.by_value(value, name == "bottom");
        let tags = &arguments[1..arguments.len() - 1];
        if !tags.is_empty() {
            let mut partition = self.groups();
            for tag in tags {
                partition.push(self.scope().values(tag)?.expr);
            }
            self.number(partition, order.clone(), RANK_OF_TAGS)?;
            self.keep(ident(RANK_OF_TAGS).eq(lit(1_u64)))?;
        }
        self.number(self.groups(), order, RANK)?;
        self.keep(ident(RANK).lt_eq(lit(limit)))
    }

    fn keep_percentile(&mut self, value: &Typed, percent: f64) -> Result<()> {
        let order = self.by_value(value, true);
        self.number(self.groups(), order, RANK)?;
        let count = WindowFunctionDefinition::AggregateUDF(count_udaf());
        let count = Computed::from(WindowFunction::new(count, vec![lit(1_i64)]));
        let count = count.partition_by(self.groups()).build();
        let count = count.map_err(|error| from_datafusion(&error))?.alias(COUNT);
        self.step(|plan| plan.window(vec![count]))?;
        let share = cast(ident(COUNT), DataType::Float64) * lit(percent) / lit(100.0) + lit(0.5);
        self.keep(cast(ident(RANK), DataType::Float64).eq(floor(share)))?;
        match &self.prepared.bins {
            Some(_) => self.put_into_bins(value),
            None => Ok(()),
        }
    }

    /// Gives each row the time of its bin, and what was found a column that can be filled.
    fn put_into_bins(&mut self, value: &Typed) -> Result<()> {
        let found = value.expr.clone().alias(call_name(0));
        let mut columns = vec![self.bin(), found];
        columns.extend(self.group_tags());
        let rest = self.columns.keys().filter(|name| !self.prepared.group_tags.contains(name));
        columns.extend(rest.map(ident));
        self.step(|plan| plan.project(columns))
    }

    fn number(&mut self, partition: Vec<Computed>, order: Vec<SortExpr>, name: &str) -> Result<()> {
        let number = row_number().partition_by(partition).order_by(order).build();
        let number = number.map_err(|error| from_datafusion(&error))?.alias(name);
        self.step(|plan| plan.window(vec![number]))
    }
}
