//! The power goes at every operation of a disk; a commit is then there whole, or not at all.

use std::collections::HashSet;
use std::sync::Arc;

use super::block_on;
use object_store::path::Path;
use object_store::{GetRange, ObjectStore, ObjectStoreExt};

use super::super::{DiskStore, Manifest, ManifestLog};
use super::manifests::manifest;
use crate::disk::{Disk, FaultyDisk, LocalDisk, Plan};
use crate::error::Result;

const SEEDS: [u64; 4] = [1, 2, 3, 4];
const NEVER: Plan = Plan { cut_after: None, fail_at: None, seed: 1 };

fn open(disk: &FaultyDisk, nonce: u32) -> Result<(ManifestLog, Arc<dyn ObjectStore>)> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let store = DiskStore::open(disk)
        .map_err(|error| crate::error::EngineError::internal("the disk fails").caused_by(error))?;
    let store: Arc<dyn ObjectStore> = Arc::new(store);
    Ok((block_on(ManifestLog::open(Arc::clone(&store), "n", nonce))?, store))
}

/// Puts files and commits them, one after the other; returns what was committed.
fn work(disk: &FaultyDisk) -> u64 {
    let mut committed = 0;
    let Ok((mut log, store)) = open(disk, 1) else { return committed };
    for position in 1..=4 {
        let path = format!("n/dbs/{position}");
        if block_on(store.put(&Path::from(path.as_str()), path.clone().into())).is_err() {
            return committed;
        }
        if block_on(log.commit(manifest(&[&path], position))).is_err() {
            return committed;
        }
        committed = position;
        drop(block_on(log.collect(&HashSet::new())));
    }
    committed
}

fn check(manifest: &Manifest, store: &Arc<dyn ObjectStore>, committed: u64) {
    assert!((committed..=committed + 1).contains(&manifest.position));
    for file in manifest.files() {
        let bytes = block_on(async { store.get(&Path::from(&*file.path)).await?.bytes().await });
        assert_eq!(bytes.expect("a file that a manifest names"), file.path.as_bytes());
    }
}

#[test]
fn a_commit_survives_power_loss_at_any_operation() {
    let whole = FaultyDisk::new(NEVER);
    assert_eq!(work(&whole), 4);
    for cut in 0..whole.operations() {
        for seed in SEEDS {
            let disk = FaultyDisk::new(Plan { cut_after: Some(cut), seed, ..NEVER });
            let committed = work(&disk);
            let (log, store) = open(&disk.after_power_loss(NEVER), 2).expect("a sound store");
            check(log.current(), &store, committed);
        }
    }
}

#[test]
fn a_folder_keeps_objects_and_forgets_drafts() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk: Arc<dyn Disk> = Arc::new(LocalDisk::open(folder.path()).expect("a disk"));
    let store = DiskStore::open(Arc::clone(&disk)).expect("a store");
    let path = Path::from("n/dbs/1/rows");
    block_on(store.put(&path, "0123456789".into())).expect("a put");
    disk.create_with("store/n/dbs/1/other.draft", b"half").expect("a draft");
    let range = GetRange::Bounded(2..5);
    let read = store.get_opts(&path, object_store::GetOptions::new().with_range(Some(range)));
    let read = block_on(async { read.await?.bytes().await }).expect("bytes");
    assert_eq!(&read[..], b"234");
    drop(DiskStore::open(Arc::clone(&disk)).expect("a store"));
    assert_eq!(disk.walk("store").expect("names"), [("store/n/dbs/1/rows".to_owned(), 10)]);
    let folders = block_on(store.list_with_delimiter(Some(&Path::from("n/dbs")))).expect("a list");
    assert_eq!(folders.common_prefixes, [Path::from("n/dbs/1")]);
    block_on(store.delete(&path)).expect("a deletion");
    let error = block_on(store.get(&path)).expect_err("it is gone");
    assert!(matches!(error, object_store::Error::NotFound { .. }), "{error}");
}
