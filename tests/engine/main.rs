//! Tests of the whole engine, without Python.

mod crash_sweep;
mod reopen;
