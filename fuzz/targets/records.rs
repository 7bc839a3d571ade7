//! Records as the engine writes them, and some to begin with.
//!
//! Comes in: records. Goes out: the payload of a frame that holds them. Stays true: the seeds hold
//! every kind of record. Refuses nothing.

use crate::schema::{
    CacheContents, CacheDefinition, CacheKind, CatalogChange, Cells, Column, ColumnKind, Deletion,
    FieldColumn, Origin, RowDeletion, SeriesKeys, TableBatch, TagCondition, TimeRange, Token,
    Trigger, TriggerMemory,
};
use crate::wal::{FrameBuilder, Record};

/// The payload that holds these records.
pub fn encode(records: &[Record]) -> Vec<u8> {
    let mut frame = FrameBuilder::new();
    for record in records {
        push(&mut frame, record);
    }
    frame.finish().expect("no longer than the input").payload().to_vec()
}

/// Adds a record to a frame.
pub fn push(frame: &mut FrameBuilder, record: &Record) {
    match record {
        Record::Change(change) => frame.push_change(change),
        Record::Batch(batch) => frame.push_batch(batch),
        Record::Deletion(rows) => frame.push_deletion(rows),
    }
}

/// Payloads that together hold every kind of record.
pub fn seeds() -> Vec<Vec<u8>> {
    let changes: Vec<_> = changes().into_iter().map(Record::Change).collect();
    let mut seeds: Vec<_> = changes.chunks(1).map(encode).collect();
    seeds.push(encode(&changes));
    seeds.push(encode(&[Record::Batch(batch())]));
    seeds.push(encode(&[Record::Deletion(row_deletion())]));
    seeds
}

fn changes() -> Vec<CatalogChange> {
    let deletion = Deletion { deleted_at_ns: 5, hard_delete_at_ns: Some(6) };
    let column = |id, kind| Column { id, name: format!("c{id}").into(), kind };
    let columns = (0..).zip(ColumnKind::ALL).map(|(id, kind)| column(id, kind)).collect();
    let (database, table) = (1, "cpu".into());
    vec![
        CatalogChange::Identify { uuid: "7b5e".into() },
        CatalogChange::CreateDatabase { id: database, name: "db".into(), retention_ns: Some(9) },
        CatalogChange::SetRetention { database, retention_ns: None },
        CatalogChange::CreateTable { database, id: 1, name: "cpu".into() },
        CatalogChange::AddColumns { database, table, columns },
        CatalogChange::SetTableRetention { database, table: "cpu".into(), retention_ns: Some(8) },
        put_cache(CacheContents::Last { keys: vec![0], values: None, count: 1, ttl_s: 60 }),
        put_cache(CacheContents::Last { keys: vec![0], values: Some(vec![1]), count: 2, ttl_s: 1 }),
        put_cache(CacheContents::Distinct {
            columns: vec![0, 4],
            max_cardinality: 9,
            max_age_s: 60,
        }),
        CatalogChange::DeleteCache {
            database,
            table: "cpu".into(),
            kind: CacheKind::Last,
            name: "c".into(),
        },
        CatalogChange::PutToken(token()),
        CatalogChange::PutTrigger(trigger()),
        CatalogChange::SetCursor { trigger: 1, cursor: 2 },
        CatalogChange::SetTriggerOptions { trigger: 1, options: "{}".into() },
        CatalogChange::SetTriggerState {
            trigger: 1,
            key: "k".into(),
            value: Some([1, 2].as_slice().into()),
        },
        CatalogChange::SetTriggerState { trigger: 1, key: "k".into(), value: None },
        CatalogChange::SetTick { trigger: 1, time_ns: -7 },
        CatalogChange::ReserveNumbers { databases: 2, tables: 3, tokens: 4, triggers: 5 },
        CatalogChange::DeleteTrigger { trigger: 1 },
        CatalogChange::DeleteToken { name: "admin".into() },
        CatalogChange::DeleteTable {
            database,
            table: "cpu".into(),
            name: "cpu-1".into(),
            deletion,
        },
        CatalogChange::PurgeTable { database, table: "cpu-1".into() },
        CatalogChange::DeleteDatabase { database, name: "db-1".into(), deletion },
        CatalogChange::PurgeDatabase { database },
    ]
}

fn put_cache(contents: CacheContents) -> CatalogChange {
    let cache = CacheDefinition { id: 0, name: "c".into(), created_at_ns: 7, contents };
    CatalogChange::PutCache { database: 1, table: "cpu".into(), cache }
}

fn row_deletion() -> RowDeletion {
    let values = vec![None, Some("a".into())];
    let tags = vec![TagCondition { tag: "host".into(), values }];
    RowDeletion { database: 1, table: 1, times: TimeRange { min: -1, max: 2 }, tags }
}

fn token() -> Token {
    Token { id: 0, name: "admin".into(), hash: [7; 64], created_at_ms: 1, expiry_ms: Some(2) }
}

fn trigger() -> Trigger {
    Trigger {
        id: 1,
        database: 1,
        name: "t".into(),
        plugin_filename: "p.py".to_owned(),
        specification: "every:1m".to_owned(),
        specification_json: "{}".to_owned(),
        arguments: Some(vec![("k".to_owned(), "v".to_owned())]),
        run_async: true,
        error_behavior: "log".to_owned(),
        disabled: false,
        cursor: 3,
        options: "".into(),
        memory: TriggerMemory::default(),
    }
}

/// Two rows of one series, with a field of each kind; the second row lacks the texts.
fn batch() -> TableBatch {
    let mut series = SeriesKeys::default();
    series.push_tag(0, "a");
    series.end_key();
    let whole = |column, cells| FieldColumn { column, cells, present: None };
    let texts = Cells::String { ends: vec![2, 2], bytes: b"ok".to_vec() };
    let fields = vec![
        whole(1, Cells::Integer(vec![-1, 1])),
        whole(2, Cells::Unsigned(vec![1, u64::MAX])),
        whole(3, Cells::Float(vec![0.5, f64::NAN])),
        FieldColumn { column: 4, cells: texts, present: Some(vec![true, false]) },
        whole(5, Cells::Boolean(vec![true, false])),
    ];
    let origin = Origin { trigger: 1, depth: 2 };
    let (series_of_row, time) = (vec![0, 0], vec![1, -2]);
    TableBatch { database: 1, table: 1, origin, series, series_of_row, time, fields }
}
