//! A segment: a file of fixed length, zeroed when it is made, that frames fill from the front.

use std::sync::Arc;

use super::frame::{HEADER_BYTES as FRAME_HEADER_BYTES, Header};
use crate::disk::{Disk, File};
use crate::error::{EngineError, Result};
use crate::schema::{POSITION_END, Position};

/// The folder of segments in a data directory.
pub(super) const FOLDER: &str = "wal";
/// The name of the segment that waits for its turn.
pub(super) const SPARE: &str = "wal/spare";
/// Bytes before the first frame.
pub(super) const HEADER_BYTES: u64 = HEADER_LENGTH as u64;
const HEADER_LENGTH: usize = 64;

/// "IPSG" in little-endian order.
const MAGIC: u32 = u32::from_le_bytes(*b"IPSG");
const VERSION: u16 = 1;

/// One segment of the log.
#[derive(Debug)]
pub(super) struct Segment {
    /// Place among the segments, from 1.
    pub(super) number: u64,
    /// Position of its first frame.
    pub(super) first: Position,
    /// Length of the file.
    pub(super) bytes: u64,
    pub(super) file: Arc<dyn File>,
}

/// The file name of a segment.
pub(super) fn name_of(number: u64) -> String {
    format!("{FOLDER}/{number:020}.wal")
}

impl Segment {
    /// Turns the spare into a segment. It is durable, under its name, on return.
    pub(super) fn begin(
        disk: &dyn Disk,
        file: Arc<dyn File>,
        number: u64,
        first: Position,
    ) -> Result<Self> {
        let name = name_of(number);
        let begin = || {
            let bytes = file.length()?;
            file.write_at(0, &encode_header(number, first, bytes))?;
            file.sync()?;
            disk.rename(SPARE, &name)?;
            disk.sync_folder(FOLDER)?;
            Ok(bytes)
        };
        let bytes = begin().map_err(|error| failed(disk, &name, "cannot be begun", error))?;
        Ok(Self { number, first, bytes, file })
    }

    /// Opens a segment and checks its header.
    pub(super) fn open(disk: &dyn Disk, number: u64) -> Result<Self> {
        let name = name_of(number);
        let unreadable = |error| failed(disk, &name, "cannot be read", error);
        let file = disk.open(&name).map_err(unreadable)?;
        let mut header = [0; HEADER_LENGTH];
        let bytes = file.length().map_err(unreadable)?;
        if bytes < HEADER_BYTES {
            return Err(damaged(disk, &name, 0, "it is shorter than its header"));
        }
        file.read_at(0, &mut header).map_err(unreadable)?;
        let first = decode_header(&header)
            .filter(|(stored, _)| *stored == number)
            .map(|(_, first)| first)
            .ok_or_else(|| damaged(disk, &name, 0, "its header is not that of this segment"))?;
        Ok(Self { number, first, bytes, file })
    }

    /// The header of the frame at `offset`; `None` where no sound header stands.
    pub(super) fn frame_header(&self, offset: u64) -> std::io::Result<Option<Header>> {
        if offset + FRAME_HEADER_BYTES as u64 > self.bytes {
            return Ok(None);
        }
        let mut header = [0; FRAME_HEADER_BYTES];
        self.file.read_at(offset, &mut header)?;
        let fits = |header: &Header| offset + header.frame_bytes() <= self.bytes;
        Ok(Header::decode(&header).filter(fits))
    }

    /// Reads the payload of the frame at `offset` into `payload`; false where its checksum differs.
    pub(super) fn read_payload(
        &self,
        offset: u64,
        header: &Header,
        payload: &mut Vec<u8>,
    ) -> std::io::Result<bool> {
        payload.resize(header.payload_bytes, 0);
        self.file.read_at(offset + FRAME_HEADER_BYTES as u64, payload)?;
        Ok(crc32fast::hash(payload) == header.payload_crc)
    }
}

fn encode_header(number: u64, first: Position, bytes: u64) -> [u8; HEADER_LENGTH] {
    let mut header = [0; HEADER_LENGTH];
    header[0..4].copy_from_slice(&MAGIC.to_le_bytes());
    header[4..6].copy_from_slice(&VERSION.to_le_bytes());
    header[8..16].copy_from_slice(&number.to_le_bytes());
    header[16..24].copy_from_slice(&first.to_le_bytes());
    header[24..32].copy_from_slice(&bytes.to_le_bytes());
    let crc = crc32fast::hash(&header[..32]);
    header[32..36].copy_from_slice(&crc.to_le_bytes());
    header
}

/// Number and first position of the segment that begins with these bytes.
pub(super) fn identify(bytes: &[u8]) -> Option<(u64, Position)> {
    decode_header(bytes.first_chunk()?)
}

fn decode_header(header: &[u8; HEADER_LENGTH]) -> Option<(u64, Position)> {
    let mut take = crate::codec::Take(header);
    let magic = take.u32().ok()?;
    let version = take.u16().ok()?;
    take.u16().ok()?;
    let (number, first, _bytes) = (take.u64().ok()?, take.u64().ok()?, take.u64().ok()?);
    let crc = take.u32().ok()?;
    let sound = magic == MAGIC && version == VERSION && crc == crc32fast::hash(&header[..32]);
    (sound && (1..POSITION_END).contains(&first)).then_some((number, first))
}

/// The medium failed: what was to be done, and with which file.
pub(super) fn failed(
    disk: &dyn Disk,
    name: &str,
    what: &str,
    error: std::io::Error,
) -> EngineError {
    EngineError::internal(format!("log segment {} {what}", disk.describe(name))).caused_by(error)
}

/// The bytes are not what was written: where, why, and what can be done.
pub(super) fn damaged(disk: &dyn Disk, name: &str, offset: u64, why: &str) -> EngineError {
    EngineError::corrupt(format!(
        "log segment {} is damaged at byte {offset}: {why}; restore the file from a backup, or \
         move it and the segments after it away to start with what was written before",
        disk.describe(name)
    ))
}
