//! Rows that are deleted by their times and tags.

use std::path::Path;
use std::sync::Arc;

use influxpe::disk::{FaultyDisk, Plan};
use influxpe::engine::Engine;
use influxpe::error::ErrorKind;
use influxpe::limits::{DELETION_VALUES_MAX, TOMBSTONES_MAX};
use influxpe::schema::{TagCondition, TimeRange};

use crate::crash_sweep::{self, rows, write};
use crate::reopen::open;

const ALL: &str = "SELECT CAST(time AS BIGINT) AS at, host, v, w FROM m ORDER BY time, host";

fn host(values: &[Option<&str>]) -> Vec<TagCondition> {
    let values = values.iter().map(|value| value.map(Into::into)).collect();
    vec![TagCondition { tag: "host".into(), values }]
}

fn times(min: i64, max: i64) -> TimeRange {
    TimeRange { min, max }
}

fn filled(folder: &Path) -> Arc<Engine> {
    let engine = open(folder);
    write(&engine, "m,host=a v=1i,w=1i 1\nm,host=b v=2i,w=1i 1\nm v=3i,w=1i 2").expect("a write");
    engine
}

#[test]
fn a_row_that_is_written_again_has_none_of_its_deleted_fields() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = filled(folder.path());
    engine.persist().expect("a manifest");
    engine.delete_rows("db", "m", times(1, 1), host(&[Some("a"), None])).expect("a deletion");
    write(&engine, "m,host=a v=7i 1").expect("a write");
    let expected = ["1,a,7,", "1,b,2,1", "2,,3,1"];
    assert_eq!(rows(&engine, ALL), expected);
    engine.persist().expect("a manifest");
    assert_eq!(rows(&engine, ALL), expected);
    drop(engine);
    let engine = open(folder.path());
    assert_eq!(rows(&engine, ALL), expected);
    engine.compact().expect("files without the rows");
    assert_eq!(rows(&engine, ALL), expected);
    let condition = "WHERE host = 'a' AND w = 1";
    assert_eq!(rows(&engine, &format!("SELECT count(*) FROM m {condition}")), ["0"]);
}

#[test]
fn files_lose_the_rows_and_those_without_any_left_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = filled(folder.path());
    engine.persist().expect("a manifest");
    write(&engine, "m,host=a v=4i 9").expect("a write");
    engine.persist().expect("a manifest");
    engine.delete_rows("db", "m", times(9, i64::MAX), Vec::new()).expect("a deletion");
    engine.delete_rows("db", "m", TimeRange::ALL, host(&[None])).expect("a deletion");
    assert_eq!(rows(&engine, ALL), ["1,a,1,1", "1,b,2,1"]);
    assert_eq!(engine.stats().stored_files, 2);
    engine.persist().expect("a manifest");
    engine.compact().expect("files without the rows");
    assert_eq!(engine.stats().stored_files, 1);
    assert_eq!(rows(&engine, ALL), ["1,a,1,1", "1,b,2,1"]);
    engine.delete_rows("db", "m", TimeRange::ALL, Vec::new()).expect("a deletion");
    assert_eq!(rows(&engine, "SELECT count(*) FROM m"), ["0"]);
    engine.persist().expect("a manifest");
    engine.compact().expect("no file");
    assert_eq!(engine.stats().stored_files, 0);
    write(&engine, "m,host=a v=5i 1").expect("a write");
    assert_eq!(rows(&engine, ALL), ["1,a,5,"]);
}

#[test]
fn a_file_without_such_rows_is_not_written_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = filled(folder.path());
    engine.persist().expect("a manifest");
    let bytes = engine.stats().stored_bytes;
    write(&engine, "m,host=c v=1i 1").expect("a write");
    engine.delete_rows("db", "m", TimeRange::ALL, host(&[Some("c")])).expect("a deletion");
    engine.persist().expect("a manifest");
    engine.compact().expect("nothing to do");
    assert_eq!((engine.stats().stored_files, engine.stats().stored_bytes), (1, bytes));
}

#[test]
fn what_cannot_be_deleted_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = filled(folder.path());
    let delete = |database: &str, table: &str, tag: &str| {
        let tags = vec![TagCondition { tag: tag.into(), values: vec![None] }];
        let refused = engine.delete_rows(database, table, TimeRange::ALL, tags);
        let refused = refused.expect_err("a refusal");
        (refused.kind(), refused.message().to_owned())
    };
    let no_tag = "'v' is no tag of table 'm'; rows are deleted by time and tags";
    assert_eq!(delete("db", "m", "v"), (ErrorKind::Invalid, no_tag.to_owned()));
    assert_eq!(delete("db", "m", "time").0, ErrorKind::Invalid);
    assert_eq!(delete("db", "absent", "host").0, ErrorKind::NotFound);
    assert_eq!(delete("absent", "m", "host").0, ErrorKind::NotFound);
    assert_eq!(delete("_internal", "m", "host").0, ErrorKind::Internal);
    let twice = [host(&[None]), host(&[None])].concat();
    let refused = engine.delete_rows("db", "m", TimeRange::ALL, twice).expect_err("a refusal");
    assert_eq!(refused.message(), "tag 'host' is named twice");
    let many = vec![None; DELETION_VALUES_MAX + 1];
    let refused = engine.delete_rows("db", "m", TimeRange::ALL, host(&many)).expect_err("too many");
    assert_eq!(refused.kind(), ErrorKind::TooLarge);
    engine.delete_table("db", "m", 1, None).expect("a deletion");
    assert_eq!(delete("db", "m-19700101T000000", "host").0, ErrorKind::Conflict);
}

#[test]
fn deletions_beyond_what_may_wait_are_busy_until_files_show_them() {
    let disk = FaultyDisk::new(Plan { cut_after: None, fail_at: None, seed: 1 });
    let engine = crash_sweep::open(&disk).expect("an engine that merges when it is asked to");
    write(&engine, "m,host=a v=1i 1\nm v=2i 2").expect("a write");
    engine.persist().expect("a manifest");
    let delete = || engine.delete_rows("db", "m", times(2, 2), host(&[None]));
    for number in 0..TOMBSTONES_MAX {
        delete().unwrap_or_else(|error| panic!("deletion {number}: {error}"));
    }
    let refused = delete().expect_err("too many");
    assert_eq!(refused.kind(), ErrorKind::Busy);
    assert!(refused.message().starts_with("1000 deletions of rows wait"), "{refused}");
    engine.persist().expect("a manifest");
    engine.compact().expect("files without the rows");
    delete().expect("a deletion");
    assert_eq!(rows(&engine, "SELECT v FROM m"), ["1"]);
}

#[test]
fn a_table_keeps_rows_as_long_as_it_says_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    let ago = |ns: i64| influxpe::clock::now_ns() - ns;
    let hour = 3_600_000_000_000;
    let lines = |table| format!("{table} v=1i {}\n{table} v=2i {}\n", ago(5 * hour), ago(1));
    write(&engine, &(lines("short") + &lines("long"))).expect("a write");
    engine.set_retention("db", Some(hour)).expect("a period");
    engine.set_table_retention("db", "long", Some(10 * hour)).expect("a period");
    let counts = |engine: &Engine| {
        ["short", "long"].map(|table| rows(engine, &format!("SELECT v FROM {table}")).len())
    };
    assert_eq!(counts(&engine), [1, 2]);
    engine.persist().expect("a manifest");
    drop(engine);
    let engine = open(folder.path());
    assert_eq!(counts(&engine), [1, 2]);
    engine.set_retention("db", None).expect("a period");
    engine.set_table_retention("db", "short", Some(hour)).expect("a period");
    engine.set_table_retention("db", "long", None).expect("a period");
    assert_eq!(counts(&engine), [1, 2]);
    let refused = engine.set_table_retention("db", "absent", None).expect_err("a refusal");
    assert_eq!(refused.kind(), ErrorKind::NotFound);
}
