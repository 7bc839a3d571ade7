//! The line parser: lines/s and bytes/s on TSBS `cpu-only` bodies, beside `memcpy` of the same
//! bytes.
//!
//! `series known` is the write path of a series that the cache knows: tags are not read. `tags
//! read` reads the tags of every line, as for a body in which every series is new.

mod tsbs;

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use influxpe::line::{Parser, Value};
use tsbs::Fields;

const SEED: u64 = 42;
const HOSTS: usize = 100;
const LINES: usize = 20_000;

/// Uses every part of every point, so that nothing is optimised away.
fn parse(body: &str) -> u64 {
    let mut sum = 0_u64;
    let mut parser = Parser::new(body);
    while let Some(line) = parser.next_point() {
        let point = line.point.expect("the generator writes points");
        sum = sum.wrapping_add((point.series.len() + point.measurement.raw().len()) as u64);
        sum = sum.wrapping_add(point.timestamp.unwrap_or_default().cast_unsigned());
        for field in point.fields {
            let bits = match field.value {
                Value::Integer(value) => value.cast_unsigned(),
                Value::Float(value) => value.to_bits(),
                _ => 0,
            };
            sum = sum.wrapping_add(bits ^ field.key.raw().len() as u64);
        }
    }
    sum
}

fn parse_with_tags(body: &str) -> usize {
    let (mut sum, mut tags) = (0, Vec::new());
    let mut parser = Parser::new(body);
    while let Some(line) = parser.next_point() {
        let point = line.point.expect("the generator writes points");
        point.parse_tags(&mut tags).expect("the generator writes tags");
        sum += point.fields.len() + tags.len();
    }
    sum
}

fn bench_body(group: &mut BenchmarkGroup<'_, WallTime>, body: &str) {
    let mut copy = vec![0; body.len()];
    group.bench_function("series known", |bencher| {
        bencher.iter(|| parse(black_box(body)));
    });
    group.bench_function("tags read", |bencher| {
        bencher.iter(|| parse_with_tags(black_box(body)));
    });
    group.bench_function("memcpy", |bencher| {
        bencher.iter(|| copy.copy_from_slice(black_box(body).as_bytes()));
    });
}

fn parser(criterion: &mut Criterion) {
    for (name, fields) in [("integers", Fields::Integers), ("floats", Fields::Floats)] {
        let body = tsbs::body(SEED, HOSTS, LINES, fields);
        let mut group = criterion.benchmark_group(format!("parser/{name}"));
        group.throughput(Throughput::ElementsAndBytes {
            elements: LINES as u64,
            bytes: body.len() as u64,
        });
        bench_body(&mut group, &body);
        group.finish();
    }
}

criterion_group!(benches, parser);
criterion_main!(benches);
