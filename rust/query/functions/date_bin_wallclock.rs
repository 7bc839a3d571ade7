//! `date_bin_wallclock(interval, time[, origin])`: bins that clocks of the zone of `time` count.

use std::sync::Arc;

use arrow::array::{AsArray, TimestampNanosecondArray};
use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit, TimestampNanosecondType};
use datafusion::common::{internal_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::scalar::ScalarValue;

use crate::query::gap_fill::{Bins, origin_ns, stride_ns};

const NAME: &str = "DATE_BIN_WALLCLOCK";

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
struct DateBinWallclock {
    signature: Signature,
}

pub(in crate::query) fn function() -> ScalarUDF {
    let signature = Signature::variadic_any(Volatility::Immutable);
    ScalarUDF::new_from_impl(DateBinWallclock { signature })
}

/// The type of `time` in nanoseconds, in its zone.
pub(super) fn in_nanoseconds(time: &DataType) -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, zone(time))
}

fn zone(time: &DataType) -> Option<Arc<str>> {
    match time {
        DataType::Timestamp(_, zone) => zone.clone(),
        _ => None,
    }
}

/// Refuses arguments of the wrong types; which values they have shows later.
fn check_types(types: &[&DataType]) -> Result<()> {
    let ([_, time] | [_, time, _]) = types else {
        return plan_err!("{NAME} expects 2 or 3 arguments, got {}", types.len());
    };
    if !matches!(time, DataType::Timestamp(..)) {
        return plan_err!("{NAME} requires a timestamp as the source argument, got {time}");
    }
    if matches!(types, [_, _, DataType::Timestamp(_, Some(_))]) {
        return plan_err!("{NAME} requires an origin without a zone, which is local time");
    }
    Ok(())
}

/// The bins that the arguments describe, for a time in `zone`.
fn bins(arguments: &[ColumnarValue], zone: Option<&str>) -> Result<Bins> {
    let [Some(stride), ..] = *arguments.iter().map(scalar).collect::<Vec<_>>() else {
        return plan_err!("{NAME} requires a literal as the stride argument");
    };
    let origin = match arguments.get(2).map(scalar) {
        None => 0,
        Some(Some(origin)) => origin_ns(origin, None)?,
        Some(None) => return plan_err!("{NAME} requires a literal as the origin argument"),
    };
    Bins::new(stride_ns(stride, NAME)?, origin, zone)
}

fn scalar(value: &ColumnarValue) -> Option<&ScalarValue> {
    match value {
        ColumnarValue::Scalar(value) => Some(value),
        ColumnarValue::Array(_) => None,
    }
}

impl ScalarUDFImpl for DateBinWallclock {
    fn name(&self) -> &'static str {
        "date_bin_wallclock"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        internal_err!("the type of date_bin_wallclock() depends on its arguments")
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<&DataType> = arguments.arg_fields.iter().map(|at| at.data_type()).collect();
        check_types(&types)?;
        Ok(Arc::new(Field::new(self.name(), in_nanoseconds(types[1]), true)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let zone = zone(arguments.return_type());
        let bins = bins(&arguments.args, zone.as_deref())?;
        let Some(time) = arguments.args.get(1) else {
            return internal_err!("the arguments of date_bin_wallclock() were counted");
        };
        let start = bins.start_of()?;
        let is_scalar = matches!(time, ColumnarValue::Scalar(_));
        let rows = if is_scalar { 1 } else { arguments.number_rows };
        let times = time.cast_to(arguments.return_type(), None)?.into_array(rows)?;
        let times = times.as_primitive::<TimestampNanosecondType>();
        let starts = times.iter().map(|time| time.and_then(&start));
        let starts: TimestampNanosecondArray = starts.collect();
        let starts = starts.with_timezone_opt(zone);
        if is_scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&starts, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(starts)))
    }
}
