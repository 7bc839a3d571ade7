//! What the system tables show of the catalog.

use std::sync::Arc;

use super::database::DatabaseView;
use super::hex;
use crate::error::Result;
use crate::query::{
    Database as _, DatabaseRow, LogLine, LogRing, NodeRow, PluginFileRow, SystemSource, TableRow,
    TableSnapshot, TokenRow, TriggerRow,
};
use crate::schema::{Catalog, Database, DatabaseId, Deletion, Table, Token, Trigger};

const NS_PER_SECOND: i64 = 1_000_000_000;
/// Bytes of a hash that are shown.
const HASH_BYTES_SHOWN: usize = 8;

/// The catalog at one moment, as one database sees it.
#[derive(Debug)]
pub(super) struct SystemView {
    catalog: Arc<Catalog>,
    database: DatabaseId,
    lines: Arc<LogRing>,
    files: Arc<Vec<PluginFileRow>>,
    internal: Option<DatabaseView>,
}

impl SystemView {
    /// `internal` is the database in which the server keeps tables of its own.
    pub(super) fn new(
        catalog: Arc<Catalog>,
        database: DatabaseId,
        lines: Arc<LogRing>,
        files: Arc<Vec<PluginFileRow>>,
        internal: Option<DatabaseView>,
    ) -> Self {
        Self { catalog, database, lines, files, internal }
    }
}

impl SystemSource for SystemView {
    fn triggers(&self) -> Vec<TriggerRow> {
        let triggers = self.catalog.triggers.values();
        triggers.filter(|one| one.database == self.database).map(|one| trigger_row(one)).collect()
    }

    fn log_lines(&self) -> Vec<Arc<LogLine>> {
        self.lines.snapshot()
    }

    fn databases(&self) -> Vec<DatabaseRow> {
        self.catalog.databases.values().map(|one| database_row(one)).collect()
    }

    fn tables(&self) -> Vec<TableRow> {
        let databases = self.catalog.databases.values();
        let rows = |one: &Arc<Database>| -> Vec<TableRow> {
            one.tables.values().map(|table| table_row(one, table)).collect()
        };
        databases.flat_map(rows).collect()
    }

    fn tokens(&self) -> Vec<TokenRow> {
        self.catalog.tokens.values().map(token_row).collect()
    }

    fn internal_table(&self, name: &str) -> Result<Option<Arc<dyn TableSnapshot>>> {
        self.internal.as_ref().map_or(Ok(None), |internal| internal.table(name))
    }

    fn plugin_files(&self) -> Vec<PluginFileRow> {
        self.files.to_vec()
    }

    fn nodes(&self) -> Vec<NodeRow> {
        Vec::new()
    }
}

fn trigger_row(trigger: &Trigger) -> TriggerRow {
    TriggerRow {
        trigger_name: trigger.name.to_string(),
        plugin_filename: trigger.plugin_filename.clone(),
        specification: trigger.specification_json.clone(),
        disabled: trigger.disabled,
        error_behavior: trigger.error_behavior.clone(),
        arguments: trigger.arguments.clone().unwrap_or_default(),
        run_async: trigger.run_async,
        options: trigger.options.to_string(),
        cursor: trigger.cursor,
        tick_ns: trigger.memory.tick_ns,
        state_bytes: trigger.memory.state_bytes() as u64,
    }
}

fn hard_deletion_time_s(deletion: Option<Deletion>) -> Option<i64> {
    deletion.and_then(|one| one.hard_delete_at_ns).map(|at| at.div_euclid(NS_PER_SECOND))
}

fn database_row(database: &Database) -> DatabaseRow {
    DatabaseRow {
        database_name: database.name.to_string(),
        retention_period_ns: database.retention_ns.map(i64::unsigned_abs),
        deleted: database.deletion.is_some(),
        hard_deletion_time_s: hard_deletion_time_s(database.deletion),
    }
}

fn table_row(database: &Database, table: &Table) -> TableRow {
    TableRow {
        database_name: database.name.to_string(),
        table_name: table.name.to_string(),
        column_count: table.columns.len() as u64 + 1,
        series_key: table.tags().map(|tag| tag.name.to_string()).collect(),
        deleted: database.deletion.or(table.deletion).is_some(),
        hard_deletion_time_s: hard_deletion_time_s(database.deletion.or(table.deletion)),
    }
}

fn token_row(token: &Token) -> TokenRow {
    TokenRow {
        id: u64::from(token.id),
        name: token.name.to_string(),
        hash: hex(&token.hash[..HASH_BYTES_SHOWN]),
        created_at_ms: token.created_at_ms,
        updated_at_ms: None,
        expiry_ms: token.expiry_ms,
        permissions: "*:*:*".to_owned(),
    }
}
