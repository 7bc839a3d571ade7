//! Tests of the whole engine, without Python.

mod crash_sweep;
mod full_disk;
mod model;
mod reopen;
mod stored;
