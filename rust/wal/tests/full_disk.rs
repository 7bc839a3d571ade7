//! The log on a disk without space for the next segment.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Collected, OPTIONS, frame, open, payload_of};
use crate::disk::{Disk, FaultyDisk, Plan};
use crate::error::{ErrorKind, Result};
use crate::schema::Position;
use crate::wal::segment::SPARE;
use crate::wal::spare::Space;
use crate::wal::{Commit, LogOptions, Queue, Recovered, recover, run_writer};

const ONE_SEGMENT: u64 = OPTIONS.segment_bytes;
const NO_CUT: Plan = Plan { cut_after: None, fail_at: None, seed: 1 };

fn full_after(bytes: u64) -> FaultyDisk {
    let disk = FaultyDisk::new(NO_CUT);
    disk.set_capacity(Some(bytes));
    disk
}

fn shared(disk: &FaultyDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

/// A text whose frame takes about a quarter of a segment: three fit behind the header.
fn text(number: usize) -> String {
    format!("{number}-{}", "x".repeat(1_000))
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

fn recovered(disk: &FaultyDisk, prepare_ahead: bool) -> Recovered {
    let options = LogOptions { prepare_ahead, ..OPTIONS };
    recover(shared(disk), options, 0, |_, _| Ok(())).expect("a log")
}

struct Running {
    queue: Arc<Queue<u32>>,
    space: Arc<Space>,
    writer: JoinHandle<()>,
}

impl Running {
    /// Starts a writer. One that makes its segments ahead has found that there is no space.
    fn start(disk: &FaultyDisk, prepare_ahead: bool) -> Self {
        let recovered = recovered(disk, prepare_ahead);
        let space = Arc::clone(recovered.writer.space());
        until("space is lacking", || !prepare_ahead || space.lacking().is_some());
        Self::run(recovered)
    }

    /// Starts a writer that has made its second segment.
    fn start_with_spare(disk: &FaultyDisk) -> Self {
        let recovered = recovered(disk, true);
        until("the spare is made", || disk.open(SPARE).is_ok());
        Self::run(recovered)
    }

    fn run(recovered: Recovered) -> Self {
        let space = Arc::clone(recovered.writer.space());
        let queue = Arc::new(Queue::new(recovered.newest));
        let for_writer = Arc::clone(&queue);
        let sink = Collected(Arc::default());
        let run = move || run_writer(&for_writer, recovered.writer, sink);
        let running = Self { queue, space, writer: std::thread::spawn(run) };
        running.write("first").expect("the writer runs");
        running
    }

    fn push(&self, text: &str) -> Result<Position> {
        self.queue.push(Commit { frame: frame(text), item: 0, no_sync: false })
    }

    fn write(&self, text: &str) -> Result<()> {
        self.push(text).and_then(|position| self.queue.wait(position))
    }

    /// Waits until the lack of space is known; then nothing is taken that does not fit.
    fn refuses(&self, text: &str) {
        until("space is lacking", || self.space.lacking().is_some());
        assert_eq!(self.push(text).expect_err("no space").kind(), ErrorKind::Busy);
    }

    /// Writes until there is no space; returns what was acknowledged.
    fn fill(&self) -> Vec<String> {
        let texts = (0..).map(text);
        texts.take_while(|text| self.write(text).is_ok()).collect()
    }

    fn end(self) {
        self.queue.close();
        self.writer.join().expect("the writer ends");
    }
}

fn check_stored(disk: &FaultyDisk, texts: &[String]) {
    disk.set_capacity(None);
    let stored = open(&shared(disk)).expect("the log").1;
    let expected = ["first".to_owned()].into_iter().chain(texts.iter().cloned());
    assert_eq!(stored, expected.map(|text| payload_of(&text)).collect::<Vec<_>>());
}

#[test]
fn a_full_disk_refuses_what_does_not_fit_and_takes_what_does() {
    let disk = full_after(ONE_SEGMENT + 100);
    let running = Running::start(&disk, true);
    let mut texts = running.fill();
    assert_eq!(texts.len(), 3);
    let error = running.push(&text(3)).expect_err("no space");
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(error.message().starts_with("no space left for the next log segment"), "{error}");
    assert!(error.message().contains(SPARE), "{error}");
    running.write("small").expect("what fits into the segment");
    until("the half-made spare is gone", || disk.open(SPARE).is_err());
    disk.set_capacity(None);
    until("there is space", || running.write(&text(4)).is_ok());
    texts.extend(["small".to_owned(), text(4)]);
    running.end();
    check_stored(&disk, &texts);
}

#[test]
fn frames_that_were_queued_before_the_lack_was_known_wait_for_space() {
    let disk = full_after(ONE_SEGMENT);
    let running = Running::start(&disk, false);
    let texts: Vec<String> = (0..4).map(text).collect();
    let positions: Vec<_> = texts.iter().map(|text| running.push(text).expect("room")).collect();
    running.queue.wait(positions[2]).expect("three fit");
    running.refuses(&text(9));
    assert_eq!(running.queue.committed(), positions[2]);
    running.queue.check_open().expect("a full disk poisons nothing");
    disk.set_capacity(None);
    running.queue.wait(positions[3]).expect("space has returned");
    assert_eq!(running.queue.committed(), positions[3]);
    running.end();
    check_stored(&disk, &texts);
}

#[test]
fn a_log_is_closed_on_a_full_disk_without_what_waits_for_space() {
    let disk = full_after(ONE_SEGMENT);
    let running = Running::start(&disk, false);
    let texts: Vec<String> = (0..3).map(text).collect();
    for text in &texts {
        running.write(text).expect("three fit");
    }
    let kept = running.push(&text(3)).expect("the lack is not known");
    running.refuses(&text(9));
    let queue = Arc::clone(&running.queue);
    running.end();
    let error = queue.wait(kept).expect_err("never stored");
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert!(error.message().starts_with("the engine is closed: no space left"), "{error}");
    check_stored(&disk, &texts);
}

#[test]
fn a_frame_larger_than_a_segment_waits_for_its_space() {
    let disk = full_after(2 * ONE_SEGMENT + 100);
    let running = Running::start_with_spare(&disk);
    let large = "y".repeat(10_000);
    let position = running.push(&large).expect("the lack is not known");
    running.refuses("small");
    assert!(running.queue.committed() < position);
    disk.set_capacity(None);
    running.queue.wait(position).expect("space has returned");
    let after: Vec<String> = (0..5).map(text).collect();
    for text in &after {
        running.write(text).expect("space");
    }
    running.end();
    let texts: Vec<String> = [large].into_iter().chain(after).collect();
    check_stored(&disk, &texts);
}

#[test]
fn a_half_made_spare_is_removed_at_the_next_start() {
    let disk = FaultyDisk::new(NO_CUT);
    drop(open(&shared(&disk)).expect("a log"));
    disk.set_capacity(Some(ONE_SEGMENT + 100));
    let error = disk.create(SPARE, ONE_SEGMENT).expect_err("no space");
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(disk.open(SPARE).and_then(|file| file.length()).expect("a part"), 100);
    drop(open(&shared(&disk)).expect("a log"));
    assert!(disk.open(SPARE).is_err());
}

/// Writes eight texts over a disk that is full after one segment, and has space when it was found
/// full; returns how many were synced before the power went.
fn write_over_a_full_disk(disk: &FaultyDisk) -> usize {
    let Ok((mut recovered, _)) = open(&shared(disk)) else { return 0 };
    for number in 0..8 {
        let position = number as Position + 1;
        let mut append =
            || recovered.writer.append(position, 7, std::iter::once(&mut frame(&text(number))));
        let mut written = append();
        if matches!(written, Ok(0)) {
            disk.set_capacity(None);
            written = append();
        }
        if written.is_err() || recovered.writer.sync(position).is_err() {
            return number;
        }
    }
    8
}

#[test]
fn synced_frames_survive_power_loss_at_any_operation_on_a_full_disk() {
    let whole = full_after(ONE_SEGMENT + 100);
    assert_eq!(write_over_a_full_disk(&whole), 8);
    for cut in 0..whole.operations() {
        for seed in 1..4 {
            let disk = FaultyDisk::new(Plan { cut_after: Some(cut), fail_at: None, seed });
            disk.set_capacity(Some(ONE_SEGMENT + 100));
            let synced = write_over_a_full_disk(&disk);
            let disk = disk.after_power_loss(NO_CUT);
            disk.set_capacity(None);
            let stored = open(&shared(&disk)).expect("a log").1;
            assert!(stored.len() == synced || stored.len() == synced + 1, "cut {cut}");
            let expected = (0..stored.len()).map(|number| payload_of(&text(number)));
            assert_eq!(stored, expected.collect::<Vec<_>>(), "cut {cut}");
        }
    }
}
