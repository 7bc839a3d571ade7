//! The changes that make a catalog out of an empty one: how a manifest keeps it.

use std::sync::Arc;

use super::cache::CacheDefinition;
use super::catalog::{Catalog, Database, Table, Trigger};
use super::change::CatalogChange;

impl Catalog {
    /// Applied to an empty catalog, in this order, these changes give this one.
    #[must_use]
    pub fn changes(&self) -> Vec<CatalogChange> {
        let mut changes = Vec::new();
        if !self.uuid.is_empty() {
            changes.push(CatalogChange::Identify { uuid: Arc::clone(&self.uuid) });
        }
        self.databases.values().for_each(|database| put_database(database, &mut changes));
        changes.extend(self.tokens.values().cloned().map(CatalogChange::PutToken));
        self.triggers.values().for_each(|trigger| put_trigger(trigger, &mut changes));
        changes.push(CatalogChange::ReserveNumbers {
            databases: self.next_database,
            tables: self.next_table,
            tokens: self.next_token,
            triggers: self.next_trigger,
        });
        changes
    }
}

fn put_trigger(trigger: &Trigger, changes: &mut Vec<CatalogChange>) {
    let id = trigger.id;
    changes.push(CatalogChange::PutTrigger(trigger.clone()));
    if !trigger.options.is_empty() {
        let options = Arc::clone(&trigger.options);
        changes.push(CatalogChange::SetTriggerOptions { trigger: id, options });
    }
    let value = |(key, value): (&Arc<str>, &Arc<[u8]>)| CatalogChange::SetTriggerState {
        trigger: id,
        key: Arc::clone(key),
        value: Some(Arc::clone(value)),
    };
    changes.extend(trigger.memory.state.iter().map(value));
    let tick = trigger.memory.tick_ns;
    changes.extend(tick.map(|time_ns| CatalogChange::SetTick { trigger: id, time_ns }));
}

fn put_database(database: &Database, changes: &mut Vec<CatalogChange>) {
    changes.push(CatalogChange::CreateDatabase {
        id: database.id,
        name: Arc::clone(&database.name),
        retention_ns: database.retention_ns,
    });
    database.tables.values().for_each(|table| put_table(database, table, changes));
    if let Some(deletion) = database.deletion {
        let name = Arc::clone(&database.name);
        changes.push(CatalogChange::DeleteDatabase { database: database.id, name, deletion });
    }
}

fn put_table(database: &Database, table: &Table, changes: &mut Vec<CatalogChange>) {
    let name = || Arc::clone(&table.name);
    let id = database.id;
    changes.push(CatalogChange::CreateTable { database: id, id: table.id, name: name() });
    if !table.columns.is_empty() {
        let columns = table.columns.clone();
        changes.push(CatalogChange::AddColumns { database: id, table: name(), columns });
    }
    if table.retention_ns.is_some() {
        let (table, retention_ns) = (name(), table.retention_ns);
        changes.push(CatalogChange::SetTableRetention { database: id, table, retention_ns });
    }
    let put = |cache: &Arc<CacheDefinition>| CatalogChange::PutCache {
        database: id,
        table: name(),
        cache: CacheDefinition::clone(cache),
    };
    changes.extend(table.caches.values().map(put));
    if let Some(deletion) = table.deletion {
        changes.push(CatalogChange::DeleteTable {
            database: id,
            table: name(),
            name: name(),
            deletion,
        });
    }
}
