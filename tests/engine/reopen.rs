//! A data directory on the local disk, opened again and again.

use std::path::Path;
use std::sync::Arc;

use influxpe::engine::{Engine, FeedChoice, NewTrigger, Options, RunOutput};
use influxpe::error::ErrorKind;
use influxpe::limits::{INTERNAL_RETENTION_NS, SEGMENT_BYTES, TRIGGER_DEPTH_MAX};

use crate::crash_sweep::{options, rows, write};
use crate::runs::moved_to;

pub(crate) fn open(folder: &Path) -> Arc<Engine> {
    let options = Options { data_dir: Some(folder.to_path_buf()), ..options() };
    Engine::open(&options).expect("an engine")
}

pub(crate) fn trigger(name: &str) -> NewTrigger {
    NewTrigger {
        database: "db".to_owned(),
        name: name.to_owned(),
        plugin_filename: "p.py".to_owned(),
        specification: "all_tables".to_owned(),
        specification_json: "\"all_tables_wal_write\"".to_owned(),
        arguments: Some(vec![("a".to_owned(), "b".to_owned())]),
        run_async: false,
        error_behavior: "log".to_owned(),
        disabled: false,
        options: String::new(),
    }
}

#[test]
fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    let uuid = engine.catalog().uuid.clone();
    write(&engine, "m,t=a v=1i 1\nm,t=a v=2i 1\nm,t=b w=\"x\" 2").expect("a write");
    engine.create_token("_admin", [7; 64], 1, None).expect("a token");
    engine.create_trigger(trigger("one")).expect("a trigger");
    drop(engine);
    for _ in 0..2 {
        let engine = open(folder.path());
        assert_eq!(engine.catalog().uuid, uuid);
        assert_eq!(rows(&engine, "SELECT t, v, w FROM m ORDER BY time"), ["a,2,", "b,,x"]);
        assert_eq!(engine.catalog().tokens["_admin"].hash, [7; 64]);
        let triggers: Vec<_> = engine.catalog().triggers.values().cloned().collect();
        assert_eq!(triggers.len(), 1);
        assert_eq!(triggers[0].arguments, trigger("one").arguments);
    }
}

#[test]
fn a_second_engine_is_refused_while_the_first_is_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = open(folder.path());
    let again = Options { data_dir: Some(folder.path().to_path_buf()), ..options() };
    let error = Engine::open(&again).expect_err("a conflict");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("is open in another process"), "{error}");
    first.close();
    drop(open(folder.path()));
}

#[test]
fn a_run_moves_its_cursor_and_its_rows_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "before v=1i 1").expect("a write");
    let id = engine.create_trigger(trigger("one")).expect("a trigger").id;
    write(&engine, "m v=1i 1\nn v=1i 1").expect("a write");
    write(&engine, "m v=2i 2").expect("a write");
    let read = engine
        .feed(id, FeedChoice::default())
        .expect("a feed")
        .read(1_000, usize::MAX)
        .expect("rows");
    let tables: Vec<_> = read.tables.iter().map(|one| (&*one.name, one.rows.num_rows())).collect();
    assert_eq!(tables, [("m", 2), ("n", 1)], "rows from before the trigger are not its own");

    let output = |lines: &str| RunOutput {
        lines: vec![("db".to_owned(), lines.to_owned())],
        cursor: Some(read.position),
        depth: 1,
        ..RunOutput::default()
    };
    let bad = output("out v=1i 1\nout v= 2");
    let error = engine.commit_run(id, &bad, 0).expect_err("a bad line");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().starts_with("error writing back lines to db: "), "{error}");

    let ticket = engine.commit_run(id, &output("out v=1i 1"), 0).expect("a run");
    engine.wait(ticket.position).expect("a commit");
    drop(engine);

    let engine = open(folder.path());
    assert_eq!(engine.catalog().triggers[&id].cursor, read.position);
    assert_eq!(rows(&engine, "SELECT v FROM out"), ["1"]);
    let read = engine
        .feed(id, FeedChoice::default())
        .expect("a feed")
        .read(1_000, usize::MAX)
        .expect("no rows");
    assert!(read.tables.is_empty(), "a trigger does not receive its own output");
    let table = engine
        .feed(id, FeedChoice { table: Some("m".to_owned()), ..FeedChoice::default() })
        .expect("a feed")
        .read(1_000, usize::MAX)
        .expect("no rows");
    assert!(table.tables.is_empty());
}

#[test]
fn chains_of_triggers_are_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m v=1i 1").expect("a write");
    let first = engine.create_trigger(trigger("one")).expect("a trigger").id;
    let second = engine.create_trigger(trigger("two")).expect("a trigger").id;
    for (depth, rows, cut) in [(TRIGGER_DEPTH_MAX - 1, 1, 0), (TRIGGER_DEPTH_MAX, 0, 1)] {
        let lines = vec![("db".to_owned(), "m v=1i 1".to_owned())];
        let output = RunOutput { lines, depth, ..RunOutput::default() };
        let ticket = engine.commit_run(first, &output, 0).expect("a run");
        engine.wait(ticket.position).expect("a commit");
        let mut feed = engine.feed(second, FeedChoice::default()).expect("a feed");
        let read = feed.read(1_000, usize::MAX).expect("rows");
        let found: usize = read.tables.iter().map(|table| table.rows.num_rows()).sum();
        assert_eq!((found, read.rows_cut), (rows, cut), "depth {depth}");
        let done = engine.commit_run(second, &moved_to(read.position), 0).expect("a cursor");
        engine.wait(done.position).expect("a commit");
    }
}

#[test]
fn a_deleted_database_is_renamed_and_then_purged() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m v=1i 1").expect("a write");
    engine.create_trigger(trigger("one")).expect("a trigger");
    engine.delete_database("db", 0, Some(5)).expect("a deletion");
    assert!(engine.catalog().database("db-19700101T000000").is_some());
    assert!(engine.catalog().triggers.values().all(|trigger| trigger.disabled));
    assert_eq!(engine.purge(4).expect("nothing due"), 0);
    write(&engine, "m w=1.5 1").expect("the name is free again");
    assert_eq!(engine.purge(5).expect("one due"), 1);
    drop(engine);
    let engine = open(folder.path());
    assert!(engine.catalog().database("db-19700101T000000").is_none());
    assert_eq!(rows(&engine, "SELECT w FROM m"), ["1.5"]);
    assert!(engine.catalog().triggers.is_empty());
}

#[test]
fn a_new_directory_has_one_segment_and_a_database_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    assert_eq!(engine.stats().wal_bytes, SEGMENT_BYTES);
    let internal = engine.catalog().database("_internal").cloned().expect("a database");
    assert_eq!(internal.retention_ns, Some(INTERNAL_RETENTION_NS));
    let error = engine.delete_database("_internal", 0, None).expect_err("refused");
    assert_eq!(error.message(), "cannot delete internal db");
}
