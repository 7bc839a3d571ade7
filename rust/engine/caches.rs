//! Caches in the catalog: making them and forgetting them.

use std::sync::Arc;

use super::Engine;
use super::admin::{check_not_internal, live_database, live_table};
use crate::error::{EngineError, Result};
use crate::limits::{CACHES_PER_DATABASE_MAX, DISTINCT_CARDINALITY_MAX, LAST_CACHE_COUNT_MAX};
use crate::schema::{
    CacheContents, CacheDefinition, CacheKind, CatalogChange, Column, ColumnId, ColumnKind,
    Database, DatabaseId, Position, Table,
};

const EXISTS: &str = "attempted to create a resource that already exists";
/// Seconds after which time has no end for this server.
const SECONDS_MAX: u64 = i64::MAX as u64 / 1_000_000_000;

/// What a last-value cache is made of; names are those of columns.
#[derive(Debug, Clone)]
pub struct NewLastCache {
    /// Name; `None` makes one of the table and the keys.
    pub name: Option<String>,
    /// The key; `None` for all tags.
    pub key_columns: Option<Vec<String>>,
    /// What is kept beside the key; `None` for all other columns.
    pub value_columns: Option<Vec<String>>,
    /// Rows of each key.
    pub count: u64,
    /// Seconds that a row is kept after it was written.
    pub ttl_s: u64,
}

/// What a distinct-value cache is made of; names are those of columns.
#[derive(Debug, Clone)]
pub struct NewDistinctCache {
    /// Name; `None` makes one of the table and the columns.
    pub name: Option<String>,
    /// The columns, from the outermost to the innermost.
    pub columns: Vec<String>,
    /// Combinations, at most.
    pub max_cardinality: u64,
    /// Seconds that a combination is kept after the time of its newest row.
    pub max_age_s: u64,
}

/// A cache that was made.
#[derive(Debug, Clone)]
pub struct CreatedCache {
    /// Number of the database.
    pub database: DatabaseId,
    /// The table.
    pub table: Arc<Table>,
    /// The cache.
    pub cache: Arc<CacheDefinition>,
    /// Position in the log of the frame that made it.
    pub position: Position,
}

impl Engine {
    /// Makes a last-value cache; durable on return.
    ///
    /// # Errors
    /// `NotFound` for the database or the table, `Conflict` where the name is taken, `Invalid` for
    /// columns and numbers that it cannot have, `TooLarge` at a limit.
    pub fn create_last_cache(
        &self,
        database: &str,
        table: &str,
        new: &NewLastCache,
        now_ns: i64,
    ) -> Result<CreatedCache> {
        self.create_cache(database, table, now_ns, |found| last(found, new))
    }

    /// Makes a distinct-value cache; durable on return.
    ///
    /// # Errors
    /// As `create_last_cache`.
    pub fn create_distinct_cache(
        &self,
        database: &str,
        table: &str,
        new: &NewDistinctCache,
        now_ns: i64,
    ) -> Result<CreatedCache> {
        self.create_cache(database, table, now_ns, |found| distinct(found, new))
    }

    /// Forgets a cache.
    ///
    /// # Errors
    /// `NotFound` for the database, the table or the cache.
    pub fn delete_cache(
        &self,
        database: &str,
        table: &str,
        kind: CacheKind,
        name: &str,
    ) -> Result<()> {
        self.change(|resolver| {
            let found = live_database(resolver.catalog(), database)?;
            let (database, table) = (found.id, live_table(found, table)?);
            let name: Arc<str> = name.into();
            if !table.caches.contains_key(&(kind, Arc::clone(&name))) {
                return Err(EngineError::not_found(format!(
                    "the requested resource was not found: {name}"
                )));
            }
            let table = Arc::clone(&table.name);
            resolver.change(CatalogChange::DeleteCache { database, table, kind, name })
        })
    }

    fn create_cache(
        &self,
        database: &str,
        table: &str,
        created_at_ns: i64,
        make: impl FnOnce(&Table) -> Result<(String, CacheContents)>,
    ) -> Result<CreatedCache> {
        check_not_internal(database, "modify")?;
        let (database, table, kind, name) = self.change(|resolver| {
            let found = live_database(resolver.catalog(), database)?;
            let (database, table) = (found.id, live_table(found, table)?);
            let (name, contents) = make(table)?;
            let name: Arc<str> = name.into();
            let mut cache = CacheDefinition { id: 0, name, created_at_ns, contents };
            if table.caches.contains_key(&(cache.kind(), Arc::clone(&cache.name))) {
                return Err(EngineError::conflict(EXISTS));
            }
            check_room(found)?;
            let ids = table.caches_of(cache.kind()).map(|one| one.id);
            cache.id = ids.max().map_or(0, |id| id.saturating_add(1));
            let (table, kind, name) = (Arc::clone(&table.name), cache.kind(), cache.name.clone());
            let put = CatalogChange::PutCache { database, table: Arc::clone(&table), cache };
            resolver.change(put)?;
            Ok((database, table, kind, name))
        })?;
        let catalog = self.catalog();
        let table = catalog.database_by_id(database).and_then(|one| one.tables.get(&table));
        let cache = table.and_then(|table| Some((table, table.caches.get(&(kind, name))?)));
        let Some((table, cache)) = cache else {
            return Err(EngineError::conflict("the cache was deleted as it was made"));
        };
        let (table, cache) = (Arc::clone(table), Arc::clone(cache));
        Ok(CreatedCache { database, table, cache, position: self.committed() })
    }
}

fn check_room(database: &Database) -> Result<()> {
    let caches: usize = database.tables.values().map(|table| table.caches.len()).sum();
    if caches < CACHES_PER_DATABASE_MAX {
        return Ok(());
    }
    Err(EngineError::too_large(format!(
        "Adding a new cache would exceed limit of {CACHES_PER_DATABASE_MAX} caches per database"
    )))
}

fn last(table: &Table, new: &NewLastCache) -> Result<(String, CacheContents)> {
    if new.count == 0 {
        return Err(EngineError::invalid("last cache size must be greater than 0"));
    }
    if new.count > LAST_CACHE_COUNT_MAX {
        return Err(too_many("rows per key of a last cache", new.count, LAST_CACHE_COUNT_MAX));
    }
    check_seconds("ttl", new.ttl_s)?;
    let keys = match &new.key_columns {
        Some(names) => columns_of(table, names)?,
        None => table.tags().collect(),
    };
    if keys.iter().any(|column| column.kind == ColumnKind::Float) {
        return Err(EngineError::invalid(
            "only uint64, int64, bool, tag, and string columns are supported in the last cache",
        ));
    }
    let named: Option<Vec<&String>> = new.value_columns.as_ref().map(|names| {
        names.iter().filter(|name| *name != "time").collect() // it is always there
    });
    let values = named.map(|names| columns_of(table, &names)).transpose()?;
    let keys_of = |column: &&Column| keys.iter().any(|key| key.id == column.id);
    if let Some(both) = values.iter().flatten().find(|one| keys_of(one)) {
        return Err(EngineError::invalid(format!(
            "invalid column provided: {} is both a key and a value column",
            both.name
        )));
    }
    let name = new.name.clone().unwrap_or_else(|| name_of(table, &keys, "last_cache"));
    let values = values.map(|columns| ids(&columns));
    let (keys, count, ttl_s) = (ids(&keys), new.count, new.ttl_s);
    check_name(&name).map(|()| (name, CacheContents::Last { keys, values, count, ttl_s }))
}

fn distinct(table: &Table, new: &NewDistinctCache) -> Result<(String, CacheContents)> {
    if new.columns.is_empty() {
        return Err(EngineError::invalid("no columns provided when creating distinct cache"));
    }
    if new.max_cardinality == 0 {
        return Err(EngineError::invalid("max_cardinality must be greater than 0"));
    }
    if new.max_cardinality > DISTINCT_CARDINALITY_MAX {
        let what = "combinations of a distinct cache";
        return Err(too_many(what, new.max_cardinality, DISTINCT_CARDINALITY_MAX));
    }
    check_seconds("max_age", new.max_age_s)?;
    let columns = columns_of(table, &new.columns)?;
    if columns.iter().any(|one| !matches!(one.kind, ColumnKind::Tag | ColumnKind::String)) {
        return Err(EngineError::invalid(
            "only tag and string columns are supported in the distinct cache",
        ));
    }
    let name = new.name.clone().unwrap_or_else(|| name_of(table, &columns, "distinct_cache"));
    let (max_cardinality, max_age_s) = (new.max_cardinality, new.max_age_s);
    let columns = ids(&columns);
    let contents = CacheContents::Distinct { columns, max_cardinality, max_age_s };
    check_name(&name).map(|()| (name, contents))
}

fn too_many(what: &str, number: u64, limit: u64) -> EngineError {
    EngineError::invalid(format!("{number} {what} are too many, the limit is {limit}"))
}

fn check_seconds(what: &str, seconds: u64) -> Result<()> {
    if (1..=SECONDS_MAX).contains(&seconds) {
        return Ok(());
    }
    Err(EngineError::invalid(format!(
        "{what} must be from 1 to {SECONDS_MAX} seconds, not {seconds}"
    )))
}

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(EngineError::invalid("the name of a cache cannot be empty"));
    }
    Ok(())
}

/// The columns of these names; `time` is none of them.
fn columns_of<'t>(table: &'t Table, names: &[impl AsRef<str>]) -> Result<Vec<&'t Column>> {
    let mut columns: Vec<&Column> = Vec::with_capacity(names.len());
    for name in names.iter().map(AsRef::as_ref) {
        let column = table.column(name).filter(|one| !columns.iter().any(|had| had.id == one.id));
        columns.push(
            column
                .ok_or_else(|| EngineError::invalid(format!("invalid column provided: {name}")))?,
        );
    }
    Ok(columns)
}

fn ids(columns: &[&Column]) -> Vec<ColumnId> {
    columns.iter().map(|column| column.id).collect()
}

fn name_of(table: &Table, columns: &[&Column], what: &str) -> String {
    let names = columns.iter().map(|column| &*column.name);
    let parts: Vec<&str> = std::iter::once(&*table.name).chain(names).chain([what]).collect();
    parts.join("_")
}
