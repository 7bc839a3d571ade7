//! From the options of a server to an object store.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::memory::InMemory;
use object_store::{ObjectStore, RetryConfig};

use super::disk_store::DiskStore;
use crate::disk::Disk;
use crate::error::{EngineError, Result};

/// Where Parquet files and manifests lie.
#[derive(Debug, Clone)]
pub enum StoreLocation {
    /// In this process; nothing outlives it.
    Memory,
    /// In the data directory.
    Disk,
    /// On an S3-compatible service.
    S3(S3Options),
}

/// What `--object-store s3` is told.
#[derive(Debug, Clone, Default)]
pub struct S3Options {
    /// Name of the bucket, which must exist.
    pub bucket: String,
    /// Region; `us-east-1` where none is named.
    pub region: String,
    /// Address of the service; that of AWS where none is named.
    pub endpoint: Option<String>,
    /// Key, secret and, for credentials that expire, their token.
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<String>,
    pub session_token: Option<String>,
    /// Whether `http://` is allowed.
    pub allow_http: bool,
    /// Sends requests without a signature.
    pub skip_signature: bool,
}

/// Opens a store. No request is sent yet.
///
/// # Errors
/// `Invalid` where the options are no address, `Internal` where the disk refuses.
pub fn open_store(location: &StoreLocation, disk: &Arc<dyn Disk>) -> Result<Arc<dyn ObjectStore>> {
    match location {
        StoreLocation::Memory => Ok(Arc::new(InMemory::new())),
        StoreLocation::Disk => {
            let store = DiskStore::open(Arc::clone(disk)).map_err(|error| {
                EngineError::internal("the store of the data directory cannot be used")
                    .caused_by(error)
            })?;
            Ok(Arc::new(store))
        }
        StoreLocation::S3(options) => open_s3(options),
    }
}

/// A few attempts: work that fails is done again as a whole, and a query should say soon that the
/// store does not answer.
fn retry() -> RetryConfig {
    RetryConfig { max_retries: 2, retry_timeout: Duration::from_secs(10), ..RetryConfig::default() }
}

fn open_s3(options: &S3Options) -> Result<Arc<dyn ObjectStore>> {
    if options.bucket.is_empty() {
        return Err(EngineError::invalid("object store s3 needs the name of a bucket"));
    }
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&options.bucket)
        .with_region(&options.region)
        .with_allow_http(options.allow_http)
        .with_skip_signature(options.skip_signature)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_retry(retry());
    if let Some(endpoint) = &options.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if let (Some(key), Some(secret)) = (&options.access_key_id, &options.secret_access_key) {
        builder = builder.with_access_key_id(key).with_secret_access_key(secret);
    }
    if let Some(token) = &options.session_token {
        builder = builder.with_token(token);
    }
    let store = builder.build().map_err(|error| {
        EngineError::invalid(format!("bucket {} cannot be addressed", options.bucket))
            .caused_by(error)
    })?;
    Ok(Arc::new(store))
}
