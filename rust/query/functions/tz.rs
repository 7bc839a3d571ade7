//! `tz(time[, zone])`: the same instant, shown in another zone.

use std::sync::Arc;

use arrow::array::timezone::Tz as Zone;
use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::common::{internal_err, plan_datafusion_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Tz {
    signature: Signature,
}

impl Tz {
    pub(super) fn new() -> Self {
        Self { signature: Signature::variadic_any(Volatility::Immutable) }
    }
}

/// The zone that the second argument names; `UTC` where there is none.
fn zone(arguments: &ReturnFieldArgs) -> Result<Arc<str>> {
    let name = match arguments.scalar_arguments {
        [_] => "UTC",
        [_, Some(name)] => match name.try_as_str() {
            Some(Some(name)) => name,
            _ => return plan_err!("TZ requires a string as its second argument"),
        },
        [_, None] => return plan_err!("TZ requires a literal as its second argument"),
        other => return plan_err!("TZ expects 1 or 2 arguments, got {}", other.len()),
    };
    let _: Zone = name
        .parse()
        .map_err(|_| plan_datafusion_err!("TZ requires a valid timezone string, got {name:?}"))?;
    Ok(name.into())
}

impl ScalarUDFImpl for Tz {
    fn name(&self) -> &'static str {
        "tz"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        internal_err!("the type of tz() depends on the zone that it is given")
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let zone = zone(&arguments)?;
        let unit = match arguments.arg_fields.first().map(|field| field.data_type()) {
            Some(DataType::Timestamp(unit, _)) => *unit,
            Some(DataType::Null) => TimeUnit::Nanosecond,
            other => {
                return plan_err!("TZ requires a timestamp as its first argument, got {other:?}");
            }
        };
        let data_type = DataType::Timestamp(unit, Some(zone));
        Ok(Arc::new(Field::new(self.name(), data_type, true)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(time) = arguments.args.first() else {
            return plan_err!("TZ expects 1 or 2 arguments, got 0");
        };
        let zoned = arguments.return_type();
        match (time.data_type(), zoned) {
            (DataType::Null, _) => Ok(ColumnarValue::Scalar(ScalarValue::try_from(zoned)?)),
            (DataType::Timestamp(unit, None), _) => {
                // what has no zone is UTC; a cast to the zone itself would read it as local time
                let utc = DataType::Timestamp(unit, Some("+00:00".into()));
                time.cast_to(&utc, None)?.cast_to(zoned, None)
            }
            _ => time.cast_to(zoned, None),
        }
    }
}
