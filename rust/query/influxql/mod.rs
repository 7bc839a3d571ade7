//! InfluxQL to plans of DataFusion.
//!
//! Comes in: the text of one statement, the values of its placeholders, and the tables of a
//! database. Goes out: a plan, and what its columns mean to a client that shows series. Stays true:
//! planning reads schemas and no rows; the rules of InfluxQL for nulls, kinds and names are in the
//! plan, so that nothing but DataFusion executes it. Refuses several statements, and those that
//! InfluxDB 3 does not do.

mod aggregate;
mod aggregates;
mod bins;
mod calls;
mod columns;
mod condition;
mod expand;
mod fill;
mod groups;
mod input;
mod integral;
mod output;
mod page;
mod params;
mod prepare;
mod ranked;
mod scalar;
mod scope;
mod select;
mod show;
mod stage;
mod times;
mod transform;

use datafusion::logical_expr::LogicalPlanBuilder;

pub(super) use output::{GROUP_KEY, Planned};
use prepare::Outer;
use select::Planner;

use super::catalog::UserSchema;
use super::errors::from_datafusion;
use super::params::Param;
use crate::error::{EngineError, Result};
use crate::influxql::{self, Select, Statement};
use crate::query::TimeRange;

/// Plans the one statement in `text`, begun at `now_ns`.
///
/// # Errors
/// `Invalid` for what is no InfluxQL or has no meaning, `Unsupported` for what is not done.
pub(super) fn plan(
    tables: &UserSchema,
    now_ns: i64,
    text: &str,
    params: &[(String, Param)],
) -> Result<Planned> {
    let mut statements = influxql::parse(text)?;
    let (Some(parsed), true) = (statements.pop(), statements.is_empty()) else {
        return Err(EngineError::invalid("must provide only one InfluxQl statement per query"));
    };
    let mut statement = parsed.statement;
    params::bind(&mut statement, params)?;
    let planner = Planner { tables, now_ns };
    match statement {
        Statement::Select(select) => planner.whole(&select),
        Statement::Explain { analyze, select } => explained(planner.whole(&select)?, analyze),
        Statement::Show(show) => planner.show(&show),
        Statement::ShowDatabases => Err(not_done("SHOW DATABASES")),
        Statement::ShowRetentionPolicies { .. } => Err(not_done("SHOW RETENTION POLICIES")),
        Statement::Unsupported { name } => Err(not_done(name)),
    }
}

fn not_done(name: &str) -> EngineError {
    EngineError::unsupported(format!("This feature is not implemented: {name}"))
}

fn explained(planned: Planned, analyze: bool) -> Result<Planned> {
    let plan = LogicalPlanBuilder::from(planned.plan).explain(false, analyze);
    let plan = plan.and_then(LogicalPlanBuilder::build).map_err(|error| from_datafusion(&error))?;
    Ok(Planned { plan, group_key: output::group_key_of(&[]) })
}

impl Planner<'_> {
    fn whole(&self, select: &Select) -> Result<Planned> {
        let outer = Outer { range: TimeRange::ALL, dimensions: Vec::new() };
        self.select(select, &outer)?.into_plan()
    }
}
