//! The bytes of the log: frozen files, and records that come back as they were.

use std::sync::Arc;

use proptest::prelude::*;

use super::{memory, open};
use crate::error::ErrorKind;
use crate::schema::{
    CURSOR_HERE, CacheContents, CacheDefinition, CacheKind, Catalog, CatalogChange, Cells, Column,
    ColumnKind, Deletion, FieldColumn, Origin, Position, RowDeletion, SeriesKeys, TableBatch,
    TagCondition, TimeRange, Token, Trigger, TriggerMemory,
};
use crate::wal::{
    FrameBuilder, PreparedFrame, Record, Records, SegmentFrames, encode_changes, read_segment,
    segment,
};

/// One record of every kind, with fixed values.
fn frozen_frames() -> Vec<PreparedFrame> {
    let name = |text: &str| Arc::<str>::from(text);
    let deletion = Deletion { deleted_at_ns: 11, hard_delete_at_ns: Some(12) };
    let column = |id, text, kind| Column { id, name: name(text), kind };
    let columns: Vec<Column> = (0..)
        .zip(["tag", "int", "unsigned", "float", "text", "flag"])
        .zip(ColumnKind::ALL)
        .map(|((id, text), kind)| column(id, text, kind))
        .collect();
    let token =
        Token { id: 0, name: name("_admin"), hash: [7; 64], created_at_ms: 5, expiry_ms: None };
    let (database, table) = (1, name("m"));
    let changes = [
        CatalogChange::Identify { uuid: name("an identity") },
        CatalogChange::CreateDatabase { id: 1, name: name("db"), retention_ns: Some(9) },
        CatalogChange::SetRetention { database, retention_ns: None },
        CatalogChange::CreateTable { database, id: 1, name: name("m") },
        CatalogChange::AddColumns { database, table: table.clone(), columns },
        CatalogChange::SetTableRetention { database, table: table.clone(), retention_ns: Some(3) },
        CatalogChange::PutToken(token),
        CatalogChange::PutTrigger(trigger()),
        CatalogChange::SetCursor { trigger: 1, cursor: 1 },
        CatalogChange::DeleteTable { database, table, name: name("m-old"), deletion },
        CatalogChange::PurgeTable { database, table: name("m-old") },
        CatalogChange::DeleteTrigger { trigger: 1 },
        CatalogChange::DeleteToken { name: name("_admin") },
        CatalogChange::DeleteDatabase { database, name: name("db-old"), deletion },
        CatalogChange::PurgeDatabase { database },
    ];
    catalogs_are_rebuilt(&changes);
    let mut all = FrameBuilder::new();
    for change in &changes {
        all.push_change(change);
    }
    let mut rows = FrameBuilder::new();
    rows.push_batch(&frozen_batch());
    rows.push_deletion(&frozen_deletion());
    [all, rows].map(|frame| frame.finish().expect("a frame")).into()
}

fn trigger() -> Trigger {
    let name = |text: &str| Arc::<str>::from(text);
    Trigger {
        id: 1,
        database: 1,
        name: name("t"),
        plugin_filename: "p.py".to_owned(),
        specification: "all_tables".to_owned(),
        specification_json: "\"all_tables_wal_write\"".to_owned(),
        arguments: Some(vec![("a".to_owned(), "b".to_owned())]),
        run_async: true,
        error_behavior: "log".to_owned(),
        disabled: false,
        cursor: CURSOR_HERE,
        options: Arc::default(),
        memory: TriggerMemory::default(),
    }
}

/// What a trigger keeps came after format version 2 began: kinds of records that are new are no new
/// version.
#[test]
fn what_a_trigger_keeps_is_read_back_as_it_was_written() {
    let value = |value: &[u8]| Some(Arc::<[u8]>::from(value));
    let state =
        |key: &str, value| CatalogChange::SetTriggerState { trigger: 1, key: key.into(), value };
    let changes = [
        CatalogChange::PutTrigger(trigger()),
        CatalogChange::SetTriggerOptions { trigger: 1, options: "{\"where\":\"v > 1\"}".into() },
        state("a", value(b"1")),
        state("b", value(b"")),
        CatalogChange::SetTick { trigger: 1, time_ns: -5 },
        state("a", None),
        CatalogChange::PutTrigger(Trigger { disabled: true, ..trigger() }),
        CatalogChange::PutTrigger(trigger()),
    ];
    catalogs_are_rebuilt(&changes);
    let mut frame = FrameBuilder::new();
    for change in &changes {
        frame.push_change(change);
    }
    let frame = frame.finish().expect("a frame");
    let found = Records::of(frame.payload()).decode_all().expect("records");
    assert_eq!(found, changes.map(Record::Change));
}

/// Caches came after format version 2 began too.
#[test]
fn caches_are_read_back_as_they_were_written() {
    let tag = Column { id: 0, name: "t".into(), kind: ColumnKind::Tag };
    let field = Column { id: 1, name: "f".into(), kind: ColumnKind::Integer };
    let put = |name: &str, contents| {
        let cache = CacheDefinition { id: 3, name: name.into(), created_at_ns: -7, contents };
        CatalogChange::PutCache { database: 1, table: "m".into(), cache }
    };
    let kind = CacheKind::Last;
    let last = |values| CacheContents::Last { keys: vec![0, 1], values, count: 2, ttl_s: u64::MAX };
    let columns = vec![tag, field];
    let changes = [
        CatalogChange::CreateDatabase { id: 1, name: "db".into(), retention_ns: None },
        CatalogChange::CreateTable { database: 1, id: 1, name: "m".into() },
        CatalogChange::AddColumns { database: 1, table: "m".into(), columns },
        put("gone", last(None)),
        put("all", last(None)),
        put("some", last(Some(vec![]))),
        put("all", CacheContents::Distinct { columns: vec![0], max_cardinality: 9, max_age_s: 1 }),
        CatalogChange::DeleteCache { database: 1, table: "m".into(), kind, name: "gone".into() },
    ];
    catalogs_are_rebuilt(&changes);
    let mut frame = FrameBuilder::new();
    for change in &changes {
        frame.push_change(change);
    }
    let frame = frame.finish().expect("a frame");
    let found = Records::of(frame.payload()).decode_all().expect("records");
    assert_eq!(found, changes.map(Record::Change));
}

fn frozen_deletion() -> RowDeletion {
    let values = vec![Some("a".into()), None];
    let tags = vec![TagCondition { tag: "tag".into(), values }];
    RowDeletion { database: 1, table: 1, times: TimeRange { min: -1, max: 5 }, tags }
}

fn frozen_batch() -> TableBatch {
    let mut series = SeriesKeys::default();
    series.push_tag(0, "a");
    series.end_key();
    series.end_key();
    let field = |column, cells, present| FieldColumn { column, cells, present };
    TableBatch {
        database: 1,
        table: 1,
        origin: Origin { trigger: 1, depth: 2 },
        series,
        series_of_row: vec![0, 1],
        time: vec![-1, i64::MAX],
        fields: vec![
            field(1, Cells::Integer(vec![1, -1]), None),
            field(2, Cells::Unsigned(vec![u64::MAX, 0]), Some(vec![true, false])),
            field(3, Cells::Float(vec![0.5, -0.0]), None),
            field(4, Cells::String { ends: vec![2, 2], bytes: b"xy".to_vec() }, None),
            field(5, Cells::Boolean(vec![false, true]), None),
        ],
    }
}

#[test]
fn format_version_2_is_frozen() {
    let disk = memory();
    let (mut recovered, _) = open(&disk).expect("an empty log");
    let mut frames = frozen_frames();
    recovered.writer.append(1, 7, frames.iter_mut()).expect("a write");
    recovered.writer.sync(2).expect("a sync");
    let file = disk.open(&segment::name_of(1)).expect("the segment");
    let mut written = vec![0; 4_096];
    file.read_at(0, &mut written).expect("the segment");
    let frozen = include_bytes!("../../../tests/fixtures/wal-2.segment");
    assert!(written == frozen, "the bytes of format version 2 have changed");
    let found = read_segment(&written, Position::MAX, u32::MAX).expect("a segment");
    let end = found.end;
    assert!(written[usize::try_from(end).expect("a small file")..].iter().all(|byte| *byte == 0));
    let expected = SegmentFrames { number: 1, first: 1, last: 2, end, last_s: Some(7) };
    assert_eq!(found, expected);
}

#[test]
fn the_copy_of_a_segment_ends_where_it_is_asked_to() {
    let frozen = include_bytes!("../../../tests/fixtures/wal-2.segment");
    let read = |bytes, position, time| read_segment(bytes, position, time).expect("a segment");
    let none = read(frozen, Position::MAX, 6);
    assert_eq!((none.last, none.end, none.last_s), (0, 64, None));
    let one = read(frozen, 1, u32::MAX);
    assert_eq!((one.last, one.last_s), (1, Some(7)));
    let cut = usize::try_from(one.end).expect("a small file");
    assert_eq!(read(&frozen[..cut], Position::MAX, u32::MAX), one);
    assert_eq!(read(&frozen[..cut - 1], Position::MAX, u32::MAX).last, 0);
    let old = read(include_bytes!("../../../tests/fixtures/wal-1.segment"), Position::MAX, 7);
    assert_eq!((old.last, old.last_s), (2, Some(0)));
    let error = read_segment(&frozen[1..], 1, 1).expect_err("no segment");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[test]
fn a_log_of_format_version_1_can_be_read() {
    let disk = memory();
    let frozen = include_bytes!("../../../tests/fixtures/wal-1.segment");
    let file = disk.create(&segment::name_of(1), frozen.len() as u64).expect("a file");
    file.write_at(0, frozen).expect("the segment");
    let (_, payloads) = open(&disk).expect("the log");
    let records: Vec<Record> =
        payloads.iter().flat_map(|one| Records::of(one).decode_all().expect("records")).collect();
    assert_eq!(records.len(), 15);
    assert_eq!(records[14], Record::Batch(frozen_batch()));
}

#[test]
fn a_log_of_format_version_2_can_be_read() {
    let disk = memory();
    let frozen = include_bytes!("../../../tests/fixtures/wal-2.segment");
    let file = disk.create(&segment::name_of(1), frozen.len() as u64).expect("a file");
    file.write_at(0, frozen).expect("the segment");
    let (_, payloads) = open(&disk).expect("the log");
    let records: Vec<Record> =
        payloads.iter().flat_map(|one| Records::of(one).decode_all().expect("records")).collect();
    assert_eq!(records.len(), 17);
    assert_eq!(records[16], Record::Deletion(frozen_deletion()));
}

/// What a batch says of its numbers must hold, however well its checksum fits.
#[test]
fn rows_that_contradict_themselves_are_refused() {
    let refused = |change: &dyn Fn(&mut TableBatch)| {
        let mut batch = frozen_batch();
        change(&mut batch);
        let mut frame = FrameBuilder::new();
        frame.push_batch(&batch);
        let frame = frame.finish().expect("a frame");
        let error = Records::of(frame.payload()).decode_all().expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        error.message().to_owned()
    };
    let series = "a row names a series that its batch does not have";
    assert_eq!(refused(&|batch: &mut TableBatch| batch.series_of_row[0] = 2), series);
    let ends = "texts do not end where their bytes do";
    assert_eq!(refused(&|batch: &mut TableBatch| batch.series.ends[0] += 1), ends);
    assert_eq!(refused(&|batch: &mut TableBatch| batch.series.ends[1] = 6), ends);
    let text = |ends: [u32; 2]| Cells::String { ends: ends.into(), bytes: "é".into() };
    assert_eq!(refused(&|batch: &mut TableBatch| batch.fields[3].cells = text([2, 3])), ends);
}

#[test]
fn changes_that_contradict_the_catalog_are_refused() {
    let refused = |change: CatalogChange| {
        let mut catalog = Catalog::default();
        let name = Arc::<str>::from("m");
        let first = [
            CatalogChange::CreateDatabase { id: 1, name: "db".into(), retention_ns: None },
            CatalogChange::CreateTable { database: 1, id: 1, name },
        ];
        for one in &first {
            catalog.apply(one, 1).expect("a change");
        }
        catalog.apply(&change, 2).expect_err("a refusal").kind()
    };
    let (database, name) = (1, || Arc::<str>::from("m"));
    let last = u32::MAX;
    let create = CatalogChange::CreateDatabase { id: last, name: name(), retention_ns: None };
    assert_eq!(refused(create), ErrorKind::Corrupt);
    let create = CatalogChange::CreateTable { database, id: last, name: name() };
    assert_eq!(refused(create), ErrorKind::Corrupt);
    let columns = vec![Column { id: 9, name: name(), kind: ColumnKind::Tag }];
    let add = CatalogChange::AddColumns { database, table: name(), columns };
    assert_eq!(refused(add), ErrorKind::Corrupt);
}

#[test]
fn a_segment_that_begins_nowhere_is_refused() {
    let mut bytes = include_bytes!("../../../tests/fixtures/wal-2.segment").to_vec();
    for first in [0_u64, u64::MAX - 1] {
        bytes[16..24].copy_from_slice(&first.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..32]);
        bytes[32..36].copy_from_slice(&crc.to_le_bytes());
        let error = read_segment(&bytes, Position::MAX, u32::MAX).expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}

fn any_batch() -> impl Strategy<Value = TableBatch> {
    let row = (any::<i64>(), any::<i64>(), any::<bool>(), ".{0,5}", 0_u32..3);
    proptest::collection::vec(row, 1..20).prop_map(|rows| {
        let mut series = SeriesKeys::default();
        for key in ["", "a", "bb"] {
            series.push_tag(3, key);
            series.end_key();
        }
        let mut bytes = Vec::new();
        let ends = rows.iter().map(|row| {
            bytes.extend_from_slice(row.3.as_bytes());
            u32::try_from(bytes.len()).expect("a short text")
        });
        let ends = ends.collect();
        let column = |column, cells, present| FieldColumn { column, cells, present };
        let fields = vec![
            column(0, Cells::Integer(rows.iter().map(|row| row.1).collect()), None),
            column(1, Cells::Unsigned(rows.iter().map(|row| row.1.unsigned_abs()).collect()), None),
            column(
                2,
                Cells::Boolean(rows.iter().map(|row| row.2).collect()),
                Some(rows.iter().map(|row| row.1 % 2 == 0).collect()),
            ),
            column(4, Cells::String { ends, bytes }, None),
            column(
                5,
                Cells::Float(
                    rows.iter().map(|row| f64::from_bits(row.1.cast_unsigned() >> 2)).collect(),
                ),
                None,
            ),
        ];
        TableBatch {
            database: 1,
            table: 2,
            origin: Origin { trigger: 3, depth: 4 },
            series,
            series_of_row: rows.iter().map(|row| row.4).collect(),
            time: rows.iter().map(|row| row.0).collect(),
            fields,
        }
    })
}

proptest! {
    #[test]
    fn records_come_back_as_they_were(batch in any_batch(), name in ".{0,20}") {
        let token = Token {
            id: 7,
            name: name.as_str().into(),
            hash: [9; 64],
            created_at_ms: -1,
            expiry_ms: Some(3),
        };
        let changes = [
            CatalogChange::PutToken(token),
            CatalogChange::SetCursor { trigger: 1, cursor: 99 },
        ];
        let mut builder = FrameBuilder::new();
        for change in &changes {
            builder.push_change(change);
        }
        builder.push_batch(&batch);
        let frame = builder.finish().expect("a frame");
        let records = Records::of(frame.payload()).decode_all().expect("records");
        let mut expected: Vec<Record> = changes.into_iter().map(Record::Change).collect();
        expected.push(Record::Batch(batch));
        prop_assert_eq!(records, expected);
    }

    #[test]
    fn damaged_records_never_panic(
        batch in any_batch(), cut in 0_usize..500, flip in 0_usize..500
    ) {
        let mut builder = FrameBuilder::new();
        builder.push_batch(&batch);
        let frame = builder.finish().expect("a frame");
        let mut payload = frame.payload().to_vec();
        let at = flip % payload.len();
        payload[at] ^= 0x55;
        payload.truncate(payload.len().saturating_sub(cut));
        drop(Records::of(&payload).decode_all());
    }
}

/// The catalog after each of the changes comes back from the records that a manifest keeps.
fn catalogs_are_rebuilt(changes: &[CatalogChange]) {
    let mut catalog = Catalog::default();
    for (position, change) in (1..).zip(changes) {
        catalog.apply(change, position).expect("a change");
        let mut rebuilt = Catalog::default();
        let records = encode_changes(&catalog.changes());
        for record in Records::of(&records).decode_all().expect("records") {
            let Record::Change(change) = record else { panic!("{record:?} is no change") };
            rebuilt.apply(&change, 99).expect("a change");
        }
        assert_eq!(rebuilt, catalog, "after {change:?}");
    }
}
