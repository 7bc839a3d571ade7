//! Values for the `$name` placeholders of a query.
//!
//! Comes in: pairs of name and scalar. Goes out: a plan with literals where placeholders stood.
//! Stays true: a value is a literal and can never become SQL. Refuses a placeholder that has no
//! value.

use datafusion::common::ParamValues;
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::LogicalPlan;
use datafusion::scalar::ScalarValue;

/// The value of one placeholder.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// SQL `NULL`.
    Null,
    /// `Boolean`.
    Boolean(bool),
    /// `Int64`.
    Integer(i64),
    /// `UInt64`, for what does not fit `Int64`.
    Unsigned(u64),
    /// `Float64`.
    Float(f64),
    /// `Utf8`.
    String(String),
}

impl From<Param> for ScalarValue {
    fn from(param: Param) -> Self {
        match param {
            Param::Null => Self::Null,
            Param::Boolean(value) => Self::Boolean(Some(value)),
            Param::Integer(value) => Self::Int64(Some(value)),
            Param::Unsigned(value) => Self::UInt64(Some(value)),
            Param::Float(value) => Self::Float64(Some(value)),
            Param::String(value) => Self::Utf8(Some(value)),
        }
    }
}

/// Puts `params` in the place of the placeholders of `plan`, which was planned from `sql`.
///
/// # Errors
/// A planning error that names the first placeholder without a value.
pub(super) fn fill(
    plan: LogicalPlan,
    sql: &str,
    params: Vec<(String, Param)>,
) -> PlanResult<LogicalPlan> {
    if !sql.contains(['$', '?']) {
        return Ok(plan); // saves a walk through the plan
    }
    let values: Vec<(String, ScalarValue)> =
        params.into_iter().map(|(name, value)| (name, value.into())).collect();
    plan.with_param_values(ParamValues::from(values))
}
