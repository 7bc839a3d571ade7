//! An engine whose disk is full for a while.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use influxpe::disk::{Disk, FaultyDisk, LocalDisk, Plan};
use influxpe::engine::Engine;
use influxpe::error::{EngineError, ErrorKind};
use influxpe::wal::LogOptions;

use crate::crash_sweep::{options, rows, write};

const SEGMENT_BYTES: u64 = 64 * 1_024;
const NO_CUT: Plan = Plan { cut_after: None, fail_at: None, seed: 1 };

fn open(disk: &Arc<dyn Disk>, prepare_ahead: bool) -> Arc<Engine> {
    let log = LogOptions { segment_bytes: SEGMENT_BYTES, prepare_ahead };
    Engine::open_on(Arc::clone(disk), log, &options(), false).expect("an engine")
}

/// Asks until the answer is yes, for at most ten seconds.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if is_so() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    panic!("not within ten seconds: {what}");
}

/// One row of about a thousand bytes.
fn body(number: usize) -> String {
    format!("m v={number}i,w=\"{}\" {number}", "x".repeat(1_000))
}

/// Writes rows until one is refused; returns how many were acknowledged, and why no more.
fn fill(engine: &Engine) -> (usize, EngineError) {
    for number in 0.. {
        if let Err(error) = write(engine, &body(number)) {
            return (number, error);
        }
    }
    unreachable!("a disk has an end")
}

fn count(engine: &Engine) -> Vec<String> {
    rows(engine, "SELECT count(*), min(v), max(v) FROM m")
}

fn expected(acknowledged: usize) -> Vec<String> {
    vec![format!("{acknowledged},0,{}", acknowledged - 1)]
}

/// Fills the disk of `engine`, which has no space for a second segment, and frees it again; returns
/// how many rows were acknowledged.
fn fill_and_free(engine: &Engine, free: impl FnOnce()) -> usize {
    let (acknowledged, error) = fill(engine);
    assert!(acknowledged > 10, "{acknowledged}");
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert!(error.message().contains("no space left"), "{error}");
    assert_eq!(count(engine), expected(acknowledged));
    let catalog = engine.catalog();
    let new_table = body(0).replacen('m', "n", 1);
    assert_eq!(write(engine, &new_table).expect_err("no space").kind(), ErrorKind::Busy);
    assert!(Arc::ptr_eq(&catalog, &engine.catalog()), "a refused write changes no catalog");
    engine.check_writable().expect("a full disk poisons nothing");
    free();
    until("there is space", || write(engine, &body(acknowledged)).is_ok());
    write(engine, &new_table).expect("a write");
    acknowledged + 1
}

fn check_reopened(disk: &Arc<dyn Disk>, acknowledged: usize) {
    let engine = open(disk, false);
    assert_eq!(count(&engine), expected(acknowledged));
    assert_eq!(rows(&engine, "SELECT v FROM n"), ["0"]);
}

/// An engine that has found that there is no space for its second segment.
fn open_on_full_disk() -> (FaultyDisk, Arc<dyn Disk>, Arc<Engine>) {
    let faulty = FaultyDisk::new(NO_CUT);
    let disk: Arc<dyn Disk> = Arc::new(faulty.clone());
    open(&disk, false).close();
    faulty.set_capacity(Some(SEGMENT_BYTES + 1_000));
    let before = faulty.operations();
    let engine = open(&disk, true);
    // Each attempt makes a file and removes it: at the second the first has been noted.
    until("space is found to be lacking", || faulty.operations() >= before + 3);
    (faulty, disk, engine)
}

#[test]
fn writes_go_on_when_a_full_disk_has_space_again() {
    let (faulty, disk, engine) = open_on_full_disk();
    let acknowledged = fill_and_free(&engine, || faulty.set_capacity(None));
    engine.close();
    check_reopened(&disk, acknowledged);
}

#[test]
fn an_engine_closes_on_a_full_disk_and_keeps_what_was_acknowledged() {
    let (_, disk, engine) = open_on_full_disk();
    let acknowledged = fill(&engine).0;
    engine.close();
    let engine = open(&disk, true);
    assert_eq!(count(&engine), expected(acknowledged));
}

/// A file system of one megabyte, which only an administrator can make.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mount = ["-t", "tmpfs", "-o", "size=1m", "tmpfs"];
        let mounted = Command::new("mount").args(mount).arg(folder.path()).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(self.path()).status());
    }
}

/// Takes all space with a file.
fn take_space(disk: &dyn Disk) {
    let error = disk.create("filler", 1 << 20).expect_err("a megabyte beside a segment");
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}

#[test]
fn writes_go_on_when_a_real_full_disk_has_space_again() {
    let Some(small) = SmallDisk::mount() else {
        println!("skipped: no file system can be mounted here");
        return;
    };
    let disk: Arc<dyn Disk> = Arc::new(LocalDisk::open(small.path()).expect("a disk"));
    open(&disk, false).close();
    take_space(&*disk);
    let engine = open(&disk, true);
    // Without space the log is known to be full long before its segment is.
    let acknowledged = fill_and_free(&engine, || disk.remove("filler").expect("a removal"));
    engine.close();
    check_reopened(&disk, acknowledged);
}
