//! The one error type of the engine.
//!
//! Comes in: a failure anywhere in the crate. Goes out: a kind that tells the caller what to do, a
//! message for people, and the cause. A partial success (`WriteReport`) is a value, not an error.

use std::error::Error as StdError;
use std::fmt;

/// What the caller must do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request is wrong: change it before sending it again.
    Invalid,
    /// The named thing does not exist: create it or correct the name.
    NotFound,
    /// The named thing exists already, or is in a state that forbids the change.
    Conflict,
    /// A named maximum would be passed: send less.
    TooLarge,
    /// A limit on memory or work is reached for now: try again later.
    Busy,
    /// The query took longer than it may: ask for less.
    TimedOut,
    /// Somebody ended the query: leave it, or ask them.
    Cancelled,
    /// The query asks for something this engine does not do.
    Unsupported,
    /// The engine is closed, or poisoned by a failed sync: nothing can be written any more.
    Closed,
    /// Stored bytes are not what was written: stop and repair.
    Corrupt,
    /// A fault of the engine or of the machine below it.
    Internal,
}

impl ErrorKind {
    /// Every kind, for tests that walk them all through a border.
    pub const ALL: [Self; 11] = [
        Self::Invalid,
        Self::NotFound,
        Self::Conflict,
        Self::TooLarge,
        Self::Busy,
        Self::TimedOut,
        Self::Cancelled,
        Self::Unsupported,
        Self::Closed,
        Self::Corrupt,
        Self::Internal,
    ];
}

/// An error of the engine: kind, message, cause.
#[derive(Debug)]
pub struct EngineError {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The result of everything in this crate that can fail.
pub type Result<T, E = EngineError> = std::result::Result<T, E>;

macro_rules! constructor {
    ($($name:ident => $kind:ident),* $(,)?) => {
        $(
            #[doc = concat!("An error of kind [`ErrorKind::", stringify!($kind), "`].")]
            #[must_use]
            pub fn $name(message: impl Into<String>) -> Self {
                Self::new(ErrorKind::$kind, message)
            }
        )*
    };
}

impl EngineError {
    /// An error without a cause.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    constructor! {
        invalid => Invalid,
        not_found => NotFound,
        conflict => Conflict,
        too_large => TooLarge,
        busy => Busy,
        timed_out => TimedOut,
        cancelled => Cancelled,
        unsupported => Unsupported,
        closed => Closed,
        corrupt => Corrupt,
        internal => Internal,
    }

    /// The same error with the failure that led to it.
    #[must_use]
    pub fn caused_by(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// What the caller must do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message alone, without its cause.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        match &self.source {
            Some(source) => write!(formatter, ": {source}"),
            None => Ok(()),
        }
    }
}

impl StdError for EngineError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as &(dyn StdError + 'static))
    }
}
