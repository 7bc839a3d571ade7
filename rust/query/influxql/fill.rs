//! `fill(…)`: bins that no point fell into.
//!
//! Comes in: one row for each group and bin that has points. Goes out: one row for each bin from
//! the first to the last of the range. Stays true: it is decided call by call, before anything is
//! computed with them. Refuses nothing.

use datafusion::common::Column;
use datafusion::scalar::ScalarValue;

use super::columns::{Kind, TIME};
use super::scope::Call;
use super::stage::Stage;
use crate::error::Result;
use crate::influxql::{Expr, Fill as Asked, Number};
use crate::query::TimeRange;
use crate::query::errors::from_datafusion;
use crate::query::gap_fill::{Bins, Fill, GapFillSpec, gap_fill};

impl Stage<'_> {
    /// Adds the bins that are missing.
    ///
    /// # Errors
    /// What building the plan meets.
    pub(super) fn fill_gaps(&mut self) -> Result<()> {
        let Some(bins) = self.prepared.bins.as_ref().filter(|_| self.prepared.fills()) else {
            return Ok(());
        };
        let failed = |error| from_datafusion(&error);
        let zone = self.prepared.zone.as_deref();
        let range = self.prepared.range;
        let asked = self.prepared.fill;
        let known = self.calls.iter().filter(|call| call.value.kind.is_some());
        let fills = known.filter_map(|call| Some((column_of(call)?, fill_of(call, asked))));
        let series = self.prepared.group_tags.iter().map(Column::new_unqualified);
        let spec = GapFillSpec {
            time: Column::new_unqualified(TIME),
            series: series.collect(),
            bins: Bins::new(bins.interval_ns, bins.offset_ns, zone).map_err(failed)?,
            first: (range.min > TimeRange::ALL.min).then_some(range.min),
            last: (range.max < TimeRange::ALL.max).then_some(range.max),
            fills: fills.collect(),
        };
        self.plan = gap_fill(self.plan.clone(), spec).map_err(failed)?;
        Ok(())
    }
}

fn column_of(call: &Call) -> Option<Column> {
    call.value.expr.try_as_col().cloned()
}

fn fill_of(call: &Call, asked: Asked) -> Fill {
    let Expr::Call { name, .. } = &call.expr else { return Fill::Null };
    let kind = call.value.kind;
    match asked {
        Asked::Null if name == "count" => Fill::Value(ScalarValue::Int64(Some(0))),
        Asked::None | Asked::Null => Fill::Null,
        Asked::Previous => Fill::Previous,
        Asked::Linear if name == "integral" || !kind.is_some_and(Kind::is_numeric) => Fill::Null,
        Asked::Linear => Fill::Linear,
        Asked::Value(number) => value_of(number, kind),
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a number that is written down becomes what the column holds"
)]
fn value_of(number: Number, kind: Option<Kind>) -> Fill {
    let (float, integer) = match number {
        Number::Integer(value) => (value as f64, value),
        Number::Float(value) => (value, value as i64),
    };
    match kind {
        Some(Kind::Float) => Fill::Value(ScalarValue::Float64(Some(float))),
        Some(Kind::Integer) => Fill::Value(ScalarValue::Int64(Some(integer))),
        Some(Kind::Unsigned) => match u64::try_from(integer) {
            Ok(value) => Fill::Value(ScalarValue::UInt64(Some(value))),
            Err(_) => Fill::Null,
        },
        _ => Fill::Null,
    }
}
