//! Backups: what a running engine gives, and what their files say.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use super::enter::enter;
use super::location::store_location;
use crate::disk::{Disk, MemoryDisk};
use crate::engine::{Backup as Inner, BackupObject};
use crate::error::{EngineError, Result};
use crate::store::{Manifest, StoreClient, decode_manifest};
use crate::wal;

/// One file of a backup.
#[pyclass(frozen, get_all, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct StoredObject {
    name: String,
    bytes: u64,
    crc32: Option<u32>,
}

impl From<BackupObject> for StoredObject {
    fn from(object: BackupObject) -> Self {
        Self { name: object.name, bytes: object.bytes, crc32: object.checksum }
    }
}

/// A backup that is held open.
#[pyclass(frozen, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct Backup(Mutex<Option<Arc<Inner>>>);

impl From<Inner> for Backup {
    fn from(backup: Inner) -> Self {
        Self(Mutex::new(Some(Arc::new(backup))))
    }
}

impl Backup {
    fn held(&self) -> Result<Arc<Inner>> {
        let held = self.0.lock().clone();
        held.ok_or_else(|| EngineError::closed("the backup is closed"))
    }
}

#[pymethods]
impl Backup {
    #[getter]
    fn position(&self, py: Python<'_>) -> PyResult<u64> {
        enter(py, || Ok(self.held()?.position))
    }

    #[getter]
    fn manifest(&self, py: Python<'_>) -> PyResult<Option<String>> {
        enter(py, || Ok(self.held()?.manifest()))
    }

    fn objects(&self, py: Python<'_>) -> PyResult<Vec<StoredObject>> {
        let objects = enter(py, || Ok(self.held()?.objects()))?;
        Ok(objects.into_iter().map(StoredObject::from).collect())
    }

    fn read<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        offset: u64,
        length: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = enter(py, || self.held()?.read(name, offset, length))?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        enter(py, || {
            drop(self.0.lock().take());
            Ok(())
        })
    }
}

/// What a manifest says.
#[pyclass(frozen, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct ManifestInfo(Manifest);

#[pymethods]
impl ManifestInfo {
    #[getter]
    fn sequence(&self) -> u64 {
        self.0.sequence
    }

    #[getter]
    fn uuid(&self) -> &str {
        &self.0.uuid
    }

    #[getter]
    fn position(&self) -> u64 {
        self.0.position
    }

    #[getter]
    fn files(&self) -> Vec<StoredObject> {
        let files = self.0.files().map(BackupObject::from);
        files.map(StoredObject::from).collect()
    }
}

#[pyfunction]
pub(super) fn read_manifest(py: Python<'_>, data: &[u8]) -> PyResult<ManifestInfo> {
    enter(py, || decode_manifest(data)).map(ManifestInfo)
}

/// What counts of a log segment.
#[pyclass(frozen, get_all, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct SegmentInfo {
    number: u64,
    first: u64,
    last: u64,
    end: u64,
    last_s: Option<u32>,
}

#[pyfunction]
#[pyo3(signature = (data, *, position_max = None, time_s_max = None))]
pub(super) fn read_segment(
    py: Python<'_>,
    data: &[u8],
    position_max: Option<u64>,
    time_s_max: Option<u32>,
) -> PyResult<SegmentInfo> {
    let (position, time_s) = (position_max.unwrap_or(u64::MAX), time_s_max.unwrap_or(u32::MAX));
    let frames = enter(py, || wal::read_segment(data, position, time_s))?;
    Ok(SegmentInfo {
        number: frames.number,
        first: frames.first,
        last: frames.last,
        end: frames.end,
        last_s: frames.last_s,
    })
}

/// The objects of a bucket.
#[pyclass(frozen, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct ObjectStore(StoreClient);

#[pymethods]
impl ObjectStore {
    #[staticmethod]
    fn open(py: Python<'_>, s3: HashMap<String, String>) -> PyResult<Self> {
        let location = store_location(false, Some(s3))?;
        let nowhere: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
        enter(py, || StoreClient::open(&location, &nowhere)).map(Self)
    }

    fn list(&self, py: Python<'_>, prefix: &str) -> PyResult<Vec<(String, u64)>> {
        enter(py, || self.0.list(prefix))
    }

    fn get<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = enter(py, || self.0.get(name))?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn put(&self, py: Python<'_>, name: &str, data: PyBackedBytes) -> PyResult<()> {
        enter(py, || self.0.put(name, Bytes::from_owner(data)))
    }
}
