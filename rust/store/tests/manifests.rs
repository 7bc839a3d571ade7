//! What a manifest says, and what becomes of it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::block_on;
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::super::{FileEntry, Layer, Manifest, ManifestLog, TableFiles, layout, manifest_codec};
use crate::error::ErrorKind;
use crate::limits::MANIFESTS_KEPT;
use crate::schema::{RowDeletion, TagCondition, TimeRange, Tombstone};

pub(super) fn file(path: &str) -> FileEntry {
    FileEntry { path: path.into(), bytes: 7, checksum: 8, rows: 9, time_min: -10, time_max: 11 }
}

pub(super) fn manifest(paths: &[&str], position: u64) -> Manifest {
    let files = paths.iter().map(|path| file(path)).collect();
    let layers = vec![Layer { first: 1, last: position, files }];
    let values = vec![None, Some("a".into())];
    let tags = vec![TagCondition { tag: "host".into(), values }];
    let rows = RowDeletion { database: 5, table: 4, times: TimeRange { min: -3, max: 9 }, tags };
    let tombstones = vec![Tombstone { position: 2, rows: rows.into() }];
    Manifest {
        uuid: "7b5e".into(),
        position,
        next_file: 3,
        catalog: vec![1, 2, 3],
        tables: BTreeMap::from([(4, TableFiles { database: 5, layers, tombstones })]),
        ..Manifest::default()
    }
}

fn open(store: &Arc<InMemory>, nonce: u32) -> ManifestLog {
    try_open(store, nonce).expect("a store that can be opened")
}

fn try_open(store: &Arc<InMemory>, nonce: u32) -> crate::error::Result<ManifestLog> {
    block_on(ManifestLog::open(Arc::clone(store) as Arc<dyn ObjectStore>, "node0", nonce))
}

fn names(store: &InMemory) -> Vec<String> {
    let objects: Vec<_> = block_on(store.list(None).try_collect()).expect("a list");
    objects.into_iter().map(|object| object.location.to_string()).collect()
}

#[test]
fn a_manifest_is_read_as_it_was_put() {
    let store = Arc::new(InMemory::new());
    let mut log = open(&store, 1);
    assert_eq!(**log.current(), Manifest::default());
    block_on(log.commit(manifest(&["a", "b"], 20))).expect("a commit");
    let expected = Manifest { sequence: 1, nonce: 1, ..manifest(&["a", "b"], 20) };
    assert_eq!(**open(&store, 2).current(), expected);
    assert_eq!(log.current().files().count(), 2);
}

#[test]
fn a_second_process_is_refused() {
    let store = Arc::new(InMemory::new());
    let (mut one, mut other) = (open(&store, 1), open(&store, 2));
    block_on(one.commit(manifest(&["a"], 20))).expect("a commit");
    let error = block_on(other.commit(manifest(&["b"], 20))).expect_err("a second writer");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("node0/manifests/00000000000000000001.manifest"));
}

#[test]
fn a_commit_whose_answer_was_lost_can_be_repeated() {
    let store = Arc::new(InMemory::new());
    let (mut lost, mut again) = (open(&store, 1), open(&store, 1));
    block_on(lost.commit(manifest(&["a"], 20))).expect("a commit");
    block_on(again.commit(manifest(&["a"], 20))).expect("the same commit");
    assert_eq!(again.current().sequence, 1);
}

#[test]
fn every_flipped_bit_is_noticed_and_named() {
    let store = Arc::new(InMemory::new());
    block_on(open(&store, 1).commit(manifest(&["a"], 20))).expect("a commit");
    let path = layout::manifest("node0", 1);
    let sound = block_on(async { store.get(&path).await?.bytes().await }).expect("bytes");
    for bit in 0..8 * sound.len() {
        let mut bytes = sound.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        block_on(store.put(&path, bytes.into())).expect("a put");
        let error = try_open(&store, 2).expect_err("a flipped bit");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "bit {bit}: {error}");
        assert!(error.to_string().contains(path.as_ref()), "{error}");
    }
}

#[test]
fn a_cut_manifest_is_never_read() {
    let bytes = manifest_codec::encode(&manifest(&["a"], 20)).expect("bytes");
    for length in 0..bytes.len() {
        let error = manifest_codec::decode(&bytes[..length]).expect_err("a part");
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn what_no_manifest_names_is_collected() {
    let store = Arc::new(InMemory::new());
    let mut log = open(&store, 1);
    for name in ["live", "orphan", "in-use"] {
        let path = Path::from(format!("node0/dbs/{name}"));
        block_on(store.put(&path, "rows".into())).expect("a put");
    }
    for position in 1..=MANIFESTS_KEPT + 2 {
        block_on(log.commit(manifest(&["node0/dbs/live"], position))).expect("a commit");
    }
    let in_use = HashSet::from([Arc::from("node0/dbs/in-use")]);
    assert_eq!(block_on(log.collect(&in_use)).expect("a collection"), 3);
    let names = names(&store);
    assert_eq!(names[..2], ["node0/dbs/in-use", "node0/dbs/live"]);
    assert_eq!(names.len() as u64, 2 + MANIFESTS_KEPT);
    assert_eq!(open(&store, 2).current().position, MANIFESTS_KEPT + 2);
}

#[test]
fn names_of_manifests_sort_as_their_numbers() {
    for sequence in [1, 9, 10, u64::from(u32::MAX) + 1] {
        assert_eq!(layout::sequence_of(&layout::manifest("n", sequence)), Some(sequence));
    }
    assert!(layout::manifest("n", 9) < layout::manifest("n", 10));
    assert_eq!(layout::sequence_of(&Path::from("n/manifests/12.manifest")), None);
}
