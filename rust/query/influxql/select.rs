//! A `SELECT`, measurement by measurement.
//!
//! Comes in: a statement and the tables of one database. Goes out: the plan of each measurement
//! that it reads, and what their columns are together. Stays true: limits count the rows of each
//! series. Refuses limits of series.

use datafusion::logical_expr::{LogicalPlan, SortExpr, ident};

use super::columns::{Kind, TIME, merged};
use super::input::Input;
use super::page::keep_page;
use super::prepare::{Form, Outer, Prepared};
use super::scope::Scope;
use super::stage::{Stage, outputs};
use super::times::{self, Clock};
use crate::error::{EngineError, Result};
use crate::influxql::{Dimension, Expr, Page, Select};
use crate::query::TimeRange;
use crate::query::catalog::UserSchema;

/// Plans statements over the tables of one database.
pub(super) struct Planner<'a> {
    pub(super) tables: &'a UserSchema,
    /// When the statement began, in nanoseconds since the Unix epoch.
    pub(super) now_ns: i64,
}

/// What one measurement gives to the answer.
pub(super) struct Part {
    pub(super) measurement: String,
    pub(super) plan: LogicalPlan,
    pub(super) kinds: Vec<Option<Kind>>,
    /// Columns that order rows of one group and time.
    pub(super) ties: Vec<String>,
}

/// The plans of a `SELECT`.
pub(super) struct Answer {
    pub(super) prepared: Prepared,
    pub(super) parts: Vec<Part>,
}

impl Planner<'_> {
    /// Plans `select`, within what the statement around it imposes.
    ///
    /// # Errors
    /// `Invalid` for what has no meaning; `Unsupported` for limits of series.
    pub(super) fn select(&self, select: &Select, outer: &Outer) -> Result<Answer> {
        if select.series != Page::default() {
            return Err(EngineError::unsupported(
                "This feature is not implemented: SLIMIT and SOFFSET",
            ));
        }
        let zone = select.zone.as_deref().map(times::zone).transpose()?;
        let clock = Clock { now_ns: self.now_ns, zone };
        let (own, condition) = clock.split(select.condition.as_ref())?;
        let range = own.intersect(outer.range);
        let dimensions = with_outer(&select.dimensions, &outer.dimensions);
        let inner = Outer { range, dimensions: tags_of(&dimensions) };
        let mut inputs = self.inputs(&select.sources, &inner)?;
        let columns = merged(inputs.iter().map(|input| &input.columns))?;
        for input in &mut inputs {
            input.keep_compatible(&columns);
        }
        let prepared = Prepared::new(select, &dimensions, &columns, (clock, range, condition))?;
        let mut parts = Vec::with_capacity(inputs.len());
        for input in &inputs {
            parts.push(part(&prepared, input, select.rows)?);
        }
        Ok(Answer { prepared, parts })
    }
}

fn tags_of(dimensions: &[Dimension]) -> Vec<Dimension> {
    let tags = dimensions.iter().filter(|one| !matches!(one, Dimension::Time { .. }));
    tags.cloned().collect()
}

fn with_outer(own: &[Dimension], outer: &[Dimension]) -> Vec<Dimension> {
    let mut all = own.to_vec();
    all.extend(outer.iter().filter(|one| !own.contains(one)).cloned());
    all
}

fn part(prepared: &Prepared, input: &Input, page: Page) -> Result<Part> {
    let mut stage = Stage::new(prepared, input)?;
    match &prepared.form {
        Form::Rows => {}
        Form::Groups(calls) => stage.aggregate(calls)?,
        Form::Selected(call) if is_percentile(call) => stage.rank(call)?,
        Form::Selected(call) => stage.select_row(call)?,
        Form::Ranked(call) => stage.rank(call)?,
        Form::Distinct(call) => stage.distinct(call)?,
        Form::Transformed(transforms) => stage.transform(transforms)?,
        Form::TransformedGroups { aggregates, .. } => stage.aggregate(aggregates)?,
    }
    if matches!(prepared.form, Form::Groups(_) | Form::Selected(_) | Form::TransformedGroups { .. })
    {
        stage.fill_gaps()?;
    }
    if let Form::TransformedGroups { transforms, .. } = &prepared.form {
        stage.transform(transforms)?;
        stage.keep_times(TimeRange { min: prepared.shown_from, ..TimeRange::ALL })?;
    }
    finished(stage, page)
}

fn is_percentile(call: &Expr) -> bool {
    matches!(call, Expr::Call { name, .. } if name == "percentile")
}

fn finished(mut stage: Stage, page: Page) -> Result<Part> {
    let of_fields = of_fields(&stage);
    let kinds = stage.project_outputs()?;
    match stage.prepared.form {
        Form::Rows => {
            let mut shown = outputs(&kinds);
            let mut of_fields = of_fields.into_iter();
            shown.retain(|_| of_fields.next().unwrap_or(false));
            stage.keep_known(&shown)?;
        }
        Form::Transformed(_) | Form::TransformedGroups { .. } => {
            stage.keep_known(&outputs(&kinds))?;
        }
        _ => {}
    }
    let series = stage.prepared.group_tags.iter().map(ident).collect();
    let order = in_order(stage.prepared, &stage.ties);
    stage.step(|plan| keep_page(plan, series, order, page))?;
    let Stage { input, plan, ties, .. } = stage;
    Ok(Part { measurement: input.measurement.clone(), plan, kinds, ties })
}

/// Which outputs read a field: a row without any of them is none.
fn of_fields(stage: &Stage) -> Vec<bool> {
    let Scope { columns, .. } = stage.scope();
    let is_field = |name: &String| columns.get(name).is_some_and(|kind| *kind != Kind::Tag);
    let reads = |expr: &Expr| {
        let mut found = false;
        super::calls::walk(expr, &mut |one| {
            found |= matches!(one, Expr::Column { name, .. } if is_field(name));
            true
        });
        found
    };
    stage.prepared.outputs.iter().map(|output| reads(&output.expr)).collect()
}

/// Rows of a series by time, in the order of the answer.
pub(super) fn in_order(prepared: &Prepared, ties: &[String]) -> Vec<SortExpr> {
    let time = ident(TIME).sort(!prepared.descending, false);
    std::iter::once(time).chain(ties.iter().map(|tie| ident(tie).sort(true, true))).collect()
}
