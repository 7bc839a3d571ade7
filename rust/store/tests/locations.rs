//! From options to a store.

use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::super::{S3Options, StoreLocation, open_store};
use super::block_on;
use crate::disk::{Disk, MemoryDisk};
use crate::error::{ErrorKind, Result};

fn open(location: &StoreLocation) -> Result<Arc<dyn ObjectStore>> {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    open_store(location, &disk)
}

#[test]
fn local_stores_keep_what_they_are_given() {
    for location in [StoreLocation::Memory, StoreLocation::Disk] {
        let store = open(&location).expect("a store");
        let path = Path::from("node0/dbs/rows");
        block_on(store.put(&path, "rows".into())).expect("a put");
        let bytes = block_on(async { store.get(&path).await?.bytes().await });
        assert_eq!(&bytes.expect("bytes")[..], b"rows", "{location:?}");
    }
}

#[test]
fn s3_needs_a_bucket() {
    let nameless = StoreLocation::S3(S3Options::default());
    let error = open(&nameless).expect_err("no bucket");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.message(), "object store s3 needs the name of a bucket");
    let named = S3Options { bucket: "rows".to_owned(), ..S3Options::default() };
    open(&StoreLocation::S3(named)).expect("a store, to which nothing is sent yet");
}
