//! The log on disks that hold, tear and lie.

mod format;
mod full_disk;

use std::ops::ControlFlow;
use std::sync::Arc;

use super::frame::HEADER_BYTES as FRAME_HEADER_BYTES;
use super::segment::{self, HEADER_BYTES};
use super::*;
use crate::disk::{Disk, FaultyDisk, MemoryDisk, Plan};
use crate::error::{ErrorKind, Result};
use crate::limits::{FRAME_BYTES_MAX, QUEUE_BYTES_MAX};
use crate::schema::Position;

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
    let recovered = recover(Arc::clone(disk), OPTIONS, 0, |_, payload| {
        payloads.push(payload.to_vec());
        Ok(())
    })?;
    Ok((recovered, payloads))
}

/// Writes and syncs each text as a group of its own.
fn write(recovered: &mut Recovered, texts: &[&str]) {
    for text in texts {
        let position = recovered.newest + 1;
        recovered.writer.append(position, 7, std::iter::once(&mut frame(text))).expect("a write");
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
