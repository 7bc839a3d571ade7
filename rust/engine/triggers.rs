//! Triggers in the catalog: what they are and how far they have been served.

use std::sync::Arc;

use super::Engine;
use super::admin::trigger_database;
use crate::error::{EngineError, Result};
use crate::schema::{CURSOR_HERE, Catalog, CatalogChange, Trigger, TriggerId, TriggerMemory};

/// What a trigger is made of.
#[derive(Debug, Clone)]
pub struct NewTrigger {
    /// The database that it belongs to.
    pub database: String,
    /// Name, unique in the database.
    pub name: String,
    /// Where the plugin lies.
    pub plugin_filename: String,
    /// Canonical text.
    pub specification: String,
    /// The same as JSON.
    pub specification_json: String,
    /// Arguments for the plugin.
    pub arguments: Option<Vec<(String, String)>>,
    /// Whether runs may overlap.
    pub run_async: bool,
    /// `log`, `retry` or `disable`.
    pub error_behavior: String,
    /// Whether it rests from the start.
    pub disabled: bool,
    /// What it is told beyond the reference, as JSON; empty for nothing.
    pub options: String,
}

impl Engine {
    /// Makes a trigger that sees what is written after it was made; durable on return.
    ///
    /// # Errors
    /// `NotFound` for the database, `Conflict` where the name is taken.
    pub fn create_trigger(&self, new: NewTrigger) -> Result<Arc<Trigger>> {
        let id = self.change(|resolver| {
            let database = trigger_database(resolver, &new.database)?;
            if resolver.catalog().trigger(database, &new.name).is_some() {
                return Err(EngineError::conflict(
                    "attempted to create a resource that already exists",
                ));
            }
            let id = resolver.catalog().next_trigger_id();
            resolver.change(CatalogChange::PutTrigger(Trigger {
                id,
                database,
                name: new.name.as_str().into(),
                plugin_filename: new.plugin_filename,
                specification: new.specification,
                specification_json: new.specification_json,
                arguments: new.arguments,
                run_async: new.run_async,
                error_behavior: new.error_behavior,
                disabled: new.disabled,
                cursor: CURSOR_HERE,
                options: Arc::default(),
                memory: TriggerMemory::default(),
            }))?;
            if !new.options.is_empty() {
                let options = new.options.as_str().into();
                resolver.change(CatalogChange::SetTriggerOptions { trigger: id, options })?;
            }
            Ok(id)
        })?;
        self.trigger_by_id(id)
    }

    /// Lets a trigger rest or work. One that begins to work sees what is written from then on.
    ///
    /// # Errors
    /// `NotFound` for the database or the trigger.
    pub fn set_trigger_disabled(
        &self,
        database: &str,
        name: &str,
        disabled: bool,
    ) -> Result<Arc<Trigger>> {
        let found = find(&self.catalog(), database, name)?;
        if found.disabled == disabled {
            return Ok(found);
        }
        let id = self.change(|resolver| {
            let mut trigger = Trigger::clone(&*find(resolver.catalog(), database, name)?);
            trigger.disabled = disabled;
            if !disabled {
                trigger.cursor = CURSOR_HERE;
            }
            let id = trigger.id;
            resolver.change(CatalogChange::PutTrigger(trigger))?;
            Ok(id)
        })?;
        self.release.feeds.lock().remove(&id);
        self.trigger_by_id(id)
    }

    /// A value that the plugin of a trigger keeps, as of the newest run that was committed.
    #[must_use]
    pub fn trigger_state(&self, trigger: TriggerId, key: &str) -> Option<Arc<[u8]>> {
        self.catalog().triggers.get(&trigger)?.memory.state.get(key).cloned()
    }

    /// The keys that the plugin of a trigger keeps values under, sorted.
    #[must_use]
    pub fn trigger_state_keys(&self, trigger: TriggerId) -> Vec<Arc<str>> {
        let found = self.catalog().triggers.get(&trigger).cloned();
        found.map(|one| one.memory.state.keys().cloned().collect()).unwrap_or_default()
    }

    /// Forgets a trigger.
    ///
    /// # Errors
    /// `NotFound` for the database or the trigger.
    pub fn delete_trigger(&self, database: &str, name: &str) -> Result<()> {
        let id = self.change(|resolver| {
            let id = find(resolver.catalog(), database, name)?.id;
            resolver.change(CatalogChange::DeleteTrigger { trigger: id })?;
            Ok(id)
        })?;
        self.release.feeds.lock().remove(&id);
        Ok(())
    }

    fn trigger_by_id(&self, id: u32) -> Result<Arc<Trigger>> {
        let found = self.catalog().triggers.get(&id).cloned();
        found.ok_or_else(|| EngineError::not_found(format!("trigger number {id} is gone")))
    }
}

/// Whether a trigger of that specification is served from the log.
pub(super) fn reads_log(specification: &str) -> bool {
    specification == "all_tables" || specification.starts_with("table:")
}

fn find(catalog: &Catalog, database: &str, name: &str) -> Result<Arc<Trigger>> {
    let found = catalog.database(database);
    let database =
        found.ok_or_else(|| EngineError::not_found(format!("Database not found {database}")))?;
    catalog.trigger(database.id, name).cloned().ok_or_else(|| {
        EngineError::not_found(format!("the requested resource was not found: {name}"))
    })
}
