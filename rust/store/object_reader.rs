//! A stored object as a source of bytes for the decoder of Parquet.
//!
//! Comes in: places in the object. Goes out: the bytes there. What stays true: pages of known
//! length are read alone, all else some way ahead. Refuses nothing: what lies behind the end is
//! left out.

use std::io::Read;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use super::client::StoreClient;

/// Bytes that are read at a time where the length of a page is not known.
const READ_AHEAD_BYTES: u64 = 64 * 1_024;

/// Reads parts of one object.
#[derive(Debug, Clone)]
pub(super) struct ObjectReader {
    pub(super) client: Arc<StoreClient>,
    pub(super) path: Arc<str>,
    pub(super) bytes: u64,
}

impl ObjectReader {
    fn range(&self, start: u64, length: u64) -> parquet::errors::Result<Bytes> {
        let end = self.bytes.min(start + length);
        let bytes = self.client.range(&self.path, start.min(end)..end);
        bytes.map_err(|error| ParquetError::External(error.into()))
    }
}

impl Length for ObjectReader {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for ObjectReader {
    type T = SequentialReader;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(SequentialReader { object: self.clone(), next: start, ahead: Bytes::new() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.range(start, length as u64)
    }
}

/// Reads an object onwards, some way ahead.
pub(super) struct SequentialReader {
    object: ObjectReader,
    next: u64,
    ahead: Bytes,
}

impl Read for SequentialReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.ahead.is_empty() {
            let ahead = self.object.range(self.next, READ_AHEAD_BYTES);
            self.ahead = ahead.map_err(std::io::Error::other)?;
            self.next += self.ahead.len() as u64;
        }
        let count = buffer.len().min(self.ahead.len());
        self.ahead.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}
