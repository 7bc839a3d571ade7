//! Answers that are asked for again and again by one who cannot wait.

use super::fixture::Fixture;
use super::work::{ENDLESS, fixture};
use crate::error::{ErrorKind, Result};
use crate::query::{Bell, Cancellation, Format, Progress, QueryStream};

fn started(fixture: &Fixture, sql: &str, cancellation: &Cancellation, number: u64) -> QueryStream {
    let question = fixture.question(sql, vec![], Format::JsonLines);
    let bell = Bell::of(fixture.engine.ready(), number);
    fixture.engine.start(question, cancellation, bell).expect("it is begun")
}

/// All chunks of an answer that is asked for only when its number is told.
fn when_told(fixture: &Fixture, mut stream: QueryStream, number: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        match stream.poll()? {
            Progress::Chunk(chunk) => bytes.extend(chunk),
            Progress::End => return Ok(bytes),
            Progress::Pending => {
                while !fixture.engine.ready().take().contains(&number) {
                    std::thread::yield_now();
                }
            }
        }
    }
}

#[test]
fn a_number_is_told_whenever_its_answer_goes_on() {
    let fixture = fixture();
    let never = Cancellation::default();
    for sql in ["SELECT 1 AS one", "SELECT value FROM generate_series(1, 300000)"] {
        let told = when_told(&fixture, started(&fixture, sql, &never, 7), 7).expect("an answer");
        let mut waited = fixture.begin(sql, vec![], Format::JsonLines).expect("an answer");
        let mut expected = Vec::new();
        while let Some(chunk) = waited.next_chunk().expect("a chunk") {
            expected.extend(chunk);
        }
        assert!(told == expected, "{} and {} bytes of {sql}", told.len(), expected.len());
    }
}

#[test]
fn failures_and_endings_are_told() {
    let fixture = fixture();
    let never = Cancellation::default();
    let kind = |outcome: Result<Vec<u8>>| outcome.expect_err("it fails").kind();
    let unplanned = started(&fixture, "SELECT nothing FROM nowhere", &never, 1);
    assert_eq!(kind(when_told(&fixture, unplanned, 1)), ErrorKind::Invalid);
    let failing = started(&fixture, "SELECT 1 / (value - 5) FROM generate_series(1, 9)", &never, 2);
    assert_eq!(kind(when_told(&fixture, failing, 2)), ErrorKind::Invalid);
    let cancellation = Cancellation::default();
    let endless = started(&fixture, ENDLESS, &cancellation, 3);
    cancellation.cancel();
    assert_eq!(kind(when_told(&fixture, endless, 3)), ErrorKind::Cancelled);
}
