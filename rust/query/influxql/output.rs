//! The plans of the measurements as one answer.
//!
//! Comes in: the parts of an answer. Goes out: one plan, and what its columns mean; or inputs of
//! the statement around it. Stays true: columns are `iox::measurement`, the time, the tags of the
//! groups, the outputs; rows are sorted by measurement, tags and time. Refuses nothing.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DFSchema, ScalarValue, internal_err};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{
    EmptyRelation, Expr as Computed, LogicalPlan, LogicalPlanBuilder, SortExpr, ident, lit,
};
use serde_json::json;

use super::bins::in_zone;
use super::columns::{Columns, Kind, TIME};
use super::input::Input;
use super::scope::Typed;
use super::select::{Answer, Part, in_order};
use super::stage::output_name;
use crate::error::Result;
use crate::influxql::Expr;
use crate::query::errors::from_datafusion;

/// The column of the names of measurements.
pub(super) const MEASUREMENT: &str = "iox::measurement";
/// Where the schema of an answer says which columns are what.
pub(in crate::query) const GROUP_KEY: &str = "iox::influxql::group_key::metadata";

/// A plan and what its schema says beside its columns.
pub(in crate::query) struct Planned {
    pub(in crate::query) plan: LogicalPlan,
    /// JSON of InfluxDB 3: where the measurement and the tags of the groups stand.
    pub(in crate::query) group_key: String,
}

/// Text as a value of a dictionary.
pub(super) fn measurement_literal(name: &str) -> Computed {
    let value = Box::new(ScalarValue::Utf8(Some(name.to_owned())));
    lit(ScalarValue::Dictionary(Box::new(DataType::Int32), value)).alias(MEASUREMENT)
}

/// An answer without any measurement.
pub(super) fn nothing() -> Result<LogicalPlan> {
    let field = Field::new(MEASUREMENT, Kind::Tag.data_type(), false);
    let schema = DFSchema::try_from(Schema::new(vec![field]));
    let schema = Arc::new(schema.map_err(|error| from_datafusion(&error))?);
    Ok(LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema }))
}

impl Answer {
    /// The kinds of the outputs in the whole answer.
    fn kinds(&self) -> Vec<Option<Kind>> {
        let of_output = |index: usize| self.parts.iter().filter_map(|part| part.kinds[index]).min();
        (0..self.prepared.outputs.len()).map(of_output).collect()
    }

    /// Whether output `index` is a tag of the groups, shown under its own name.
    fn is_group_tag(&self, index: usize) -> bool {
        let output = &self.prepared.outputs[index];
        self.prepared.group_tags.contains(&output.name)
            && output.expr == Expr::Column { name: output.name.clone(), cast: None }
    }

    /// The tags of the groups that no output shows.
    fn hidden_tags(&self) -> Vec<&String> {
        let shown = |tag: &String| {
            let mut outputs = self.prepared.outputs.iter().enumerate();
            outputs.any(|(index, output)| output.name == *tag && self.is_group_tag(index))
        };
        self.prepared.group_tags.iter().filter(|tag| !shown(tag)).collect()
    }

    /// The answer as inputs of the statement around it.
    ///
    /// # Errors
    /// What DataFusion says of the plans.
    pub(super) fn into_inputs(self) -> Result<Vec<Input>> {
        let kinds = self.kinds();
        let hidden: Vec<String> = self.hidden_tags().into_iter().cloned().collect();
        let mut inputs = Vec::with_capacity(self.parts.len());
        for part in self.parts {
            let mut columns = Columns::new();
            let mut shown = vec![ident(TIME)];
            for tag in &hidden {
                columns.insert(tag.clone(), Kind::Tag);
                shown.push(ident(tag));
            }
            for (index, output) in self.prepared.outputs.iter().enumerate() {
                let Some(kind) = kinds[index] else { continue };
                columns.insert(output.name.clone(), kind);
                shown.push(output_column(index, &part, kind).alias(&output.name));
            }
            let plan = LogicalPlanBuilder::from(part.plan).project(shown);
            let plan = plan.and_then(LogicalPlanBuilder::build);
            let plan = plan.map_err(|error| from_datafusion(&error))?;
            inputs.push(Input { measurement: part.measurement, plan, columns, in_range: true });
        }
        Ok(inputs)
    }

    /// The answer as one sorted plan.
    ///
    /// # Errors
    /// What DataFusion says of it.
    pub(super) fn into_plan(self) -> Result<Planned> {
        let group_key = self.group_key();
        if self.parts.is_empty() {
            return Ok(Planned { plan: nothing()?, group_key: group_key_of(&[]) });
        }
        let plan = self.joined().map_err(|error| from_datafusion(&error))?;
        Ok(Planned { plan, group_key })
    }

    fn joined(&self) -> PlanResult<LogicalPlan> {
        if let [only] = &self.parts[..] {
            let order = self.order(&only.ties);
            let sorted = LogicalPlanBuilder::from(only.plan.clone()).sort(order)?;
            return sorted.project(self.shown(only))?.build();
        }
        let mut united: Option<LogicalPlanBuilder> = None;
        for part in &self.parts {
            let plan = LogicalPlanBuilder::from(part.plan.clone()).project(self.shown(part))?;
            united = Some(match united {
                None => plan,
                Some(before) => before.union(plan.build()?)?,
            });
        }
        let mut order = vec![ident(MEASUREMENT).sort(true, true)];
        let tags = self.prepared.group_tags.iter();
        order.extend(tags.map(|tag| ident(tag).sort(true, true)));
        order.push(ident(&self.prepared.time_name).sort(!self.prepared.descending, false));
        let Some(united) = united else { return internal_err!("an answer without parts") };
        united.sort(order)?.build()
    }

    fn order(&self, ties: &[String]) -> Vec<SortExpr> {
        let tags = self.prepared.group_tags.iter().map(|tag| ident(tag).sort(true, true));
        tags.chain(in_order(&self.prepared, ties)).collect()
    }

    fn shown(&self, part: &Part) -> Vec<Computed> {
        let kinds = self.kinds();
        let mut columns = vec![measurement_literal(&part.measurement), self.time()];
        columns.extend(self.hidden_tags().into_iter().map(ident));
        for (index, output) in self.prepared.outputs.iter().enumerate() {
            let kind = kinds[index].unwrap_or(Kind::Float); // null in every row
            columns.push(output_column(index, part, kind).alias(&output.name));
        }
        columns
    }

    fn time(&self) -> Computed {
        let time = match &self.prepared.zone {
            None => ident(TIME),
            Some(zone) => in_zone(ident(TIME), zone),
        };
        time.alias(&self.prepared.time_name)
    }

    fn group_key(&self) -> String {
        let hidden = self.hidden_tags();
        let first_output = 2 + hidden.len();
        let mut tags: Vec<(String, usize, bool)> = hidden
            .iter()
            .enumerate()
            .map(|(index, tag)| ((*tag).clone(), 2 + index, false))
            .collect();
        for (index, output) in self.prepared.outputs.iter().enumerate() {
            if self.is_group_tag(index) {
                tags.push((output.name.clone(), first_output + index, true));
            }
        }
        tags.sort();
        group_key_of(&tags)
    }
}

fn output_column(index: usize, part: &Part, kind: Kind) -> Computed {
    Typed { expr: ident(output_name(index)), kind: part.kinds[index] }.to(kind)
}

/// The JSON about the columns of an answer: each tag, its column, and whether an output shows it.
pub(super) fn group_key_of(tags: &[(String, usize, bool)]) -> String {
    let tag = |tag: &(String, usize, bool)| {
        let (name, index, shown) = tag;
        json!({"tag_key": name, "column_index": index, "is_projected": shown})
    };
    let tags: Vec<_> = tags.iter().map(tag).collect();
    json!({"measurement_column_index": 0, "tag_key_columns": tags}).to_string()
}
