//! How large one cache may become.

use crate::limits::{CACHE_BYTES_MAX, LAST_CACHE_KEYS_MAX};

/// Maxima of one cache; tests make them small.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Keys of a last-value cache, and series that are told apart.
    pub(super) keys: usize,
    /// Bytes, about.
    pub(super) bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { keys: LAST_CACHE_KEYS_MAX, bytes: CACHE_BYTES_MAX }
    }
}
