//! The log on disks that hold, tear and lie.

use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::*;

use super::frame::HEADER_BYTES as FRAME_HEADER_BYTES;
use super::segment::{self, HEADER_BYTES};
use super::*;
use crate::disk::{Disk, FaultyDisk, MemoryDisk, Plan};
use crate::error::{ErrorKind, Result};
use crate::limits::{FRAME_BYTES_MAX, QUEUE_BYTES_MAX};
use crate::schema::{
    CURSOR_HERE, CatalogChange, Cells, Column, ColumnKind, Deletion, FieldColumn, Origin, Position,
    SeriesKeys, TableBatch, Token, Trigger,
};

const OPTIONS: LogOptions = LogOptions { segment_bytes: 4_096, prepare_ahead: false };

fn frame(text: &str) -> PreparedFrame {
    let mut builder = FrameBuilder::new();
    builder.push(200, |bytes| bytes.extend_from_slice(text.as_bytes()));
    builder.finish().expect("a small frame")
}

fn payload_of(text: &str) -> Vec<u8> {
    frame(text).payload().to_vec()
}

fn open(disk: &Arc<dyn Disk>) -> Result<(Recovered, Vec<Vec<u8>>)> {
    let mut payloads = Vec::new();
    let recovered = recover(Arc::clone(disk), OPTIONS, |_, payload| {
        payloads.push(payload.to_vec());
        Ok(())
    })?;
    Ok((recovered, payloads))
}

/// Writes and syncs each text as a group of its own.
fn write(recovered: &mut Recovered, texts: &[&str]) {
    for text in texts {
        let position = recovered.newest + 1;
        recovered.writer.append(position, std::iter::once(&mut frame(text))).expect("a write");
        recovered.writer.sync(position).expect("a sync");
        recovered.newest = position;
    }
}

fn memory() -> Arc<dyn Disk> {
    Arc::new(MemoryDisk::default())
}

#[test]
fn what_was_synced_is_replayed_in_order() {
    let disk = memory();
    let (mut recovered, payloads) = open(&disk).expect("an empty log");
    assert!(payloads.is_empty());
    write(&mut recovered, &["one", "two", "three"]);
    drop(recovered);
    let (recovered, payloads) = open(&disk).expect("the log");
    assert_eq!(payloads, ["one", "two", "three"].map(payload_of));
    assert_eq!(recovered.newest, 3);
}

#[test]
fn a_full_segment_is_followed_by_the_next() {
    let disk = memory();
    let (mut recovered, _) = open(&disk).expect("an empty log");
    let text = "x".repeat(1_000);
    let large = "y".repeat(10_000);
    for round in 0..10 {
        let text = if round == 5 { &large } else { &text };
        write(&mut recovered, &[text]);
    }
    assert!(disk.list("wal").expect("a list").len() > 2);
    drop(recovered);
    let (mut recovered, payloads) = open(&disk).expect("the log");
    assert_eq!(payloads.len(), 10);
    assert_eq!(payloads[5], payload_of(&large));
    write(&mut recovered, &["after"]);
    drop(recovered);
    assert_eq!(open(&disk).expect("the log").1[10], payload_of("after"));
}

/// Offset of the frame of each text, behind the header of the first segment.
fn offsets(texts: &[&str]) -> Vec<u64> {
    let mut offset = HEADER_BYTES;
    let next = |text: &&str| {
        let start = offset;
        offset += frame(text).len() as u64;
        start
    };
    texts.iter().map(next).collect()
}

fn flip(disk: &Arc<dyn Disk>, offset: u64) {
    let file = disk.open(&segment::name_of(1)).expect("the segment");
    let mut byte = [0];
    file.read_at(offset, &mut byte).expect("a byte");
    file.write_at(offset, &[byte[0] ^ 0xff]).expect("a byte");
}

#[test]
fn a_torn_tail_is_cut_and_written_over() {
    let disk = memory();
    let (mut recovered, _) = open(&disk).expect("an empty log");
    write(&mut recovered, &["one", "two"]);
    drop(recovered);
    flip(&disk, offsets(&["one", "two"])[1] + FRAME_HEADER_BYTES as u64 + 6);
    let (mut recovered, payloads) = open(&disk).expect("a log with a torn tail");
    assert_eq!(payloads, [payload_of("one")]);
    write(&mut recovered, &["three"]);
    drop(recovered);
    let (_, payloads) = open(&disk).expect("the log");
    assert_eq!(payloads, ["one", "three"].map(payload_of));
}

#[test]
fn damage_before_a_later_sync_stops_the_start() {
    let texts = ["one", "two", "three"];
    for within in [0, 8, 20, 33, FRAME_HEADER_BYTES as u64 + 5] {
        let disk = memory();
        let (mut recovered, _) = open(&disk).expect("an empty log");
        write(&mut recovered, &texts);
        drop(recovered);
        let offset = offsets(&texts)[0];
        flip(&disk, offset + within);
        let error = open(&disk).expect_err("damage");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "byte {within}");
        let expected = format!("damaged at byte {offset}");
        assert!(error.message().contains(&expected), "{error}");
        assert!(error.message().contains("00000000000000000001.wal"), "{error}");
    }
}

#[test]
fn a_missing_segment_stops_the_start() {
    let disk = memory();
    let (mut recovered, _) = open(&disk).expect("an empty log");
    let text = "x".repeat(1_500);
    write(&mut recovered, &[text.as_str(); 8]);
    drop(recovered);
    disk.remove(&segment::name_of(2)).expect("a removal");
    assert_eq!(open(&disk).expect_err("a gap").kind(), ErrorKind::Corrupt);
}

#[test]
fn a_reader_goes_on_where_it_stopped() {
    let disk = memory();
    let (mut recovered, _) = open(&disk).expect("an empty log");
    let texts: Vec<String> = (0..30).map(|one| format!("{one}-{}", "x".repeat(300))).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    write(&mut recovered, &texts);
    let log = Arc::clone(recovered.writer.log());
    let mut seen = Vec::new();
    let mut reader = LogReader::new(Arc::clone(&log), 1);
    for _ in 0..10 {
        let mut left = 3;
        let visit = |position: Position, payload: &[u8]| {
            seen.push((position, payload.to_vec()));
            left -= 1;
            Ok(if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        reader.read(30, visit).expect("frames");
    }
    let expected: Vec<_> = (1..).zip(texts.iter().map(|text| payload_of(text))).collect();
    assert_eq!(seen, expected);
    let mut late = LogReader::new(log, 20);
    let mut first = 0;
    let visit = |position, _: &[u8]| {
        first = position;
        Ok(ControlFlow::Break(()))
    };
    late.read(30, visit).expect("a frame");
    assert_eq!(first, 20);
}

#[test]
fn released_segments_are_gone_for_readers() {
    let disk = memory();
    let (mut recovered, _) = open(&disk).expect("an empty log");
    let text = "x".repeat(1_500);
    write(&mut recovered, &[text.as_str(); 9]);
    let log = Arc::clone(recovered.writer.log());
    let first_left = log.release(6).expect("a release");
    assert!(first_left > 1 && first_left <= 6, "{first_left}");
    let mut reader = LogReader::new(log, 1);
    let error = reader.read(9, |_, _| Ok(ControlFlow::Continue(()))).expect_err("a gap");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

struct Collected(Arc<parking_lot::Mutex<Vec<(Position, u32)>>>);

impl Sink<u32> for Collected {
    fn apply(&mut self, position: Position, item: u32) {
        self.0.lock().push((position, item));
    }

    fn group_done(&mut self, _newest: Position) {}
}

#[test]
fn concurrent_writers_are_applied_in_the_order_of_their_positions() {
    let disk = memory();
    let (recovered, _) = open(&disk).expect("an empty log");
    let queue = Arc::new(Queue::new(0));
    let seen = Arc::default();
    let sink = Collected(Arc::clone(&seen));
    std::thread::scope(|scope| {
        let for_writer = Arc::clone(&queue);
        scope.spawn(move || run_writer(&for_writer, recovered.writer, sink));
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                scope.spawn({
                    let queue = &queue;
                    move || push_fifty(queue, writer)
                })
            })
            .collect();
        for writer in writers {
            writer.join().expect("a writer");
        }
        queue.close();
    });
    let seen = seen.lock();
    assert_eq!(seen.len(), 400);
    assert!(seen.iter().zip(1..).all(|((position, _), expected)| *position == expected));
    assert_eq!(open(&disk).expect("the log").1.len(), 400);
}

fn push_fifty(queue: &Queue<u32>, writer: u32) {
    for round in 0..50 {
        let commit = Commit { frame: frame("text"), item: writer, no_sync: round % 7 == 0 };
        let position = queue.push(commit).expect("a place");
        queue.wait(position).expect("a commit");
        assert!(queue.committed() >= position);
    }
}

#[test]
fn a_failed_sync_poisons_the_queue() {
    for fail_at in 5..9 {
        let plan = Plan { cut_after: None, fail_at: Some(fail_at), seed: 1 };
        let disk: Arc<dyn Disk> = Arc::new(FaultyDisk::new(plan));
        let (recovered, _) = open(&disk).expect("an empty log");
        let queue = Arc::new(Queue::new(0));
        let sink = Collected(Arc::default());
        let for_writer = Arc::clone(&queue);
        let writer = std::thread::spawn(move || run_writer(&for_writer, recovered.writer, sink));
        let mut outcomes = Vec::new();
        for item in 0..5 {
            let commit = Commit { frame: frame("text"), item, no_sync: false };
            outcomes.push(queue.push(commit).and_then(|position| queue.wait(position)));
        }
        let failed = outcomes.iter().position(Result::is_err).expect("a failure");
        assert!(outcomes[failed..].iter().all(Result::is_err), "nothing succeeds afterwards");
        let error = outcomes.pop().and_then(Result::err).expect("an error");
        assert_eq!(error.kind(), ErrorKind::Closed);
        assert!(error.message().contains("log failed"), "{error}");
        writer.join().expect("the writer ends");
    }
}

#[test]
fn a_frame_has_a_maximum() {
    let mut builder = FrameBuilder::new();
    builder.push(200, |bytes| bytes.resize(bytes.len() + FRAME_BYTES_MAX, 0));
    assert_eq!(builder.finish().expect_err("too large").kind(), ErrorKind::TooLarge);
}

#[test]
fn a_full_queue_says_busy() {
    let queue: Queue<()> = Queue::new(0);
    let large = || {
        let mut builder = FrameBuilder::new();
        builder.push(200, |bytes| bytes.resize(bytes.len() + QUEUE_BYTES_MAX / 2, 0));
        Commit { frame: builder.finish().expect("a frame"), item: (), no_sync: false }
    };
    for position in 1..=2 {
        assert_eq!(queue.push(large()).expect("a place"), position);
    }
    assert_eq!(queue.push(large()).expect_err("no place").kind(), ErrorKind::Busy);
}

/// One record of every kind, with fixed values.
fn frozen_frames() -> Vec<PreparedFrame> {
    let name = |text: &str| Arc::<str>::from(text);
    let deletion = Deletion { deleted_at_ns: 11, hard_delete_at_ns: Some(12) };
    let column = |id, text, kind| Column { id, name: name(text), kind };
    let columns: Vec<Column> = (0..)
        .zip(["tag", "int", "unsigned", "float", "text", "flag"])
        .zip(ColumnKind::ALL)
        .map(|((id, text), kind)| column(id, text, kind))
        .collect();
    let token =
        Token { id: 0, name: name("_admin"), hash: [7; 64], created_at_ms: 5, expiry_ms: None };
    let trigger = Trigger {
        id: 1,
        database: 1,
        name: name("t"),
        plugin_filename: "p.py".to_owned(),
        specification: "all_tables".to_owned(),
        specification_json: "\"all_tables_wal_write\"".to_owned(),
        arguments: Some(vec![("a".to_owned(), "b".to_owned())]),
        run_async: true,
        error_behavior: "log".to_owned(),
        disabled: false,
        cursor: CURSOR_HERE,
    };
    let (database, table) = (1, name("m"));
    let changes = [
        CatalogChange::Identify { uuid: name("an identity") },
        CatalogChange::CreateDatabase { id: 1, name: name("db"), retention_ns: Some(9) },
        CatalogChange::SetRetention { database, retention_ns: None },
        CatalogChange::CreateTable { database, id: 1, name: name("m") },
        CatalogChange::AddColumns { database, table: table.clone(), columns },
        CatalogChange::PutToken(token),
        CatalogChange::PutTrigger(trigger),
        CatalogChange::SetCursor { trigger: 1, cursor: 1 },
        CatalogChange::DeleteTable { database, table, name: name("m-old"), deletion },
        CatalogChange::PurgeTable { database, table: name("m-old") },
        CatalogChange::DeleteTrigger { trigger: 1 },
        CatalogChange::DeleteToken { name: name("_admin") },
        CatalogChange::DeleteDatabase { database, name: name("db-old"), deletion },
        CatalogChange::PurgeDatabase { database },
    ];
    let mut all = FrameBuilder::new();
    for change in &changes {
        all.push_change(change);
    }
    let mut rows = FrameBuilder::new();
    rows.push_batch(&frozen_batch());
    [all, rows].map(|frame| frame.finish().expect("a frame")).into()
}

fn frozen_batch() -> TableBatch {
    let mut series = SeriesKeys::default();
    series.push_tag(0, "a");
    series.end_key();
    series.end_key();
    let field = |column, cells, present| FieldColumn { column, cells, present };
    TableBatch {
        database: 1,
        table: 1,
        origin: Origin { trigger: 1, depth: 2 },
        series,
        series_of_row: vec![0, 1],
        time: vec![-1, i64::MAX],
        fields: vec![
            field(1, Cells::Integer(vec![1, -1]), None),
            field(2, Cells::Unsigned(vec![u64::MAX, 0]), Some(vec![true, false])),
            field(3, Cells::Float(vec![0.5, -0.0]), None),
            field(4, Cells::String { ends: vec![2, 2], bytes: b"xy".to_vec() }, None),
            field(5, Cells::Boolean(vec![false, true]), None),
        ],
    }
}

#[test]
fn format_version_1_is_frozen() {
    let disk = memory();
    let (mut recovered, _) = open(&disk).expect("an empty log");
    let mut frames = frozen_frames();
    recovered.writer.append(1, frames.iter_mut()).expect("a write");
    recovered.writer.sync(2).expect("a sync");
    let file = disk.open(&segment::name_of(1)).expect("the segment");
    let mut written = vec![0; 4_096];
    file.read_at(0, &mut written).expect("the segment");
    let frozen = include_bytes!("../../tests/fixtures/wal-1.segment");
    assert!(written == frozen, "the bytes of format version 1 have changed");
}

#[test]
fn a_log_of_format_version_1_can_be_read() {
    let disk = memory();
    let frozen = include_bytes!("../../tests/fixtures/wal-1.segment");
    let file = disk.create(&segment::name_of(1), frozen.len() as u64).expect("a file");
    file.write_at(0, frozen).expect("the segment");
    let (_, payloads) = open(&disk).expect("the log");
    let records: Vec<Record> =
        payloads.iter().flat_map(|one| Records::of(one).decode_all().expect("records")).collect();
    assert_eq!(records.len(), 15);
    assert_eq!(records[14], Record::Batch(frozen_batch()));
}

fn any_batch() -> impl Strategy<Value = TableBatch> {
    let row = (any::<i64>(), any::<i64>(), any::<bool>(), ".{0,5}", 0_u32..3);
    proptest::collection::vec(row, 1..20).prop_map(|rows| {
        let mut series = SeriesKeys::default();
        for key in ["", "a", "bb"] {
            series.push_tag(3, key);
            series.end_key();
        }
        let mut bytes = Vec::new();
        let ends = rows.iter().map(|row| {
            bytes.extend_from_slice(row.3.as_bytes());
            u32::try_from(bytes.len()).expect("a short text")
        });
        let ends = ends.collect();
        let column = |column, cells, present| FieldColumn { column, cells, present };
        let fields = vec![
            column(0, Cells::Integer(rows.iter().map(|row| row.1).collect()), None),
            column(1, Cells::Unsigned(rows.iter().map(|row| row.1.unsigned_abs()).collect()), None),
            column(
                2,
                Cells::Boolean(rows.iter().map(|row| row.2).collect()),
                Some(rows.iter().map(|row| row.1 % 2 == 0).collect()),
            ),
            column(4, Cells::String { ends, bytes }, None),
            column(
                5,
                Cells::Float(
                    rows.iter().map(|row| f64::from_bits(row.1.cast_unsigned() >> 2)).collect(),
                ),
                None,
            ),
        ];
        TableBatch {
            database: 1,
            table: 2,
            origin: Origin { trigger: 3, depth: 4 },
            series,
            series_of_row: rows.iter().map(|row| row.4).collect(),
            time: rows.iter().map(|row| row.0).collect(),
            fields,
        }
    })
}

proptest! {
    #[test]
    fn records_come_back_as_they_were(batch in any_batch(), name in ".{0,20}") {
        let token = Token {
            id: 7,
            name: name.as_str().into(),
            hash: [9; 64],
            created_at_ms: -1,
            expiry_ms: Some(3),
        };
        let changes = [
            CatalogChange::PutToken(token),
            CatalogChange::SetCursor { trigger: 1, cursor: 99 },
        ];
        let mut builder = FrameBuilder::new();
        for change in &changes {
            builder.push_change(change);
        }
        builder.push_batch(&batch);
        let frame = builder.finish().expect("a frame");
        let records = Records::of(frame.payload()).decode_all().expect("records");
        let mut expected: Vec<Record> = changes.into_iter().map(Record::Change).collect();
        expected.push(Record::Batch(batch));
        prop_assert_eq!(records, expected);
    }

    #[test]
    fn damaged_records_never_panic(
        batch in any_batch(), cut in 0_usize..500, flip in 0_usize..500
    ) {
        let mut builder = FrameBuilder::new();
        builder.push_batch(&batch);
        let frame = builder.finish().expect("a frame");
        let mut payload = frame.payload().to_vec();
        let at = flip % payload.len();
        payload[at] ^= 0x55;
        payload.truncate(payload.len().saturating_sub(cut));
        drop(Records::of(&payload).decode_all());
    }
}
