//! One measurement on its way to the answer.
//!
//! Comes in: an input and the statement about it. Goes out: a plan with the columns `time`, the
//! tags of the groups, and the outputs. Stays true: between the steps, `columns` and `calls` say
//! what the plan has. Refuses nothing by itself.

use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::utils::disjunction;
use datafusion::logical_expr::{
    Expr as Computed, LogicalPlan, LogicalPlanBuilder, SortExpr, ident, lit,
};
use datafusion::scalar::ScalarValue;

use super::columns::{Columns, Kind, TIME};
use super::input::Input;
use super::prepare::Prepared;
use super::scope::{Call, Scope, Typed};
use crate::error::Result;
use crate::query::TimeRange;
use crate::query::errors::from_datafusion;

/// A plan, and what its columns are.
pub(super) struct Stage<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) input: &'a Input,
    pub(super) plan: LogicalPlan,
    /// Columns that outputs may name.
    pub(super) columns: Columns,
    /// Calls that are columns.
    pub(super) calls: Vec<Call>,
    /// Columns that order rows of one group and time.
    pub(super) ties: Vec<String>,
    /// Values whose neighbouring points are columns.
    pub(super) windows: Vec<Computed>,
}

/// The name of output `index` while it is made.
pub(super) fn output_name(index: usize) -> String {
    format!("iox::output::{index}")
}

/// The name of call `index` while it is computed.
pub(super) fn call_name(index: usize) -> String {
    format!("iox::call::{index}")
}

/// A time as a literal of the type of `time`.
pub(super) fn time_literal(time_ns: i64) -> Computed {
    lit(ScalarValue::TimestampNanosecond(Some(time_ns), None))
}

/// Keeps the rows of a range of times.
///
/// # Errors
/// What DataFusion says of it.
pub(super) fn in_range(
    mut plan: LogicalPlanBuilder,
    range: TimeRange,
) -> PlanResult<LogicalPlanBuilder> {
    if range.is_empty() {
        return plan.filter(lit(false));
    }
    if range.min > TimeRange::ALL.min {
        plan = plan.filter(ident(TIME).gt_eq(time_literal(range.min)))?;
    }
    if range.max < TimeRange::ALL.max {
        plan = plan.filter(ident(TIME).lt_eq(time_literal(range.max)))?;
    }
    Ok(plan)
}

impl<'a> Stage<'a> {
    /// The rows of `input` that the condition keeps.
    ///
    /// # Errors
    /// `Invalid` for a condition that is none.
    pub(super) fn new(prepared: &'a Prepared, input: &'a Input) -> Result<Self> {
        let mut stage = Self {
            prepared,
            input,
            plan: input.plan.clone(),
            columns: input.columns.clone(),
            calls: Vec::new(),
            ties: input.tags().cloned().collect(),
            windows: Vec::new(),
        };
        stage.ties.retain(|tag| !prepared.group_tags.contains(tag));
        if !input.in_range {
            stage.keep_times(prepared.range)?;
        }
        if let Some(condition) = &prepared.condition {
            let predicate = stage.scope().predicate(condition)?;
            stage.keep(predicate)?;
        }
        Ok(stage)
    }

    /// Where the names of outputs are looked up by now.
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope { columns: &self.columns, calls: &self.calls, clock: self.prepared.clock }
    }

    /// Goes on with what `step` makes of the plan.
    ///
    /// # Errors
    /// What DataFusion says of it.
    pub(super) fn step(
        &mut self,
        step: impl FnOnce(LogicalPlanBuilder) -> PlanResult<LogicalPlanBuilder>,
    ) -> Result<()> {
        let plan = LogicalPlanBuilder::from(self.plan.clone());
        let built = step(plan).and_then(LogicalPlanBuilder::build);
        self.plan = built.map_err(|error| from_datafusion(&error))?;
        Ok(())
    }

    /// Keeps the rows that pass.
    ///
    /// # Errors
    /// What DataFusion says of the predicate.
    pub(super) fn keep(&mut self, predicate: Computed) -> Result<()> {
        self.step(|plan| plan.filter(predicate))
    }

    /// Keeps the rows of a range of times.
    ///
    /// # Errors
    /// What DataFusion says of it.
    pub(super) fn keep_times(&mut self, range: TimeRange) -> Result<()> {
        self.step(|plan| in_range(plan, range))
    }

    /// Keeps the rows in which at least one of `values` is there.
    ///
    /// # Errors
    /// What DataFusion says of it.
    pub(super) fn keep_known(&mut self, values: &[Typed]) -> Result<()> {
        let known = values.iter().filter(|value| value.kind.is_some());
        let known = disjunction(known.map(|value| value.expr.clone().is_not_null()));
        self.keep(known.unwrap_or_else(|| lit(false)))
    }

    /// The tags of the groups, as columns of their names.
    pub(super) fn group_tags(&self) -> Vec<Computed> {
        let tags = self.prepared.group_tags.iter();
        tags.map(|tag| self.input.tag(tag).alias(tag)).collect()
    }

    /// What separates series in a window.
    pub(super) fn partition(&self) -> Vec<Computed> {
        let tags = self.prepared.group_tags.iter();
        tags.filter(|tag| self.input.columns.contains_key(*tag)).map(ident).collect()
    }

    /// Rows by time, those of one time by their tags.
    pub(super) fn by_time(&self) -> Vec<SortExpr> {
        let ties = self.ties.iter().map(|tag| ident(tag).sort(true, true));
        std::iter::once(ident(TIME).sort(true, false)).chain(ties).collect()
    }

    /// The time of a row, or of its bin.
    pub(super) fn bin(&self) -> Computed {
        match &self.prepared.bins {
            Some(bins) => bins.start(ident(TIME)).alias(TIME),
            None => ident(TIME),
        }
    }

    /// Computes the outputs into columns and drops what nothing needs any more.
    ///
    /// # Errors
    /// `Invalid` for functions that are called wrongly.
    pub(super) fn project_outputs(&mut self) -> Result<Vec<Option<Kind>>> {
        let outputs = self.prepared.outputs.iter();
        let values = outputs.map(|output| self.scope().values(&output.expr));
        let values = values.collect::<Result<Vec<Typed>>>()?;
        let mut columns = vec![ident(TIME)];
        columns.extend(self.group_tags());
        columns.extend(self.ties.iter().map(ident));
        let named = values.iter().enumerate();
        columns.extend(named.map(|(index, value)| value.expr.clone().alias(output_name(index))));
        self.step(|plan| plan.project(columns))?;
        Ok(values.iter().map(|value| value.kind).collect())
    }
}

/// Outputs that were computed, to look at their values.
pub(super) fn outputs(kinds: &[Option<Kind>]) -> Vec<Typed> {
    let outputs = kinds.iter().enumerate();
    outputs.map(|(index, kind)| Typed { expr: ident(output_name(index)), kind: *kind }).collect()
}
