//! What does not fit into the memory of a query.

use super::fixture::{Fixture, Tables};
use super::work::{logged, start};
use crate::disk::{Disk, LocalDisk};
use crate::error::ErrorKind;
use crate::query::{Format, QueryLimits};

const MEBIBYTE: usize = 1_024 * 1_024;
/// How often a state that must come about is looked for.
const LOOKS: usize = 100_000;
const SORT: &str = "SELECT value FROM generate_series(1, 1000000) ORDER BY value % 7, value";
const GROUPS: &str = "SELECT value % 600000 AS k, sum(value) AS s FROM \
                      generate_series(1, 1000000) GROUP BY value % 600000 ORDER BY k";

/// A folder, and an engine that spills into it.
struct Spilling {
    fixture: Fixture,
    disk: LocalDisk,
    _root: tempfile::TempDir,
}

impl Spilling {
    fn new(query_bytes: usize, spill_bytes: u64) -> Self {
        let root = tempfile::tempdir().unwrap();
        let disk = LocalDisk::open(root.path()).unwrap();
        let usual = QueryLimits::of(256 * 1_024 * 1_024, 2);
        let limits = QueryLimits {
            query_bytes,
            spill_bytes,
            spill_folder: Some(disk.spill_folder().unwrap()),
            ..usual
        };
        let fixture = Fixture::with(Tables { name: "sensors", tables: Vec::new() }, &limits);
        Self { fixture, disk, _root: root }
    }

    /// The files now; one that goes while they are counted makes it begin again.
    fn files(&self) -> Vec<(String, u64)> {
        let walk = |_| self.disk.walk("influxpe.spill").ok();
        (0..LOOKS).find_map(walk).unwrap()
    }

    /// Tasks of a query that has failed may still be on their way out.
    fn await_no_files(&self) {
        let is_empty = (0..LOOKS).any(|_| self.files().is_empty());
        assert!(is_empty, "{:?}", self.files());
    }

    fn refusal(&self, sql: &str) -> (ErrorKind, String) {
        let error = self.fixture.text(sql, Format::Csv).unwrap_err();
        (error.kind(), error.to_string())
    }
}

#[test]
fn what_spills_has_the_answer_of_what_does_not() {
    let roomy = Fixture::new(Vec::new());
    for (sql, mebibytes) in [(SORT, 4), (SORT, 16), (GROUPS, 16)] {
        let query_bytes = mebibytes * MEBIBYTE;
        let tight = Spilling::new(query_bytes, 1 << 30);
        assert!(tight.fixture.csv(sql) == roomy.csv(sql), "{sql}");
        let within = format!("max_memory > 0 AND max_memory <= {query_bytes} AS held");
        let held = logged(&tight.fixture, sql, &within);
        assert_eq!(held, r#"[{"held":true}]"#, "{sql}");
        tight.await_no_files();
    }
}

#[test]
fn without_room_on_disk_the_same_is_refused() {
    for spill_bytes in [0, 1_024] {
        let spilling = Spilling::new(4 * MEBIBYTE, spill_bytes);
        for sql in [SORT, GROUPS] {
            let (kind, text) = spilling.refusal(sql);
            assert_eq!(kind, ErrorKind::Busy, "{text}");
        }
        spilling.await_no_files();
    }
}

#[test]
fn a_query_that_cannot_spill_names_the_limit_of_its_memory() {
    let spilling = Spilling::new(4 * MEBIBYTE, 1 << 30);
    let long = "SELECT repeat('x', 1000) AS a FROM generate_series(1, 100000)";
    let error = spilling.fixture.text(long, Format::Pretty).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(
        error.to_string().contains("one query may hold 4194304 bytes (--query-memory-limit)"),
        "{error}"
    );
}

#[test]
fn the_files_of_a_query_that_is_given_up_go_with_it() {
    let spilling = Spilling::new(4 * MEBIBYTE, 1 << 30);
    let mut stream = start(&spilling.fixture, SORT).unwrap();
    assert!(stream.next_chunk().unwrap().is_some());
    assert_ne!(spilling.files(), []);
    drop(stream);
    spilling.await_no_files();
}

#[test]
fn what_an_earlier_process_left_is_removed() {
    let root = tempfile::tempdir().unwrap();
    let disk = LocalDisk::open(root.path()).unwrap();
    disk.create_with("influxpe.spill/datafusion-x/left", b"rows").unwrap();
    disk.create_with("influxpe.spill/of-somebody-else", b"text").unwrap();
    disk.spill_folder().unwrap();
    let left = disk.walk("influxpe.spill").unwrap();
    assert_eq!(left, [("influxpe.spill/of-somebody-else".to_owned(), 4)]);
}
