//! Functions that make much out of little, with a bound on what they make.
//!
//! Comes in: a function of DataFusion and the shape of its result. Goes out: the same function.
//! Stays true: results of functions are not charged to the memory of queries, so one call that asks
//! for more than [`RESULT_BYTES_MAX`] is refused before it takes the memory of the whole machine.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, FieldRef, Int64Type, IntervalMonthDayNanoType, IntervalUnit, TimeUnit,
};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature,
};

/// Bytes that one call may make, over all rows of a batch.
pub(super) const RESULT_BYTES_MAX: i128 = 256 * 1_024 * 1_024;
/// Bytes of a list element, about: its value and its share of what describes the list.
const ELEMENT_BYTES: i128 = 16;
const NS_PER_DAY: i128 = 86_400_000_000_000;
/// Days of the shortest month.
const DAYS_PER_MONTH: i128 = 28;

/// How large a result is, from its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    /// Text (first argument) so many times (second).
    Repeat,
    /// Text of so many characters (second).
    Pad,
    /// A list of so many elements (second).
    Fill,
    /// A list from the first to the second in steps of the third.
    Range,
}

/// The functions that need a bound.
pub(super) const FUNCTIONS: [(&str, Shape); 7] = [
    ("repeat", Shape::Repeat),
    ("lpad", Shape::Pad),
    ("rpad", Shape::Pad),
    ("array_repeat", Shape::Fill),
    ("array_resize", Shape::Fill),
    ("range", Shape::Range),
    ("generate_series", Shape::Range),
];

/// A function, and the shape of its result.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Bounded {
    function: Arc<ScalarUDF>,
    shape: Shape,
}

impl Bounded {
    pub(super) fn new(function: Arc<ScalarUDF>, shape: Shape) -> Self {
        Self { function, shape }
    }

    fn inner(&self) -> &dyn ScalarUDFImpl {
        self.function.inner().as_ref()
    }

    fn bytes(&self, arguments: &ScalarFunctionArgs) -> Result<i128> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let rows = 0..arrays.first().map_or(0, Array::len);
        Ok(match (self.shape, &*arrays) {
            (Shape::Repeat, [text, times, ..]) => {
                let (lengths, times) = (byte_lengths(text)?, Integers::new(times)?);
                rows.map(|row| lengths.at(row) * times.at(row)).sum()
            }
            (Shape::Pad, [_, length, ..]) => {
                let lengths = Integers::new(length)?;
                rows.map(|row| lengths.at(row)).sum()
            }
            (Shape::Fill, [_, count, ..]) => {
                let counts = Integers::new(count)?;
                rows.map(|row| counts.at(row) * ELEMENT_BYTES).sum()
            }
            (Shape::Range, [to]) => {
                let to = Integers::new(to)?;
                rows.map(|row| to.at(row) * ELEMENT_BYTES).sum()
            }
            (Shape::Range, [from, to, by @ ..]) => {
                let (from, to) = (Integers::new(from)?, Integers::new(to)?);
                let by = by.first().map(Integers::new).transpose()?;
                let step = |row| by.as_ref().map_or(1, |by| by.value(row).abs().max(1));
                let count = |row| (to.value(row) - from.value(row)).abs() / step(row);
                rows.map(|row| count(row) * ELEMENT_BYTES).sum()
            }
            _ => 0,
        })
    }
}

/// Numbers out of a column of numbers, times or intervals; 0 for what is null or none of these.
struct Integers(Option<ArrayRef>);

impl Integers {
    fn new(array: &ArrayRef) -> Result<Self> {
        let instants = DataType::Timestamp(TimeUnit::Nanosecond, None);
        let intervals = DataType::Interval(IntervalUnit::MonthDayNano);
        Ok(Self(match array.data_type() {
            kind if kind.is_integer() => Some(cast(array, &DataType::Int64)?),
            DataType::Interval(_) => Some(cast(array, &intervals)?),
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => {
                Some(cast(&cast(array, &instants)?, &DataType::Int64)?)
            }
            _ => None,
        }))
    }

    fn value(&self, row: usize) -> i128 {
        let Some(array) = self.0.as_ref().filter(|array| array.is_valid(row)) else {
            return 0;
        };
        match array.data_type() {
            DataType::Interval(_) => {
                let step = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
                let days = i128::from(step.months) * DAYS_PER_MONTH + i128::from(step.days);
                days * NS_PER_DAY + i128::from(step.nanoseconds)
            }
            _ => i128::from(array.as_primitive::<Int64Type>().value(row)),
        }
    }

    /// The value, or 0 where it is negative.
    fn at(&self, row: usize) -> i128 {
        self.value(row).max(0)
    }
}

fn byte_lengths(text: &ArrayRef) -> Result<Integers> {
    let text = match text.data_type() {
        DataType::Utf8 => Arc::clone(text),
        _ => cast(text, &DataType::Utf8)?,
    };
    Integers::new(&arrow::compute::kernels::length::length(&text)?)
}

impl ScalarUDFImpl for Bounded {
    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let bytes = self.bytes(&arguments)?;
        if bytes > RESULT_BYTES_MAX {
            let name = self.name();
            return exec_err!(
                "{name} would make {bytes} bytes of one batch: \
                 the maximum is {RESULT_BYTES_MAX} bytes"
            );
        }
        self.inner().invoke_with_args(arguments)
    }

    fn name(&self) -> &str {
        self.inner().name()
    }

    fn aliases(&self) -> &[String] {
        self.inner().aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner().signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner().return_type(types)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        self.inner().return_field_from_args(arguments)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner().coerce_types(types)
    }

    fn is_strict(&self) -> bool {
        self.inner().is_strict()
    }

    fn simplify(
        &self,
        arguments: Vec<Expr>,
        context: &SimplifyContext,
    ) -> Result<ExprSimplifyResult> {
        self.inner().simplify(arguments, context)
    }

    fn evaluate_bounds(&self, input: &[&Interval]) -> Result<Interval> {
        self.inner().evaluate_bounds(input)
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        self.inner().output_ordering(inputs)
    }

    fn preserves_lex_ordering(&self, inputs: &[ExprProperties]) -> Result<bool> {
        self.inner().preserves_lex_ordering(inputs)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner().documentation()
    }
}
