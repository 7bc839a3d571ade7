//! Rows that are stored: what is released behind them, what is merged, what a fault does.

#![expect(clippy::disallowed_methods, reason = "damages files behind the back of the engine")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use influxpe::disk::{Disk, FaultyDisk, Plan};
use influxpe::engine::{Engine, FeedChoice, NewTrigger, Options};
use influxpe::error::ErrorKind;
use influxpe::query::Format;

use crate::crash_sweep::{LOG, options, rows, write};
use crate::reopen::{open, trigger};
use crate::runs::moved_to;

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn parquet_files(folder: &Path) -> Vec<PathBuf> {
    files_below(&folder.join("store"), ".parquet")
}

#[test]
fn stored_rows_are_there_after_a_restart_and_leave_the_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m,t=a v=1i,w=1i 1\nm,t=b v=2i 2").expect("a write");
    engine.persist().expect("a manifest");
    assert_eq!(engine.stats().buffer_bytes, 0);
    assert_eq!(parquet_files(folder.path()).len(), 1);
    write(&engine, "m,t=a v=3i 1\nm,t=c x=\"new\" 2").expect("a write");
    let sql = "SELECT t, v, w, x FROM m ORDER BY t";
    let expected = ["a,3,1,", "b,2,,", "c,,,new"];
    assert_eq!(rows(&engine, sql), expected);
    drop(engine);
    for _ in 0..2 {
        let engine = open(folder.path());
        assert_eq!(rows(&engine, sql), expected);
        engine.persist().expect("a manifest");
        assert_eq!(rows(&engine, sql), expected);
        assert_eq!(rows(&engine, "SELECT count(*) FROM m"), ["3"]);
    }
}

#[test]
fn files_are_rows_of_a_system_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    let sql = "SELECT table_name, row_count, min_time, max_time FROM system.parquet_files \
               ORDER BY table_name";
    write(&engine, "m,t=a v=1i 5\nm,t=b v=2i 7\nn v=1i -3").expect("a write");
    assert!(rows(&engine, sql).is_empty());
    engine.persist().expect("a manifest");
    assert_eq!(rows(&engine, sql), ["m,2,5,7", "n,1,-3,-3"]);
    let sql = "SELECT path, size_bytes FROM system.parquet_files WHERE table_name = 'n'";
    let shown = rows(&engine, sql).remove(0);
    let (path, bytes) = shown.rsplit_once(',').expect("two columns");
    let file = parquet_files(folder.path()).into_iter().find(|file| file.ends_with(path));
    let length = file.expect("a file of this name").metadata().expect("a file").len();
    assert_eq!(bytes, length.to_string());
}

#[test]
fn layers_become_one_and_their_files_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    for number in 0..4 {
        let late = 100 - number;
        write(&engine, &format!("m,t=a v={number}i 50\nm,t=a v={number}i {late}"))
            .expect("a write");
        engine.persist().expect("a manifest");
    }
    engine.compact().expect("a merge");
    assert_eq!(parquet_files(folder.path()).len(), 1);
    let expected = ["50,3", "97,3", "98,2", "99,1", "100,0"];
    let sql = "SELECT CAST(time AS BIGINT) AS at, v FROM m ORDER BY time";
    assert_eq!(rows(&engine, sql), expected);
    drop(engine);
    assert_eq!(rows(&open(folder.path()), sql), expected);
}

#[test]
fn a_query_keeps_the_files_that_it_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    for number in 0..4 {
        write(&engine, &format!("m v={number}i {number}")).expect("a write");
        engine.persist().expect("a manifest");
    }
    let sql = "SELECT v FROM m";
    let mut running = engine.query("db", sql, Vec::new(), Format::Csv).expect("a query");
    engine.compact().expect("a merge");
    let mut bytes = Vec::new();
    while let Some(chunk) = running.next_chunk().expect("an answer") {
        bytes.extend(chunk);
    }
    assert_eq!(String::from_utf8(bytes).expect("text").lines().count(), 5);
    drop(running);
    engine.compact().expect("a collection");
    assert_eq!(parquet_files(folder.path()).len(), 1);
}

#[test]
fn a_trigger_that_lags_keeps_its_part_of_the_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m v=1i 1").expect("a write");
    let id = engine.create_trigger(trigger("one")).expect("a trigger").id;
    write(&engine, "m v=2i 2").expect("a write");
    engine.persist().expect("a manifest");
    drop(engine);
    let engine = open(folder.path());
    let read =
        engine.feed(id, FeedChoice::default()).expect("a feed").read(10, usize::MAX).expect("rows");
    assert_eq!(read.tables.len(), 1);
    assert_eq!(read.tables[0].rows.num_rows(), 1);
    assert_eq!(rows(&engine, "SELECT v FROM m ORDER BY v"), ["1", "2"]);
}

#[test]
fn a_trigger_that_lags_too_far_loses_its_part_of_the_log_and_is_told() {
    let disk = FaultyDisk::new(Plan { cut_after: None, fail_at: None, seed: 1 });
    let bounded = Options { lag_bytes_max: 3 * LOG.segment_bytes, ..options() };
    let disk: Arc<dyn Disk> = Arc::new(disk);
    let engine = Engine::open_on(disk, LOG, &bounded, false).expect("an engine");
    let write_some = || {
        for number in 0..100 {
            write(&engine, &format!("m v={number}i {number}")).expect("a write");
        }
    };
    write_some();
    let id = engine.create_trigger(trigger("one")).expect("a trigger").id;
    write_some();
    assert!(engine.stats().wal_bytes > 2 * bounded.lag_bytes_max);
    engine.persist().expect("a manifest");
    assert!(engine.stats().wal_bytes <= bounded.lag_bytes_max);
    let lost = engine
        .feed(id, FeedChoice::default())
        .expect("a feed")
        .read(10, usize::MAX)
        .expect_err("a gap");
    assert_eq!(lost.kind(), ErrorKind::NotFound);
    let first = engine.log_first();
    let moved = engine.commit_run(id, &moved_to(first - 1), 0).expect("a new cursor");
    engine.wait(moved.position).expect("it is committed");
    let read =
        engine.feed(id, FeedChoice::default()).expect("a feed").read(1, usize::MAX).expect("rows");
    assert_eq!(read.tables[0].rows.num_rows(), 1);
    assert_eq!(rows(&engine, "SELECT count(*) FROM m"), ["100"]);
}

#[test]
fn what_was_purged_does_not_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m v=1i 1\nn v=1i 1").expect("a write");
    engine.persist().expect("a manifest");
    engine.delete_table("db", "m", 5, Some(5)).expect("a deletion");
    assert_eq!(engine.purge(5).expect("a purge"), 1);
    write(&engine, "m v=2i 2").expect("a write");
    engine.persist().expect("a manifest");
    assert_eq!(parquet_files(folder.path()).len(), 2, "n, and the new m");
    drop(engine);
    let engine = open(folder.path());
    assert_eq!(rows(&engine, "SELECT v FROM m"), ["2"]);
    assert_eq!(rows(&engine, "SELECT v FROM n"), ["1"]);
}

#[test]
fn rows_past_their_retention_are_hidden_and_then_dropped() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    let hour_ns = 3_600_000_000_000;
    engine.create_database("db", Some(hour_ns)).expect("a database");
    let now_ns = influxpe::clock::now_ns();
    let old_ns = now_ns - 2 * hour_ns;
    write(&engine, &format!("m v=1i {old_ns}")).expect("a write");
    engine.persist().expect("a manifest");
    write(&engine, &format!("m v=2i {old_ns}\nm v=3i {now_ns}")).expect("a write");
    assert_eq!(rows(&engine, "SELECT v FROM m"), ["3"], "row by row, not file by file");
    assert_eq!(rows(&engine, "SELECT count(*) FROM m"), ["1"]);
    engine.compact().expect("a pass");
    assert_eq!(parquet_files(folder.path()).len(), 0);
}

#[test]
fn a_damaged_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m v=1i 1").expect("a write");
    engine.persist().expect("a manifest");
    drop(engine);
    let file = parquet_files(folder.path()).remove(0);
    let whole = std::fs::read(&file).expect("the file");
    let middle = whole.len() / 2;
    for byte in [0, middle, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[byte] ^= 1;
        std::fs::write(&file, damaged).expect("a change");
        let error = failure(&open(folder.path()), "SELECT v FROM m");
        assert_eq!(error.0, ErrorKind::Corrupt);
        assert!(error.1.contains(".parquet of the store is damaged"), "{}", error.1);
    }
    std::fs::remove_file(&file).expect("a removal");
    let error = failure(&open(folder.path()), "SELECT v FROM m");
    assert!(error.1.contains("the object store failed at node0/dbs/"), "{}", error.1);
}

fn failure(engine: &Arc<Engine>, sql: &str) -> (ErrorKind, String) {
    let mut stream = match engine.query("db", sql, Vec::new(), Format::Csv) {
        Ok(stream) => stream,
        Err(error) => return (error.kind(), error.to_string()),
    };
    loop {
        match stream.next_chunk() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("an answer from a damaged file"),
            Err(error) => return (error.kind(), error.to_string()),
        }
    }
}

#[test]
fn log_and_store_that_do_not_belong_together_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m v=1i 1").expect("a write");
    let saved = tempfile::tempdir().expect("a folder");
    let segment = files_below(&folder.path().join("wal"), "1.wal").remove(0);
    std::fs::copy(&segment, saved.path().join("old.wal")).expect("a copy");
    write(&engine, "m v=2i 2").expect("a write");
    engine.persist().expect("a manifest");
    drop(engine);
    std::fs::copy(saved.path().join("old.wal"), &segment).expect("a copy");
    let again = Options { data_dir: Some(folder.path().to_path_buf()), ..options() };
    let error = Engine::open(&again).expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.message().contains("they do not belong together"), "{error}");
    std::fs::remove_dir_all(folder.path().join("wal")).expect("a removal");
    let engine = open(folder.path());
    assert_eq!(rows(&engine, "SELECT v FROM m ORDER BY v"), ["1", "2"]);
    write(&engine, "m v=3i 3").expect("a write");
    drop(engine);
    let engine = open(folder.path());
    assert_eq!(rows(&engine, "SELECT v FROM m ORDER BY v"), ["1", "2", "3"]);
}

#[test]
fn a_full_buffer_is_stored_by_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let data_dir = Some(folder.path().to_path_buf());
    let engine = Engine::open(&Options { data_dir, persist_bytes: 1, ..options() }).expect("open");
    for number in 0..50 {
        write(&engine, &format!("m v={number}i {number}")).expect("a write");
    }
    engine.persist().expect("the rest");
    engine.compact().expect("merges");
    assert_eq!(engine.stats().buffer_bytes, 0);
    assert_eq!(rows(&engine, "SELECT count(*) FROM m"), ["50"]);
}

#[test]
fn what_is_in_memory_alone_is_stored_there_too() {
    let engine = Engine::open(&Options::default()).expect("an engine");
    let new = NewTrigger { disabled: true, ..trigger("rests") };
    write(&engine, "m v=1i 1").expect("a write");
    engine.create_trigger(new).expect("a trigger");
    engine.persist().expect("a manifest");
    write(&engine, "m v=2i 2").expect("a write");
    assert_eq!(rows(&engine, "SELECT v FROM m ORDER BY v"), ["1", "2"]);
    assert_eq!(engine.stats().stored_files, 1);
}
