//! Copies of a running engine, and data directories of earlier versions.

#![expect(clippy::disallowed_methods, reason = "copies files behind the back of the engine")]

use std::path::Path;

use influxpe::engine::{Backup, Engine};
use influxpe::error::ErrorKind;
use influxpe::schema::TimeRange;

use crate::crash_sweep::{rows, write};
use crate::reopen::{open, trigger};

/// Bytes that are read at a time: objects need several reads.
const PART_BYTES: usize = 1_000;

fn copy(backup: &Backup, folder: &Path) {
    for object in backup.objects() {
        let mut bytes = Vec::new();
        loop {
            let part = backup.read(&object.name, bytes.len() as u64, PART_BYTES).expect("a part");
            if part.is_empty() {
                break;
            }
            bytes.extend_from_slice(&part);
        }
        assert_eq!(bytes.len() as u64, object.bytes, "{}", object.name);
        assert_eq!(object.checksum.unwrap_or(crc32fast::hash(&bytes)), crc32fast::hash(&bytes));
        let path = folder.join(&object.name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }
}

fn write_and_store(engine: &Engine, numbers: std::ops::Range<i64>) {
    for number in numbers {
        write(engine, &format!("m,t=a v={number}i {number}")).expect("a write");
        if number % 3 == 0 {
            engine.persist().expect("a manifest");
        }
    }
}

#[test]
fn a_backup_is_the_engine_at_its_position() {
    let (folder, copied) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("two"));
    let engine = open(folder.path());
    write_and_store(&engine, 1..9);
    engine.create_token("_admin", [7; 64], 1, None).expect("a token");
    engine.create_trigger(trigger("one")).expect("a trigger");
    engine.delete_rows("db", "m", TimeRange { min: 2, max: 2 }, Vec::new()).expect("a deletion");
    let backup = engine.begin_backup().expect("a backup");
    // What it names stays, whatever happens to it meanwhile.
    write_and_store(&engine, 9..20);
    engine.delete_rows("db", "m", TimeRange { min: 3, max: 5 }, Vec::new()).expect("a deletion");
    engine.persist().expect("a manifest");
    engine.compact().expect("merges");
    copy(&backup, copied.path());
    let again = open(copied.path());
    let expected = ["1", "3", "4", "5", "6", "7", "8"];
    assert_eq!(rows(&again, "SELECT v FROM m ORDER BY v"), expected);
    assert_eq!(again.committed(), backup.position);
    assert_eq!(again.catalog().uuid, engine.catalog().uuid);
    assert_eq!(again.catalog().triggers.len(), 1);
    assert_eq!(again.catalog().tokens["_admin"].hash, [7; 64]);
    write_and_store(&again, 30..33);
    drop(again);
    assert_eq!(rows(&open(copied.path()), "SELECT v FROM m").len(), expected.len() + 3);
}

#[test]
fn an_engine_that_has_stored_nothing_is_copied_by_its_log() {
    let (folder, copied) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("two"));
    let engine = open(folder.path());
    write(&engine, "m v=1i 1").expect("a write");
    let backup = engine.begin_backup().expect("a backup");
    assert_eq!(backup.manifest(), None);
    let missing = backup.read("store/node0/none", 0, 1).expect_err("no such object");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    write(&engine, "m v=2i 2").expect("a write");
    copy(&backup, copied.path());
    assert_eq!(rows(&open(copied.path()), "SELECT v FROM m"), ["1"]);
}

#[test]
fn a_store_of_format_version_1_can_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let frozen = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store-1");
    copy_tree(&frozen, &folder.path().join("store"));
    let engine = open(folder.path());
    assert!(engine.warning().is_some_and(|text| text.contains("no log behind the files")));
    let sql = "SELECT CAST(time AS BIGINT) AS at, a, b, f, i, coalesce(s, 'none'), t, u FROM m \
               ORDER BY time";
    let expected =
        ["-5,x,,,-1,,,", "1,x,y,1.5,1,later,true,2", "3,,,0.25,,none,,", "9,z,,,7,none,,"];
    assert_eq!(rows(&engine, sql), expected);
    let sql = "SELECT host, v, w FROM n ORDER BY time, host";
    assert_eq!(rows(&engine, sql), ["h1,1,", "h2,2,", "h1,,1.5"]);
    write(&engine, "n,host=h1 v=7i 100").expect("a write");
    engine.persist().expect("a manifest of this version");
    drop(engine);
    let engine = open(folder.path());
    assert_eq!(engine.warning(), None);
    assert_eq!(rows(&engine, sql), ["h1,7,", "h2,2,", "h1,,1.5"]);
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_tree(&from, &to);
        } else {
            std::fs::copy(from, to).expect("a copy");
        }
    }
}
