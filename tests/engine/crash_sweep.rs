//! Power loss at every operation of a workload that writes, deletes, stores and merges.
//!
//! What was acknowledged is there afterwards, once, with its value; what was not is there whole or
//! not at all; and the engine goes on from there.

use std::collections::BTreeMap;
use std::sync::Arc;

use influxpe::disk::{Disk, FaultyDisk, Plan};
use influxpe::engine::{Engine, Options, WriteRequest};
use influxpe::error::Result;
use influxpe::line::Precision;
use influxpe::query::{Format, QueryLimits};
use influxpe::schema::{TagCondition, TimeRange};
use influxpe::store::StoreLocation;
use influxpe::wal::LogOptions;

/// Small segments, so that a sweep meets rotations; one order of operations, so that it repeats.
pub(crate) const LOG: LogOptions = LogOptions { segment_bytes: 2_048, prepare_ahead: false };
const WRITES: i64 = 60;

pub(crate) fn options() -> Options {
    Options {
        store: StoreLocation::Disk,
        buffer_bytes_max: 1 << 30,
        queries: QueryLimits::of(1 << 28, 1),
        ..Options::default()
    }
}

pub(crate) fn open(disk: &FaultyDisk) -> Result<Arc<Engine>> {
    Engine::open_on(Arc::new(disk.clone()) as Arc<dyn Disk>, LOG, &options(), false)
}

pub(crate) fn write(engine: &Engine, body: &str) -> Result<()> {
    let ticket = engine.write(&WriteRequest {
        database: "db",
        body: body.as_bytes(),
        precision: Precision::Nanosecond,
        accept_partial: true,
        no_sync: false,
        now_ns: 0,
    })?;
    assert!(ticket.refused.is_empty(), "{:?}", ticket.refused);
    engine.wait(ticket.position)
}

/// Two rows of one request, which stand and fall together. Columns and tables come as it goes.
fn body(number: i64) -> String {
    let table = number % 3;
    format!(
        "t{table},host=h{number} v={number}i,f{number}=1i {number}\nboth v={number}i {number}\n"
    )
}

/// Deletes the rows of one number: by tag in its own table, by time in the other.
fn delete(engine: &Engine, number: i64) -> Result<()> {
    let values = vec![Some(format!("h{number}").into())];
    let host = vec![TagCondition { tag: "host".into(), values }];
    engine.delete_rows("db", &format!("t{}", number % 3), TimeRange::ALL, host)?;
    let time = TimeRange { min: number, max: number };
    engine.delete_rows("db", "both", time, Vec::new())
}

/// What the workload was told.
#[derive(Debug, Default)]
struct Told {
    /// Numbers whose write was acknowledged, and that were not meant to go.
    written: Vec<i64>,
    /// Numbers whose deletion was acknowledged.
    deleted: Vec<i64>,
    /// The number whose deletion was cut off.
    unsure: Option<i64>,
}

/// Works until the power goes.
fn run(engine: &Engine) -> Told {
    let mut told = Told::default();
    for number in 0..WRITES {
        if write(engine, &body(number)).is_err() {
            break;
        }
        told.written.push(number);
        // Rows of the buffer and rows of files, as it comes; each number once.
        if number % 5 == 4 && number > 5 {
            let victim = number - 5 - number / 5 % 5;
            told.written.retain(|one| *one != victim);
            if delete(engine, victim).is_err() {
                told.unsure = Some(victim);
                break;
            }
            told.deleted.push(victim);
        }
        // Five layers per table until the end, of which the first four are merged into one.
        if number % 12 == 11 && engine.persist().and_then(|()| engine.compact()).is_err() {
            break;
        }
    }
    told
}

pub(crate) fn rows(engine: &Engine, sql: &str) -> Vec<String> {
    let Ok(mut stream) = engine.query("db", sql, Vec::new(), Format::Csv) else {
        return Vec::new(); // the table does not exist
    };
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next_chunk().expect("an answer") {
        bytes.extend(chunk);
    }
    let text = String::from_utf8(bytes).expect("text");
    text.lines().skip(1).map(str::to_owned).collect()
}

/// The numbers in the tables `t0` to `t2`, each with how often it stands there.
fn stored(engine: &Engine) -> BTreeMap<i64, usize> {
    let mut numbers = BTreeMap::new();
    for table in 0..3 {
        for row in rows(engine, &format!("SELECT v FROM t{table}")) {
            *numbers.entry(row.parse().expect("a number")).or_default() += 1;
        }
    }
    numbers
}

fn check(engine: &Engine, told: &Told, cut: usize) {
    let mut stored = stored(engine);
    let mut both: BTreeMap<i64, usize> = rows(engine, "SELECT v FROM \"both\"")
        .into_iter()
        .map(|row| (row.parse().expect("a number"), 1))
        .collect();
    if let Some(unsure) = told.unsure {
        stored.remove(&unsure);
        both.remove(&unsure);
    }
    assert_eq!(stored, both, "cut {cut}: a request was applied in part");
    for number in &told.written {
        assert_eq!(stored.get(number), Some(&1), "cut {cut}: {number} was acknowledged");
    }
    for number in &told.deleted {
        assert_eq!(stored.get(number), None, "cut {cut}: {number} was deleted");
    }
    assert!(
        stored.len() <= told.written.len() + 1 && stored.values().all(|count| *count == 1),
        "cut {cut}: {stored:?} for {told:?}"
    );
}

#[test]
fn acknowledged_writes_survive_power_loss_at_any_operation() {
    let whole = FaultyDisk::new(Plan { cut_after: None, fail_at: None, seed: 1 });
    let engine = open(&whole).expect("an engine");
    let told = run(&engine);
    let numbers = told.written.len() + told.deleted.len();
    assert_eq!(numbers, usize::try_from(WRITES).expect("a small number"));
    check(&engine, &told, usize::MAX);
    drop(engine);
    let operations = whole.operations();
    assert!(operations > 100, "{operations}");
    for cut in 0..operations {
        for seed in 1..3 {
            power_loss_at(cut, seed * 7_919 + cut as u64);
        }
    }
}

fn power_loss_at(cut: usize, seed: u64) {
    let disk = FaultyDisk::new(Plan { cut_after: Some(cut), fail_at: None, seed });
    let told = match open(&disk) {
        Ok(engine) => run(&engine),
        Err(_) => Told::default(), // the power went before the engine was open
    };
    let disk = disk.after_power_loss(Plan { cut_after: None, fail_at: None, seed });
    let engine = open(&disk).unwrap_or_else(|error| panic!("cut {cut}: {error}"));
    check(&engine, &told, cut);
    write(&engine, "after v=1i 1").expect("a write after the restart");
    drop(engine);
    let disk = disk.after_power_loss(Plan { cut_after: None, fail_at: None, seed });
    let engine = open(&disk).unwrap_or_else(|error| panic!("cut {cut}, again: {error}"));
    check(&engine, &told, cut);
    assert_eq!(rows(&engine, "SELECT v FROM after"), ["1"], "cut {cut}");
}
