//! The records of a frame: changes of the catalog, batches of rows and deletions of rows, as bytes
//! and back.

use super::batch_codec::{put_batch, take_batch, take_origin};
use super::change_codec::{code_of, put_change, take_change};
use super::frame::{FrameBuilder, push_record};
use crate::codec::Take;
use crate::error::{EngineError, Result};
use crate::schema::{
    CatalogChange, ColumnKind, DatabaseId, Origin, RowDeletion, TableBatch, TableId, put_deletion,
    take_deletion,
};

/// One record of a frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A change of the catalog.
    Change(CatalogChange),
    /// Rows of one table.
    Batch(TableBatch),
    /// Rows of one table that go.
    Deletion(RowDeletion),
}

/// What a record holds, known without decoding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// A change of the catalog, or a deletion of rows.
    Other,
    /// Rows of that table, written by that origin.
    Batch { database: DatabaseId, table: TableId, origin: Origin },
}

pub(super) mod kind {
    pub(in crate::wal) const BATCH: u8 = 1;
    pub(in crate::wal) const DELETE_ROWS: u8 = 2;
    pub(in crate::wal) const IDENTIFY: u8 = 16;
    pub(in crate::wal) const CREATE_DATABASE: u8 = 17;
    pub(in crate::wal) const SET_RETENTION: u8 = 18;
    pub(in crate::wal) const DELETE_DATABASE: u8 = 19;
    pub(in crate::wal) const PURGE_DATABASE: u8 = 20;
    pub(in crate::wal) const CREATE_TABLE: u8 = 21;
    pub(in crate::wal) const ADD_COLUMNS: u8 = 22;
    pub(in crate::wal) const DELETE_TABLE: u8 = 23;
    pub(in crate::wal) const PURGE_TABLE: u8 = 24;
    pub(in crate::wal) const PUT_TOKEN: u8 = 25;
    pub(in crate::wal) const DELETE_TOKEN: u8 = 26;
    pub(in crate::wal) const PUT_TRIGGER: u8 = 27;
    pub(in crate::wal) const SET_CURSOR: u8 = 28;
    pub(in crate::wal) const DELETE_TRIGGER: u8 = 29;
    pub(in crate::wal) const RESERVE_NUMBERS: u8 = 30;
    pub(in crate::wal) const SET_TABLE_RETENTION: u8 = 31;
    pub(in crate::wal) const SET_TRIGGER_OPTIONS: u8 = 32;
    pub(in crate::wal) const SET_TRIGGER_STATE: u8 = 33;
    pub(in crate::wal) const SET_TICK: u8 = 34;
    pub(in crate::wal) const PUT_CACHE: u8 = 35;
    pub(in crate::wal) const DELETE_CACHE: u8 = 36;
}

impl FrameBuilder {
    /// Adds a change of the catalog.
    pub fn push_change(&mut self, change: &CatalogChange) {
        let code = code_of(change);
        self.push(code, |bytes| put_change(bytes, change));
    }

    /// Adds a deletion of rows.
    pub fn push_deletion(&mut self, rows: &RowDeletion) {
        self.push(kind::DELETE_ROWS, |bytes| put_deletion(bytes, rows));
    }

    /// Adds rows of one table.
    pub fn push_batch(&mut self, batch: &TableBatch) {
        self.push(kind::BATCH, |bytes| put_batch(bytes, batch));
    }
}

/// The records of changes, without a frame around them.
#[must_use]
pub fn encode_changes(changes: &[CatalogChange]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for change in changes {
        push_record(&mut bytes, code_of(change), |bytes| put_change(bytes, change));
    }
    bytes
}

/// Iterates over the records of a payload without decoding them.
#[derive(Debug, Clone)]
pub struct Records<'a>(Take<'a>);

impl<'a> Records<'a> {
    /// The records of the payload of one frame.
    #[must_use]
    pub fn of(payload: &'a [u8]) -> Self {
        Self(Take(payload))
    }

    /// The next record: its code and its bytes.
    ///
    /// # Errors
    /// `Corrupt` where the payload ends within a record.
    pub fn next_raw(&mut self) -> Result<Option<RawRecord<'a>>> {
        if self.0.0.is_empty() {
            return Ok(None);
        }
        let code = self.0.u8()?;
        Ok(Some(RawRecord { code, body: self.0.bytes()? }))
    }

    /// All records, decoded.
    ///
    /// # Errors
    /// `Corrupt` where a record is not what its code says.
    pub fn decode_all(mut self) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        while let Some(raw) = self.next_raw()? {
            records.push(raw.decode()?);
        }
        Ok(records)
    }
}

/// A record that is not decoded yet.
#[derive(Debug, Clone, Copy)]
pub struct RawRecord<'a> {
    code: u8,
    body: &'a [u8],
}

impl RawRecord<'_> {
    /// What it holds.
    ///
    /// # Errors
    /// `Corrupt` where it is too short.
    pub fn kind(&self) -> Result<RecordKind> {
        if self.code != kind::BATCH {
            return Ok(RecordKind::Other);
        }
        let mut take = Take(self.body);
        let (database, table) = (take.u32()?, take.u32()?);
        Ok(RecordKind::Batch { database, table, origin: take_origin(&mut take)? })
    }

    /// Bytes of its body.
    #[must_use]
    pub fn body_bytes(&self) -> usize {
        self.body.len()
    }

    /// Decodes it.
    ///
    /// # Errors
    /// `Corrupt` where it is not what its code says.
    pub fn decode(&self) -> Result<Record> {
        let mut take = Take(self.body);
        Ok(match self.code {
            kind::BATCH => Record::Batch(take_batch(&mut take)?),
            kind::DELETE_ROWS => Record::Deletion(take_deletion(&mut take)?),
            code => Record::Change(take_change(code, &mut take)?),
        })
    }
}

pub(super) fn kind_code(kind: ColumnKind) -> u8 {
    match kind {
        ColumnKind::Tag => 0,
        ColumnKind::Integer => 1,
        ColumnKind::Unsigned => 2,
        ColumnKind::Float => 3,
        ColumnKind::String => 4,
        ColumnKind::Boolean => 5,
    }
}

pub(super) fn take_kind(take: &mut Take<'_>) -> Result<ColumnKind> {
    let code = take.u8()?;
    ColumnKind::ALL
        .into_iter()
        .find(|kind| kind_code(*kind) == code)
        .ok_or_else(|| EngineError::corrupt(format!("unknown kind of column {code}")))
}
