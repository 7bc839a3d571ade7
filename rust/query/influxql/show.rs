//! `SHOW`: what a database holds.
//!
//! Comes in: a statement and the tables of its database. Goes out: a plan of names, sorted, those
//! of one measurement after those of another. Stays true: without a condition names of
//! measurements, tags and fields come from the catalog alone; values of tags are those of all rows,
//! whatever their age. Refuses limits of series.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{Expr as Computed, LogicalPlan, LogicalPlanBuilder, ident, lit};

use super::columns::{Kind, columns_of};
use super::condition::check_regex;
use super::input::Input;
use super::output::{MEASUREMENT, Planned, group_key_of, measurement_literal};
use super::page::{keep_page, page_of};
use super::scope::{Scope, cast};
use super::select::Planner;
use super::stage::in_range;
use super::times::Clock;
use crate::error::{EngineError, Result};
use crate::influxql::{Keys, Page, Show, Shown};
use crate::query::TimeRange;
use crate::query::errors::{from_arrow, from_datafusion};

const TAG_KEY: &str = "tagKey";
const KEY: &str = "key";
const VALUE: &str = "value";
const NAME: &str = "name";

impl Planner<'_> {
    /// Plans a `SHOW` of measurements, keys or values.
    ///
    /// # Errors
    /// `Invalid` for a condition or a pattern that is none; `Unsupported` for limits of series.
    pub(super) fn show(&self, show: &Show) -> Result<Planned> {
        if show.series != Page::default() {
            return Err(EngineError::unsupported(
                "This feature is not implemented: SLIMIT and SOFFSET",
            ));
        }
        let plan = match (&show.what, &show.condition) {
            (Shown::Measurements, None) => self.measurement_names(show)?,
            (Shown::TagKeys, None) => self.tag_keys(show)?,
            (Shown::FieldKeys, _) => self.field_keys(show)?,
            _ => self.found(show)?,
        };
        Ok(Planned { plan, group_key: group_key_of(&[]) })
    }

    fn shown_names(&self, show: &Show) -> Result<Vec<String>> {
        if show.sources.is_empty() {
            return Ok(self.tables.names());
        }
        let mut names = Vec::new();
        for source in &show.sources {
            names.extend(self.names(source)?);
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn measurement_names(&self, show: &Show) -> Result<LogicalPlan> {
        let names = self.shown_names(show)?;
        let rows = page_of(names, show.rows);
        let rows: Vec<_> = rows.map(|name| ("measurements".to_owned(), vec![name])).collect();
        listed(&[NAME], &rows)
    }

    fn tag_keys(&self, show: &Show) -> Result<LogicalPlan> {
        let of_tag =
            |(name, kind): (&String, &Kind)| (*kind == Kind::Tag).then(|| vec![name.clone()]);
        self.keys(show, &[TAG_KEY], of_tag)
    }

    fn field_keys(&self, show: &Show) -> Result<LogicalPlan> {
        let of_field = |(name, kind): (&String, &Kind)| {
            (*kind != Kind::Tag).then(|| vec![name.clone(), kind.name().to_owned()])
        };
        self.keys(show, &["fieldKey", "fieldType"], of_field)
    }

    /// What the catalog says of the columns of each measurement.
    fn keys(
        &self,
        show: &Show,
        columns: &[&str],
        row: impl Fn((&String, &Kind)) -> Option<Vec<String>>,
    ) -> Result<LogicalPlan> {
        let mut rows = Vec::new();
        for name in self.shown_names(show)? {
            let Some(schema) = self.tables.columns(&name) else { continue };
            let known = columns_of(&schema);
            let found: Vec<_> = known.iter().filter_map(&row).collect();
            rows.extend(page_of(found, show.rows).map(|row| (name.clone(), row)));
        }
        listed(columns, &rows)
    }

    /// What the rows that the condition keeps have.
    fn found(&self, show: &Show) -> Result<LogicalPlan> {
        let clock = Clock { now_ns: self.now_ns, zone: None };
        let (range, condition) = clock.split(show.condition.as_ref())?;
        let mut plans = Vec::new();
        for name in self.shown_names(show)? {
            let Some(input) = self.table(&name)? else { continue };
            let scope = Scope { columns: &input.columns, calls: &[], clock };
            let condition = condition.as_ref().map(|one| scope.predicate(one)).transpose()?;
            let kept = kept(input.plan.clone(), range, condition);
            let kept = kept.map_err(|error| from_datafusion(&error))?;
            plans.extend(found_in(&show.what, &input, &kept)?);
        }
        let columns: &[&str] = match show.what {
            Shown::Measurements => &[NAME],
            Shown::TagKeys => &[TAG_KEY],
            _ => &[KEY, VALUE],
        };
        joined(plans, columns, show.rows)
    }
}

/// A plan of rows that are known: a measurement and further columns of text.
fn listed(columns: &[&str], rows: &[(String, Vec<String>)]) -> Result<LogicalPlan> {
    let measurements = rows.iter().map(|(name, _)| Some(name.as_str()));
    let measurements: DictionaryArray<Int32Type> = measurements.collect();
    let mut fields = vec![Field::new(MEASUREMENT, Kind::Tag.data_type(), false)];
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(measurements)];
    for (index, column) in columns.iter().enumerate() {
        fields.push(Field::new(*column, DataType::Utf8, false));
        let values = rows.iter().map(|(_, row)| row[index].as_str());
        arrays.push(Arc::new(StringArray::from_iter_values(values)));
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays);
    let batch = batch.map_err(|error| from_arrow(&error))?;
    let plan = MemTable::try_new(schema, vec![vec![batch]]).and_then(|table| {
        let source = provider_as_source(Arc::new(table));
        LogicalPlanBuilder::scan("shown", source, None)?.build()
    });
    plan.map_err(|error| from_datafusion(&error))
}

fn kept(
    plan: LogicalPlan,
    range: TimeRange,
    condition: Option<Computed>,
) -> PlanResult<LogicalPlan> {
    let plan = in_range(LogicalPlanBuilder::from(plan), range)?;
    match condition {
        Some(condition) => plan.filter(condition)?.build(),
        None => plan.build(),
    }
}

fn found_in(what: &Shown, input: &Input, kept: &LogicalPlan) -> Result<Vec<LogicalPlan>> {
    let plan = || LogicalPlanBuilder::from(kept.clone());
    let text = |text: &str, name: &str| lit(text.to_owned()).alias(name);
    let name = &input.measurement;
    let built: PlanResult<Vec<LogicalPlan>> = match what {
        Shown::Measurements => plan()
            .limit(0, Some(1))
            .and_then(|plan| plan.project([measurement_literal("measurements"), text(name, NAME)]))
            .and_then(LogicalPlanBuilder::build)
            .map(|plan| vec![plan]),
        Shown::TagKeys | Shown::FieldKeys => input
            .tags()
            .map(|tag| {
                let found = plan().filter(ident(tag).is_not_null())?.limit(0, Some(1))?;
                found.project([measurement_literal(name), text(tag, TAG_KEY)])?.build()
            })
            .collect(),
        Shown::TagValues(keys) => wanted(keys, input)?
            .into_iter()
            .map(|tag| {
                let no_aggregates: Vec<Computed> = Vec::new();
                let found = plan().filter(ident(tag).is_not_null())?;
                let found = found.aggregate([ident(tag)], no_aggregates)?;
                let value = cast(ident(tag), Kind::String).alias(VALUE);
                found.project([measurement_literal(name), text(tag, KEY), value])?.build()
            })
            .collect(),
    };
    built.map_err(|error| from_datafusion(&error))
}

/// The tags of `input` that `WITH KEY` means.
fn wanted<'i>(keys: &Keys, input: &'i Input) -> Result<Vec<&'i String>> {
    let pattern = match keys {
        Keys::Match(pattern) | Keys::NotMatch(pattern) => Some(check_regex(pattern)?),
        _ => None,
    };
    let matches = |tag: &String| pattern.as_ref().is_some_and(|pattern| pattern.is_match(tag));
    let is_wanted = |tag: &&String| match keys {
        Keys::Equal(key) => tag == &key,
        Keys::NotEqual(key) => tag != &key,
        Keys::In(keys) => keys.contains(tag),
        Keys::Match(_) => matches(tag),
        Keys::NotMatch(_) => !matches(tag),
    };
    Ok(input.tags().filter(is_wanted).collect())
}

fn joined(plans: Vec<LogicalPlan>, columns: &[&str], page: Page) -> Result<LogicalPlan> {
    let mut plans = plans.into_iter();
    let Some(first) = plans.next() else { return listed(columns, &[]) };
    let joined = || -> PlanResult<LogicalPlan> {
        let mut plan = LogicalPlanBuilder::from(first);
        for other in plans {
            plan = plan.union(other)?;
        }
        let by = |name: &str| ident(name).sort(true, true);
        let order: Vec<_> = columns.iter().map(|name| by(name)).collect();
        plan = keep_page(plan, vec![ident(MEASUREMENT)], order.clone(), page)?;
        let shown: Vec<_> = [MEASUREMENT].iter().chain(columns).map(|name| ident(*name)).collect();
        let order = std::iter::once(by(MEASUREMENT)).chain(order).collect::<Vec<_>>();
        plan.project(shown)?.sort(order)?.build()
    };
    joined().map_err(|error| from_datafusion(&error))
}
