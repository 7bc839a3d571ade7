//! What holds for every manifest.
//!
//! Comes in: a byte for the version, and a body. Goes out: nothing; a claim that does not hold
//! panics. Stays true: the checksum is put right, so that the body is reached.

use super::manifest_codec::{decode, encode};
use crate::allocation;
use crate::codec::Put;
use crate::error::{ErrorKind, Result};

/// Bytes that may be held for each byte of a manifest: an empty layer takes twice the room that it
/// has in the file, in a list that doubles as it grows.
const HELD_PER_BYTE: usize = 64;
/// Bytes that may be held beyond that: the message of an error, the first room of a list.
const HELD_ANYWAY: usize = 4_096;
/// Bytes before the body (`docs/format.md`).
const HEADER_BYTES: usize = 16;

pub fn check(bytes: &[u8]) {
    refused_rightly(decode(bytes).map(drop));
    let Some((version, body)) = bytes.split_first() else { return };
    let bytes = manifest_of(*version, body);
    let (decoded, held) = allocation::measure(|| decode(&bytes));
    let held_max = HELD_PER_BYTE * bytes.len() + HELD_ANYWAY;
    assert!(held <= held_max, "{held} bytes held for a manifest of {}", bytes.len());
    if let Ok(manifest) = &decoded {
        let again = encode(manifest).expect("no longer than the input");
        assert_eq!(&decode(&again).expect("what was encoded can be decoded"), manifest);
        let newest = again[4..6] == bytes[4..6];
        assert!(!newest || again.len() <= bytes.len(), "encoding adds nothing");
    }
    refused_rightly(decoded.map(drop));
}

fn refused_rightly(decoded: Result<()>) {
    if let Err(error) = decoded {
        let kind = error.kind();
        assert!(matches!(kind, ErrorKind::Corrupt | ErrorKind::Unsupported), "{kind:?}: {error}");
    }
}

/// A manifest with a sound header (`docs/format.md`).
fn manifest_of(version: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = b"IPMF".to_vec();
    bytes.put_u16(u16::from(version));
    bytes.put_u16(0);
    bytes.put_u32(u32::try_from(body.len()).expect("a short input"));
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&bytes);
    checksum.update(body);
    bytes.put_u32(checksum.finalize());
    bytes.extend_from_slice(body);
    bytes
}

/// Bodies of version 1, which every later version reads, with no, one and several tables; and the
/// same in the newest version.
pub fn seeds() -> Vec<Vec<u8>> {
    let first: Vec<_> = [0, 1, 3].into_iter().map(|tables| (1, body(tables))).collect();
    let newest: Vec<_> = first.iter().map(|(version, body)| in_newest(*version, body)).collect();
    let seed = |(version, body): &(u8, Vec<u8>)| [&[*version][..], body].concat();
    first.iter().chain(&newest).map(seed).collect()
}

fn in_newest(version: u8, body: &[u8]) -> (u8, Vec<u8>) {
    let manifest = decode(&manifest_of(version, body)).expect("a seed");
    let bytes = encode(&manifest).expect("a short manifest");
    (bytes[4], bytes[HEADER_BYTES..].to_vec())
}

fn body(tables: u32) -> Vec<u8> {
    let mut body = Vec::new();
    body.put_u64(7);
    body.put_text("7b5e");
    body.put_u32(8);
    body.put_u64(20);
    body.put_u64(3);
    body.put_bytes(&[17, 1, 0, 0, 0, 9]);
    body.put_u32(tables);
    for table in 0..tables {
        body.put_u32(table);
        put_table(&mut body, table);
    }
    body
}

/// A table of as many layers as its number says, each of as many files.
fn put_table(body: &mut Vec<u8>, count: u32) {
    body.put_u32(5);
    body.put_u32(count);
    for _ in 0..count {
        body.put_u64(1);
        body.put_u64(20);
        body.put_u32(count);
        (0..count).for_each(|_| put_file(body));
    }
}

fn put_file(body: &mut Vec<u8>) {
    body.put_text("node0/dbs/1/0/1970-01-01/0000000002-13c1f8da.parquet");
    body.put_u64(7);
    body.put_u32(8);
    body.put_u64(9);
    body.put_i64(-10);
    body.put_i64(11);
}
