//! What holds for every log.
//!
//! Comes in: a byte of choices, and the bytes of the segments. Goes out: nothing; a claim that does
//! not hold panics. Stays true: the log is opened as the engine opens it, with records decoded.
//! Refused: positions at the ends of their range, where no log
//! begins.

use std::sync::Arc;

use crate::disk::{Disk, MemoryDisk};
use crate::error::{ErrorKind, Result};
use crate::records;
use crate::repair;
use crate::schema::{CatalogChange, Position};
use crate::wal::{FrameBuilder, LogOptions, LogWriter, PreparedFrame, Records, Recovered, recover};

const OPTIONS: LogOptions = LogOptions { segment_bytes: 1_024, prepare_ahead: false };
/// A bit of the first byte: checksums are left as they came.
const RAW: u8 = 1;
/// A bit of the first byte: the bytes are those of two segments.
const TWO: u8 = 2;

/// When frames are written here, in seconds since the epoch.
const WRITTEN_S: u32 = 1_700_000_000;

/// Each frame: its position and its payload.
type Frames = Vec<(Position, Vec<u8>)>;

pub fn check(bytes: &[u8]) {
    let Some(disk) = lay_down(bytes) else { return };
    match open(&disk) {
        Ok((recovered, frames)) => check_opened(&disk, recovered, &frames),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}"),
    }
}

/// A disk with the segments on it; `None` where there are no bytes.
fn lay_down(bytes: &[u8]) -> Option<Arc<dyn Disk>> {
    let (choices, body) = bytes.split_first()?;
    let middle = if choices & TWO == 0 { body.len() } else { body.len() / 16 * 8 };
    let (first, second) = body.split_at(middle);
    let disk = MemoryDisk::default();
    for (number, segment) in [(1, first), (2, second)] {
        let mut segment = segment.to_vec();
        if choices & RAW == 0 {
            repair::segment(&mut segment, number);
        }
        if number == 1 || choices & TWO != 0 {
            disk.create_with(&name_of(number), &segment).expect("a disk in memory");
        }
    }
    Some(Arc::new(disk))
}

fn name_of(number: u64) -> String {
    format!("wal/{number:020}.wal")
}

fn open(disk: &Arc<dyn Disk>) -> Result<(Recovered, Frames)> {
    let mut frames = Vec::new();
    let recovered = recover(Arc::clone(disk), OPTIONS, 0, |position, payload| {
        Records::of(payload).decode_all()?;
        frames.push((position, payload.to_vec()));
        Ok(())
    })?;
    Ok((recovered, frames))
}

fn check_opened(disk: &Arc<dyn Disk>, recovered: Recovered, frames: &Frames) {
    let newest = recovered.newest;
    let positions = frames.iter().map(|(position, _)| *position);
    assert!(positions.eq(recovered.first..=newest), "positions have no gaps");
    drop(recovered);
    let (mut recovered, again) = open(disk).expect("what was opened can be opened");
    assert_eq!((recovered.newest, &again), (newest, frames), "opening twice gives the same");
    let payload = append(&mut recovered);
    drop(recovered);
    let (_, mut longer) = open(disk).expect("what was written can be opened");
    assert_eq!(longer.pop(), Some((newest + 1, payload)), "a frame that is added is the last");
    assert_eq!(&longer, frames, "a frame that is added leaves the others alone");
}

/// Writes a frame behind the last one; gives its payload.
fn append(recovered: &mut Recovered) -> Vec<u8> {
    let mut builder = FrameBuilder::new();
    builder.push_change(&CatalogChange::PurgeDatabase { database: 7 });
    let frame = builder.finish().expect("a small frame");
    let payload = frame.payload().to_vec();
    write(&mut recovered.writer, recovered.newest + 1, frame);
    payload
}

fn write(writer: &mut LogWriter, position: Position, mut frame: PreparedFrame) {
    let written = writer.append(position, WRITTEN_S, std::iter::once(&mut frame));
    assert_eq!(written.expect("a disk in memory"), 1);
    writer.sync(position).expect("a disk in memory");
}

/// A log of one segment with each payload in a frame of its own, and one of two segments.
pub fn seeds() -> Vec<Vec<u8>> {
    let short = log(&records::seeds()[..3]);
    let long = log(&[records::seeds(), records::seeds()].concat());
    let one = |name| [&[0][..], &read(&short, name)].concat();
    let mut seeds = vec![one(1), one(1)];
    seeds[1][0] = RAW;
    seeds.push([&[TWO][..], &read(&long, 1), &read(&long, 2)].concat());
    seeds
}

fn log(payloads: &[Vec<u8>]) -> Arc<dyn Disk> {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let (mut recovered, _) = open(&disk).expect("an empty log");
    for (position, payload) in (1..).zip(payloads) {
        let mut builder = FrameBuilder::new();
        for record in Records::of(payload).decode_all().expect("a seed") {
            records::push(&mut builder, &record);
        }
        write(&mut recovered.writer, position, builder.finish().expect("a small frame"));
    }
    disk
}

fn read(disk: &Arc<dyn Disk>, number: u64) -> Vec<u8> {
    let file = disk.open(&name_of(number)).expect("a segment");
    let mut bytes = vec![0; usize::try_from(file.length().expect("a length")).expect("a length")];
    file.read_at(0, &mut bytes).expect("a disk in memory");
    bytes
}
