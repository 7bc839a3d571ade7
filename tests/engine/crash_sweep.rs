//! Power loss at every operation of a workload that writes, stores and merges.
//!
//! What was acknowledged is there afterwards, once, with its value; what was not is there whole or
//! not at all; and the engine goes on from there.

use std::collections::BTreeMap;
use std::sync::Arc;

use influxpe::disk::{Disk, FaultyDisk, Plan};
use influxpe::engine::{Engine, Options, WriteRequest};
use influxpe::error::Result;
use influxpe::line::Precision;
use influxpe::query::Format;
use influxpe::store::StoreLocation;
use influxpe::wal::LogOptions;

/// Small segments, so that a sweep meets rotations; one order of operations, so that it repeats.
const LOG: LogOptions = LogOptions { segment_bytes: 2_048, prepare_ahead: false };
const WRITES: i64 = 60;

pub(crate) fn options() -> Options {
    Options {
        store: StoreLocation::Disk,
        buffer_bytes_max: 1 << 30,
        query_bytes_max: 1 << 28,
        ..Options::default()
    }
}

fn open(disk: &FaultyDisk) -> Result<Arc<Engine>> {
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

/// Writes until the power goes; returns the numbers that were acknowledged.
fn run(engine: &Engine) -> Vec<i64> {
    let mut acknowledged = Vec::new();
    for number in 0..WRITES {
        if write(engine, &body(number)).is_err() {
            break;
        }
        acknowledged.push(number);
        // Five layers per table until the end, of which the first four are merged into one.
        if number % 12 == 11 && engine.persist().and_then(|()| engine.compact()).is_err() {
            break;
        }
    }
    acknowledged
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

fn check(engine: &Engine, acknowledged: &[i64], cut: usize) {
    let stored = stored(engine);
    let both: BTreeMap<i64, usize> = rows(engine, "SELECT v FROM \"both\"")
        .into_iter()
        .map(|row| (row.parse().expect("a number"), 1))
        .collect();
    assert_eq!(stored, both, "cut {cut}: a request was applied in part");
    let expected_at_least = acknowledged.len();
    for number in acknowledged {
        assert_eq!(stored.get(number), Some(&1), "cut {cut}: {number} was acknowledged");
    }
    assert!(
        stored.len() <= expected_at_least + 1 && stored.values().all(|count| *count == 1),
        "cut {cut}: {stored:?} for {acknowledged:?}"
    );
}

#[test]
fn acknowledged_writes_survive_power_loss_at_any_operation() {
    let whole = FaultyDisk::new(Plan { cut_after: None, fail_at: None, seed: 1 });
    let engine = open(&whole).expect("an engine");
    assert_eq!(run(&engine).len(), usize::try_from(WRITES).expect("a small number"));
    drop(engine);
    let operations = whole.operations();
    assert!(operations > 100, "{operations}");
    for cut in 0..operations {
        for seed in 1..4 {
            power_loss_at(cut, seed * 7_919 + cut as u64);
        }
    }
}

fn power_loss_at(cut: usize, seed: u64) {
    let disk = FaultyDisk::new(Plan { cut_after: Some(cut), fail_at: None, seed });
    let acknowledged = match open(&disk) {
        Ok(engine) => run(&engine),
        Err(_) => Vec::new(), // the power went before the engine was open
    };
    let disk = disk.after_power_loss(Plan { cut_after: None, fail_at: None, seed });
    let engine = open(&disk).unwrap_or_else(|error| panic!("cut {cut}: {error}"));
    check(&engine, &acknowledged, cut);
    write(&engine, "after v=1i 1").expect("a write after the restart");
    drop(engine);
    let disk = disk.after_power_loss(Plan { cut_after: None, fail_at: None, seed });
    let engine = open(&disk).unwrap_or_else(|error| panic!("cut {cut}, again: {error}"));
    check(&engine, &acknowledged, cut);
    assert_eq!(rows(&engine, "SELECT v FROM after"), ["1"], "cut {cut}");
}
