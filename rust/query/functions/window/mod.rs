//! Window functions over the values of a series: `derivative`, `difference` and their like.
//!
//! Comes in: the values of one window partition in its order, with their times where they count.
//! Goes out: one value per row. Stays true: a null gives null and is not the previous value of
//! another row. Refuses values that are no numbers, units that are not positive, and integers whose
//! result does not fit.

mod arguments;
mod arithmetic;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{
    ExpressionArgs, PartitionEvaluatorArgs, WindowUDFFieldArgs,
};
use datafusion::logical_expr::{
    PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl,
};
use datafusion::physical_expr::PhysicalExpr;

/// What is computed of each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::query) enum Kind {
    /// `(value, time[, unit])`: change of the value per unit of time.
    Derivative,
    /// The same, null where it is negative.
    NonNegativeDerivative,
    /// `(value)`: the value minus the previous one.
    Difference,
    /// The same, null where it is negative.
    NonNegativeDifference,
    /// `(value)`: the sum of the values so far.
    CumulativeSum,
    /// `(value, n)`: the mean of the last `n` values, null before there are so many.
    MovingAverage,
    /// `(time of a value that is not null, unit)`: whole units since the previous one.
    Elapsed,
}

impl Kind {
    /// All of them.
    pub(super) const ALL: [Self; 7] = [
        Self::Derivative,
        Self::NonNegativeDerivative,
        Self::Difference,
        Self::NonNegativeDifference,
        Self::CumulativeSum,
        Self::MovingAverage,
        Self::Elapsed,
    ];

    /// The function: of SQL, or for the plan of an `InfluxQL` statement.
    pub(in crate::query) fn function(self) -> Arc<WindowUDF> {
        let signature = Signature::variadic_any(Volatility::Immutable);
        Arc::new(WindowUDF::new_from_impl(Window { kind: self, signature }))
    }

    /// Whether SQL has the function, and not `InfluxQL` alone.
    pub(super) fn is_sql(self) -> bool {
        !matches!(self, Self::CumulativeSum | Self::MovingAverage | Self::Elapsed)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Derivative => "derivative",
            Self::NonNegativeDerivative => "non_negative_derivative",
            Self::Difference => "difference",
            Self::NonNegativeDifference => "non_negative_difference",
            Self::CumulativeSum => "cumulative_sum",
            Self::MovingAverage => "moving_average",
            Self::Elapsed => "elapsed",
        }
    }

    fn is_derivative(self) -> bool {
        matches!(self, Self::Derivative | Self::NonNegativeDerivative)
    }
}

/// The function of SQL.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Window {
    kind: Kind,
    signature: Signature,
}

impl WindowUDFImpl for Window {
    fn name(&self) -> &str {
        self.kind.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The columns alone: what must be a literal is no column of the partition.
    fn expressions(&self, arguments: ExpressionArgs) -> Vec<Arc<dyn PhysicalExpr>> {
        let columns = if self.kind.is_derivative() { 2 } else { 1 };
        arguments.input_exprs().iter().take(columns).cloned().collect()
    }

    fn partition_evaluator(
        &self,
        arguments: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        let literal = arguments::literal(self.kind, arguments.input_exprs())?;
        Ok(Box::new(Evaluator { kind: self.kind, literal }))
    }

    fn field(&self, arguments: WindowUDFFieldArgs) -> Result<FieldRef> {
        let value = arguments::checked(self.kind, arguments.input_fields())?;
        let data_type = match (self.kind, value) {
            (Kind::Difference, DataType::UInt64) | (Kind::Elapsed, _) => DataType::Int64,
            (Kind::Derivative | Kind::NonNegativeDerivative | Kind::MovingAverage, _) => {
                DataType::Float64
            }
            (_, value) => value,
        };
        Ok(Arc::new(Field::new(arguments.name(), data_type, true)))
    }
}

/// The function at work on one partition.
#[derive(Debug)]
struct Evaluator {
    kind: Kind,
    /// The unit in nanoseconds, or how many values a mean is of.
    literal: i64,
}

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], _num_rows: usize) -> Result<ArrayRef> {
        arithmetic::evaluate(self.kind, &arguments::columns(self.kind, values)?, self.literal)
    }
}
