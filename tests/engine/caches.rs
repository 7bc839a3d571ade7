//! Caches answer as their tables do, whatever happened.

use std::path::Path;
use std::sync::Arc;

use influxpe::disk::{FaultyDisk, Plan};
use influxpe::engine::{Engine, NewDistinctCache, NewLastCache};
use influxpe::error::ErrorKind;
use influxpe::limits::{CACHES_PER_DATABASE_MAX, DISTINCT_CARDINALITY_MAX, LAST_CACHE_COUNT_MAX};
use influxpe::query::Format;
use influxpe::schema::{CacheKind, TagCondition, TimeRange};
use proptest::prelude::*;

use crate::crash_sweep::{self, rows, write};
use crate::model::{Step, any_step, line};
use crate::reopen::open;

/// Seconds that are more than all that any clock has seen.
const AGES_S: u64 = 9_000_000_000;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn last(name: Option<&str>, keys: Option<&[&str]>, count: u64) -> NewLastCache {
    NewLastCache {
        name: name.map(str::to_owned),
        key_columns: keys.map(names),
        value_columns: None,
        count,
        ttl_s: 3_600,
    }
}

fn distinct(name: Option<&str>, columns: &[&str], max_cardinality: u64) -> NewDistinctCache {
    NewDistinctCache {
        name: name.map(str::to_owned),
        columns: names(columns),
        max_cardinality,
        max_age_s: AGES_S,
    }
}

fn create(engine: &Engine, new: &NewLastCache) {
    engine.create_last_cache("db", "m", new, influxpe::clock::now_ns()).expect("a cache");
}

fn create_distinct(engine: &Engine, new: &NewDistinctCache) {
    engine.create_distinct_cache("db", "m", new, influxpe::clock::now_ns()).expect("a cache");
}

fn create_all(engine: &Engine) {
    create(engine, &last(Some("both"), None, 2));
    create(engine, &last(Some("b"), Some(&["b"]), 3));
    create(engine, &last(Some("y"), Some(&["y"]), 1));
    create(engine, &last(Some("none"), Some(&[]), 2));
    create_distinct(engine, &distinct(Some("both"), &["a", "b"], 1_000));
    create_distinct(engine, &distinct(Some("few"), &["b", "a"], 3));
    create_distinct(engine, &distinct(Some("y"), &["y", "a"], 1_000));
}

const COLUMNS: &str = "CAST(time AS BIGINT) AS at, a, b, x, coalesce(y, 'absent') AS the_y";

/// The rows of a last-value cache, and the same from the table.
fn check_last(engine: &Engine, name: &str, keys: &[&str], count: u64) {
    let found = rows(engine, &format!("SELECT {COLUMNS} FROM last_cache('m', '{name}')"));
    let partition =
        if keys.is_empty() { String::new() } else { format!("PARTITION BY {}", keys.join(", ")) };
    let order = "ORDER BY time DESC, a NULLS FIRST, b NULLS FIRST";
    let whole: Vec<String> = keys.iter().map(|key| format!("{key} IS NOT NULL AND ")).collect();
    let ranked = format!(
        "SELECT *, row_number() OVER ({partition} {order}) AS n FROM m WHERE {} true",
        whole.concat()
    );
    let by_key: Vec<String> = keys.iter().map(|key| format!("{key}, ")).collect();
    let sql = format!(
        "SELECT {COLUMNS} FROM ({ranked}) WHERE n <= {count} ORDER BY {} n",
        by_key.concat()
    );
    assert_eq!(found, rows(engine, &sql), "{name}");
}

fn check_distinct(engine: &Engine, name: &str, columns: &[&str], limit: usize) {
    let shown: Vec<String> =
        columns.iter().map(|one| format!("coalesce({one}, 'absent') AS the_{one}")).collect();
    let cache = format!("SELECT {} FROM distinct_cache('m', '{name}')", shown.join(", "));
    let order: Vec<String> = columns.iter().map(|one| format!("{one} NULLS FIRST")).collect();
    let (order, columns) = (order.join(", "), columns.join(", "));
    let sql = format!(
        "SELECT {} FROM (SELECT {columns}, max(time) AS seen FROM m GROUP BY {columns} \
         ORDER BY seen DESC, {order} LIMIT {limit}) ORDER BY {order}",
        shown.join(", ")
    );
    assert_eq!(rows(engine, &cache), rows(engine, &sql), "{name}");
}

fn check(engine: &Engine) {
    check_last(engine, "both", &["a", "b"], 2);
    check_last(engine, "b", &["b"], 3);
    check_last(engine, "y", &["y"], 1);
    check_last(engine, "none", &[], 2);
    check_distinct(engine, "both", &["a", "b"], 1_000);
    check_distinct(engine, "few", &["b", "a"], 3);
    check_distinct(engine, "y", &["y", "a"], 1_000);
}

fn delete(engine: &Engine, times: TimeRange, a: Option<&Vec<Option<u8>>>) {
    let value = |value: &Option<u8>| value.map(|value| value.to_string().into());
    let condition =
        a.map(|a| TagCondition { tag: "a".into(), values: a.iter().map(value).collect() });
    engine.delete_rows("db", "m", times, condition.into_iter().collect()).expect("a deletion");
}

fn run(folder: &Path, steps: &[Step], created_after: usize, looks: &[bool]) {
    let mut engine = open(folder);
    write(&engine, "m,a=0,b=0 x=0i,y=\"z\" 0").expect("a write"); // so that every column exists
    for (number, step) in steps.iter().enumerate() {
        if number == created_after.min(steps.len() - 1) {
            create_all(&engine);
            check(&engine);
        }
        match step {
            Step::Write(lines) => {
                write(&engine, &lines.iter().map(line).collect::<String>()).expect("a write");
            }
            Step::Delete(times, a) => delete(&engine, *times, a.as_ref()),
            Step::Persist => engine.persist().expect("a manifest"),
            Step::Compact => engine.compact().expect("merges"),
            Step::Reopen => {
                drop(engine);
                engine = open(folder);
            }
        }
        if number >= created_after && looks[number % looks.len()] {
            check(&engine);
        }
    }
    check(&engine);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.div_ceil(16),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn after_any_history_caches_agree_with_their_table(
        steps in proptest::collection::vec(any_step(), 1..25),
        created_after in 0_usize..6,
        looks in proptest::collection::vec(any::<bool>(), 1..5),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        run(folder.path(), &steps, created_after, &looks);
    }
}

#[test]
fn a_cache_that_was_acknowledged_survives_a_kill() {
    let plan = || Plan { cut_after: None, fail_at: None, seed: 1 };
    let disk = FaultyDisk::new(plan());
    let engine = crash_sweep::open(&disk).expect("an engine");
    write(&engine, "m,a=1,b=2 x=1i 5").expect("a write");
    create(&engine, &last(None, None, 1));
    let killed = disk.after_power_loss(plan());
    let after = crash_sweep::open(&killed).expect("an engine");
    let answer = ["5,1,2,1"];
    let sql = "SELECT CAST(time AS BIGINT) AS at, a, b, x FROM last_cache('m', 'm_a_b_last_cache')";
    assert_eq!(rows(&after, sql), answer);
    after.persist().expect("a manifest");
    write(&after, "m,a=1,b=2 x=2i 6").expect("a write");
    assert_eq!(rows(&after, sql), ["6,1,2,2"]);
    let again = crash_sweep::open(&killed.after_power_loss(plan())).expect("an engine");
    assert_eq!(rows(&again, sql), ["6,1,2,2"], "the manifest has the cache too");
}

#[test]
fn a_cache_goes_with_its_table_and_its_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m,a=1,b=2 x=1i 5").expect("a write");
    create(&engine, &last(None, None, 1));
    engine.delete_table("db", "m", 1, None).expect("a deletion");
    write(&engine, "m,a=1,b=2 x=1i 5").expect("a write");
    let sql = "SELECT x FROM last_cache('m')";
    let refusal = |engine: &Engine| {
        engine.query("db", sql, Vec::new(), Format::Csv).expect_err("a refusal").to_string()
    };
    let none = "Error during planning: could not find cache for the given arguments";
    assert_eq!(refusal(&engine), none);
    create(&engine, &last(None, None, 1));
    assert_eq!(rows(&engine, sql), ["1"]);
    create(&engine, &last(Some("other"), None, 1));
    assert_eq!(refusal(&engine), none, "one of two must be named");
    engine.delete_cache("db", "m", CacheKind::Last, "other").expect("a deletion");
    assert_eq!(rows(&engine, sql), ["1"]);
    engine.delete_database("db", 2, None).expect("a deletion");
    write(&engine, "m,a=1,b=2 x=1i 5").expect("a write");
    assert_eq!(refusal(&engine), none);
}

#[test]
fn retention_is_that_of_the_table_when_it_changes_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    let (now, hour) = (influxpe::clock::now_ns(), 3_600_000_000_000);
    write(&engine, &format!("m,a=1 x=1i {}\nm,a=2 x=2i {}", now - 2 * hour, now)).expect("a write");
    create(&engine, &last(None, None, 1));
    let sql = "SELECT x FROM last_cache('m')";
    assert_eq!(rows(&engine, sql), ["1", "2"]);
    engine.set_retention("db", Some(hour)).expect("a retention");
    assert_eq!(rows(&engine, sql), ["2"]);
    engine.set_retention("db", None).expect("a retention");
    assert_eq!(rows(&engine, sql), ["1", "2"]);
}

#[test]
fn explain_shows_what_a_cache_was_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m,region=us-east,host=a x=1i 5\nm,region=us-west,host=b x=2i 6")
        .expect("a write");
    create(&engine, &last(None, None, 1));
    create_distinct(&engine, &distinct(None, &["region", "host"], 10));
    let plan = |sql: &str| rows(&engine, &format!("EXPLAIN {sql}")).join("\n");
    let found = plan("SELECT * FROM last_cache('m') WHERE region != 'us-east'");
    let inner = "inner=DataSourceExec: partitions=1, partition_sizes=[1]";
    let expected = format!("LastCacheExec: predicates=[[region@0 NOT IN ('us-east')]] {inner}");
    assert!(found.contains(&expected), "{found}");
    let found = plan(
        "SELECT region, host FROM distinct_cache('m') WHERE region = 'us-east' AND host != 'a'",
    );
    let conditions = "[[region@0 IN (us-east)], [host@1 NOT IN (a)]]";
    let expected =
        format!("DistinctCacheExec: projection=[region, host] predicates={conditions} {inner}");
    assert!(found.contains(&expected), "{found}");
    let x = |condition: &str| {
        rows(&engine, &format!("SELECT x FROM last_cache('m') WHERE {condition}"))
    };
    assert_eq!(x("region IN ('us-east', 'nowhere') AND x < 5"), ["1"]);
    assert_eq!(x("region NOT IN ('us-east', 'nowhere')"), ["2"]);
    assert_eq!(x("host LIKE 'b%'"), ["2"]);
}

#[test]
fn caches_have_limits() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine: Arc<Engine> = open(folder.path());
    write(&engine, "m,a=1 x=1i,f=0.5 5").expect("a write");
    let refused =
        |new: &NewLastCache| engine.create_last_cache("db", "m", new, 0).expect_err("a refusal");
    let too_many = refused(&last(None, None, LAST_CACHE_COUNT_MAX + 1));
    assert_eq!(too_many.kind(), ErrorKind::Invalid);
    assert_eq!(refused(&last(None, None, 0)).message(), "last cache size must be greater than 0");
    assert_eq!(
        refused(&last(None, Some(&["f"]), 1)).message(),
        "only uint64, int64, bool, tag, and string columns are supported in the last cache"
    );
    let refused = |new: &NewDistinctCache| {
        let error = engine.create_distinct_cache("db", "m", new, 0).expect_err("a refusal");
        error.message().to_owned()
    };
    let many = distinct(None, &["a"], DISTINCT_CARDINALITY_MAX + 1);
    assert!(refused(&many).starts_with("1000001 combinations"), "{}", refused(&many));
    let only = "only tag and string columns are supported in the distinct cache";
    assert_eq!(refused(&distinct(None, &["x"], 1)), only);
    let unknown = "invalid column provided: nope";
    assert_eq!(refused(&distinct(None, &["nope"], 1)), unknown);
    for number in 0..CACHES_PER_DATABASE_MAX {
        create(&engine, &last(Some(&number.to_string()), None, LAST_CACHE_COUNT_MAX));
    }
    let full = engine.create_last_cache("db", "m", &last(None, None, 1), 0).expect_err("a refusal");
    assert_eq!(full.kind(), ErrorKind::TooLarge);
    let taken = engine.create_last_cache("db", "m", &last(Some("7"), None, 1), 0);
    assert_eq!(taken.expect_err("a refusal").kind(), ErrorKind::Conflict);
}

/// While one thread writes and looks, another deletes what a cache holds: it is filled again and
/// again, and each time rows come meanwhile.
#[test]
fn a_write_is_in_the_cache_when_it_is_acknowledged_whatever_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m,a=0,b=0 x=0i,y=\"z\" 0\nm,a=1,b=1 x=0i 1").expect("a write");
    create_all(&engine);
    let (looks, deletions) = (300_i64, 150);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for number in 0..deletions {
                let late = number % 3;
                write(&engine, &format!("m,a=1,b=1 x={number}i {number}")).expect("a write");
                write(&engine, &format!("m,a=1,b=1 y=\"w\" {late}")).expect("a write");
                let times = TimeRange { min: number - 1, max: number };
                delete(&engine, times, Some(&vec![Some(1)]));
            }
        });
        for number in 0..looks {
            let time = 1_000 + number;
            write(&engine, &format!("m,a=0,b=0 x={number}i {time}")).expect("a write");
            let sql = "SELECT x FROM last_cache('m', 'both') WHERE a = '0' LIMIT 1";
            assert_eq!(rows(&engine, sql), [number.to_string()]);
        }
    });
    check(&engine);
}
