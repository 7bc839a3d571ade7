//! Which values a statement waits for, before it has any.
//!
//! Comes in: SQL and what it may read. Goes out: a schema with a field for each placeholder, as an
//! Arrow stream that ends after it. Stays true: numbered placeholders come first and without gaps,
//! so that the n-th field is `$n`; each type is one that clients can bind, text where the statement
//! does not say which. Refuses what `session::plan` refuses, missing values aside.

use std::collections::HashMap;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::ipc::writer::StreamWriter;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::{Expr, LogicalPlan};
use tokio::sync::oneshot;

use super::errors::from_datafusion;
use super::query_engine::{QueryEngine, Question};
use super::session;
use crate::error::{EngineError, Result};
use crate::limits::SQL_PARAMETERS_MAX;

impl QueryEngine {
    /// The schema of the values that a statement in SQL waits for. Plans on a query thread, whose
    /// stack holds the deepest statement; the statement is not run.
    ///
    /// # Errors
    /// As [`Self::query`], and `Invalid` for a number over [`SQL_PARAMETERS_MAX`].
    pub fn parameters(&self, question: Question) -> Result<Vec<u8>> {
        let state = self.state_over(question.database, question.system);
        let (answer, wait) = oneshot::channel();
        self.spawn(async move {
            let plan = session::new_plan(&state, &question.text).await;
            let _ = answer.send(plan.and_then(|plan| schema(&plan))); // who asked may be gone
        })?;
        let found = wait.blocking_recv();
        encoded(&found.map_err(|_| EngineError::internal("planning the query was cut off"))??)
    }
}

/// Types by placeholder; `None` where nothing tells.
type Types = HashMap<String, Option<DataType>>;

fn schema(plan: &LogicalPlan) -> Result<Schema> {
    let mut types = Types::new();
    collect(plan, &mut types).map_err(|error| from_datafusion(&error))?;
    let field = |name: String| {
        let found = types.get(&name).cloned().flatten().unwrap_or(DataType::Utf8);
        Field::new(name, found, true)
    };
    Ok(Schema::new(names(&types)?.into_iter().map(field).collect::<Vec<_>>()))
}

/// Numbers from 1 to the last one used, then names in their order.
fn names(types: &Types) -> Result<Vec<String>> {
    let number = |name: &String| name.parse::<usize>().ok();
    let last = types.keys().filter_map(number).max().unwrap_or_default();
    if last > SQL_PARAMETERS_MAX {
        return Err(EngineError::invalid(format!(
            "the placeholder ${last} is over the maximum of {SQL_PARAMETERS_MAX} parameters"
        )));
    }
    let mut names: Vec<String> =
        types.keys().filter(|name| number(name).is_none()).cloned().collect();
    names.sort();
    names.splice(0..0, (1..=last).map(|number| number.to_string()));
    Ok(names)
}

fn collect(plan: &LogicalPlan, types: &mut Types) -> PlanResult<()> {
    plan.apply_with_subqueries(|step| {
        if let LogicalPlan::Limit(limit) = step {
            let counts = [&limit.skip, &limit.fetch].into_iter().flatten();
            counts.for_each(|count| add_count(count, types));
        }
        step.apply_expressions(|expression| {
            expression.apply(|part| {
                if let Expr::Placeholder(Placeholder { id, field }) = part {
                    add(id, field.as_ref().map(|field| bindable(field.data_type())), types);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(())
}

/// `LIMIT` and `OFFSET` say nothing to their placeholders.
fn add_count(count: &Expr, types: &mut Types) {
    if let Expr::Placeholder(placeholder) = count {
        add(&placeholder.id, Some(DataType::Int64), types);
    }
}

/// A placeholder may stand in several places: one that tells nothing does not undo another, and two
/// that differ leave it to the client's text.
fn add(id: &str, found: Option<DataType>, types: &mut Types) {
    let known = types.entry(id.trim_start_matches('$').to_owned()).or_default();
    *known = match (known.take(), found) {
        (Some(known), Some(found)) if known != found => Some(DataType::Utf8),
        (known, found) => known.or(found),
    };
}

/// Clients bind plain values: the type of what a dictionary holds, and text in one form. The driver
/// of JDBC writes milliseconds into a timestamp, whatever unit it is told.
fn bindable(found: &DataType) -> DataType {
    match found {
        DataType::Dictionary(_, values) => bindable(values),
        DataType::Null | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Millisecond, zone.clone()),
        other => other.clone(),
    }
}

fn encoded(schema: &Schema) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let written = StreamWriter::try_new(&mut bytes, schema).map(drop);
    written.map_err(|error| EngineError::internal("the schema is not Arrow").caused_by(error))?;
    Ok(bytes)
}
