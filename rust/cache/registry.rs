//! All caches, by table.
//!
//! Comes in: what is committed, in the order of the log, on one thread. Goes out: caches. What
//! stays true: there is a cache for each definition in the catalog; a write to a table without one
//! costs a look, and where no table has one not even that.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;

use super::bounds::Bounds;
use super::cache::Cache;
use super::rows::Rows;
use crate::schema::{
    CacheKind, Catalog, CatalogChange, Database, DatabaseId, RowDeletion, Table, TableBatch,
    TableId,
};

/// See the head of this file.
#[derive(Debug)]
pub struct Caches {
    tables: RwLock<HashMap<TableId, TableCaches>>,
    any: AtomicBool,
    clock: fn() -> i64,
    bounds: Bounds,
}

#[derive(Debug)]
struct TableCaches {
    database: DatabaseId,
    table: Arc<Table>,
    caches: Vec<Arc<Cache>>,
}

impl Caches {
    /// No caches; `clock` tells when rows are written.
    #[must_use]
    pub fn new(clock: fn() -> i64) -> Self {
        let (tables, any, bounds) = (RwLock::default(), AtomicBool::new(false), Bounds::default());
        Self { tables, any, clock, bounds }
    }

    /// Now, by the clock of the caches.
    #[must_use]
    pub fn now_ns(&self) -> i64 {
        (self.clock)()
    }

    fn are_there(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Makes the caches of a catalog.
    pub fn open(&self, catalog: &Catalog) {
        for database in catalog.databases.values() {
            for table in database.tables.values().filter(|table| !table.caches.is_empty()) {
                self.put(database, table);
            }
        }
    }

    /// Follows changes; `catalog` has them already.
    pub fn follow(&self, catalog: &Catalog, changes: &[CatalogChange]) {
        for change in changes {
            if let CatalogChange::PutCache { database, table, .. } = change {
                let database = catalog.database_by_id(*database);
                let found = database.and_then(|one| Some((one, one.tables.get(table)?)));
                if let Some((database, table)) = found {
                    self.put(database, table);
                }
            }
        }
        let Some(kind) = changes.iter().filter_map(concerns).max() else { return };
        if self.are_there() {
            self.look_again(catalog, kind == Concern::Retention);
        }
    }

    fn put(&self, database: &Database, table: &Arc<Table>) {
        let mut tables = self.tables.write();
        let entry = tables.entry(table.id).or_insert_with(|| TableCaches {
            database: database.id,
            table: Arc::clone(table),
            caches: Vec::new(),
        });
        entry.table = Arc::clone(table);
        for definition in table.caches.values() {
            if !entry.caches.iter().any(|cache| cache.definition() == definition) {
                entry.caches.push(Arc::new(Cache::new(definition, table, self.bounds)));
            }
        }
        self.any.store(true, Ordering::Release);
    }

    /// Drops caches that the catalog does not have, and takes tables as it has them.
    fn look_again(&self, catalog: &Catalog, spoils: bool) {
        let mut tables = self.tables.write();
        tables.retain(|id, entry| {
            let database = catalog.database_by_id(entry.database);
            let table = database.and_then(|one| one.tables.get(&entry.table.name));
            let Some(table) = table.filter(|table| table.id == *id) else { return false };
            entry.table = Arc::clone(table);
            let is_there = |cache: &Arc<Cache>| {
                table.caches.values().any(|definition| definition == cache.definition())
            };
            entry.caches.retain(is_there);
            if spoils {
                entry.caches.iter().for_each(|cache| cache.spoil());
            }
            !entry.caches.is_empty()
        });
        self.any.store(!tables.is_empty(), Ordering::Release);
    }

    /// Takes rows that become visible.
    pub fn feed(&self, batch: &TableBatch) {
        if !self.are_there() {
            return;
        }
        let tables = self.tables.read();
        let Some(entry) = tables.get(&batch.table) else { return };
        let (rows, now_ns) = (Rows::of_write(batch), self.now_ns());
        entry.caches.iter().for_each(|cache| cache.feed(&rows, &entry.table, now_ns));
    }

    /// Loses rows.
    pub fn delete(&self, deletion: &RowDeletion) {
        if let Some(entry) = self.tables.read().get(&deletion.table) {
            entry.caches.iter().for_each(|cache| cache.delete(deletion, &entry.table));
        }
    }

    /// Lets go of what is too old.
    pub fn expire(&self) {
        let now_ns = self.now_ns();
        let all: Vec<Arc<Cache>> =
            self.tables.read().values().flat_map(|entry| entry.caches.iter().cloned()).collect();
        for cache in all {
            cache.expire(now_ns); // while nobody waits for the list
        }
    }

    /// The cache of that name.
    #[must_use]
    pub fn find(&self, table: TableId, kind: CacheKind, name: &str) -> Option<Arc<Cache>> {
        let tables = self.tables.read();
        let is_it = |cache: &&Arc<Cache>| {
            cache.definition().kind() == kind && &*cache.definition().name == name
        };
        tables.get(&table)?.caches.iter().find(is_it).cloned()
    }
}

/// What a change may mean for caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Concern {
    /// A table has other columns, or caches go.
    Shape,
    /// Other rows of a table are shown.
    Retention,
}

fn concerns(change: &CatalogChange) -> Option<Concern> {
    match change {
        CatalogChange::AddColumns { .. }
        | CatalogChange::DeleteCache { .. }
        | CatalogChange::DeleteTable { .. }
        | CatalogChange::DeleteDatabase { .. }
        | CatalogChange::PurgeTable { .. }
        | CatalogChange::PurgeDatabase { .. } => Some(Concern::Shape),
        CatalogChange::SetRetention { .. } | CatalogChange::SetTableRetention { .. } => {
            Some(Concern::Retention)
        }
        _ => None,
    }
}
