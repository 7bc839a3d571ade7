//! The whole engine against a map that knows only: the last write wins, what is deleted is gone.
//!
//! Writes, deletions, storing, merging and restarts come in any order; after each step that may
//! move rows, a few queries must agree with the map.

use std::collections::BTreeMap;
use std::path::Path;

use influxpe::engine::Engine;
use influxpe::schema::{TagCondition, TimeRange};
use proptest::prelude::*;

use crate::crash_sweep::{rows, write};
use crate::reopen::open;

/// Tags `a` and `b`, time.
pub(crate) type Key = (Option<u8>, Option<u8>, i64);
/// Fields `x` and `y`.
pub(crate) type Fields = (Option<i64>, Option<String>);
type Model = BTreeMap<Key, Fields>;

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Write(Vec<(Key, Fields)>),
    /// Times, and what tag `a` may be, if it is asked for.
    Delete(TimeRange, Option<Vec<Option<u8>>>),
    Persist,
    Compact,
    Reopen,
}

pub(crate) fn line((key, fields): &(Key, Fields)) -> String {
    let tag = |name: &str, value: Option<u8>| value.map(|value| format!(",{name}={value}"));
    let x = fields.0.map(|x| format!("x={x}i"));
    let y = fields.1.as_ref().map(|y| format!("y=\"{y}\""));
    let fields: Vec<String> = [x, y].into_iter().flatten().collect();
    let tags: String = [tag("a", key.0), tag("b", key.1)].into_iter().flatten().collect();
    format!("m{tags} {} {}\n", fields.join(","), key.2)
}

fn any_row() -> impl Strategy<Value = (Key, Fields)> {
    let tag = || proptest::option::of(0_u8..3);
    let fields = prop_oneof![
        (0_i64..100).prop_map(|x| (Some(x), None)),
        "[a-c]{0,2}".prop_map(|y| (None, Some(y))),
        (0_i64..100, "[a-c]{0,2}").prop_map(|(x, y)| (Some(x), Some(y))),
    ];
    ((tag(), tag(), -5_i64..25), fields)
}

fn any_deletion() -> impl Strategy<Value = Step> {
    let tags = proptest::collection::vec(proptest::option::of(0_u8..4), 1..3);
    let times = prop_oneof![
        1 => Just(TimeRange::ALL),
        4 => (-5_i64..25, 0_i64..12).prop_map(|(min, more)| TimeRange { min, max: min + more }),
    ];
    (times, proptest::option::weighted(0.7, tags)).prop_map(|(times, a)| Step::Delete(times, a))
}

pub(crate) fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => any_deletion(),
        6 => proptest::collection::vec(any_row(), 1..12).prop_map(Step::Write),
        3 => Just(Step::Persist),
        1 => Just(Step::Compact),
        1 => Just(Step::Reopen),
    ]
}

fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// The rows that pass, as the answer of `SELECT at, a, b, x, y` in the order of its first columns.
fn expected(model: &Model, passes: impl Fn(&Key, &Fields) -> bool) -> Vec<String> {
    let passing = model.iter().filter(|(key, fields)| passes(key, fields));
    let by_time = passing.map(|((a, b, at), fields)| ((*at, *a, *b), fields));
    let sorted: BTreeMap<_, _> = by_time.collect();
    let row = |((at, a, b), (x, y)): ((i64, Option<u8>, Option<u8>), &Fields)| {
        let y = y.clone().unwrap_or_else(|| "absent".to_owned());
        [at.to_string(), text(a.as_ref()), text(b.as_ref()), text(x.as_ref()), y].join(",")
    };
    sorted.into_iter().map(row).collect()
}

fn check(engine: &Engine, model: &Model) {
    let ask = |condition: &str| {
        let columns = "SELECT CAST(time AS BIGINT) AS at, a, b, x, coalesce(y, 'absent') FROM m";
        let order = "ORDER BY time, a NULLS FIRST, b NULLS FIRST";
        rows(engine, &format!("{columns} {condition} {order}"))
    };
    assert_eq!(ask(""), expected(model, |_, _| true));
    let in_time = "WHERE time >= to_timestamp_nanos(3) AND time < to_timestamp_nanos(15)";
    assert_eq!(ask(in_time), expected(model, |key, _| (3..15).contains(&key.2)));
    assert_eq!(ask("WHERE a = '1'"), expected(model, |key, _| key.0 == Some(1)));
    assert_eq!(
        ask("WHERE b IS NULL AND time > to_timestamp_nanos(4)"),
        expected(model, |key, _| key.1.is_none() && key.2 > 4)
    );
    let by_field = expected(model, |_, fields| fields.0.is_some_and(|x| x > 50));
    assert_eq!(ask("WHERE x > 50"), by_field);
    assert_eq!(rows(engine, "SELECT count(*) FROM m"), [model.len().to_string()]);
    let newest = model.keys().map(|key| key.2).max().map(|at| at.to_string());
    let sql = "SELECT CAST(time AS BIGINT) AS at FROM m ORDER BY time DESC LIMIT 1";
    assert_eq!(rows(engine, sql).pop(), newest);
}

fn delete(engine: &Engine, model: &mut Model, times: TimeRange, a: Option<&Vec<Option<u8>>>) {
    let value = |value: &Option<u8>| value.map(|value| value.to_string().into());
    let condition =
        a.map(|a| TagCondition { tag: "a".into(), values: a.iter().map(value).collect() });
    engine.delete_rows("db", "m", times, condition.into_iter().collect()).expect("a deletion");
    let deleted = |key: &Key| {
        times.min <= key.2 && key.2 <= times.max && a.is_none_or(|a| a.contains(&key.0))
    };
    model.retain(|key, _| !deleted(key));
}

fn run(folder: &Path, steps: &[Step]) {
    let mut engine = open(folder);
    let mut model = Model::new();
    // so that every column exists
    let first = ((Some(0), Some(0), 0), (Some(0), Some("z".to_owned())));
    for step in [&Step::Write(vec![first])].into_iter().chain(steps) {
        match step {
            Step::Write(lines) => {
                write(&engine, &lines.iter().map(line).collect::<String>()).expect("a write");
                for (key, (x, y)) in lines {
                    let row = model.entry(*key).or_default();
                    row.0 = x.or(row.0);
                    row.1 = y.clone().or(row.1.take());
                }
            }
            Step::Delete(times, a) => delete(&engine, &mut model, *times, a.as_ref()),
            Step::Persist => engine.persist().expect("a manifest"),
            Step::Compact => engine.compact().expect("merges"),
            Step::Reopen => {
                drop(engine);
                engine = open(folder);
            }
        }
        check(&engine, &model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.div_ceil(5),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_history_agrees_with_the_model(
        steps in proptest::collection::vec(any_step(), 1..25)
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        run(folder.path(), &steps);
    }
}
