//! `influx_regex_match(text, pattern)` and `influx_regex_not_match`: whether a text has a match.
//!
//! Comes in: text or a tag, and a pattern that is a literal. Goes out: true or false, null for
//! null. Stays true: the pattern is compiled once per batch, and asked once per value of a tag.
//! Refuses patterns that are no literals or do not compile.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, StringArray};
use arrow::compute::kernels::regexp::regexp_is_match_scalar;
use arrow::compute::{cast, not, take};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{exec_err, internal_err, plan_datafusion_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::scalar::ScalarValue;

/// The function of SQL, and of the plan of an `InfluxQL` statement.
pub(in crate::query) fn function(negated: bool) -> Arc<ScalarUDF> {
    let signature = Signature::any(2, Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(RegexMatch { negated, signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct RegexMatch {
    negated: bool,
    signature: Signature,
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Whether each text has a match; of a dictionary, each of its values is looked at once.
fn matches(texts: &ArrayRef, pattern: &str) -> Result<BooleanArray> {
    if let Some(tags) = texts.as_any_dictionary_opt() {
        let of_values: ArrayRef = Arc::new(matches(tags.values(), pattern)?);
        return Ok(take(&of_values, tags.keys(), None)?.as_boolean().clone());
    }
    let texts = cast(texts, &DataType::Utf8)?;
    Ok(regexp_is_match_scalar(texts.as_string::<i32>(), pattern, None)?)
}

impl ScalarUDFImpl for RegexMatch {
    fn name(&self) -> &'static str {
        if self.negated { "influx_regex_not_match" } else { "influx_regex_match" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        internal_err!("{} looks at its pattern to be typed", self.name())
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let name = self.name();
        let [text, _pattern] = arguments.arg_fields else {
            return plan_err!("{name} expects 2 arguments, got {}", arguments.arg_fields.len());
        };
        if !is_text(text.data_type()) {
            return plan_err!("{name} requires text as argument 1, got {}", text.data_type());
        }
        let Some(Some(Some(pattern))) = arguments
            .scalar_arguments
            .get(1)
            .map(|pattern| pattern.and_then(ScalarValue::try_as_str))
        else {
            return plan_err!("{name} requires a text literal as its pattern");
        };
        regexp_is_match_scalar(&StringArray::new_null(0), pattern, None)
            .map_err(|error| plan_datafusion_err!("{name}: the pattern {pattern:?}: {error}"))?;
        Ok(Arc::new(Field::new(name, DataType::Boolean, true)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [text, ColumnarValue::Scalar(pattern)] = &*arguments.args else {
            return exec_err!("{} requires a literal as its pattern", self.name());
        };
        let pattern = pattern.try_as_str().flatten().unwrap_or_default();
        let (texts, is_scalar) = match text {
            ColumnarValue::Array(texts) => (Arc::clone(texts), false),
            ColumnarValue::Scalar(text) => (text.to_array()?, true),
        };
        let matching = matches(&texts, pattern)?;
        let found: ArrayRef = Arc::new(if self.negated { not(&matching)? } else { matching });
        if is_scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&found, 0)?));
        }
        Ok(ColumnarValue::Array(found))
    }
}
