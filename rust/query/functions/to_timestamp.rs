//! `to_timestamp(x[, format…])`: an integer is nanoseconds, where DataFusion means seconds.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::plan_err;
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::functions::datetime::to_timestamp::ToTimestampFunc;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

/// The function; strings are left to DataFusion.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ToTimestamp {
    signature: Signature,
    of_strings: ToTimestampFunc,
}

impl ToTimestamp {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::variadic_any(Volatility::Immutable),
            of_strings: ToTimestampFunc::new_with_config(&ConfigOptions::default()),
        }
    }
}

fn nanoseconds() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, None)
}

fn is_string(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_string(values),
        _ => false,
    }
}

impl ScalarUDFImpl for ToTimestamp {
    fn name(&self) -> &'static str {
        "to_timestamp"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let Some((value, formats)) = arguments.split_first() else {
            return plan_err!("to_timestamp supports either 1 argument or more, got 0");
        };
        match value {
            value if is_string(value) && formats.iter().all(is_string) => Ok(nanoseconds()),
            _ if !formats.is_empty() => plan_err!(
                "to_timestamp supports either 1 argument, or a string and formats that are strings"
            ),
            DataType::Null | DataType::Int64 | DataType::Timestamp(..) => Ok(nanoseconds()),
            other => plan_err!(
                "Unsupported data type {other} for function to_timestamp: it takes Int64 in \
                 nanoseconds, Timestamp and Utf8"
            ),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match arguments.args.first() {
            Some(value) if !is_string(&value.data_type()) => {
                without_zone(value)?.cast_to(&nanoseconds(), None)
            }
            _ => self.of_strings.invoke_with_args(plain_strings(arguments)?),
        }
    }
}

/// A timestamp with a zone as the same instant: a cast to none would make it local time.
fn without_zone(value: &ColumnarValue) -> Result<ColumnarValue> {
    match value.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, Some(_)) => value.cast_to(&DataType::Int64, None),
        DataType::Timestamp(unit, Some(_)) => {
            value.cast_to(&DataType::Timestamp(unit, Some("+00:00".into())), None)
        }
        _ => Ok(value.clone()),
    }
}

fn plain_strings(mut arguments: ScalarFunctionArgs) -> Result<ScalarFunctionArgs> {
    for value in &mut arguments.args {
        if matches!(value.data_type(), DataType::Dictionary(..)) {
            *value = value.cast_to(&DataType::Utf8, None)?;
        }
    }
    Ok(arguments)
}
