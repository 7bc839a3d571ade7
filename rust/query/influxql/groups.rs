//! Groups of rows to one row each: aggregates, and the row that a selector finds.
//!
//! Comes in: the rows that a condition keeps. Goes out: one row of each group, its calls computed,
//! and with bins those rows too that no point made. Stays true: a group without a value is no row.
//! Refuses kinds that a function cannot take.

use datafusion::functions_aggregate::expr_fn as functions;
use datafusion::logical_expr::{Expr as Computed, ident, lit};

use super::aggregate::{Aggregated, aggregated, check_numeric, pick, selection};
use super::calls::{argument, columns_of_rows};
use super::columns::{Columns, Kind, TIME};
use super::integral::{self, Series};
use super::scope::{Call, Typed};
use super::stage::{Stage, call_name, time_literal};
use crate::error::{EngineError, Result};
use crate::influxql::{Expr, Literal};
use crate::query::TimeRange;

const SECOND_NS: i64 = 1_000_000_000;
/// How many rows a group has.
const ROWS: &str = "iox::rows";
/// The time of the row that a selector found.
const SELECTED_TIME: &str = "iox::selected_time";

/// A column of the row that a selector finds: its name, its kind, and how it is found. The time of
/// the row has no kind.
type Extra = (String, Option<Kind>, Computed);

impl Stage<'_> {
    /// Computes `calls` for each group.
    ///
    /// # Errors
    /// `Invalid` for kinds that a function cannot take.
    pub(super) fn aggregate(&mut self, calls: &[Expr]) -> Result<()> {
        let values = self.arguments(calls)?;
        self.keep_known(&values)?;
        let mut found = Vec::new();
        for (index, (call, values)) in calls.iter().zip(&values).enumerate() {
            found.push(self.one_call(call, values, &call_name(index))?);
        }
        self.group(found, calls, &[])
    }

    /// Finds the row of each group that `call` selects.
    ///
    /// # Errors
    /// `Invalid` for kinds that the selector cannot take.
    pub(super) fn select_row(&mut self, call: &Expr) -> Result<()> {
        let values = self.arguments(std::slice::from_ref(call))?.remove(0);
        self.keep_known(std::slice::from_ref(&values))?;
        let Expr::Call { name, .. } = call else {
            return Err(EngineError::internal(format!("'{call}' is no call")));
        };
        let found = aggregated(call, &values, &call_name(0))?;
        let order = || selection(name, values.expr.clone());
        let mut extras = Vec::new();
        if values.kind.is_some() {
            if self.prepared.bins.is_none() {
                let time = pick(ident(TIME), order(), values.expr.clone())?;
                extras.push((SELECTED_TIME.to_owned(), None, time));
            }
            for (column, kind) in self.columns_beside_calls() {
                let picked = pick(ident(&column), order(), values.expr.clone())?;
                extras.push((column, Some(kind), picked));
            }
        }
        self.group(vec![found], std::slice::from_ref(call), &extras)
    }

    fn arguments(&self, calls: &[Expr]) -> Result<Vec<Typed>> {
        calls.iter().map(|call| self.scope().values(innermost(call))).collect()
    }

    fn one_call(&mut self, call: &Expr, values: &Typed, prefix: &str) -> Result<Aggregated> {
        match call {
            Expr::Call { name, arguments } if name == "integral" => match values.kind {
                Some(kind) => self.integral(arguments, (values, kind), prefix),
                None => aggregated(call, values, prefix),
            },
            _ => aggregated(call, values, prefix),
        }
    }

    fn integral(
        &mut self,
        arguments: &[Expr],
        (values, kind): (&Typed, Kind),
        prefix: &str,
    ) -> Result<Aggregated> {
        check_numeric("integral", &arguments[0], kind)?;
        let unit_ns = match arguments.get(1) {
            None => SECOND_NS,
            Some(Expr::Literal(Literal::Duration(unit))) if *unit > 0 => *unit,
            Some(_) => return Err(EngineError::invalid("integral: unit must be a duration")),
        };
        let value = values.to(Kind::Float);
        let series = Series { partition: self.partition(), order: self.by_time() };
        let neighbours = self.neighbours(&value, &series)?;
        let part = integral::part(&value, self.prepared.bins.as_ref(), unit_ns, &neighbours)?;
        let parts = vec![(prefix.to_owned(), functions::sum(part))];
        Ok(Aggregated { parts, value: Typed::new(ident(prefix), Kind::Float) })
    }

    /// The prefix of the columns of neighbouring points: one window for each argument.
    fn neighbours(&mut self, value: &Computed, series: &Series) -> Result<String> {
        let known = self.windows.iter().position(|windowed| windowed == value);
        let prefix = |index: usize| format!("iox::neighbour::{index}");
        if let Some(index) = known {
            return Ok(prefix(index));
        }
        let prefix = prefix(self.windows.len());
        let columns = integral::neighbours(value, series, &prefix)?;
        self.step(|plan| plan.window(columns))?;
        self.windows.push(value.clone());
        Ok(prefix)
    }

    /// Columns that outputs read outside of calls, without the tags of the groups.
    fn columns_beside_calls(&self) -> Columns {
        let outputs = self.prepared.outputs.iter();
        let names = outputs.flat_map(|output| columns_of_rows(&output.expr));
        let known = names.filter_map(|name| Some((name.clone(), *self.columns.get(name)?)));
        let mut found: Columns = known.collect();
        found.retain(|name, _| !self.prepared.group_tags.contains(name));
        found
    }

    fn group(&mut self, found: Vec<Aggregated>, calls: &[Expr], extras: &[Extra]) -> Result<()> {
        let mut groups = self.group_tags();
        groups.extend(self.prepared.bins.as_ref().map(|_| self.bin()));
        let parts = found.iter().flat_map(|one| one.parts.iter().cloned());
        let mut aggregates: Vec<_> = parts.map(|(name, expr)| expr.alias(name)).collect();
        aggregates.extend(extras.iter().map(|(name, _, expr)| expr.clone().alias(name)));
        aggregates.push(functions::count(lit(1_i64)).alias(ROWS));
        self.step(|plan| plan.aggregate(groups, aggregates)?.filter(ident(ROWS).gt(lit(0_i64))))?;
        self.after_groups(found, calls, extras)
    }

    /// Names what the groups have become.
    fn after_groups(
        &mut self,
        found: Vec<Aggregated>,
        calls: &[Expr],
        extras: &[Extra],
    ) -> Result<()> {
        let selects_time = extras.iter().any(|(_, kind, _)| kind.is_none());
        let mut columns = vec![match &self.prepared.bins {
            Some(_) => ident(TIME),
            None if selects_time => ident(SELECTED_TIME).alias(TIME),
            None => self.lower_bound().alias(TIME),
        }];
        columns.extend(self.prepared.group_tags.iter().map(ident));
        self.columns =
            self.prepared.group_tags.iter().map(|tag| (tag.clone(), Kind::Tag)).collect();
        for (name, kind, _) in extras {
            let Some(kind) = kind else { continue };
            columns.push(ident(name));
            self.columns.insert(name.clone(), *kind);
        }
        for (index, (one, call)) in found.into_iter().zip(calls).enumerate() {
            let name = call_name(index);
            columns.push(one.value.expr.alias(&name));
            let value = Typed { expr: ident(&name), kind: one.value.kind };
            self.calls.push(Call { expr: call.clone(), value });
        }
        self.ties.clear();
        self.step(|plan| plan.project(columns))
    }

    /// The time of a group that has none of its own.
    pub(super) fn lower_bound(&self) -> Computed {
        let min = self.prepared.range.min;
        time_literal(if min > TimeRange::ALL.min { min } else { 0 })
    }

    /// Each value of a group once.
    ///
    /// # Errors
    /// What DataFusion says of it.
    pub(super) fn distinct(&mut self, call: &Expr) -> Result<()> {
        let value = self.scope().values(argument(call))?;
        self.keep_known(std::slice::from_ref(&value))?;
        let name = call_name(0);
        let mut groups = self.group_tags();
        groups.extend(self.prepared.bins.as_ref().map(|_| self.bin()));
        groups.push(value.expr.alias(&name));
        let time = self.prepared.bins.as_ref().map_or_else(|| self.lower_bound(), |_| ident(TIME));
        let mut columns = vec![time.alias(TIME), ident(&name)];
        columns.extend(self.prepared.group_tags.iter().map(ident));
        let no_aggregates: Vec<Computed> = Vec::new();
        self.step(|plan| plan.aggregate(groups, no_aggregates)?.project(columns))?;
        self.columns =
            self.prepared.group_tags.iter().map(|tag| (tag.clone(), Kind::Tag)).collect();
        self.calls = vec![Call {
            expr: call.clone(),
            value: Typed { expr: ident(&name), kind: value.kind },
        }];
        self.ties = vec![name];
        Ok(())
    }
}

/// The argument of a call; of `count(distinct(x))` that is `x`.
fn innermost(call: &Expr) -> &Expr {
    match argument(call) {
        inner @ Expr::Call { name, .. } if name == "distinct" => argument(inner),
        other => other,
    }
}
