//! Checksums put right, so that what stands behind them is reached.
//!
//! Comes in: the bytes of a segment. Goes out: the same bytes with sound headers and checksums.
//! Stays true: nothing but magic, number and checksums is changed; a frame whose reserved bytes are
//! not zero is left as it is, so that torn and damaged frames occur too.

/// Bytes of the header of a segment, and of a frame (`docs/format.md`).
const SEGMENT_HEADER_BYTES: usize = 64;
const FRAME_HEADER_BYTES: usize = 40;
/// Frames start at multiples of this many bytes.
const ALIGNMENT: usize = 8;

/// Makes the header and every frame sound.
pub fn segment(bytes: &mut [u8], number: u64) {
    let Some(header) = bytes.first_chunk_mut::<SEGMENT_HEADER_BYTES>() else {
        return;
    };
    header[..4].copy_from_slice(b"IPSG");
    header[8..16].copy_from_slice(&number.to_le_bytes());
    let checksum = crc32fast::hash(&header[..32]);
    header[32..36].copy_from_slice(&checksum.to_le_bytes());
    frames(&mut bytes[SEGMENT_HEADER_BYTES..]);
}

fn frames(mut rest: &mut [u8]) {
    while let Some(length) = frame(rest) {
        rest = rest.split_at_mut_checked(length).map_or(&mut [][..], |(_, rest)| rest);
    }
}

/// Makes the frame at the start of `bytes` sound; gives its length, `None` where it does not fit.
fn frame(bytes: &mut [u8]) -> Option<usize> {
    let length = u32::from_le_bytes(*bytes.get(8..)?.first_chunk()?) as usize;
    let (header, rest) = bytes.split_first_chunk_mut::<FRAME_HEADER_BYTES>()?;
    let payload = rest.get(..length)?;
    if header[6..8] == [0, 0] {
        header[..4].copy_from_slice(b"IPFR");
        header[12..16].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
        let checksum = checksum(header);
        header[32..36].copy_from_slice(&checksum.to_le_bytes());
    }
    Some((FRAME_HEADER_BYTES + length).next_multiple_of(ALIGNMENT))
}

/// The checksum of the header of a frame: from version 2 on it covers the bytes behind it too.
fn checksum(header: &[u8; FRAME_HEADER_BYTES]) -> u32 {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&header[..32]);
    if header[4..6] != [1, 0] {
        checksum.update(&header[36..]);
    }
    checksum.finalize()
}
