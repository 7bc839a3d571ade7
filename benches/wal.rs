//! The write path without HTTP: lines to a frame, and frames to the disk.
//!
//! `frame` is what one core does per request: parse, resolve, encode. `commit` is what writers wait
//! for: one frame each, acknowledged after `fdatasync`, beside the same bytes written over a file
//! of zeros and synced by hand, which is what the disk can do.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a bench measures, on files"
)]

mod tsbs;

use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use influxpe::disk::LocalDisk;
use influxpe::line::Precision;
use influxpe::schema::{Catalog, Origin, Outcome, Position, Resolver, WriteOptions};
use influxpe::wal::{
    Commit, FrameBuilder, LogOptions, PreparedFrame, Queue, Sink, recover, run_writer,
};
use tsbs::Fields;

const SEED: u64 = 42;
const LINES: usize = 5_000;
const RECORD_BYTES: usize = 4_096;

fn resolve(catalog: &Catalog, body: &str) -> Outcome {
    let options = WriteOptions {
        precision: Precision::Nanosecond,
        accept_partial: true,
        now_ns: 0,
        origin: Origin::default(),
    };
    let mut resolver = Resolver::new(catalog);
    let refused = resolver.add("db", body, &options).expect("lines");
    assert!(refused.is_empty());
    resolver.finish()
}

fn frame(outcome: &Outcome) -> PreparedFrame {
    let mut frame = FrameBuilder::new();
    outcome.batches.iter().for_each(|batch| frame.push_batch(batch));
    frame.finish().expect("a frame")
}

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame");
    let bodies = [
        ("integers, 100 hosts", tsbs::body(SEED, 100, LINES, Fields::Integers)),
        ("integers, 4000 hosts", tsbs::body(SEED, 4_000, LINES, Fields::Integers)),
        ("floats, 100 hosts", tsbs::body(SEED, 100, LINES, Fields::Floats)),
    ];
    for (name, body) in bodies {
        let catalog = resolve(&Catalog::default(), &body).catalog.expect("a table");
        group.throughput(Throughput::Elements(LINES as u64));
        group.bench_with_input(name, &body, |bencher, body| {
            bencher.iter(|| black_box(frame(&resolve(&catalog, body)).len()));
        });
    }
    group.finish();
}

struct Nothing;

impl Sink<()> for Nothing {
    fn apply(&mut self, _position: Position, _item: ()) {}
    fn group_done(&mut self, _newest: Position) {}
}

fn record() -> PreparedFrame {
    let mut frame = FrameBuilder::new();
    frame.push(200, |bytes| bytes.resize(bytes.len() + RECORD_BYTES - 64, 7));
    frame.finish().expect("a frame")
}

/// Time that `writers` threads take for `commits` durable frames.
fn commit(folder: &Path, writers: usize, commits: u64) -> Duration {
    let disk = Arc::new(LocalDisk::open(folder).expect("a folder"));
    let options = LogOptions { segment_bytes: 64 << 20, prepare_ahead: true };
    let recovered = recover(disk, options, 0, |_, _| Ok(())).expect("a log");
    let queue = Arc::new(Queue::new(recovered.newest));
    let for_writer = Arc::clone(&queue);
    let thread = std::thread::spawn(move || run_writer(&for_writer, recovered.writer, Nothing));
    let each = commits.div_ceil(writers as u64);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..writers {
            scope.spawn(|| {
                for _ in 0..each {
                    let commit = Commit { frame: record(), item: (), no_sync: false };
                    let position = queue.push(commit).expect("a place");
                    queue.wait(position).expect("a commit");
                }
            });
        }
    });
    let took = start.elapsed();
    queue.close();
    thread.join().expect("the writer ends");
    took
}

/// Time that one thread takes to write over and sync a file of zeros.
fn overwrite(folder: &Path, syncs: u64) -> Duration {
    let path = folder.join("limit");
    std::fs::write(&path, vec![0; 64 << 20]).expect("a file");
    let file = std::fs::OpenOptions::new().write(true).open(&path).expect("a file");
    file.sync_all().expect("a sync");
    let start = Instant::now();
    for index in 0..syncs {
        let offset = (index % ((64 << 20) / RECORD_BYTES as u64)) * RECORD_BYTES as u64;
        file.write_all_at(&[7; RECORD_BYTES], offset).expect("a write");
        file.sync_data().expect("a sync");
    }
    start.elapsed()
}

fn commits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("commit");
    group.throughput(Throughput::Elements(1));
    group.sample_size(10);
    for writers in [1, 8, 64] {
        group.bench_function(BenchmarkId::new("writers", writers), |bencher| {
            let folder = tempfile::tempdir().expect("a folder");
            bencher.iter_custom(|commits| commit(folder.path(), writers, commits));
        });
    }
    group.bench_function("limit: overwrite and fdatasync", |bencher| {
        let folder = tempfile::tempdir().expect("a folder");
        bencher.iter_custom(|syncs| overwrite(folder.path(), syncs));
    });
    group.finish();
}

criterion_group!(benches, frames, commits);
criterion_main!(benches);
