//! Tests of the whole engine, without Python.

mod backup;
mod caches;
mod crash_sweep;
mod deletion;
mod full_disk;
mod late;
mod model;
mod reopen;
mod runs;
mod stored;
