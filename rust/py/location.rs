//! Where files of rows lie, as Python says it.

use std::collections::HashMap;

use pyo3::prelude::*;

use super::errors::InvalidError;
use crate::store::{S3Options, StoreLocation};

/// Where rows are stored: on a service, else where the log is.
pub(super) fn store_location(
    has_folder: bool,
    s3: Option<HashMap<String, String>>,
) -> PyResult<StoreLocation> {
    let Some(given) = s3 else {
        return Ok(if has_folder { StoreLocation::Disk } else { StoreLocation::Memory });
    };
    let mut options = S3Options::default();
    for (name, value) in given {
        match name.as_str() {
            "bucket" => options.bucket = value,
            "region" => options.region = value,
            "endpoint" => options.endpoint = Some(value),
            "access_key_id" => options.access_key_id = Some(value),
            "secret_access_key" => options.secret_access_key = Some(value),
            "session_token" => options.session_token = Some(value),
            "allow_http" => options.allow_http = value == "true",
            "skip_signature" => options.skip_signature = value == "true",
            _ => return Err(InvalidError::new_err(format!("unknown option of s3: {name}"))),
        }
    }
    Ok(StoreLocation::S3(options))
}
