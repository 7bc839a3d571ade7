//! Counters as a frozen value.

use pyo3::prelude::*;

use crate::engine::Stats;

/// Counters since the start, and sizes now.
#[pyclass(frozen, get_all, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct EngineStats {
    rows_written: u64,
    lines_rejected: u64,
    bytes_written: u64,
    wal_syncs: u64,
    wal_bytes: u64,
    buffer_bytes: u64,
    stored_files: u64,
    stored_bytes: u64,
    stored_position: u64,
    position: u64,
}

impl From<Stats> for EngineStats {
    fn from(stats: Stats) -> Self {
        Self {
            rows_written: stats.rows_written,
            lines_rejected: stats.lines_rejected,
            bytes_written: stats.bytes_written,
            wal_syncs: stats.wal_syncs,
            wal_bytes: stats.wal_bytes,
            buffer_bytes: stats.buffer_bytes,
            stored_files: stats.stored_files,
            stored_bytes: stats.stored_bytes,
            stored_position: stats.stored_position,
            position: stats.position,
        }
    }
}
