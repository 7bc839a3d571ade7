//! What holds for every payload.
//!
//! Comes in: the payload of a frame. Goes out: nothing; a claim that does not hold panics. Stays
//! true: what is decoded is compared with itself after encoding, bit by bit for floats.

use crate::allocation;
use crate::error::ErrorKind;
use crate::records::encode;
use crate::wal::{Record, Records};

/// Bytes that may be held for each byte of a payload. The densest record is a change of a few
/// bytes, which takes the room of the largest kind of record, in a list that doubles as it grows.
const HELD_PER_BYTE: usize = 128;
/// Bytes that may be held beyond that: the message of an error, the first room of a list.
const HELD_ANYWAY: usize = 4_096;

pub fn check(payload: &[u8]) {
    walk(payload);
    let (decoded, held) = allocation::measure(|| Records::of(payload).decode_all());
    let held_max = HELD_PER_BYTE * payload.len() + HELD_ANYWAY;
    assert!(held <= held_max, "{held} bytes held for a payload of {}", payload.len());
    match decoded {
        Ok(records) => check_again(&records),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}"),
    }
}

/// Looks at each record as a feed does, without decoding it.
fn walk(payload: &[u8]) {
    let mut records = Records::of(payload);
    while let Ok(Some(record)) = records.next_raw() {
        drop(record.kind());
    }
}

fn check_again(records: &[Record]) {
    let payload = encode(records);
    let again = Records::of(&payload).decode_all().expect("what was encoded can be decoded");
    // A NaN is not equal to itself; its text says at least that it is one, its bytes which one.
    let same = again == records || format!("{again:?}") == format!("{records:?}");
    assert!(same, "{again:?} was {records:?}");
    assert_eq!(encode(&again), payload, "encoding is stable");
}
