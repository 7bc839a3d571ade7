//! A `SELECT` with its wildcards written out and its range of times known.
//!
//! Comes in: a statement, the columns that it reads, and the bounds of the statement around it.
//! Goes out: everything that planning it over one measurement needs. Stays true: it is the same for
//! each measurement. Refuses combinations of functions that have no meaning.

use super::bins::Bins;
use super::calls::{self, Class, calls_of, columns_of_rows};
use super::columns::Columns;
use super::expand::{self, Output, Outputs};
use super::times::Clock;
use crate::error::{EngineError, Result};
use crate::influxql::{Dimension, Expr, Fill, Select};
use crate::query::TimeRange;

/// How the rows of an answer are made.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Form {
    /// The rows as they are.
    Rows,
    /// One row of each group.
    Groups(Vec<Expr>),
    /// The row of each group that one selector finds.
    Selected(Expr),
    /// The rows of each group that `top` or `bottom` finds.
    Ranked(Expr),
    /// Each value of a group once.
    Distinct(Expr),
    /// A value for each row.
    Transformed(Vec<Expr>),
    /// A value for each row of groups: the transforms, and the aggregates that they need.
    TransformedGroups { transforms: Vec<Expr>, aggregates: Vec<Expr> },
}

/// What a statement around another one imposes on it.
#[derive(Debug, Clone)]
pub(super) struct Outer {
    pub(super) range: TimeRange,
    /// Tags to group by.
    pub(super) dimensions: Vec<Dimension>,
}

/// A `SELECT` that is ready to be planned.
pub(super) struct Prepared {
    pub(super) outputs: Vec<Output>,
    pub(super) time_name: String,
    pub(super) group_tags: Vec<String>,
    pub(super) bins: Option<Bins>,
    pub(super) fill: Fill,
    pub(super) range: TimeRange,
    pub(super) condition: Option<Expr>,
    pub(super) clock: Clock,
    /// The zone of its bins and of the times in its answer.
    pub(super) zone: Option<String>,
    pub(super) form: Form,
    pub(super) descending: bool,
    /// The first time to show: transforms of groups read bins before it.
    pub(super) shown_from: i64,
}

impl Prepared {
    /// Prepares `select`, which reads `columns`.
    ///
    /// # Errors
    /// `Invalid` for what has no meaning; `Unsupported` for what InfluxDB 3 does not do.
    pub(super) fn new(
        select: &Select,
        dimensions: &[Dimension],
        columns: &Columns,
        (clock, range, condition): (Clock, TimeRange, Option<Expr>),
    ) -> Result<Self> {
        let bins = Bins::of(dimensions, clock, select.zone.as_deref())?;
        let group_tags = expand::group_tags(dimensions, columns)?;
        let Outputs { columns: outputs, time_name } =
            expand::outputs(select, columns, &group_tags)?;
        outputs.iter().try_for_each(|output| calls::check(&output.expr))?;
        let form = form(&outputs, bins.is_some())?;
        check_fill(select.fill, &form, bins.is_some())?;
        let fill = select.fill.unwrap_or(Fill::Null);
        let range = if bins.is_some() { until_now(range, clock) } else { range };
        let (range, shown_from) = with_bins_before(range, bins.as_ref(), &form);
        let descending = select.descending;
        Ok(Self {
            outputs,
            time_name,
            group_tags,
            bins,
            fill,
            range,
            condition,
            clock,
            zone: select.zone.clone(),
            form,
            descending,
            shown_from,
        })
    }

    /// Whether bins without rows have a place in the answer.
    pub(super) fn fills(&self) -> bool {
        self.bins.is_some() && self.fill != Fill::None
    }
}

/// Bins end with the present, where the statement says no end.
fn until_now(range: TimeRange, clock: Clock) -> TimeRange {
    if range.max == TimeRange::ALL.max {
        return TimeRange { max: clock.now_ns.saturating_sub(1), ..range };
    }
    range
}

/// The range with the bins before it that transforms of groups need for their first value, and the
/// first time to show.
fn with_bins_before(range: TimeRange, bins: Option<&Bins>, form: &Form) -> (TimeRange, i64) {
    let (Some(bins), Form::TransformedGroups { transforms, .. }) = (bins, form) else {
        return (range, TimeRange::ALL.min);
    };
    if range.min == TimeRange::ALL.min {
        return (range, range.min);
    }
    let before = transforms.iter().map(bins_before).max().unwrap_or(0);
    let earlier = range.min.saturating_sub(before.saturating_mul(bins.interval_ns));
    let shown_from = range.min.saturating_sub(bins.interval_ns - 1); // the bin of its minimum
    (TimeRange { min: earlier, ..range }, shown_from)
}

/// How many bins before its own a transform looks at.
fn bins_before(transform: &Expr) -> i64 {
    match transform {
        Expr::Call { name, .. } if name == "cumulative_sum" => 0,
        Expr::Call { name, arguments } if name == "moving_average" => {
            super::transform::length(arguments).unwrap_or(1)
        }
        _ => 1,
    }
}

fn check_fill(fill: Option<Fill>, form: &Form, has_bins: bool) -> Result<()> {
    let name = match fill {
        Some(Fill::None) => "none",
        Some(Fill::Linear) => "linear",
        _ => return Ok(()),
    };
    if has_bins || !matches!(form, Form::Rows | Form::Transformed(_)) {
        return Ok(());
    }
    Err(EngineError::invalid(format!(
        "FILL({name}) must be used with an aggregate or selector function"
    )))
}

fn form(outputs: &[Output], has_bins: bool) -> Result<Form> {
    let mut calls: Vec<(&Expr, Class)> = Vec::new();
    for output in outputs {
        for found in calls_of(&output.expr) {
            if !calls.contains(&found) {
                calls.push(found);
            }
        }
    }
    let reads_rows = outputs.iter().any(|output| !columns_of_rows(&output.expr).is_empty());
    match &calls[..] {
        [] if has_bins => {
            Err(EngineError::invalid("GROUP BY requires at least one aggregate function"))
        }
        [] => Ok(Form::Rows),
        [(call, Class::Selector)] if reads_rows || !has_bins => Ok(Form::Selected((*call).clone())),
        [(call, Class::Ranking)] => Ok(Form::Ranked((*call).clone())),
        [(call, Class::Distinct)] if outputs.len() == 1 => Ok(Form::Distinct((*call).clone())),
        calls => several(calls, reads_rows, has_bins),
    }
}

fn several(calls: &[(&Expr, Class)], reads_rows: bool, has_bins: bool) -> Result<Form> {
    let any = |class: Class| calls.iter().any(|(_, own)| *own == class);
    if any(Class::Distinct) {
        return Err(EngineError::invalid(
            "aggregate function distinct() cannot be combined with other functions or fields",
        ));
    }
    if any(Class::Ranking) {
        return Err(EngineError::invalid(
            "selector functions top and bottom cannot be combined with other functions",
        ));
    }
    if reads_rows {
        let all_selectors = calls.iter().all(|(_, class)| *class == Class::Selector);
        return Err(EngineError::invalid(if all_selectors {
            "mixing multiple selector functions with tags or fields is not supported"
        } else {
            "mixing aggregate and non-aggregate columns is not supported"
        }));
    }
    if any(Class::Transform) {
        return transformed(calls, has_bins);
    }
    Ok(Form::Groups(calls.iter().map(|(call, _)| (*call).clone()).collect()))
}

fn transformed(calls: &[(&Expr, Class)], has_bins: bool) -> Result<Form> {
    let (mut transforms, mut aggregates) = (Vec::new(), Vec::new());
    let mut of_rows = None;
    for (call, class) in calls {
        if *class != Class::Transform {
            aggregates.push((*call).clone());
            continue;
        }
        let inner = calls_of(calls::argument(call));
        of_rows = if inner.is_empty() { Some(*call) } else { of_rows };
        for (call, _) in inner {
            if !aggregates.contains(call) {
                aggregates.push(call.clone());
            }
        }
        transforms.push((*call).clone());
    }
    match of_rows {
        None if has_bins => Ok(Form::TransformedGroups { transforms, aggregates }),
        None => Err(EngineError::invalid(format!(
            "{} aggregate requires a GROUP BY interval",
            name_of(&transforms[0])
        ))),
        Some(call) if has_bins => Err(EngineError::invalid(format!(
            "aggregate function required inside the call to {}",
            name_of(call)
        ))),
        Some(_) if aggregates.is_empty() => Ok(Form::Transformed(transforms)),
        Some(_) => {
            Err(EngineError::invalid("mixing aggregate and non-aggregate columns is not supported"))
        }
    }
}

fn name_of(call: &Expr) -> &str {
    match call {
        Expr::Call { name, .. } => name,
        _ => "",
    }
}
