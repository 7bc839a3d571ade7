//! A condition in SQL over the rows of one batch, as triggers use it.
//!
//! Comes in: rows and a condition. Goes out: the rows that it is true for. Stays true: a condition
//! means what it means in a query; rows that lack one of its columns do not meet it. Refuses what
//! is no condition.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use datafusion::common::{DFSchema, DataFusionError, SchemaError, ToDFSchema};
use datafusion::error::Result as PlanResult;
use datafusion::execution::session_state::SessionState;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::sql::parser::DFParserBuilder;
use datafusion::sql::sqlparser::ast::{Expr as SqlExpr, visit_expressions};
use tokio::sync::oneshot;

use super::errors::from_datafusion;
use super::{QueryEngine, depth};
use crate::error::{EngineError, Result};
use crate::limits::CONDITION_BYTES_MAX;

impl QueryEngine {
    /// The rows of a batch that a condition is true for.
    ///
    /// # Errors
    /// `Invalid` where the condition cannot be evaluated over these columns; a column that is not
    /// there is none of these cases: no row meets the condition then.
    pub fn filter(&self, rows: &RecordBatch, condition: &str) -> Result<RecordBatch> {
        check_condition(condition)?;
        let schema = rows.schema().to_dfschema().map_err(|error| from_datafusion(&error))?;
        let Some(condition) = self.compiled(condition, schema)? else {
            return Ok(rows.slice(0, 0));
        };
        evaluate(rows, &condition).map_err(|error| from_datafusion(&error))
    }

    /// Compiles on a thread whose stack holds the deepest condition; `None` where a column of it is
    /// not there.
    fn compiled(&self, condition: &str, schema: DFSchema) -> Result<Option<Arc<dyn PhysicalExpr>>> {
        let (state, text) = (self.state(), condition.to_owned());
        let (compiled, wait) = oneshot::channel();
        self.spawn(async move {
            let _ = compiled.send(compile(&state, &text, &schema)); // who asked may be gone
        })?;
        match wait.blocking_recv() {
            Ok(Ok(found)) => Ok(Some(found)),
            Ok(Err(error)) if is_unknown_column(&error) => Ok(None),
            Ok(Err(error)) => Err(from_datafusion(&error)),
            Err(_) => Err(EngineError::internal("compiling the condition was cut off")),
        }
    }
}

/// Whether a text is a condition, whatever its columns.
///
/// # Errors
/// `Invalid` where it is none, is too long or too deep, or depends on the present.
pub fn check_condition(condition: &str) -> Result<()> {
    if condition.len() > CONDITION_BYTES_MAX {
        return Err(EngineError::invalid(format!(
            "the condition has {} bytes: the maximum is {CONDITION_BYTES_MAX} bytes",
            condition.len()
        )));
    }
    depth::check(condition)?;
    let parsed = DFParserBuilder::new(condition).build();
    let parsed = parsed.and_then(|mut parser| parser.parse_into_expr());
    check_functions(&parsed.map_err(|error| from_datafusion(&error))?.expr)
}

/// Functions whose answer depends on when they are asked, not on the row.
const CHANGING: [&str; 8] = [
    "current_date",
    "current_time",
    "current_timestamp",
    "localtimestamp",
    "now",
    "random",
    "today",
    "uuid",
];

fn check_functions(condition: &SqlExpr) -> Result<()> {
    let found = visit_expressions(condition, |expr| match expr {
        SqlExpr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            if CHANGING.contains(&name.as_str()) {
                return ControlFlow::Break(name);
            }
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    });
    match found {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(name) => Err(EngineError::invalid(format!(
            "the condition calls {name}(): a row must meet it or not whenever it is read"
        ))),
    }
}

fn compile(
    state: &SessionState,
    condition: &str,
    schema: &DFSchema,
) -> PlanResult<Arc<dyn PhysicalExpr>> {
    let condition = state.create_logical_expr(condition, schema)?;
    state.create_physical_expr(condition, schema)
}

fn is_unknown_column(error: &DataFusionError) -> bool {
    let DataFusionError::SchemaError(error, _) = error.find_root() else { return false };
    matches!(**error, SchemaError::FieldNotFound { .. })
}

fn evaluate(rows: &RecordBatch, condition: &Arc<dyn PhysicalExpr>) -> PlanResult<RecordBatch> {
    let met = condition.evaluate(rows)?.into_array(rows.num_rows())?;
    let Some(met) = met.as_any().downcast_ref::<BooleanArray>() else {
        let kind = met.data_type();
        return Err(DataFusionError::Plan(format!(
            "the condition gives {kind}, not true or false"
        )));
    };
    Ok(filter_record_batch(rows, met)?)
}
