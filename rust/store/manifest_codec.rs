//! A manifest as the bytes of an object, and back. Every byte is covered by a checksum.

use std::collections::BTreeMap;

use super::manifest::{FileEntry, Layer, Manifest, TableFiles};
use crate::codec::{Put, Take};
use crate::error::{EngineError, Result};
use crate::schema::{POSITION_END, Tombstone, put_deletion, take_deletion};

const MAGIC: &[u8; 4] = b"IPMF";
/// Version 1 has no deletions of rows.
const VERSION: u16 = 2;
const HEADER_BYTES: usize = 16;

/// The bytes of a manifest.
///
/// # Errors
/// `TooLarge` where a count or a length passes 32 bits.
pub(super) fn encode(manifest: &Manifest) -> Result<Vec<u8>> {
    let body = encode_body(manifest)?;
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend_from_slice(MAGIC);
    bytes.put_u16(VERSION);
    bytes.put_u16(0);
    bytes.put_u32(count_u32(body.len())?);
    bytes.put_u32(checksum(&bytes, &body));
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// The CRC-32 of the first twelve bytes and of the body.
fn checksum(header: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[..HEADER_BYTES - 4]);
    hasher.update(body);
    hasher.finalize()
}

fn encode_body(manifest: &Manifest) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    body.put_u64(manifest.sequence);
    body.put_text(&manifest.uuid);
    body.put_u32(manifest.nonce);
    body.put_u64(manifest.position);
    body.put_u64(manifest.next_file);
    count_u32(manifest.catalog.len())?;
    body.put_bytes(&manifest.catalog);
    body.put_u32(count_u32(manifest.tables.len())?);
    for (table, files) in &manifest.tables {
        body.put_u32(*table);
        put_table(&mut body, files)?;
    }
    Ok(body)
}

fn put_table(body: &mut Vec<u8>, table: &TableFiles) -> Result<()> {
    body.put_u32(table.database);
    body.put_u32(count_u32(table.layers.len())?);
    for layer in &table.layers {
        body.put_u64(layer.first);
        body.put_u64(layer.last);
        body.put_u32(count_u32(layer.files.len())?);
        layer.files.iter().for_each(|file| put_file(body, file));
    }
    body.put_u32(count_u32(table.tombstones.len())?);
    for tombstone in &table.tombstones {
        body.put_u64(tombstone.position);
        put_deletion(body, &tombstone.rows);
    }
    Ok(())
}

fn put_file(body: &mut Vec<u8>, file: &FileEntry) {
    body.put_text(&file.path);
    body.put_u64(file.bytes);
    body.put_u32(file.checksum);
    body.put_u64(file.rows);
    body.put_i64(file.time_min);
    body.put_i64(file.time_max);
}

fn count_u32(count: usize) -> Result<u32> {
    u32::try_from(count).map_err(|_| {
        EngineError::too_large(format!("a manifest cannot hold {count} of one thing, only 2^32-1"))
    })
}

/// The manifest that these bytes hold.
///
/// # Errors
/// `Corrupt`, with what is wrong; `Unsupported` for a later version.
pub fn decode(bytes: &[u8]) -> Result<Manifest> {
    let (header, body) = bytes.split_at_checked(HEADER_BYTES).ok_or_else(|| {
        EngineError::corrupt(format!("it has {} bytes, a header has {HEADER_BYTES}", bytes.len()))
    })?;
    let mut take = Take(header);
    if take.slice(4)? != MAGIC {
        return Err(EngineError::corrupt("it does not begin as a manifest does"));
    }
    let version = take.u16()?;
    take.u16()?;
    let (length, expected) = (take.u32()? as usize, take.u32()?);
    if length != body.len() || expected != checksum(header, body) {
        return Err(EngineError::corrupt("its checksum does not match its bytes"));
    }
    if !(1..=VERSION).contains(&version) {
        return Err(EngineError::unsupported(format!(
            "it has version {version}, this build reads versions 1 to {VERSION}"
        )));
    }
    decode_body(&mut Take(body), version)
}

fn decode_body(take: &mut Take<'_>, version: u16) -> Result<Manifest> {
    let mut manifest = Manifest {
        sequence: take.u64()?,
        uuid: take.text()?.into(),
        nonce: take.u32()?,
        position: take.u64()?,
        next_file: take.u64()?,
        catalog: take.bytes()?.to_vec(),
        tables: BTreeMap::new(),
    };
    if manifest.position >= POSITION_END || manifest.sequence == u64::MAX {
        return Err(EngineError::corrupt("it says that it is further than any log gets"));
    }
    for _ in 0..take.u32()? {
        let table = take.u32()?;
        manifest.tables.insert(table, take_table(take, version)?);
    }
    if take.0.is_empty() { Ok(manifest) } else { Err(EngineError::corrupt("it has bytes left")) }
}

fn take_table(take: &mut Take<'_>, version: u16) -> Result<TableFiles> {
    let (database, count) = (take.u32()?, take.u32()?);
    let layer = |_| {
        let (first, last) = (take.u64()?, take.u64()?);
        let files = (0..take.u32()?).map(|_| take_file(take)).collect::<Result<_>>()?;
        Ok(Layer { first, last, files })
    };
    let layers = (0..count).map(layer).collect::<Result<_>>()?;
    let tombstones = if version == 1 { Vec::new() } else { take_tombstones(take)? };
    Ok(TableFiles { database, layers, tombstones })
}

fn take_tombstones(take: &mut Take<'_>) -> Result<Vec<Tombstone>> {
    let count = take.u32()?;
    let tombstone = |_| {
        let (position, rows) = (take.u64()?, take_deletion(take)?.into());
        Ok(Tombstone { position, rows })
    };
    (0..count).map(tombstone).collect()
}

fn take_file(take: &mut Take<'_>) -> Result<FileEntry> {
    Ok(FileEntry {
        path: take.text()?.into(),
        bytes: take.u64()?,
        checksum: take.u32()?,
        rows: take.u64()?,
        time_min: take.i64()?,
        time_max: take.i64()?,
    })
}
