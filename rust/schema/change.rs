//! The changes of a catalog: what the log holds, and the only way to change one.

use std::sync::Arc;

use super::cache::{CacheDefinition, CacheKind};
use super::catalog::{Catalog, Column, Database, Deletion, Table, Token, Trigger};
use super::{DatabaseId, Position, TableId, TriggerId};
use crate::error::{EngineError, Result};

/// A cursor that stands for the position of the frame that holds it.
pub const CURSOR_HERE: Position = Position::MAX;

/// One change of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogChange {
    /// Gives the data directory its identity.
    Identify { uuid: Arc<str> },
    /// Makes an empty database.
    CreateDatabase { id: DatabaseId, name: Arc<str>, retention_ns: Option<i64> },
    /// Sets how long rows are kept.
    SetRetention { database: DatabaseId, retention_ns: Option<i64> },
    /// Sets how long rows of a table are kept; `None` as long as those of its database.
    SetTableRetention { database: DatabaseId, table: Arc<str>, retention_ns: Option<i64> },
    /// Marks a database for deletion under a new name.
    DeleteDatabase { database: DatabaseId, name: Arc<str>, deletion: Deletion },
    /// Forgets a database and its rows.
    PurgeDatabase { database: DatabaseId },
    /// Makes a table without columns.
    CreateTable { database: DatabaseId, id: TableId, name: Arc<str> },
    /// Adds columns to a table.
    AddColumns { database: DatabaseId, table: Arc<str>, columns: Vec<Column> },
    /// Marks a table for deletion under a new name.
    DeleteTable { database: DatabaseId, table: Arc<str>, name: Arc<str>, deletion: Deletion },
    /// Forgets a table and its rows.
    PurgeTable { database: DatabaseId, table: Arc<str> },
    /// Makes a cache of a table.
    PutCache { database: DatabaseId, table: Arc<str>, cache: CacheDefinition },
    /// Forgets a cache of a table.
    DeleteCache { database: DatabaseId, table: Arc<str>, kind: CacheKind, name: Arc<str> },
    /// Makes a token, or replaces the one of that name.
    PutToken(Token),
    /// Forgets a token.
    DeleteToken { name: Arc<str> },
    /// Makes a trigger, or replaces the one of that number.
    PutTrigger(Trigger),
    /// Moves the cursor of a trigger.
    SetCursor { trigger: TriggerId, cursor: Position },
    /// Sets what a trigger is told beyond the reference, as JSON.
    SetTriggerOptions { trigger: TriggerId, options: Arc<str> },
    /// Sets a value that the plugin of a trigger keeps; `None` forgets it.
    SetTriggerState { trigger: TriggerId, key: Arc<str>, value: Option<Arc<[u8]>> },
    /// Notes the last tick of a trigger's schedule that was served.
    SetTick { trigger: TriggerId, time_ns: i64 },
    /// Forgets a trigger.
    DeleteTrigger { trigger: TriggerId },
    /// Never gives numbers below these again.
    ReserveNumbers { databases: DatabaseId, tables: TableId, tokens: u32, triggers: TriggerId },
}

impl Catalog {
    /// Applies a change that stands in the frame at `position`.
    ///
    /// # Errors
    /// `Corrupt` where the change names something that does not exist: it was made from another
    /// catalog.
    pub fn apply(&mut self, change: &CatalogChange, position: Position) -> Result<()> {
        match change {
            CatalogChange::Identify { uuid } => self.uuid = Arc::clone(uuid),
            CatalogChange::CreateDatabase { id, name, retention_ns } => {
                self.create_database(*id, name, *retention_ns)?;
            }
            CatalogChange::SetRetention { database, retention_ns } => {
                self.edit_database(*database)?.retention_ns = *retention_ns;
            }
            CatalogChange::SetTableRetention { database, table, retention_ns } => {
                self.edit_table(*database, table)?.retention_ns = *retention_ns;
            }
            CatalogChange::DeleteDatabase { database, name, deletion } => {
                self.delete_database(*database, name, *deletion)?;
            }
            CatalogChange::PurgeDatabase { database } => self.purge_database(*database)?,
            CatalogChange::CreateTable { database, id, name } => {
                self.next_table = self.next_table.max(after(*id)?);
                let table = Arc::new(Table::new(*id, Arc::clone(name)));
                self.edit_database(*database)?.tables.insert(Arc::clone(name), table);
            }
            CatalogChange::AddColumns { database, table, columns } => {
                let table = self.edit_table(*database, table)?;
                columns.iter().try_for_each(|column| add_column(table, column))?;
            }
            CatalogChange::DeleteTable { database, table, name, deletion } => {
                self.delete_table(*database, table, name, *deletion)?;
            }
            CatalogChange::PurgeTable { database, table } => {
                let tables = &mut self.edit_database(*database)?.tables;
                tables.remove(table).ok_or_else(|| unknown("table", table))?;
            }
            CatalogChange::PutCache { database, table, cache } => {
                put_cache(self.edit_table(*database, table)?, cache)?;
            }
            CatalogChange::DeleteCache { database, table, kind, name } => {
                delete_cache(self.edit_table(*database, table)?, *kind, name)?;
            }
            CatalogChange::PutToken(token) => {
                self.next_token = self.next_token.max(after(token.id)?);
                self.tokens.insert(Arc::clone(&token.name), token.clone());
            }
            CatalogChange::DeleteToken { name } => {
                self.tokens.remove(name).ok_or_else(|| unknown("token", name))?;
            }
            CatalogChange::PutTrigger(trigger) => self.put_trigger(trigger.clone(), position)?,
            CatalogChange::SetCursor { trigger, cursor } => {
                self.edit_trigger(*trigger, |trigger| trigger.cursor = *cursor);
            }
            CatalogChange::SetTriggerOptions { trigger, options } => {
                self.edit_trigger(*trigger, |trigger| trigger.options = Arc::clone(options));
            }
            CatalogChange::SetTriggerState { trigger, key, value } => {
                self.edit_trigger(*trigger, |trigger| set_state(trigger, key, value.as_ref()));
            }
            CatalogChange::SetTick { trigger, time_ns } => {
                self.edit_trigger(*trigger, |trigger| trigger.memory.tick_ns = Some(*time_ns));
            }
            CatalogChange::DeleteTrigger { trigger } => {
                self.triggers.remove(trigger).ok_or_else(|| unknown("trigger", trigger))?;
            }
            CatalogChange::ReserveNumbers { databases, tables, tokens, triggers } => {
                self.next_database = self.next_database.max(*databases);
                self.next_table = self.next_table.max(*tables);
                self.next_token = self.next_token.max(*tokens);
                self.next_trigger = self.next_trigger.max(*triggers);
            }
        }
        Ok(())
    }

    fn create_database(
        &mut self,
        id: DatabaseId,
        name: &Arc<str>,
        retention_ns: Option<i64>,
    ) -> Result<()> {
        self.next_database = self.next_database.max(after(id)?);
        let database = Database {
            id,
            name: Arc::clone(name),
            retention_ns,
            tables: std::collections::BTreeMap::new(),
            deletion: None,
        };
        self.databases.insert(Arc::clone(name), Arc::new(database));
        Ok(())
    }

    fn delete_database(
        &mut self,
        id: DatabaseId,
        name: &Arc<str>,
        deletion: Deletion,
    ) -> Result<()> {
        let old_name = Arc::clone(&self.edit_database(id)?.name);
        if let Some(mut database) = self.databases.remove(&old_name) {
            let edited = Arc::make_mut(&mut database);
            edited.name = Arc::clone(name);
            edited.deletion = Some(deletion);
            for table in edited.tables.values_mut().filter(|table| !table.caches.is_empty()) {
                Arc::make_mut(table).caches.clear();
            }
            self.databases.insert(Arc::clone(name), database);
        }
        for trigger in self.triggers.values_mut().filter(|trigger| trigger.database == id) {
            Arc::make_mut(trigger).disabled = true;
        }
        Ok(())
    }

    fn purge_database(&mut self, id: DatabaseId) -> Result<()> {
        let name = Arc::clone(&self.edit_database(id)?.name);
        self.databases.remove(&name);
        self.triggers.retain(|_, trigger| trigger.database != id);
        Ok(())
    }

    fn delete_table(
        &mut self,
        database: DatabaseId,
        table: &Arc<str>,
        name: &Arc<str>,
        deletion: Deletion,
    ) -> Result<()> {
        let tables = &mut self.edit_database(database)?.tables;
        let mut renamed = tables.remove(table).ok_or_else(|| unknown("table", table))?;
        let edited = Arc::make_mut(&mut renamed);
        edited.name = Arc::clone(name);
        edited.deletion = Some(deletion);
        edited.caches.clear();
        tables.insert(Arc::clone(name), renamed);
        Ok(())
    }

    fn put_trigger(&mut self, mut trigger: Trigger, position: Position) -> Result<()> {
        if trigger.cursor == CURSOR_HERE {
            trigger.cursor = position;
        }
        self.next_trigger = self.next_trigger.max(after(trigger.id)?);
        if let Some(before) = self.triggers.get(&trigger.id) {
            trigger.options = Arc::clone(&before.options);
            trigger.memory = before.memory.clone();
            let begins = before.disabled && !trigger.disabled;
            trigger.memory.tick_ns = trigger.memory.tick_ns.filter(|_| !begins);
        }
        self.triggers.insert(trigger.id, Arc::new(trigger));
        Ok(())
    }

    /// Edits a trigger; it may have been deleted while a run of it was on its way to the log.
    fn edit_trigger(&mut self, id: TriggerId, edit: impl FnOnce(&mut Trigger)) {
        if let Some(trigger) = self.triggers.get_mut(&id) {
            edit(Arc::make_mut(trigger));
        }
    }

    fn edit_database(&mut self, id: DatabaseId) -> Result<&mut Database> {
        let found = self.databases.values_mut().find(|database| database.id == id);
        found.map(Arc::make_mut).ok_or_else(|| unknown("database", &id))
    }

    fn edit_table(&mut self, database: DatabaseId, name: &Arc<str>) -> Result<&mut Table> {
        let tables = &mut self.edit_database(database)?.tables;
        tables.get_mut(name).map(Arc::make_mut).ok_or_else(|| unknown("table", name))
    }
}

fn put_cache(table: &mut Table, cache: &CacheDefinition) -> Result<()> {
    cache.check(table)?;
    let key = (cache.kind(), Arc::clone(&cache.name));
    table.caches.insert(key, Arc::new(cache.clone()));
    Ok(())
}

fn delete_cache(table: &mut Table, kind: CacheKind, name: &Arc<str>) -> Result<()> {
    let found = table.caches.remove(&(kind, Arc::clone(name)));
    found.map(drop).ok_or_else(|| unknown("cache", name))
}

fn set_state(trigger: &mut Trigger, key: &Arc<str>, value: Option<&Arc<[u8]>>) {
    let state = Arc::make_mut(&mut trigger.memory.state);
    match value {
        Some(value) => state.insert(Arc::clone(key), Arc::clone(value)),
        None => state.remove(key),
    };
}

/// The number behind this one.
fn after(number: u32) -> Result<u32> {
    let next = number.checked_add(1);
    next.ok_or_else(|| EngineError::corrupt(format!("a change gives the number {number}")))
}

fn add_column(table: &mut Table, column: &Column) -> Result<()> {
    if usize::from(column.id) != table.columns.len() || table.column(&column.name).is_some() {
        let (id, name) = (column.id, &column.name);
        return Err(EngineError::corrupt(format!("column {id} '{name}' is not the next one")));
    }
    table.add(column.clone());
    Ok(())
}

fn unknown(what: &str, name: &dyn std::fmt::Display) -> EngineError {
    EngineError::corrupt(format!("a change names the unknown {what} {name}"))
}
