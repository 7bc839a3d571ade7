//! An Arrow IPC stream, decoded within bounds.
//!
//! Comes in: the bytes of a request. Goes out: its schema and its record batches. What stays true:
//! no byte is trusted, what is unpacked or copied stays within the limit of the request, and no
//! row is lost in silence: a stream is read up to its end mark, which must be there, and nothing
//! may follow it. Each message is checked before it is decoded: types, row counts, places and
//! unpacked lengths of buffers. Refused: anything else, with a message that says where.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::{read_dictionary, read_record_batch};
use arrow::ipc::{Message, MessageHeader, root_as_message};
use bytes::Bytes;

use super::message::{Budget, Fault};
use super::roles::check_types;
use crate::error::{EngineError, Result};

const CONTINUATION: [u8; 4] = [0xff; 4];

/// The decoded rows of one request.
#[derive(Debug)]
pub struct ArrowRows {
    pub(super) schema: SchemaRef,
    pub(super) batches: Vec<RecordBatch>,
}

impl ArrowRows {
    /// Decodes a stream; its columns share the memory of the body where it is aligned to them.
    ///
    /// # Errors
    /// `Invalid` where the bytes are not a whole stream of supported columns, `TooLarge` where they
    /// would unpack to more than `bytes_max` bytes. Besides its time a stream has up to
    /// `columns_max` columns.
    pub fn decode(body: Bytes, bytes_max: usize, columns_max: usize) -> Result<Self> {
        let mut messages = Messages { stream: Buffer::from(body), at: 0 };
        let mut budget = Budget::new(bytes_max);
        let mut decoder = Decoder::default();
        while let Some(raw) = messages.next()? {
            let message = root_as_message(&raw.metadata)
                .map_err(|error| malformed(raw.at, &format!("a message is unreadable: {error}")))?;
            let body = messages.take_body(message.bodyLength(), raw.at)?;
            budget.take(&message, &body).map_err(|fault| match fault {
                Fault::Malformed(reason) => malformed(raw.at, &reason),
                Fault::Refused(error) => error,
            })?;
            decoder.take(&message, &body).map_err(|reason| malformed(raw.at, &reason))?;
            if message.header_type() == MessageHeader::Schema {
                let schema = decoder.schema.as_deref();
                schema.map_or(Ok(()), |schema| check_types(schema, columns_max))?;
            }
        }
        messages.check_end()?;
        let schema = decoder.schema.ok_or_else(|| malformed(0, "there is no schema"))?;
        Ok(Self { schema, batches: decoder.batches })
    }

    /// Rows of all batches.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// What the messages so far have given.
#[derive(Default)]
struct Decoder {
    schema: Option<SchemaRef>,
    dictionaries: HashMap<i64, ArrayRef>,
    batches: Vec<RecordBatch>,
}

impl Decoder {
    /// Decodes one message. The functions of `arrow` panic on some contradictions between a message
    /// and its schema. What they work on belongs to this request alone and is dropped on an error,
    /// so nobody sees a state that a panic left behind.
    fn take(&mut self, message: &Message<'_>, body: &Buffer) -> Result<(), String> {
        let decode = AssertUnwindSafe(|| self.decode(message, body));
        match catch_unwind(decode) {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(_) => Err("a message contradicts the schema".to_owned()),
        }
    }

    fn decode(&mut self, message: &Message<'_>, body: &Buffer) -> Result<(), ArrowError> {
        if let Some(schema) = message.header_as_schema() {
            if self.schema.is_some() {
                return Err(ArrowError::IpcError("there is a second schema".to_owned()));
            }
            self.schema = Some(Arc::new(fb_to_schema(schema)));
            return Ok(());
        }
        let missing = || ArrowError::IpcError("there is no schema".to_owned());
        let schema = self.schema.as_ref().ok_or_else(missing)?;
        let version = message.version();
        if let Some(values) = message.header_as_dictionary_batch() {
            return read_dictionary(body, values, schema, &mut self.dictionaries, &version);
        }
        if let Some(rows) = message.header_as_record_batch().filter(|rows| rows.length() > 0) {
            let schema = Arc::clone(schema);
            let known = &self.dictionaries;
            self.batches.push(read_record_batch(body, rows, schema, known, None, &version)?);
        }
        Ok(())
    }
}

fn malformed(at: usize, reason: &str) -> EngineError {
    EngineError::invalid(format!("malformed arrow stream: {reason} (byte {at})"))
}

/// The metadata of a message, and where it begins.
struct Raw {
    at: usize,
    metadata: Buffer,
}

/// Cuts a stream into messages: length, metadata and body.
struct Messages {
    stream: Buffer,
    at: usize,
}

impl Messages {
    /// The metadata of the next message; `None` at the end mark. A stream that merely stops may
    /// have been cut off between two messages.
    fn next(&mut self) -> Result<Option<Raw>> {
        let at = self.at;
        if at == self.stream.len() {
            return Err(malformed(at, if at == 0 { "there is no schema" } else { "no end mark" }));
        }
        let mut length = self.take(4)?;
        if *length == CONTINUATION {
            length = self.take(4)?;
        }
        let length = u32::from_le_bytes(length[..].try_into().unwrap_or_default());
        if length == 0 {
            return Ok(None);
        }
        let metadata = self.take(length as usize)?;
        Ok(Some(Raw { at, metadata }))
    }

    fn take_body(&mut self, length: i64, at: usize) -> Result<Buffer> {
        let length = usize::try_from(length);
        self.take(length.map_err(|_| malformed(at, "a body has a negative length"))?)
    }

    fn take(&mut self, length: usize) -> Result<Buffer> {
        let left = self.stream.len() - self.at;
        if length > left {
            return Err(malformed(self.stream.len(), "it ends inside a message"));
        }
        let taken = self.stream.slice_with_length(self.at, length);
        self.at += length;
        Ok(taken)
    }

    fn check_end(&self) -> Result<()> {
        if self.at == self.stream.len() {
            return Ok(());
        }
        Err(malformed(self.at, "bytes follow its end mark"))
    }
}
