//! One SQL text to one logical plan.
//!
//! Comes in: SQL, the values of its placeholders, and what it may read. Goes out: a plan whose
//! tables are snapshots. Stays true: the settings are those of InfluxDB 3 and no statement changes
//! them; no statement writes. Refuses what is too long or too deep, several statements,
//! definitions, changes, settings, and transactions.

use std::sync::Arc;

use datafusion::catalog::CatalogProviderList;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::config::Dialect;
use datafusion::error::Result as PlanResult;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{Expr, LogicalPlan, Subquery};
use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;

use super::catalog::{CATALOG, TABLES_SCHEMA, UserSchema};
use super::errors::from_datafusion;
use super::govern::{self, QueryLimits};
use super::kept_plans::KeptPlans;
use super::params::{self, Param};
use super::{depth, functions, gap_fill, placeholders, references};
use crate::clock::now_ns;
use crate::error::{EngineError, Result};
use crate::limits::{BLOCK_ROWS_MAX, SQL_BYTES_MAX};

/// Steps of one plan, a shared table expression counted wherever it is used: each use is planned
/// anew, so that a short statement can ask for a plan that no machine holds.
pub const PLAN_NODES_MAX: usize = 10_000;

/// As a plan that inserts is refused.
const INSERT_REFUSED: &str = "Error during planning: DML not supported: Insert Into";

/// Part of the memory of a query that its sorts together keep free, to merge what they spill.
const SPILL_RESERVE_SHARE: usize = 8;

/// Bytes of that reserve where there is plenty of memory (as DataFusion).
const SPILL_RESERVE_BYTES: usize = 10 * 1_024 * 1_024;

/// The state that every query starts from: functions, rules, settings, the memory of all.
///
/// # Errors
/// `Internal` where DataFusion cannot be set up.
pub(super) fn template(limits: &QueryLimits) -> Result<SessionState> {
    let mut state = SessionStateBuilder::new()
        .with_config(config(limits))
        .with_runtime_env(govern::runtime(limits)?)
        .with_query_planner(Arc::new(gap_fill::Planner))
        .with_optimizer_rules(optimizer_rules())
        .with_physical_optimizer_rules(govern::physical_rules())
        .with_default_features()
        .build();
    functions::register(&mut state).map_err(|error| from_datafusion(&error))?;
    Ok(state)
}

/// Those of DataFusion, after one that must find its functions as they were written.
fn optimizer_rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules = Optimizer::new().rules;
    rules.insert(0, Arc::new(gap_fill::FillGaps));
    rules
}

fn config(limits: &QueryLimits) -> SessionConfig {
    let partitions = limits.threads.max(1);
    let reserve = SPILL_RESERVE_BYTES.min(limits.query_bytes / SPILL_RESERVE_SHARE / partitions);
    SessionConfig::new()
        .with_sort_spill_reservation_bytes(reserve)
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, TABLES_SCHEMA)
        .with_information_schema(true)
        .with_batch_size(BLOCK_ROWS_MAX)
        .with_target_partitions(partitions)
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
        .set_bool("datafusion.execution.parquet.schema_force_view_types", false)
        .set_bool("datafusion.optimizer.expand_views_at_output", false)
}

/// The state of one query: `template` with the catalog of its database, and its own `now()`.
pub(super) fn of_query(
    template: &SessionState,
    catalog: Arc<dyn CatalogProviderList>,
) -> SessionState {
    let mut state = template.clone();
    state.register_catalog_list(catalog);
    state.mark_start_execution();
    state
}

/// Plans `sql`, or takes the plan that was made for it before; `params` fill its placeholders.
///
/// # Errors
/// `Invalid` or `Unsupported`, with the message of InfluxDB 3 for it.
pub(super) async fn plan(
    state: &SessionState,
    (plans, tables): (&KeptPlans, &UserSchema),
    sql: &str,
    params: Vec<(String, Param)>,
) -> Result<LogicalPlan> {
    let kept = plans.find(sql, tables).map_err(|error| from_datafusion(&error))?;
    let plan = if let Some(plan) = kept {
        plan
    } else {
        let plan = new_plan(state, sql).await?;
        plans.keep(sql, tables, &plan).map_err(|error| from_datafusion(&error))?;
        plan
    };
    params::fill(plan, sql, params).map_err(|error| from_datafusion(&error))
}

/// Plans `sql`; its placeholders have no values yet.
///
/// # Errors
/// As [`plan`], missing values aside.
pub(super) async fn new_plan(state: &SessionState, sql: &str) -> Result<LogicalPlan> {
    check_length(sql)?;
    depth::check(sql)?;
    let sql = placeholders::numbered(sql)?;
    let statement = state.sql_to_statement(&sql, &Dialect::Generic);
    let statement = statement.map_err(|error| from_datafusion(&error))?;
    references::check(&statement)?;
    let is_insert = is_insert(&statement);
    let plan = state.statement_to_plan(statement).await;
    let plan = plan.map_err(|error| {
        // whatever is wrong with its rows, it cannot be put right
        if is_insert { EngineError::invalid(INSERT_REFUSED) } else { from_datafusion(&error) }
    })?;
    check_size(&plan)?; // before anything walks the plan
    read_only().verify_plan(&plan).map_err(|error| from_datafusion(&error))?;
    Ok(plan)
}

fn is_insert(statement: &Statement) -> bool {
    matches!(statement, Statement::Statement(inner) if matches!(**inner, SqlStatement::Insert(_)))
}

fn read_only() -> SQLOptions {
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false)
}

fn check_length(sql: &str) -> Result<()> {
    if sql.len() <= SQL_BYTES_MAX {
        return Ok(());
    }
    Err(EngineError::invalid(format!(
        "the SQL text has {} bytes: the maximum is {SQL_BYTES_MAX} bytes",
        sql.len()
    )))
}

/// When a query began, in nanoseconds since the Unix epoch.
pub(super) fn start_ns(state: &SessionState) -> i64 {
    let start = state.execution_props().query_execution_start_time;
    start.and_then(|start| start.timestamp_nanos_opt()).unwrap_or_else(now_ns)
}

/// Refuses a plan of more than [`PLAN_NODES_MAX`] nodes.
///
/// # Errors
/// `Invalid`, with the maximum.
pub(super) fn check_size(plan: &LogicalPlan) -> Result<()> {
    let mut subqueries: Vec<Arc<LogicalPlan>> = Vec::new();
    let mut nodes = count_nodes(plan, 0, &mut subqueries)?;
    while let Some(subquery) = subqueries.pop() {
        nodes = count_nodes(&subquery, nodes, &mut subqueries)?;
    }
    Ok(())
}

/// Adds the nodes of `plan` to `nodes`, without recursion; the subqueries in them are left to do.
fn count_nodes(
    plan: &LogicalPlan,
    mut nodes: usize,
    subqueries: &mut Vec<Arc<LogicalPlan>>,
) -> Result<usize> {
    let mut waiting = vec![plan];
    while let Some(node) = waiting.pop() {
        nodes += 1;
        if nodes > PLAN_NODES_MAX {
            return Err(EngineError::invalid(format!(
                "the plan of the statement has more than {PLAN_NODES_MAX} nodes, the maximum"
            )));
        }
        waiting.extend(node.inputs());
        add_subqueries(node, subqueries).map_err(|error| from_datafusion(&error))?;
    }
    Ok(nodes)
}

fn add_subqueries(node: &LogicalPlan, subqueries: &mut Vec<Arc<LogicalPlan>>) -> PlanResult<()> {
    node.apply_expressions(|expression| {
        expression.apply(|part| {
            subqueries.extend(subquery_of(part).map(|found| Arc::clone(&found.subquery)));
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(())
}

fn subquery_of(expression: &Expr) -> Option<&Subquery> {
    match expression {
        Expr::ScalarSubquery(subquery) => Some(subquery),
        Expr::Exists(exists) => Some(&exists.subquery),
        Expr::InSubquery(contained) => Some(&contained.subquery),
        Expr::SetComparison(comparison) => Some(&comparison.subquery),
        _ => None,
    }
}
