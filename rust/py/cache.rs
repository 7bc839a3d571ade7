//! A cache that was made, as a small frozen value.

use pyo3::prelude::*;

use crate::engine::CreatedCache;
use crate::schema::{CacheContents, ColumnId, ColumnKind};

/// A column: whether it is a tag, and which one of the tags or of the fields.
type Place = (bool, usize);

/// A last-value or distinct-value cache with its numbers, and where in the log it stands.
#[pyclass(frozen, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct CacheInfo(CreatedCache);

impl From<CreatedCache> for CacheInfo {
    fn from(cache: CreatedCache) -> Self {
        Self(cache)
    }
}

impl CacheInfo {
    fn places(&self, ids: &[ColumnId]) -> Vec<Place> {
        let columns = &self.0.table.columns;
        let is_tag = |kind| kind == ColumnKind::Tag;
        let place = |id: &ColumnId| {
            let tag = is_tag(columns.get(usize::from(*id))?.kind);
            let before = &columns[..usize::from(*id)];
            Some((tag, before.iter().filter(|one| is_tag(one.kind) == tag).count()))
        };
        ids.iter().filter_map(place).collect()
    }
}

#[pymethods]
impl CacheInfo {
    #[getter]
    fn database_id(&self) -> u32 {
        self.0.database
    }

    #[getter]
    fn table_id(&self) -> u32 {
        self.0.table.id
    }

    #[getter]
    fn id(&self) -> u32 {
        self.0.cache.id
    }

    #[getter]
    fn name(&self) -> &str {
        &self.0.cache.name
    }

    #[getter]
    fn position(&self) -> u64 {
        self.0.position
    }

    #[getter]
    fn key_columns(&self) -> Vec<Place> {
        self.places(self.0.cache.key_columns())
    }

    #[getter]
    fn value_columns(&self) -> Option<Vec<Place>> {
        match &self.0.cache.contents {
            CacheContents::Last { values, .. } => Some(self.places(values.as_ref()?)),
            CacheContents::Distinct { .. } => None,
        }
    }
}
