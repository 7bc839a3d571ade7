//! What the system tables show of the catalog.

use std::sync::Arc;

use super::database::DatabaseView;
use super::hex;
use crate::error::Result;
use crate::query::{
    Database as _, DatabaseRow, DistinctCacheRow, LastCacheRow, LogLine, LogRing, NodeRow,
    PluginFileRow, SystemSource, TableRow, TableSnapshot, TokenRow, TriggerRow,
};
use crate::schema::{
    CacheContents, CacheDefinition, CacheKind, Catalog, ColumnId, Database, DatabaseId, Deletion,
    Table, Token, Trigger,
};

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
    node: Arc<NodeRow>,
    internal: Option<DatabaseView>,
}

impl SystemView {
    /// `internal` is the database in which the server keeps tables of its own.
    pub(super) fn new(
        catalog: Arc<Catalog>,
        database: DatabaseId,
        lines: Arc<LogRing>,
        files: Arc<Vec<PluginFileRow>>,
        node: Arc<NodeRow>,
        internal: Option<DatabaseView>,
    ) -> Self {
        Self { catalog, database, lines, files, node, internal }
    }
}

impl SystemView {
    fn caches_of<R>(
        &self,
        kind: CacheKind,
        row: impl Fn(&Table, &CacheDefinition) -> Option<R>,
    ) -> Vec<R> {
        let database = self.catalog.database_by_id(self.database);
        let tables = database.into_iter().flat_map(|one| one.tables.values());
        let rows = tables.flat_map(|table| table.caches_of(kind).map(move |cache| (table, cache)));
        rows.filter_map(|(table, cache)| row(table, cache)).collect()
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

    fn last_caches(&self) -> Vec<LastCacheRow> {
        self.caches_of(CacheKind::Last, last_cache_row)
    }

    fn distinct_caches(&self) -> Vec<DistinctCacheRow> {
        self.caches_of(CacheKind::Distinct, distinct_cache_row)
    }

    fn nodes(&self) -> Vec<NodeRow> {
        vec![NodeRow::clone(&self.node)]
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
        last_caches: table.caches_of(CacheKind::Last).count() as u64,
        distinct_caches: table.caches_of(CacheKind::Distinct).count() as u64,
        series_key: table.tags().map(|tag| tag.name.to_string()).collect(),
        deleted: database.deletion.or(table.deletion).is_some(),
        hard_deletion_time_s: hard_deletion_time_s(database.deletion.or(table.deletion)),
    }
}

fn last_cache_row(table: &Table, cache: &CacheDefinition) -> Option<LastCacheRow> {
    let CacheContents::Last { keys, values, count, ttl_s } = &cache.contents else { return None };
    Some(LastCacheRow {
        table: table.name.to_string(),
        name: cache.name.to_string(),
        keys: named(table, keys),
        values: values.as_ref().map(|values| named(table, values)),
        count: *count,
        ttl_s: *ttl_s,
    })
}

fn distinct_cache_row(table: &Table, cache: &CacheDefinition) -> Option<DistinctCacheRow> {
    let CacheContents::Distinct { columns, max_cardinality, max_age_s } = &cache.contents else {
        return None;
    };
    Some(DistinctCacheRow {
        table: table.name.to_string(),
        name: cache.name.to_string(),
        columns: named(table, columns),
        max_cardinality: *max_cardinality,
        max_age_s: *max_age_s,
    })
}

/// Columns of a table with their names.
fn named(table: &Table, ids: &[ColumnId]) -> Vec<(u16, String)> {
    let column = |id: &ColumnId| table.columns.get(usize::from(*id));
    ids.iter().filter_map(column).map(|one| (one.id, one.name.to_string())).collect()
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
