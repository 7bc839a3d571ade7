//! Data that comes late, sparse and in no order of time.

use std::fmt::Write;
use std::sync::Arc;

use influxpe::disk::{Disk, FaultyDisk, Plan};
use influxpe::engine::Engine;
use influxpe::wal::LogOptions;

use crate::crash_sweep::{options, rows, write};

const MINUTE_NS: i64 = 60_000_000_000;
/// Minutes of a year; each batch has every 200th of them.
const MINUTES: i64 = 365 * 24 * 60;
const BATCHES: i64 = 200;

/// Minutes `offset`, `offset + 200`, ... of the whole year, the newest first.
fn sparse_batch(offset: i64) -> String {
    let mut lines = String::new();
    for minute in (0..MINUTES).rev().filter(|minute| minute % BATCHES == offset) {
        let at = minute * MINUTE_NS;
        writeln!(lines, "m,site=s{} v={minute}i {at}", minute % 7).expect("a line");
    }
    lines
}

#[test]
fn a_year_of_minutes_that_comes_late_and_sparse_ends_in_few_files() {
    let disk = FaultyDisk::new(Plan { cut_after: None, fail_at: None, seed: 1 });
    let log = LogOptions { segment_bytes: 1 << 20, prepare_ahead: false };
    let disk: Arc<dyn Disk> = Arc::new(disk);
    let engine = Engine::open_on(disk, log, &options(), false).expect("an engine");
    let mut most_files = 0;
    for batch in 0..BATCHES {
        // 77 and 200 have no divisor in common: every offset comes once, in no order.
        write(&engine, &sparse_batch(batch * 77 % BATCHES)).expect("a write");
        engine.persist().expect("a manifest");
        engine.compact().expect("merges");
        most_files = most_files.max(engine.stats().stored_files);
    }
    assert!(most_files <= 12, "{most_files} files at a time");
    assert!(engine.stats().stored_files <= 6, "{} files", engine.stats().stored_files);
    let all = rows(&engine, "SELECT count(*), sum(v), count(DISTINCT time) FROM m");
    assert_eq!(all, [format!("{MINUTES},{},{MINUTES}", MINUTES * (MINUTES - 1) / 2)]);
    let hour = "WHERE time >= '1970-07-01T00:00:00Z' AND time < '1970-07-01T01:00:00Z'";
    let of_hour = rows(&engine, &format!("SELECT v FROM m {hour} ORDER BY time"));
    let expected: Vec<String> = (181 * 1_440..181 * 1_440 + 60).map(|v| v.to_string()).collect();
    assert_eq!(of_hour, expected);
}
