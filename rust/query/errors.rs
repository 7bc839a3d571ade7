//! Failures of DataFusion and Arrow as errors of this engine.
//!
//! Comes in: an error of planning or execution, wrapped in whatever it passed through. Goes out: a
//! kind that says whose fault it is, and the message that InfluxDB 3 shows for it. Stays true: an
//! error of our own that travelled through DataFusion keeps its kind and its message.

use std::error::Error as StdError;

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;

use crate::error::{EngineError, ErrorKind};

/// How DataFusion reports a task that was cancelled, as by the end of the engine.
const TASK_GONE: &str = "Non Panic Task error";

/// How DataFusion reports that the files of queries have no more room.
const SPILL_FULL: &str = "The used disk space during the spilling process has exceeded";

/// What a failed plan or execution means for the caller.
#[must_use]
pub(super) fn from_datafusion(error: &DataFusionError) -> EngineError {
    let root = unwrapped(error);
    match root {
        DataFusionError::ArrowError(error, _) => from_arrow(error),
        DataFusionError::External(error) => from_external(error.as_ref()),
        DataFusionError::IoError(error) if error.to_string().contains(SPILL_FULL) => spill_full(),
        DataFusionError::Internal(text) => EngineError::internal(format!("Internal error: {text}")),
        _ => EngineError::new(kind(root), root.to_string()),
    }
}

/// What a failed kernel or writer of Arrow means for the caller.
#[must_use]
pub(super) fn from_arrow(error: &ArrowError) -> EngineError {
    match error {
        ArrowError::ExternalError(error) => from_external(error.as_ref()),
        ArrowError::IoError(text, _) if text.contains(SPILL_FULL) => spill_full(),
        ArrowError::MemoryError(_) => EngineError::busy(format!("Arrow error: {error}")),
        ArrowError::NotYetImplemented(_) => {
            EngineError::unsupported(format!("Arrow error: {error}"))
        }
        ArrowError::IoError(..)
        | ArrowError::SchemaError(_)
        | ArrowError::CDataInterface(_)
        | ArrowError::DictionaryKeyOverflowError
        | ArrowError::RunEndIndexOverflowError => {
            EngineError::internal(format!("Arrow error: {error}"))
        }
        // a cast, a division or an overflow: the values that the query asked to compute with
        _ => EngineError::invalid(format!("Arrow error: {error}")),
    }
}

fn spill_full() -> EngineError {
    EngineError::busy(
        "Resources exhausted: the disk for what queries cannot hold in memory has no more room \
         (--query-spill-size)",
    )
}

fn from_external(error: &(dyn StdError + Send + Sync + 'static)) -> EngineError {
    if let Some(own) = error.downcast_ref::<EngineError>() {
        return EngineError::new(own.kind(), own.to_string());
    }
    if let Some(inner) = error.downcast_ref::<DataFusionError>() {
        return from_datafusion(inner);
    }
    if let Some(inner) = error.downcast_ref::<ArrowError>() {
        return from_arrow(inner);
    }
    // what functions bring along, such as a pattern that is no regular expression
    EngineError::invalid(format!("External error: {error}"))
}

/// The error below contexts, diagnostics, sharing and collections: they say where, not what.
fn unwrapped(mut error: &DataFusionError) -> &DataFusionError {
    loop {
        error = match error {
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => inner,
            DataFusionError::Shared(inner) => inner,
            DataFusionError::Collection(errors) => match errors.first() {
                Some(first) => first,
                None => return error,
            },
            _ => return error,
        }
    }
}

fn kind(error: &DataFusionError) -> ErrorKind {
    match error {
        DataFusionError::Execution(text) if text.starts_with(TASK_GONE) => ErrorKind::Internal,
        DataFusionError::Plan(_)
        | DataFusionError::SQL(..)
        | DataFusionError::SchemaError(..)
        | DataFusionError::Configuration(_)
        | DataFusionError::Execution(_) => ErrorKind::Invalid,
        DataFusionError::NotImplemented(_) => ErrorKind::Unsupported,
        DataFusionError::ResourcesExhausted(_) => ErrorKind::Busy,
        _ => ErrorKind::Internal,
    }
}

/// An error of our own on its way through DataFusion.
pub(super) fn into_datafusion(error: EngineError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
