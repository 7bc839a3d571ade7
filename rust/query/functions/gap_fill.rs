//! Functions that stand for gap filling in SQL: the planner replaces them, nothing calls them.

use arrow::datatypes::DataType;
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// What a function stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::query) enum Mark {
    /// Bins, and a row for each of them.
    Bins,
    /// The same by the clocks of the zone of the time.
    WallClockBins,
    /// The last value before.
    Previous,
    /// The value on a line.
    Linear,
}

impl Mark {
    pub(super) const ALL: [Self; 4] =
        [Self::Bins, Self::WallClockBins, Self::Previous, Self::Linear];

    /// The function as SQL names it.
    pub(in crate::query) fn name(self) -> &'static str {
        match self {
            Self::Bins => "date_bin_gapfill",
            Self::WallClockBins => "date_bin_wallclock_gapfill",
            Self::Previous => "locf",
            Self::Linear => "interpolate",
        }
    }

    pub(in crate::query) fn is_bins(self) -> bool {
        matches!(self, Self::Bins | Self::WallClockBins)
    }

    /// What `expression` calls, if it is one of these functions, and with what.
    pub(in crate::query) fn of(expression: &Expr) -> Option<(Self, &[Expr])> {
        let Expr::ScalarFunction(call) = expression else { return None };
        let function = call.func.inner().downcast_ref::<Marker>()?;
        Some((function.mark, &call.args))
    }

    /// What a call is told that is not where it could be replaced.
    pub(in crate::query) fn misplaced<T>(self) -> Result<T> {
        let name = self.name();
        if self.is_bins() {
            return plan_err!("{name} may only be used as a GROUP BY expression");
        }
        plan_err!("{name} may only be used in the SELECT list of a gap-filling query")
    }
}

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Marker {
    mark: Mark,
    signature: Signature,
}

/// The function of `mark`.
pub(super) fn function(mark: Mark) -> ScalarUDF {
    let signature = Signature::variadic_any(Volatility::Immutable);
    ScalarUDF::new_from_impl(Marker { mark, signature })
}

impl ScalarUDFImpl for Marker {
    fn name(&self) -> &'static str {
        self.mark.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let name = self.mark.name().to_uppercase();
        let typed = match arguments {
            [_, time] | [_, time, _] if self.mark.is_bins() => time,
            other if self.mark.is_bins() => {
                return plan_err!("{name} expects 2 or 3 arguments, got {}", other.len());
            }
            [value] => return Ok(value.clone()),
            other => return plan_err!("{name} expects 1 argument, got {}", other.len()),
        };
        match typed {
            DataType::Timestamp(..) => Ok(super::date_bin_wallclock::in_nanoseconds(typed)),
            other => plan_err!("{name} requires a timestamp as the source argument, got {other}"),
        }
    }

    fn invoke_with_args(&self, _arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.mark.misplaced()
    }
}
