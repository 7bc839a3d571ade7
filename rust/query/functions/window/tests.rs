//! What window functions make of values: those that `InfluxQL` alone has, too.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, UInt64Array};
use arrow::datatypes::{Float64Type, Int64Type, UInt64Type};
use datafusion::error::Result;
use datafusion::logical_expr::function::PartitionEvaluatorArgs;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::expressions::lit;
use datafusion::scalar::ScalarValue;

use super::Kind;

/// What `kind` makes of `columns`; `literal` is its last argument.
fn evaluate(
    kind: Kind,
    columns: &[ArrayRef],
    literal: impl Into<Option<ScalarValue>>,
) -> Result<ArrayRef> {
    let mut arguments: Vec<Arc<dyn PhysicalExpr>> = columns.iter().map(|_| lit(0)).collect();
    arguments.extend(literal.into().map(lit));
    let arguments = PartitionEvaluatorArgs::new(&arguments, &[], false, false);
    let mut evaluator = kind.function().partition_evaluator_factory(arguments)?;
    evaluator.evaluate_all(columns, columns[0].len())
}

fn integers(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn floats(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn unsigned(values: &[Option<u64>]) -> ArrayRef {
    Arc::new(UInt64Array::from(values.to_vec()))
}

fn int_results(array: &ArrayRef) -> Vec<Option<i64>> {
    array.as_primitive::<Int64Type>().iter().collect()
}

fn float_results(array: &ArrayRef) -> Vec<Option<f64>> {
    array.as_primitive::<Float64Type>().iter().collect()
}

fn ns(number: i64) -> ScalarValue {
    ScalarValue::Int64(Some(number))
}

#[test]
fn nulls_are_no_previous_values() {
    let values = integers(&[None, Some(5), None, Some(2), Some(9)]);
    let differences = evaluate(Kind::Difference, &[Arc::clone(&values)], None).unwrap();
    assert_eq!(int_results(&differences), [None, None, None, Some(-3), Some(7)]);
    let kept = evaluate(Kind::NonNegativeDifference, &[Arc::clone(&values)], None).unwrap();
    assert_eq!(int_results(&kept), [None, None, None, None, Some(7)]);
    let times = integers(&[Some(0), Some(10), Some(20), Some(30), Some(37)]);
    let rates = evaluate(Kind::Derivative, &[values, times], ns(10)).unwrap();
    assert_eq!(float_results(&rates), [None, None, None, Some(-1.5), Some(10.0)]);
}

#[test]
fn two_values_of_one_time_have_no_rate() {
    let (values, times) = (floats(&[Some(1.0), Some(2.0), Some(4.0)]), [Some(7), Some(7), Some(8)]);
    let rates = evaluate(Kind::Derivative, &[values, integers(&times)], ns(1)).unwrap();
    assert_eq!(float_results(&rates), [None, None, Some(2.0)]);
}

#[test]
fn the_widest_differences_are_exact_or_refused() {
    let values = unsigned(&[Some(0), Some(u64::MAX), Some(3)]);
    let kept = evaluate(Kind::NonNegativeDifference, &[Arc::clone(&values)], None).unwrap();
    let kept: Vec<_> = kept.as_primitive::<UInt64Type>().iter().collect();
    assert_eq!(kept, [None, Some(u64::MAX), None]);
    for (kind, values) in [
        (Kind::Difference, values),
        (Kind::Difference, integers(&[Some(i64::MIN), Some(i64::MAX)])),
        (Kind::NonNegativeDifference, integers(&[Some(i64::MIN), Some(i64::MAX)])),
        (Kind::CumulativeSum, integers(&[Some(i64::MAX), Some(1)])),
        (Kind::CumulativeSum, unsigned(&[Some(u64::MAX), Some(1)])),
        (Kind::Elapsed, integers(&[Some(i64::MIN), Some(i64::MAX)])),
    ] {
        let literal = (kind == Kind::Elapsed).then(|| ns(1));
        let error = evaluate(kind, &[values], literal).unwrap_err().to_string();
        assert!(error.contains("Arithmetic overflow: Overflow happened on: "), "{kind:?}: {error}");
    }
    let far = [integers(&[Some(i64::MIN), Some(i64::MAX)]), integers(&[Some(0), Some(1)])];
    let rate = evaluate(Kind::Derivative, &far, ns(1)).unwrap();
    assert_eq!(float_results(&rate), [None, Some(18_446_744_073_709_551_615.0)]);
}

#[test]
fn sums_leave_nulls_out() {
    let values = integers(&[Some(1), None, Some(-4), Some(6)]);
    let sums = evaluate(Kind::CumulativeSum, &[values], None).unwrap();
    assert_eq!(int_results(&sums), [Some(1), None, Some(-3), Some(3)]);
}

#[test]
fn means_are_of_the_last_values_that_are_there() {
    let values = integers(&[Some(1), None, Some(2), Some(6), Some(1), Some(5)]);
    let means = |count| {
        let means = evaluate(Kind::MovingAverage, &[Arc::clone(&values)], ns(count));
        float_results(&means.unwrap())
    };
    assert_eq!(means(1), [Some(1.0), None, Some(2.0), Some(6.0), Some(1.0), Some(5.0)]);
    assert_eq!(means(2), [None, None, Some(1.5), Some(4.0), Some(3.5), Some(3.0)]);
    assert_eq!(means(3), [None, None, None, Some(3.0), Some(3.0), Some(4.0)]);
    assert_eq!(means(i64::MAX), [None; 6]);
}

#[test]
fn an_infinite_value_spoils_no_later_mean() {
    let values = floats(&[Some(1.0), Some(f64::INFINITY), Some(3.0), Some(5.0), Some(7.0)]);
    let means = evaluate(Kind::MovingAverage, &[values], ns(2)).unwrap();
    let infinite = Some(f64::INFINITY);
    assert_eq!(float_results(&means), [None, infinite, infinite, Some(4.0), Some(6.0)]);
}

#[test]
fn elapsed_counts_whole_units() {
    let times = integers(&[Some(5), None, Some(25), Some(44), Some(40)]);
    let units = evaluate(Kind::Elapsed, &[times], ns(10)).unwrap();
    assert_eq!(int_results(&units), [None, None, Some(2), Some(1), Some(0)]);
}

#[test]
fn last_arguments_that_mean_nothing_are_refused() {
    let months = ScalarValue::new_interval_mdn(1, 0, 0);
    let values = [integers(&[Some(1)]), integers(&[Some(1)])];
    for unit in [ScalarValue::Int64(Some(0)), ScalarValue::from("1s"), months] {
        let error = evaluate(Kind::Derivative, &values, unit).unwrap_err().to_string();
        let expected = "derivative requires a positive interval without months, or nanoseconds, \
                        as its unit, got ";
        assert!(error.contains(expected), "{error}");
    }
    for count in [ScalarValue::Int64(Some(-1)), ScalarValue::Int64(None), ScalarValue::from(1.5)] {
        let error = evaluate(Kind::MovingAverage, &values[..1], count).unwrap_err();
        let expected = "moving_average requires an integer of at least 1 as its number of values";
        assert!(error.to_string().contains(expected), "{error}");
    }
}
