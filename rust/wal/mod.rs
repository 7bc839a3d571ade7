//! The write-ahead log: frames in segments, durable before a write is acknowledged.
//!
//! Comes in: frames, in the order in which they are queued. Goes out: the same frames, in the same
//! order, after a crash and to every feed. What stays true: positions count frames from 1 without
//! gaps; a frame is applied whole or not at all; a torn tail is cut, damage anywhere else stops the
//! start. What it refuses: to write after a failed sync, and for a while where the disk is full.
//! `docs/format.md` has the byte tables.

mod batch_codec;
mod cache_codec;
mod change_codec;
mod copy;
mod feed;
mod frame;
mod log;
mod record;
mod recovery;
mod segment;
mod spare;
mod writer;

#[cfg(test)]
mod tests;

pub use copy::{LogCopy, SegmentFrames, read_segment};
pub use feed::{LogReader, Read};
pub use frame::{FrameBuilder, PreparedFrame};
pub use log::{Log, LogOptions, LogWriter};
pub use record::{Record, RecordKind, Records, encode_changes};
pub use recovery::{Recovered, recover};
pub use writer::{Commit, Queue, Sink, run_writer};
