//! One frame: a header of 40 bytes, records, zeros up to a multiple of 8.
//!
//! The payload's checksum is made by the thread that encodes it; the writer thread only fills in
//! the position and seals the header.

use crate::error::{EngineError, Result};
use crate::limits::FRAME_BYTES_MAX;
use crate::schema::Position;

/// "IPFR" in little-endian order.
const MAGIC: u32 = u32::from_le_bytes(*b"IPFR");
/// Version 1 does not say when a frame was written.
const VERSION: u16 = 2;
/// Bytes before the payload.
pub(super) const HEADER_BYTES: usize = 40;
/// Frames start at multiples of this many bytes.
pub(super) const ALIGNMENT: usize = 8;

/// Collects the records of one frame.
#[derive(Debug)]
pub struct FrameBuilder {
    bytes: Vec<u8>,
}

impl Default for FrameBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl FrameBuilder {
    /// An empty frame.
    #[must_use]
    pub fn new() -> Self {
        Self { bytes: vec![0; HEADER_BYTES] }
    }

    /// Adds a record: its kind, its length, and what `write` appends.
    pub fn push(&mut self, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
        push_record(&mut self.bytes, kind, write);
    }

    /// The frame, ready for the queue.
    ///
    /// # Errors
    /// `TooLarge` past `FRAME_BYTES_MAX`.
    pub fn finish(mut self) -> Result<PreparedFrame> {
        let payload_bytes = self.bytes.len() - HEADER_BYTES;
        if payload_bytes > FRAME_BYTES_MAX {
            return Err(EngineError::too_large(format!(
                "a write of {payload_bytes} bytes passes the limit of {FRAME_BYTES_MAX} bytes"
            )));
        }
        let payload_crc = crc32fast::hash(&self.bytes[HEADER_BYTES..]);
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGNMENT), 0);
        Ok(PreparedFrame { bytes: self.bytes, payload_bytes, payload_crc })
    }
}

/// Appends a record: its kind, its length, and what `write` appends.
pub(super) fn push_record(bytes: &mut Vec<u8>, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
    bytes.push(kind);
    let length_at = bytes.len();
    bytes.extend_from_slice(&[0; 4]);
    write(bytes);
    let length = bytes.len() - length_at - 4;
    let length = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    bytes[length_at..length_at + 4].copy_from_slice(&length);
}

/// A frame without its position.
#[derive(Debug)]
pub struct PreparedFrame {
    bytes: Vec<u8>,
    payload_bytes: usize,
    payload_crc: u32,
}

impl PreparedFrame {
    /// Bytes in the log, header and padding included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Never: a frame has a header.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The records.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.bytes[HEADER_BYTES..HEADER_BYTES + self.payload_bytes]
    }

    /// Fills in the header and gives the bytes as they go to the log. `synced` is the newest
    /// position that was durable when this frame was written, at `written_s`.
    pub(super) fn seal(&mut self, position: Position, synced: Position, written_s: u32) -> &[u8] {
        let header = Header {
            payload_bytes: self.payload_bytes,
            payload_crc: self.payload_crc,
            position,
            synced,
            written_s,
        };
        self.bytes[..HEADER_BYTES].copy_from_slice(&header.encode());
        &self.bytes
    }
}

/// What stands before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) payload_bytes: usize,
    pub(super) payload_crc: u32,
    pub(super) position: Position,
    pub(super) synced: Position,
    /// Seconds since the epoch; 0 where that is not known.
    pub(super) written_s: u32,
}

impl Header {
    fn encode(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let payload_bytes = u32::try_from(self.payload_bytes).unwrap_or(u32::MAX);
        bytes[0..4].copy_from_slice(&MAGIC.to_le_bytes());
        bytes[4..6].copy_from_slice(&VERSION.to_le_bytes());
        bytes[8..12].copy_from_slice(&payload_bytes.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.payload_crc.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.position.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.synced.to_le_bytes());
        bytes[36..40].copy_from_slice(&self.written_s.to_le_bytes());
        let crc = checksum(&bytes, VERSION);
        bytes[32..36].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The header in these bytes; `None` where there is none, or a damaged one.
    pub(super) fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let u32_at = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let u64_at = |at: usize| u64::from(u32_at(at)) | (u64::from(u32_at(at + 4)) << 32);
        let version = u16::from_le_bytes([bytes[4], bytes[5]]);
        let known = (1..=VERSION).contains(&version);
        let sound = u32_at(0) == MAGIC && known && u32_at(32) == checksum(bytes, version);
        sound.then(|| Self {
            payload_bytes: u32_at(8) as usize,
            payload_crc: u32_at(12),
            position: u64_at(16),
            synced: u64_at(24),
            written_s: if version == 1 { 0 } else { u32_at(36) },
        })
    }

    /// Bytes of the whole frame in the log.
    pub(super) fn frame_bytes(&self) -> u64 {
        (HEADER_BYTES + self.payload_bytes).next_multiple_of(ALIGNMENT) as u64
    }
}

/// The CRC-32 of a header, but for the bytes that hold it.
fn checksum(bytes: &[u8; HEADER_BYTES], version: u16) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..32]);
    if version > 1 {
        hasher.update(&bytes[36..]);
    }
    hasher.finalize()
}
