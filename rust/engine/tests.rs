//! Rows of few series, newest rows and lists of series, against a map that knows all rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{
    DataType, Field, Int32Type, Int64Type, Schema, SchemaRef, TimestampNanosecondType,
};
use proptest::prelude::*;

use super::cache_view::CacheDoor;
use super::database::DatabaseView;
use super::table_view::TableView;
use super::{Engine, Options, WriteRequest};
use crate::error::Result;
use crate::limits::BLOCK_ROWS_MAX;
use crate::line::Precision;
use crate::query::TableSnapshot;
use crate::schema::{TagCondition, TagFilter, TimeRange};

/// Tags `a` and `b`.
type Series = (Option<u8>, Option<u8>);
/// Fields `x` and `y`.
type Fields = (Option<i64>, Option<i64>);
type Model = BTreeMap<(Series, i64), Fields>;

/// Columns of the table, in the order of its schema.
const ALL: [usize; 5] = [0, 1, 2, 3, 4];

#[derive(Debug)]
struct OnlyA {
    schema: SchemaRef,
    values: Vec<Option<u8>>,
}

impl OnlyA {
    fn new(values: &[Option<u8>]) -> Self {
        let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let schema = Arc::new(Schema::new(vec![Field::new("a", kind, true)]));
        Self { schema, values: values.to_vec() }
    }
}

impl TagFilter for OnlyA {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn passing(&self, tags: &RecordBatch) -> Result<BooleanBuffer> {
        let passing = |row| self.values.contains(&tag(tags, "a", row));
        Ok((0..tags.num_rows()).map(passing).collect())
    }
}

fn tag(batch: &RecordBatch, name: &str, row: usize) -> Option<u8> {
    let tags = batch.column_by_name(name).expect("a tag").as_dictionary::<Int32Type>();
    let mut texts = tags.downcast_dict::<StringArray>().expect("texts").into_iter();
    texts.nth(row).flatten().map(|text| text.parse().expect("a number"))
}

fn number(batch: &RecordBatch, name: &str, row: usize) -> Option<i64> {
    let column = batch.column_by_name(name).expect("a field").as_primitive::<Int64Type>();
    column.is_valid(row).then(|| column.value(row))
}

/// Rows of all columns; panics where one stands twice.
fn collect(batches: impl Iterator<Item = Result<RecordBatch>>, model: &mut Model) {
    for batch in batches {
        let batch = batch.expect("a batch");
        let times = batch.column_by_name("time").expect("times");
        let times = times.as_primitive::<TimestampNanosecondType>().values().clone();
        for (row, time) in times.iter().enumerate() {
            let series = (tag(&batch, "a", row), tag(&batch, "b", row));
            let fields = (number(&batch, "x", row), number(&batch, "y", row));
            let twice = model.insert((series, *time), fields);
            assert_eq!(twice, None, "{series:?} at {time}");
        }
    }
}

fn view(engine: &Engine) -> TableView {
    let catalog = engine.catalog();
    let database = Arc::clone(catalog.database("db").expect("a database"));
    let (caches, applied) = (Arc::clone(&engine.caches), Arc::clone(&engine.applied));
    let table = Arc::clone(&database.tables["m"]);
    let view = DatabaseView {
        database,
        buffer: Arc::clone(&engine.buffer),
        store: Arc::clone(&engine.store),
        door: CacheDoor { caches, applied },
    };
    view.view(&table).expect("a view")
}

fn write(engine: &Engine, body: &str) {
    let request = WriteRequest {
        database: "db",
        body: body.as_bytes(),
        precision: Precision::Nanosecond,
        accept_partial: false,
        no_sync: false,
        now_ns: 0,
    };
    let ticket = engine.write(&request).expect("a write");
    engine.wait(ticket.position).expect("it is committed");
}

fn check_rows(view: &dyn TableSnapshot, model: &Model, time: TimeRange) {
    let blocks: Vec<usize> = (0..view.block_count()).collect();
    let (mut together, mut one_by_one) = (Model::new(), Model::new());
    collect(view.read_many(&blocks, &ALL, time).expect("batches"), &mut together);
    for block in blocks {
        collect(view.read(block, &ALL, time).expect("batches"), &mut one_by_one);
    }
    let mut expected = model.clone();
    expected.retain(|(_, at), _| time.min <= *at && *at <= time.max);
    assert_eq!(together, expected);
    assert_eq!(one_by_one, expected);
}

fn check_series(view: &dyn TableSnapshot, model: &Model, must_tell: bool) {
    let Some(list) = view.series().expect("a list") else {
        assert!(!must_tell);
        return;
    };
    let names: Vec<&str> = list.schema_ref().fields().iter().map(|one| &**one.name()).collect();
    assert_eq!(names, ["a", "b"]);
    let mut found: Vec<Series> =
        (0..list.num_rows()).map(|row| (tag(&list, "a", row), tag(&list, "b", row))).collect();
    found.sort_unstable();
    let expected: BTreeSet<Series> = model.keys().map(|(series, _)| *series).collect();
    assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
}

fn check_newest(view: &dyn TableSnapshot, model: &Model, time: TimeRange, must_tell: bool) {
    let has = |value: Option<usize>, fields: &Fields| match value {
        Some(3) => fields.0.is_some(),
        Some(_) => fields.1.is_some(),
        None => true,
    };
    let shown = |value: Option<usize>, fields: &Fields| match value {
        Some(3) => (fields.0, None),
        Some(_) => (None, fields.1),
        None => *fields,
    };
    for value in [None, Some(3), Some(4)] {
        let Some(batches) = view.newest_rows(&ALL, time, value).expect("batches") else {
            assert!(!must_tell, "{value:?} in {time:?}");
            continue;
        };
        let mut found = Model::new();
        collect(batches, &mut found);
        for fields in found.values_mut() {
            *fields = shown(value, fields);
        }
        let mut newest: BTreeMap<Series, (i64, Fields)> = BTreeMap::new();
        for ((series, at), fields) in model {
            if time.min <= *at && *at <= time.max && has(value, fields) {
                newest.insert(*series, (*at, shown(value, fields)));
            }
        }
        let expected: Model =
            newest.into_iter().map(|(series, (at, fields))| ((series, at), fields)).collect();
        assert_eq!(found, expected, "{value:?} in {time:?}");
        check_newest_times(view, time, value, &expected);
    }
}

/// Only tags and time are asked for.
fn check_newest_times(
    view: &dyn TableSnapshot,
    time: TimeRange,
    value: Option<usize>,
    expected: &Model,
) {
    let batches = view.newest_rows(&[2, 0], time, value).expect("batches").expect("as before");
    let mut found = Vec::new();
    for batch in batches {
        let batch = batch.expect("a batch");
        let times = batch.column(0).as_primitive::<TimestampNanosecondType>().values().clone();
        found.extend(times.iter().enumerate().map(|(row, at)| (tag(&batch, "a", row), *at)));
    }
    found.sort_unstable();
    let mut expected: Vec<_> = expected.keys().map(|((a, _), at)| (*a, *at)).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

fn check(engine: &Engine, model: &Model, nothing_deleted: bool) {
    let whole = view(engine);
    for values in [None, Some(vec![Some(1)]), Some(vec![None, Some(2)]), Some(vec![Some(99)])] {
        let mut model = model.clone();
        let view: Arc<dyn TableSnapshot> = match values {
            None => Arc::new(whole.clone()),
            Some(values) => {
                model.retain(|((a, _), _), _| values.contains(a));
                whole.with_tags(Arc::new(OnlyA::new(&values))).expect("a view")
            }
        };
        check_series(&*view, &model, nothing_deleted);
        if let Some(count) = view.row_count_exact() {
            assert_eq!(count, model.len());
        }
        for (min, max) in [(i64::MIN, i64::MAX), (3, 14), (8, i64::MAX), (i64::MIN, 11)] {
            let time = TimeRange { min, max };
            check_rows(&*view, &model, time);
            check_newest(&*view, &model, time, nothing_deleted && max == i64::MAX);
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<((Series, i64), Fields)>),
    /// Times, and what tag `a` may be, if it is asked for.
    Delete(TimeRange, Option<Vec<Option<u8>>>),
    Persist,
    Compact,
}

impl Step {
    /// With a value in each field of each row.
    fn complete(self) -> Self {
        let full = |(key, (x, y)): ((Series, i64), Fields)| (key, (x.or(Some(-2)), y.or(Some(-3))));
        match self {
            Self::Write(rows) => Self::Write(rows.into_iter().map(full).collect()),
            other => other,
        }
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let tag = || proptest::option::of(0_u8..3);
    let value = || proptest::option::of(0_i64..100);
    let row = ((tag(), tag()), -5_i64..25, value(), value()).prop_map(|(series, at, x, y)| {
        let x = if y.is_none() { x.or(Some(-1)) } else { x };
        ((series, at), (x, y))
    });
    let tags = proptest::collection::vec(tag(), 1..3);
    let deletion = (-5_i64..25, 0_i64..12, proptest::option::of(tags))
        .prop_map(|(min, more, a)| Step::Delete(TimeRange { min, max: min + more }, a));
    prop_oneof![
        1 => deletion,
        8 => proptest::collection::vec(row, 1..12).prop_map(Step::Write),
        4 => Just(Step::Persist),
        1 => Just(Step::Compact),
    ]
}

fn line(((a, b), at): (Series, i64), (x, y): Fields) -> String {
    let tag = |name: &str, value: Option<u8>| value.map(|value| format!(",{name}={value}"));
    let tags: String = [tag("a", a), tag("b", b)].into_iter().flatten().collect();
    let field = |name: &str, value: Option<i64>| value.map(|value| format!("{name}={value}i"));
    let fields: Vec<String> = [field("x", x), field("y", y)].into_iter().flatten().collect();
    format!("m{tags} {} {at}\n", fields.join(","))
}

fn add(engine: &Engine, model: &mut Model, rows: &[((Series, i64), Fields)]) {
    let mut body = String::new();
    for (key, fields) in rows {
        body.write_str(&line(*key, *fields)).expect("memory");
        let row = model.entry(*key).or_default();
        row.0 = fields.0.or(row.0);
        row.1 = fields.1.or(row.1);
    }
    write(engine, &body);
}

fn delete(engine: &Engine, model: &mut Model, times: TimeRange, a: Option<&[Option<u8>]>) {
    let condition = a.map(|a| {
        let values = a.iter().map(|a| a.map(|a| a.to_string().into())).collect();
        TagCondition { tag: "a".into(), values }
    });
    engine.delete_rows("db", "m", times, condition.into_iter().collect()).expect("a deletion");
    model.retain(|((of, _), at), _| {
        let in_times = times.min <= *at && *at <= times.max;
        !in_times || a.is_some_and(|a| !a.contains(of))
    });
}

/// A table whose columns all exist.
fn started() -> (Arc<Engine>, Model) {
    let engine = Engine::open(&Options::default()).expect("an engine");
    let mut model = Model::new();
    add(&engine, &mut model, &[(((Some(0), Some(0)), 0), (Some(0), Some(0)))]);
    (engine, model)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.div_ceil(4),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_placement_of_rows_reads_as_the_map_says(
        steps in proptest::collection::vec(any_step(), 1..16),
        complete in any::<bool>(),
    ) {
        let (engine, mut model) = started();
        let steps: Vec<Step> =
            steps.into_iter().map(|step| if complete { step.complete() } else { step }).collect();
        let mut nothing_deleted = true;
        for step in &steps {
            match step {
                Step::Write(rows) => add(&engine, &mut model, rows),
                Step::Delete(times, a) => {
                    nothing_deleted = false;
                    delete(&engine, &mut model, *times, a.as_deref());
                }
                Step::Persist => engine.persist().expect("a manifest"),
                Step::Compact => engine.compact().expect("merges"),
            }
            check(&engine, &model, nothing_deleted);
        }
    }
}

/// Rows of 100 series in turn, so that each block has some of each.
fn in_turn(from: i64, rows: usize) -> Vec<((Series, i64), Fields)> {
    let row = |row: usize| {
        let of = |modulus: usize| u8::try_from(row % modulus).expect("a small number");
        let value = i64::try_from(row).expect("a small number");
        let x = (!row.is_multiple_of(7)).then_some(value);
        (((Some(of(100)), None), from + value / 100), (x, Some(value)))
    };
    (0..rows).map(row).collect()
}

#[test]
fn many_blocks_with_late_rows_read_as_the_map_says() {
    let (engine, mut model) = started();
    add(&engine, &mut model, &in_turn(0, 2 * BLOCK_ROWS_MAX));
    engine.persist().expect("a manifest");
    add(&engine, &mut model, &in_turn(150, 3 * BLOCK_ROWS_MAX));
    add(&engine, &mut model, &in_turn(40, 500));
    add(&engine, &mut model, &[(((Some(77), None), 10_000), (None, Some(1)))]);
    add(&engine, &mut model, &in_turn(300, BLOCK_ROWS_MAX));
    check(&engine, &model, true);
}

#[test]
fn late_rows_that_are_complete_replace_stored_ones_without_a_merge() {
    let (engine, mut model) = started();
    let complete = |mut rows: Vec<((Series, i64), Fields)>| {
        for (_, fields) in &mut rows {
            fields.0 = fields.0.or(Some(-1));
        }
        rows
    };
    add(&engine, &mut model, &complete(in_turn(0, 2 * BLOCK_ROWS_MAX)));
    engine.persist().expect("a manifest");
    let stored = view(&engine).row_count_exact();
    add(&engine, &mut model, &complete(in_turn(150, 3_000)));
    add(&engine, &mut model, &complete(in_turn(40, 500)));
    assert_eq!((stored, view(&engine).row_count_exact()), (Some(16_385), Some(model.len())));
    check(&engine, &model, true);
    add(&engine, &mut model, &[(((Some(7), None), 60), (None, Some(1)))]);
    assert_eq!(view(&engine).row_count_exact(), None, "a row keeps one value of the stored one");
    check(&engine, &model, true);
}

#[test]
fn a_series_over_many_blocks_comes_in_one_batch() {
    let (engine, mut model) = started();
    add(&engine, &mut model, &in_turn(1, 10 * BLOCK_ROWS_MAX));
    let view = view(&engine).with_tags(Arc::new(OnlyA::new(&[Some(7)]))).expect("a view");
    let blocks: Vec<usize> = (0..view.block_count()).collect();
    assert_eq!(blocks.len(), 11);
    let batches = view.read_many(&blocks, &ALL, TimeRange::ALL).expect("batches");
    let rows: Vec<usize> = batches.map(|batch| batch.expect("a batch").num_rows()).collect();
    assert_eq!(rows, [(10 * BLOCK_ROWS_MAX).div_ceil(100)]);
}
