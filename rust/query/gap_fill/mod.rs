//! Rows for the bins of time that have none.
//!
//! Comes in: a plan whose rows are one for each series and bin ([`GapFillSpec`] says which columns
//! are what). Goes out: the same plan with a row for every bin of its range, for each series that
//! has any row, sorted by series and time. Stays true: rows are made as they are read, so a range
//! of any length takes the memory of one series of the input. Refuses bins without width, and lines
//! through what is no number.

mod aggregate;
mod arguments;
mod bins;
mod block;
mod bounds;
mod exec;
mod lines;
mod node;
mod planner;
mod rule;
mod series;
mod wall_clock;
mod widened;

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Column, ExprSchema, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{Extension, LogicalPlan};
use datafusion::scalar::ScalarValue;

pub(in crate::query) use arguments::{origin_ns, stride_ns};
pub(in crate::query) use bins::Bins;
pub(in crate::query) use planner::Planner;
pub(in crate::query) use rule::FillGaps;

/// What a column that is neither time nor series has where its row has none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub(in crate::query) enum Fill {
    /// Nothing.
    Null,
    /// This, also in place of the nulls of rows that are there.
    Value(ScalarValue),
    /// The last value of the series before, if any; nulls of rows that are there count as missing.
    Previous,
    /// What a straight line has between the values of the series before and after; nothing without
    /// both of them. Nulls of rows that are there count as missing. Of a struct with the fields
    /// `value` and `time`, as selectors make them, the value lies on the line and the time is that
    /// of the bin.
    Linear,
}

/// Which rows there are to be, and what is in them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub(in crate::query) struct GapFillSpec {
    /// The start of the bin: nanoseconds, with a zone or without. A row with no time is passed on.
    pub time: Column,
    /// What tells series apart, in the order of sorting; null is a value, the first. May be empty.
    pub series: Vec<Column>,
    pub bins: Bins,
    /// An instant in the first bin; `None`: the first row of the whole input.
    pub first: Option<i64>,
    /// An instant in the last bin; `None`: the last row of the whole input.
    pub last: Option<i64>,
    /// How columns are filled; those that are not named get [`Fill::Null`].
    pub fills: Vec<(Column, Fill)>,
}

/// Fills the gaps of `input`; the columns stay the same.
///
/// # Errors
/// `Plan` for a column that is not there, or whose type does not go with its use.
pub(in crate::query) fn gap_fill(input: LogicalPlan, spec: GapFillSpec) -> Result<LogicalPlan> {
    let schema = input.schema();
    let time = schema.field_from_column(&spec.time)?.data_type();
    if !matches!(time, DataType::Timestamp(TimeUnit::Nanosecond, _)) {
        return plan_err!("gap filling needs a time in nanoseconds, got {time}");
    }
    for (column, fill) in &spec.fills {
        let data_type = schema.field_from_column(column)?.data_type();
        if *fill == Fill::Linear && !lines::has_lines(data_type) {
            return plan_err!("unsupported data type {data_type} for interpolation gap filling");
        }
    }
    let node = Arc::new(node::GapFill::try_new(input, spec)?);
    Ok(LogicalPlan::Extension(Extension { node }))
}
