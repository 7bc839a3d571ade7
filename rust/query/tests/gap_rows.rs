//! The rows that gap filling makes, against the plainest way to make them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Float64Array, Int64Array};
use arrow::array::{StringArray, TimestampNanosecondArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{
    DataType, Field, Float64Type, Int32Type, Int64Type, Schema, TimeUnit, TimestampNanosecondType,
};
use arrow::record_batch::RecordBatch;
use datafusion::common::Column;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::error::Result;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{collect, execute_stream};
use datafusion::scalar::ScalarValue;
use futures::StreamExt;
use proptest::prelude::{Strategy, any, prop, prop_assert_eq, proptest};

use super::fixture::{MEMORY_BYTES, tag_type};
use crate::limits::{BLOCK_ROWS_MAX, GAP_BATCH_BYTES_MAX};
use crate::query::gap_fill::{Bins, Fill, GapFillSpec, gap_fill};
use crate::query::{QueryLimits, session};

/// Series, bin, a float and an integer.
type Row = (Option<String>, i64, Option<f64>, Option<i64>);
/// Series, bin, and the columns that are filled with null, 7.5, the previous and the line; then the
/// line of the integers.
type Made = (Option<String>, i64, [Option<f64>; 4], Option<i64>);

const FILLED: [&str; 4] = ["plain", "value", "previous", "line"];

fn batch(rows: &[Row]) -> RecordBatch {
    let series: DictionaryArray<Int32Type> = rows.iter().map(|row| row.0.as_deref()).collect();
    let times = TimestampNanosecondArray::from_iter_values(rows.iter().map(|row| row.1));
    let floats: ArrayRef = Arc::new(rows.iter().map(|row| row.2).collect::<Float64Array>());
    let integers: ArrayRef = Arc::new(rows.iter().map(|row| row.3).collect::<Int64Array>());
    let mut columns: Vec<(&str, ArrayRef)> = vec![("bin", Arc::new(times.with_timezone("+00:00")))];
    columns.extend(FILLED.map(|name| (name, Arc::clone(&floats))));
    columns.extend([("whole", integers), ("host", Arc::new(series) as ArrayRef)]);
    let field = |(name, column): &(&str, ArrayRef)| {
        Field::new(*name, column.data_type().clone(), *name != "bin")
    };
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    RecordBatch::try_new(schema, columns.into_iter().map(|(_, column)| column).collect()).unwrap()
}

fn plan(batches: Vec<RecordBatch>, spec: GapFillSpec) -> Result<LogicalPlan> {
    let schema = batches[0].schema();
    let table = Arc::new(MemTable::try_new(schema, vec![batches])?);
    let input = LogicalPlanBuilder::scan("t", provider_as_source(table), None)?.build()?;
    gap_fill(input, spec)
}

fn column(name: &str) -> Column {
    Column::new(Some("t"), name)
}

fn spec(bins: Bins, first: Option<i64>, last: Option<i64>) -> GapFillSpec {
    let fills = vec![
        (column("value"), Fill::Value(ScalarValue::Float64(Some(7.5)))),
        (column("previous"), Fill::Previous),
        (column("line"), Fill::Linear),
        (column("whole"), Fill::Linear),
    ];
    GapFillSpec { time: column("bin"), series: vec![column("host")], bins, first, last, fills }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

fn answer(batches: Vec<RecordBatch>, spec: GapFillSpec) -> Result<RecordBatch> {
    let plan = plan(batches, spec)?;
    let state = session::template(&QueryLimits::of(MEMORY_BYTES, 2)).unwrap();
    let batches = runtime().block_on(async {
        let plan = state.create_physical_plan(&plan).await?;
        collect(plan, state.task_ctx()).await
    })?;
    for batch in &batches {
        assert!((1..=BLOCK_ROWS_MAX).contains(&batch.num_rows()));
    }
    let schema = Arc::new(plan.schema().as_arrow().clone());
    Ok(concat_batches(&schema, &batches)?)
}

fn made(batches: Vec<RecordBatch>, spec: GapFillSpec) -> Vec<Made> {
    let batch = answer(batches, spec).unwrap();
    let named = |name: &str| batch.column_by_name(name).unwrap();
    let times = named("bin").as_primitive::<TimestampNanosecondType>();
    let series = cast(named("host"), &DataType::Utf8).unwrap();
    let series = series.as_string::<i32>();
    let float = |name: &str, row: usize| {
        let column = named(name).as_primitive::<Float64Type>();
        column.is_valid(row).then(|| column.value(row))
    };
    let whole = named("whole").as_primitive::<Int64Type>();
    let row = |row: usize| {
        let series = series.is_valid(row).then(|| series.value(row).to_owned());
        let whole = whole.is_valid(row).then(|| whole.value(row));
        (series, times.value(row), FILLED.map(|name| float(name, row)), whole)
    };
    (0..batch.num_rows()).map(row).collect()
}

/// The values of one series after another, by bin.
type Series<T> = BTreeMap<i64, Option<T>>;

fn before<T: Copy>(values: &Series<T>, bin: i64) -> Option<(i64, T)> {
    values.range(..=bin).rev().find_map(|(at, value)| value.map(|value| (*at, value)))
}

fn after<T: Copy>(values: &Series<T>, bin: i64) -> Option<(i64, T)> {
    values.range(bin..).find_map(|(at, value)| value.map(|value| (*at, value)))
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn on_line(values: &Series<f64>, bin: i64) -> Option<f64> {
    let ((from, low), (to, high)) = (before(values, bin)?, after(values, bin)?);
    let slope = (high - low) / (to - from) as f64;
    Some(if from == bin { low } else { slope * (bin - from) as f64 + low })
}

fn whole_on_line(values: &Series<i64>, bin: i64) -> Option<i64> {
    let ((from, low), (to, high)) = (before(values, bin)?, after(values, bin)?);
    let whole = (to - from).max(1);
    Some((low * whole + (high - low) * (bin - from)) / whole)
}

fn expected(rows: &[Row], bins: &BTreeSet<i64>) -> Vec<Made> {
    let names: BTreeSet<Option<String>> = rows.iter().map(|row| row.0.clone()).collect();
    let mut made = Vec::new();
    for name in names {
        let of_series = || rows.iter().filter(|row| row.0 == name);
        let floats: Series<f64> = of_series().map(|row| (row.1, row.2)).collect();
        let wholes: Series<i64> = of_series().map(|row| (row.1, row.3)).collect();
        let all: BTreeSet<i64> = bins.iter().chain(floats.keys()).copied().collect();
        for bin in all {
            let plain = floats.get(&bin).copied().flatten();
            let previous = before(&floats, bin).map(|(_, value)| value);
            let line = on_line(&floats, bin);
            let columns = [plain, plain.or(Some(7.5)), previous, line];
            made.push((name.clone(), bin, columns, whole_on_line(&wholes, bin)));
        }
    }
    made
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let name = prop::option::of(prop::sample::select(vec!["a", "b", "c"]));
    let float = prop::option::of((-9_i32..9).prop_map(f64::from));
    let row = ((name, -4_i64..16), (float, prop::option::of(-9_i64..9)));
    let unique = prop::collection::btree_map(
        row.clone().prop_map(|row| (row.0.0.map(str::to_owned), row.0.1 * 10 + 3)),
        row.prop_map(|row| row.1),
        1..40,
    );
    let rows = unique.prop_map(|rows| {
        rows.into_iter().map(|((name, bin), (float, whole))| (name, bin, float, whole)).collect()
    });
    rows.prop_flat_map(|rows: Vec<Row>| proptest::strategy::Just(rows).prop_shuffle())
}

proptest! {
    #[test]
    fn every_bin_of_the_range_has_a_row_in_every_series(
        rows in rows(),
        first in prop::option::of(-60_i64..80),
        length in prop::option::of(0_i64..200),
        cut in any::<prop::sample::Index>(),
    ) {
        let last = first.and_then(|first| length.map(|length| first + length));
        let given = rows.iter().map(|row| row.1);
        let from = first.unwrap_or_else(|| given.clone().min().unwrap());
        let to = last.unwrap_or_else(|| given.max().unwrap());
        let bins = (from..=to).map(|at| (at - 3).div_euclid(10) * 10 + 3).collect();
        let (one, other) = rows.split_at(cut.index(rows.len()));
        let batches = vec![batch(one), batch(other)];
        let found = made(batches, spec(Bins::new(10, 13, None).unwrap(), first, last));
        prop_assert_eq!(found, expected(&rows, &bins));
    }
}

#[test]
fn a_long_range_comes_in_batches() {
    let rows = [(None, 0, Some(1.0), None), (None, 90_000, Some(10.0), None)];
    let bins = Bins::new(1, 0, None).unwrap();
    let found = made(vec![batch(&rows)], spec(bins, Some(0), Some(100_000)));
    assert_eq!(found.len(), 100_001);
    assert_eq!(found[45_000].2, [None, Some(7.5), Some(1.0), Some(5.5)]);
    assert_eq!(found[100_000].2, [None, Some(7.5), Some(10.0), None]);
}

#[test]
fn long_texts_make_batches_of_fewer_rows() {
    let text = "x".repeat(GAP_BATCH_BYTES_MAX / 2);
    let texts: ArrayRef = Arc::new(StringArray::from(vec![text.as_str()]));
    let times: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![0]));
    let batch = RecordBatch::try_from_iter([("bin", times), ("host", texts)]).unwrap();
    let bins = Bins::new(1, 0, None).unwrap();
    let spec = GapFillSpec { fills: Vec::new(), ..spec(bins, Some(0), Some(3)) };
    let plan = plan(vec![batch], spec).unwrap();
    let state = session::template(&QueryLimits::of(MEMORY_BYTES, 2)).unwrap();
    runtime().block_on(async {
        let plan = state.create_physical_plan(&plan).await.unwrap();
        for batch in collect(plan, state.task_ctx()).await.unwrap() {
            assert_eq!(batch.num_rows(), 1);
        }
    });
}

#[test]
fn an_endless_range_is_read_from_its_start() {
    let rows = [(Some("a".to_owned()), 0, Some(1.0), None)];
    let bins = Bins::new(1, 0, None).unwrap();
    let plan = plan(vec![batch(&rows)], spec(bins, Some(i64::MIN), Some(i64::MAX))).unwrap();
    let state = session::template(&QueryLimits::of(MEMORY_BYTES, 2)).unwrap();
    runtime().block_on(async {
        let plan = state.create_physical_plan(&plan).await.unwrap();
        let mut stream = execute_stream(plan, state.task_ctx()).unwrap();
        let first = stream.next().await.unwrap().unwrap();
        assert_eq!(first.num_rows(), BLOCK_ROWS_MAX);
    });
}

#[test]
fn no_rows_make_no_rows() {
    for bound in [None, Some(0)] {
        let bins = Bins::new(1, 0, None).unwrap();
        assert_eq!(made(vec![batch(&[])], spec(bins, bound, bound)), Vec::new());
    }
}

#[test]
fn what_is_no_number_has_no_line() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let times: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![0]));
    let batch = RecordBatch::try_from_iter([("bin", times), ("text", texts)]).unwrap();
    let bins = Bins::new(1, 0, None).unwrap();
    let mut spec = spec(bins, None, None);
    (spec.series, spec.fills) = (Vec::new(), vec![(column("text"), Fill::Linear)]);
    let error = plan(vec![batch], spec).unwrap_err().to_string();
    let expected =
        "Error during planning: unsupported data type Utf8 for interpolation gap filling";
    assert_eq!(error, expected);
    assert!(Bins::new(0, 0, None).is_err() && Bins::new(1, 0, Some("Mars/Base")).is_err());
}

#[test]
fn tags_and_zones_keep_their_types() {
    let rows = [(Some("a".to_owned()), 0, None, None)];
    let bins = Bins::new(1, 0, None).unwrap();
    let found = answer(vec![batch(&rows)], spec(bins, Some(0), Some(1))).unwrap();
    let data_type = |name: &str| found.column_by_name(name).unwrap().data_type().clone();
    assert_eq!(data_type("host"), tag_type());
    let utc = DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into()));
    assert_eq!(data_type("bin"), utc);
}
