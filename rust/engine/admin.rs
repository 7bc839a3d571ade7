//! Databases and tables: making them, marking them for deletion, forgetting them.

use std::sync::Arc;

use chrono::DateTime;

use super::Engine;
use crate::error::{EngineError, Result};
use crate::schema::{
    Catalog, CatalogChange, ColumnKind, Database, Deletion, INTERNAL_DATABASE, Resolver, Table,
    check_database_name,
};

const EXISTS: &str = "attempted to create a resource that already exists";

impl Engine {
    /// Makes an empty database; durable on return, as is every change here.
    ///
    /// # Errors
    /// `Invalid` for a bad name, `Conflict` where it exists, `TooLarge` at the limit.
    pub fn create_database(&self, name: &str, retention_ns: Option<i64>) -> Result<()> {
        check_database_name(name)?;
        self.change(|resolver| {
            if resolver.catalog().database(name).is_some() {
                return Err(EngineError::conflict(EXISTS));
            }
            resolver.check_new_database()?;
            let id = resolver.catalog().next_database_id();
            resolver.change(CatalogChange::CreateDatabase { id, name: name.into(), retention_ns })
        })
    }

    /// Sets how long rows of a database are kept; `None` keeps them for ever.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` where it is marked for deletion, `Internal` for `_internal`.
    pub fn set_retention(&self, name: &str, retention_ns: Option<i64>) -> Result<()> {
        check_not_internal(name, "modify")?;
        self.change(|resolver| {
            let database = live_database(resolver.catalog(), name)?.id;
            resolver.change(CatalogChange::SetRetention { database, retention_ns })
        })
    }

    /// Sets how long rows of a table are kept; `None` as long as those of its database. Tables of
    /// `_internal` too may be kept longer, or not as long.
    ///
    /// # Errors
    /// As `set_retention`, for the table too.
    pub fn set_table_retention(
        &self,
        database: &str,
        table: &str,
        retention_ns: Option<i64>,
    ) -> Result<()> {
        self.change(|resolver| keep(resolver, database, table, retention_ns))
    }

    /// Marks a database for deletion: it is renamed, its triggers rest. Past `hard_delete_at_ns`
    /// the next `purge` forgets it.
    ///
    /// # Errors
    /// As `set_retention`.
    pub fn delete_database(
        &self,
        name: &str,
        now_ns: i64,
        hard_delete_at_ns: Option<i64>,
    ) -> Result<()> {
        check_not_internal(name, "delete")?;
        self.change(|resolver| {
            let id = live_database(resolver.catalog(), name)?.id;
            let taken = |new: &str| resolver.catalog().database(new).is_some();
            let new_name = name_of_deleted(name, now_ns, id, taken);
            let deletion = Deletion { deleted_at_ns: now_ns, hard_delete_at_ns };
            resolver.change(CatalogChange::DeleteDatabase {
                database: id,
                name: new_name.into(),
                deletion,
            })
        })
    }

    /// Makes a table, and its database where there is none.
    ///
    /// # Errors
    /// `Conflict` where the table exists, `Invalid` for a bad name, `TooLarge` at a limit.
    pub fn create_table(
        &self,
        database: &str,
        table: &str,
        tags: &[String],
        fields: &[(String, String)],
        retention_ns: Option<i64>,
    ) -> Result<()> {
        check_database_name(database)?;
        if table.is_empty() {
            return Err(EngineError::invalid("table name cannot be empty"));
        }
        let mut columns: Vec<(String, ColumnKind)> =
            tags.iter().map(|tag| (tag.clone(), ColumnKind::Tag)).collect();
        for (name, kind) in fields {
            let kind = ColumnKind::of_field_type(kind).ok_or_else(|| unknown_type(kind))?;
            columns.push((name.clone(), kind));
        }
        self.change(|resolver| {
            resolver.create_table(database, table, &columns)?;
            retention_ns.map_or(Ok(()), |kept| keep(resolver, database, table, Some(kept)))
        })
    }

    /// Marks a table for deletion, as `delete_database` does a database.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` where it is marked already, `Internal` for `_internal`.
    pub fn delete_table(
        &self,
        database: &str,
        table: &str,
        now_ns: i64,
        hard_delete_at_ns: Option<i64>,
    ) -> Result<()> {
        check_not_internal(database, "modify")?;
        self.change(|resolver| {
            let found = live_database(resolver.catalog(), database)?;
            let (id, one) = (found.id, live_table(found, table)?);
            let taken = |new: &str| found.tables.contains_key(new);
            let name = name_of_deleted(table, now_ns, one.id, taken).into();
            let deletion = Deletion { deleted_at_ns: now_ns, hard_delete_at_ns };
            let table = Arc::clone(&one.name);
            resolver.change(CatalogChange::DeleteTable { database: id, table, name, deletion })
        })
    }

    /// Forgets what is past its hard deletion; returns how much that was. It also lets go of the
    /// log that every trigger has read by now, as far as its rows are stored.
    ///
    /// # Errors
    /// `Closed` where nothing can be written any more.
    pub fn purge(&self, now_ns: i64) -> Result<usize> {
        self.caches.expire();
        let durable = self.applied.lock().catalog.clone();
        self.release.release(&durable, self.store.stored().position)?;
        if due(&self.catalog(), now_ns).is_empty() {
            return Ok(0);
        }
        self.change(|resolver| {
            let changes = due(resolver.catalog(), now_ns);
            let count = changes.len();
            changes.into_iter().try_for_each(|change| resolver.change(change))?;
            Ok(count)
        })
    }
}

fn keep(
    resolver: &mut Resolver<'_>,
    database: &str,
    table: &str,
    retention_ns: Option<i64>,
) -> Result<()> {
    let found = live_database(resolver.catalog(), database)?;
    let (database, table) = (found.id, Arc::clone(&live_table(found, table)?.name));
    resolver.change(CatalogChange::SetTableRetention { database, table, retention_ns })
}

fn unknown_type(kind: &str) -> EngineError {
    EngineError::invalid(format!(
        "{kind} is not a valid data type, values are int64, uint64, float64, utf8, and bool"
    ))
}

pub(super) fn check_not_internal(name: &str, what: &str) -> Result<()> {
    if name == INTERNAL_DATABASE {
        return Err(EngineError::internal(format!("cannot {what} internal db")));
    }
    Ok(())
}

fn not_found(name: &str) -> EngineError {
    EngineError::not_found(format!("the requested resource was not found: {name}"))
}

fn check_live(name: &str, deletion: Option<Deletion>) -> Result<()> {
    match deletion {
        None => Ok(()),
        Some(_) => Err(EngineError::conflict(format!(
            "attempted to modify resource that was already deleted: {name}"
        ))),
    }
}

/// The database of that name, which must not be marked for deletion.
pub(super) fn live_database<'c>(catalog: &'c Catalog, name: &str) -> Result<&'c Arc<Database>> {
    let database = catalog.database(name).ok_or_else(|| not_found(name))?;
    check_live(name, database.deletion).map(|()| database)
}

/// The table of that name, which must not be marked for deletion.
pub(super) fn live_table<'d>(database: &'d Database, name: &str) -> Result<&'d Arc<Table>> {
    let table = database.tables.get(name).ok_or_else(|| not_found(name))?;
    check_live(name, table.deletion).map(|()| table)
}

/// `NAME-YYYYMMDDTHHMMSS`, and the number behind it where that is taken.
fn name_of_deleted(name: &str, now_ns: i64, id: u32, taken: impl Fn(&str) -> bool) -> String {
    let at = DateTime::from_timestamp_nanos(now_ns).format("%Y%m%dT%H%M%S");
    let dated = format!("{name}-{at}");
    if taken(&dated) { format!("{dated}-{id}") } else { dated }
}

fn due(catalog: &Catalog, now_ns: i64) -> Vec<CatalogChange> {
    let is_due = |deletion: Option<Deletion>| {
        deletion.and_then(|one| one.hard_delete_at_ns).is_some_and(|at| at <= now_ns)
    };
    let mut changes = Vec::new();
    for database in catalog.databases.values() {
        if is_due(database.deletion) {
            changes.push(CatalogChange::PurgeDatabase { database: database.id });
            continue;
        }
        let tables = database.tables.values().filter(|table| is_due(table.deletion));
        changes.extend(tables.map(|table| CatalogChange::PurgeTable {
            database: database.id,
            table: Arc::clone(&table.name),
        }));
    }
    changes
}

/// Checks that go with a resolver.
pub(super) fn trigger_database(resolver: &Resolver<'_>, name: &str) -> Result<u32> {
    let found = resolver.catalog().database(name);
    let database =
        found.ok_or_else(|| EngineError::not_found(format!("Database not found {name}")))?;
    check_not_internal(name, "modify")?;
    check_live(name, database.deletion).map(|()| database.id)
}
