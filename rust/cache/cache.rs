//! One cache, of either kind.

use std::sync::Arc;

use arrow::array::RecordBatch;
use parking_lot::{Mutex, MutexGuard};

use super::answer::{combinations, last_rows};
use super::bounds::Bounds;
use super::contents::Contents;
use super::distinct::DistinctCache;
use super::last::{Kept, LastCache};
use super::progress::Fill;
use super::rows::{Rows, key_columns};
use super::value::KeyCondition;
use crate::error::Result;
use crate::schema::{
    CacheContents, CacheDefinition, ColumnId, ColumnKind, RowDeletion, Table, TimeRange,
};

/// See the head of this file.
#[derive(Debug)]
pub struct Cache {
    definition: Arc<CacheDefinition>,
    kind: Kind,
    filler: Mutex<()>,
}

#[derive(Debug)]
enum Kind {
    Last(LastCache),
    Distinct(DistinctCache),
}

impl Cache {
    /// An empty cache of that table.
    pub(super) fn new(definition: &Arc<CacheDefinition>, table: &Table, bounds: Bounds) -> Self {
        let kind = match &definition.contents {
            CacheContents::Last { keys, values, count, ttl_s } => {
                let made = definition.created_at_ns;
                let kept =
                    Kept::new(key_columns(table, keys), values.clone(), *count, *ttl_s, made);
                Kind::Last(LastCache::new(kept, bounds))
            }
            CacheContents::Distinct { columns, max_cardinality, max_age_s } => {
                let columns = key_columns(table, columns);
                Kind::Distinct(DistinctCache::new(columns, *max_cardinality, *max_age_s, bounds))
            }
        };
        Self { definition: Arc::clone(definition), kind, filler: Mutex::new(()) }
    }

    /// What it is made of.
    #[must_use]
    pub fn definition(&self) -> &Arc<CacheDefinition> {
        &self.definition
    }

    fn contents(&self) -> &dyn Contents {
        match &self.kind {
            Kind::Last(cache) => cache,
            Kind::Distinct(cache) => cache,
        }
    }

    pub(super) fn feed(&self, rows: &Rows<'_>, table: &Table, now_ns: i64) {
        self.contents().feed(rows, table, now_ns);
    }

    pub(super) fn delete(&self, deletion: &RowDeletion, table: &Table) {
        self.contents().delete(deletion, table);
    }

    pub(super) fn spoil(&self) {
        self.contents().spoil();
    }

    pub(super) fn expire(&self, now_ns: i64) {
        self.contents().expire(now_ns);
    }

    /// Held by the one who fills it.
    pub fn filler(&self) -> MutexGuard<'_, ()> {
        self.filler.lock()
    }

    /// Begins to be filled with a view of its table whose rows end at `newest`. Nothing may be
    /// written between the moment of the view and this call.
    #[must_use]
    pub fn begin_fill(&self, now_ns: i64, newest: i64) -> Fill {
        self.contents().begin_fill(now_ns, newest)
    }

    /// Takes rows of the view with these columns, by number (`time` has none); false where the fill
    /// counts for nothing any more, and is to be begun again.
    ///
    /// # Errors
    /// `Internal` where the rows have no times.
    pub fn fill(
        &self,
        fill: &Fill,
        batch: &RecordBatch,
        columns: &[Option<ColumnId>],
        table: &Table,
    ) -> Result<bool> {
        let rows = Rows::of_scan(batch, columns)?;
        Ok(self.contents().fill(fill, &rows, table))
    }

    /// Has got all rows.
    pub fn end_fill(&self, fill: &Fill) {
        self.contents().end_fill(fill);
    }

    /// Whether a fill needs a column of the table; `time` has no number.
    #[must_use]
    pub fn needs(&self, table: &Table, column: Option<ColumnId>) -> bool {
        let Some(id) = column else { return true };
        let kind_of = |id: ColumnId| table.columns.get(usize::from(id)).map(|one| one.kind);
        let is_key = |id| self.definition.key_columns().contains(&id);
        let is_tag = kind_of(id) == Some(ColumnKind::Tag);
        match &self.definition.contents {
            CacheContents::Last { values, .. } => {
                is_tag || is_key(id) || values.as_ref().is_none_or(|values| values.contains(&id))
            }
            CacheContents::Distinct { columns, .. } => {
                let of_fields = columns.iter().any(|id| kind_of(*id) != Some(ColumnKind::Tag));
                is_key(id) || (is_tag && of_fields)
            }
        }
    }

    /// What passes, with the columns that `table` has; `None` where the cache must be filled first.
    ///
    /// # Errors
    /// `Internal` where the values do not fit their columns.
    pub fn read(
        &self,
        now_ns: i64,
        kept: TimeRange,
        passing: &[KeyCondition],
        table: &Table,
    ) -> Result<Option<RecordBatch>> {
        match &self.kind {
            Kind::Last(cache) => {
                let found = cache.read(now_ns, kept, passing);
                found.map(|found| last_rows(&self.definition, table, &found)).transpose()
            }
            Kind::Distinct(cache) => {
                let found = cache.read(now_ns, kept, passing);
                found.map(|found| combinations(&self.definition, table, &found)).transpose()
            }
        }
    }
}
