//! What one IPC message may make the decoder do, checked before it does it.
//!
//! Comes in: the verified metadata of a message, and its body. What stays true: row counts are
//! those of the message, buffers lie in its body, and the bytes that all messages unpack to stay
//! within the limit. Refused: big-endian schemas, unknown compression, lengths that lie.

use arrow::ipc::{
    BodyCompression, CompressionType, DictionaryBatch, Endianness, KeyValue, Message,
    MessageHeader, RecordBatch, Schema,
};

use super::layout::Layouts;
use crate::error::EngineError;
use crate::limits::BATCH_CELLS_MAX;

const LZ4_MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];

/// Bytes that a decoded field takes beside its texts, about.
const FIELD_BYTES: usize = 256;

/// Why a message is refused.
pub(super) enum Fault {
    Malformed(String),
    Refused(EngineError),
}

pub(super) fn malformed(reason: &str) -> Fault {
    Fault::Malformed(reason.to_owned())
}

/// Counts what a stream unpacks to.
pub(super) struct Budget {
    bytes_max: usize,
    bytes: usize,
    dictionary_bytes: usize,
    layouts: Layouts,
}

impl Budget {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, bytes: 0, dictionary_bytes: 0, layouts: Layouts::default() }
    }

    /// Checks a message and adds what it unpacks to.
    pub(super) fn take(&mut self, message: &Message<'_>, body: &[u8]) -> Result<(), Fault> {
        match message.header_type() {
            MessageHeader::Schema => {
                let schema = message.header_as_schema();
                self.take_schema(schema.ok_or_else(|| malformed("no schema"))?)
            }
            MessageHeader::RecordBatch => {
                let batch = message.header_as_record_batch();
                let batch = batch.ok_or_else(|| malformed("no record batch"))?;
                let lengths = self.take_batch(batch, body)?;
                self.layouts.check(batch, &lengths)
            }
            MessageHeader::DictionaryBatch => {
                let dictionary = message.header_as_dictionary_batch();
                self.take_dictionary(dictionary.ok_or_else(|| malformed("no dictionary"))?, body)
            }
            _ => Err(malformed("only schemas, dictionaries and record batches are read")),
        }
    }

    /// Fields may share one text, so a small schema could become a large one.
    fn take_schema(&mut self, schema: Schema<'_>) -> Result<(), Fault> {
        if schema.endianness() != Endianness::Little {
            return Err(malformed("its numbers are not little-endian"));
        }
        self.add(pairs_bytes(schema.custom_metadata().into_iter().flatten()))?;
        for field in schema.fields().into_iter().flatten() {
            let zone = field.type_as_timestamp().and_then(|time| time.timezone());
            let pairs = pairs_bytes(field.custom_metadata().into_iter().flatten());
            let name = field.name().map_or(0, str::len);
            self.add(FIELD_BYTES + name + zone.map_or(0, str::len) + pairs)?;
        }
        self.layouts = Layouts::of(schema)?;
        Ok(())
    }

    fn take_dictionary(
        &mut self,
        dictionary: DictionaryBatch<'_>,
        body: &[u8],
    ) -> Result<(), Fault> {
        // A delta makes the decoder copy what the dictionary holds already.
        let copied = if dictionary.isDelta() { self.dictionary_bytes } else { 0 };
        self.add(copied)?;
        let before = self.bytes;
        let batch = dictionary.data().ok_or_else(|| malformed("an empty dictionary"))?;
        let lengths = self.take_batch(batch, body)?;
        self.dictionary_bytes += self.bytes - before;
        self.layouts.check_dictionary(dictionary.id(), batch, &lengths)
    }

    /// Adds the buffers of a batch; gives their unpacked lengths.
    fn take_batch(&mut self, batch: RecordBatch<'_>, body: &[u8]) -> Result<Vec<usize>, Fault> {
        let rows =
            usize::try_from(batch.length()).map_err(|_| malformed("a negative row count"))?;
        if rows > BATCH_CELLS_MAX {
            return Err(Fault::Refused(EngineError::too_large(format!(
                "a record batch of {rows} rows: the limit is {BATCH_CELLS_MAX} cells"
            ))));
        }
        let mut lengths = Vec::new();
        for place in batch.buffers().into_iter().flatten() {
            let slice = slice(body, place.offset(), place.length());
            let slice = slice.ok_or_else(|| malformed("a buffer lies outside of its message"))?;
            let length = unpacked_length(slice, batch.compression())?;
            self.add(length)?;
            lengths.push(length);
        }
        Ok(lengths)
    }

    fn add(&mut self, bytes: usize) -> Result<(), Fault> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes <= self.bytes_max {
            return Ok(());
        }
        Err(Fault::Refused(EngineError::too_large(format!(
            "the arrow stream unpacks to more than {} bytes, the limit of a request",
            self.bytes_max
        ))))
    }
}

fn pairs_bytes<'a>(pairs: impl Iterator<Item = KeyValue<'a>>) -> usize {
    let bytes = |pair: KeyValue<'_>| {
        FIELD_BYTES + pair.key().map_or(0, str::len) + pair.value().map_or(0, str::len)
    };
    pairs.map(bytes).sum()
}

fn slice(body: &[u8], offset: i64, length: i64) -> Option<&[u8]> {
    let offset = usize::try_from(offset).ok()?;
    body.get(offset..offset.checked_add(usize::try_from(length).ok()?)?)
}

/// The length that a buffer will have; compressed ones begin with it.
fn unpacked_length(buffer: &[u8], how: Option<BodyCompression<'_>>) -> Result<usize, Fault> {
    let Some(how) = how.filter(|_| !buffer.is_empty()) else {
        return Ok(buffer.len());
    };
    let (length, packed) = buffer
        .split_first_chunk::<8>()
        .ok_or_else(|| malformed("a packed buffer has no length"))?;
    let length = match i64::from_le_bytes(*length) {
        -1 => return Ok(packed.len()),
        length => usize::try_from(length).map_err(|_| malformed("a negative unpacked length"))?,
    };
    match how.codec() {
        CompressionType::ZSTD => Ok(length),
        CompressionType::LZ4_FRAME if length == 0 || lz4_fits(packed, length) => Ok(length),
        CompressionType::LZ4_FRAME => Err(malformed("an lz4 buffer lies about its length")),
        _ => Err(malformed("unknown compression")),
    }
}

/// Whether an LZ4 frame has no more blocks than its length needs. The decoder unpacks to the end
/// of the frame, whatever length was announced; so it goes at most one block too far.
fn lz4_fits(frame: &[u8], length: usize) -> bool {
    let Some((head, _)) = frame.split_first_chunk::<6>() else { return false };
    if head[..4] != LZ4_MAGIC {
        return false;
    }
    let (flags, block_bytes) = (head[4], 1_usize << (8 + 2 * ((head[5] >> 4) & 7)));
    let checksum = if flags & 0x10 == 0 { 0 } else { 4 };
    let content_size = if flags & 0x08 == 0 { 0 } else { 8 };
    let mut at = 7 + content_size + if flags & 0x01 == 0 { 0 } else { 4 };
    let mut blocks = 0;
    while let Some(size) = frame.get(at..).and_then(<[u8]>::first_chunk::<4>) {
        let size = (u32::from_le_bytes(*size) & 0x7fff_ffff) as usize;
        if size == 0 {
            break;
        }
        blocks += 1;
        at += 4 + size + checksum;
    }
    blocks <= length.div_ceil(block_bytes)
}
