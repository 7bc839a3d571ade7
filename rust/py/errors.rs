//! Kinds of errors as exceptions.

use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;

use crate::error::{EngineError as Error, ErrorKind};

create_exception!(influxpe._engine, EngineError, PyException, "Base of all errors of the engine.");
create_exception!(influxpe._engine, InvalidError, EngineError, "The request is wrong.");
create_exception!(influxpe._engine, NotFoundError, EngineError, "The named thing does not exist.");
create_exception!(influxpe._engine, ConflictError, EngineError, "The thing exists already.");
create_exception!(influxpe._engine, TooLargeError, EngineError, "A maximum would be passed.");
create_exception!(influxpe._engine, BusyError, EngineError, "Try again later.");
create_exception!(influxpe._engine, TimedOutError, EngineError, "The query took too long.");
create_exception!(influxpe._engine, CancelledError, EngineError, "Somebody ended the query.");
create_exception!(influxpe._engine, UnsupportedError, EngineError, "This is not done here.");
create_exception!(influxpe._engine, ClosedError, EngineError, "Nothing can be written any more.");
create_exception!(influxpe._engine, CorruptError, EngineError, "Bytes are not what was written.");
create_exception!(influxpe._engine, InternalError, EngineError, "A fault of the engine.");

/// The exception for an error: its kind decides the class, its text is the message.
pub(super) fn to_python(error: &Error) -> PyErr {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::Invalid => InvalidError::new_err(text),
        ErrorKind::NotFound => NotFoundError::new_err(text),
        ErrorKind::Conflict => ConflictError::new_err(text),
        ErrorKind::TooLarge => TooLargeError::new_err(text),
        ErrorKind::Busy => BusyError::new_err(text),
        ErrorKind::TimedOut => TimedOutError::new_err(text),
        ErrorKind::Cancelled => CancelledError::new_err(text),
        ErrorKind::Unsupported => UnsupportedError::new_err(text),
        ErrorKind::Closed => ClosedError::new_err(text),
        ErrorKind::Corrupt => CorruptError::new_err(text),
        ErrorKind::Internal => InternalError::new_err(text),
    }
}
