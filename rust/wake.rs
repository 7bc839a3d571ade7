//! A pair of descriptors by which a thread wakes an event loop.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;

use crate::error::{EngineError, Result};

/// The end that becomes readable, and the end to wake it by; neither blocks.
///
/// # Errors
/// `Internal` where the system has no descriptors left.
pub(crate) fn wake_pair() -> Result<(UnixStream, UnixStream)> {
    let pair = || {
        let (reader, writer) = UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        Ok((reader, writer))
    };
    pair().map_err(|error: io::Error| EngineError::internal("no socket pair").caused_by(error))
}

/// Wakes who reads the other end. Where the pipe is full, its reader is going to wake anyway.
pub(crate) fn wake(mut writer: &UnixStream) {
    drop(writer.write(&[1]));
}
