//! A cache as a query reads it: filled first, where it is not.
//!
//! What stays true: a fill and the writes that go on meanwhile meet in the cache, so nobody waits
//! for it but who reads. Where it is overtaken too often, writes wait for the last attempt.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parking_lot::{Mutex, MutexGuard};

use super::compact::kept_times;
use super::database::DatabaseView;
use super::sink::Applied;
use super::table_view::TableView;
use crate::cache::{Cache, Caches, Fill, KeyCondition, cache_schema};
use crate::error::{EngineError, Result};
use crate::query::{CacheSource, TableSnapshot};
use crate::schema::{CacheDefinition, CacheKind, ColumnId, Table, TimeRange, arrow_schema};

/// Attempts to fill a cache, of which the last one keeps writes waiting.
const FILL_ATTEMPTS: usize = 4;

/// Where the caches of an engine are, and what holds its writes.
#[derive(Debug, Clone)]
pub(super) struct CacheDoor {
    pub(super) caches: Arc<Caches>,
    pub(super) applied: Arc<Mutex<Applied>>,
}

/// One cache for one query.
#[derive(Debug)]
pub(super) struct CacheView {
    cache: Arc<Cache>,
    /// The database and the table as the query sees them.
    view: DatabaseView,
    table: Arc<Table>,
}

impl CacheView {
    /// The cache of that name, or the only one of its kind.
    pub(super) fn find(
        view: &DatabaseView,
        kind: CacheKind,
        table: &str,
        name: Option<&str>,
    ) -> Option<Self> {
        let table = view.database.tables.get(table)?;
        let mut all = table.caches_of(kind);
        let definition = match name {
            Some(name) => all.find(|cache| &*cache.name == name)?,
            None => all.next().filter(|_| all.next().is_none())?,
        };
        let cache = view.door.caches.find(table.id, kind, &definition.name)?;
        Some(Self { cache, view: view.clone(), table: Arc::clone(table) })
    }

    fn read(&self, passing: &[KeyCondition]) -> Result<Option<RecordBatch>> {
        let shown = kept_times(&self.view.database, &self.table);
        self.cache.read(self.view.door.caches.now_ns(), shown, passing, &self.table)
    }

    fn fill_and_read(&self, passing: &[KeyCondition]) -> Result<RecordBatch> {
        let _filler = self.cache.filler();
        for attempt in 1..=FILL_ATTEMPTS {
            if let Some(found) = self.read(passing)? {
                return Ok(found); // another has filled it
            }
            let _writes = self.fill(attempt == FILL_ATTEMPTS)?;
            if let Some(found) = self.read(passing)? {
                return Ok(found);
            }
        }
        Err(EngineError::busy("the cache is being changed; try again later"))
    }

    /// Fills the cache, if nothing comes in between; where writes wait, nothing can.
    fn fill(&self, writes_wait: bool) -> Result<Option<MutexGuard<'_, Applied>>> {
        let applied = self.view.door.applied.lock();
        let database = applied.catalog.database_by_id(self.view.database.id);
        let found = database.and_then(|one| Some((one, one.table_by_id(self.table.id)?)));
        let Some((database, table)) = found.map(|(one, table)| (one.clone(), table.clone())) else {
            return Err(EngineError::not_found("the table of the cache was deleted"));
        };
        let rows = DatabaseView { database, ..self.view.clone() }.view(&table)?;
        let newest = (0..rows.block_count()).map(|block| rows.block(block).time_max).max();
        let now_ns = self.view.door.caches.now_ns();
        let fill = self.cache.begin_fill(now_ns, newest.unwrap_or(i64::MIN));
        let writes = writes_wait.then_some(applied); // or let go of
        if self.scan(&fill, &rows, &table)? {
            self.cache.end_fill(&fill);
        }
        Ok(writes)
    }

    fn scan(&self, fill: &Fill, rows: &TableView, table: &Table) -> Result<bool> {
        let needed = |(_, id): &(usize, Option<ColumnId>)| self.cache.needs(table, *id);
        let all = arrow_schema(table).1.into_iter().enumerate();
        let (projection, columns): (Vec<_>, Vec<_>) = all.filter(needed).unzip();
        let times = TimeRange { min: fill.time_min, max: i64::MAX };
        let touched = |block: &usize| !rows.block(*block).times().intersect(times).is_empty();
        let mut blocks: Vec<usize> = (0..rows.block_count()).filter(touched).collect();
        blocks.sort_by_key(|block| Reverse(rows.block(*block).time_max)); // most others are behind
        for block in blocks {
            for batch in rows.read(block, &projection, times)? {
                if !self.cache.fill(fill, &batch?, &columns, table)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

impl CacheSource for CacheView {
    fn schema(&self) -> SchemaRef {
        cache_schema(self.cache.definition(), &self.table)
    }

    fn definition(&self) -> &CacheDefinition {
        self.cache.definition()
    }

    fn rows(&self, passing: &[KeyCondition]) -> Result<RecordBatch> {
        match self.read(passing)? {
            Some(found) => Ok(found),
            None => self.fill_and_read(passing),
        }
    }
}
