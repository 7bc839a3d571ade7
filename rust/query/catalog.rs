//! The names that a statement can use: catalog `public` with the schemas `iox` and `system`.
//!
//! Comes in: a database and the source of its system tables. Goes out: table providers by name.
//! Stays true: schemas and tables are listed in the order of InfluxDB 3, and a name that a query
//! uses twice is one snapshot. Refuses to register or remove anything.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::TableType;
use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::errors::into_datafusion;
use super::source::Database;
use super::system_tables::SystemSchema;
use super::table_provider::SnapshotTable;

/// The one catalog.
pub(super) const CATALOG: &str = "public";
/// The schema of the tables that writes create.
pub(super) const TABLES_SCHEMA: &str = "iox";
/// The schema of the tables about the database itself.
pub(super) const SYSTEM_SCHEMA: &str = "system";

/// The list of catalogs, the catalog, and its schemas of one query.
#[derive(Debug, Clone)]
pub(super) struct QueryCatalog {
    tables: Arc<UserSchema>,
    system: Arc<SystemSchema>,
}

impl QueryCatalog {
    pub(super) fn new(database: Arc<dyn Database>, system: SystemSchema) -> Self {
        let tables = UserSchema { database, opened: Mutex::new(HashMap::new()) };
        Self { tables: Arc::new(tables), system: Arc::new(system) }
    }

    /// The tables that writes create.
    pub(super) fn tables(&self) -> Arc<UserSchema> {
        Arc::clone(&self.tables)
    }
}

impl CatalogProviderList for QueryCatalog {
    fn register_catalog(
        &self,
        _name: String,
        _catalog: Arc<dyn CatalogProvider>,
    ) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        vec![CATALOG.to_owned()]
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        (name == CATALOG).then(|| Arc::new(self.clone()) as Arc<dyn CatalogProvider>)
    }
}

impl CatalogProvider for QueryCatalog {
    fn schema_names(&self) -> Vec<String> {
        vec![TABLES_SCHEMA.to_owned(), SYSTEM_SCHEMA.to_owned()]
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        match name {
            TABLES_SCHEMA => Some(Arc::clone(&self.tables) as Arc<dyn SchemaProvider>),
            SYSTEM_SCHEMA => Some(Arc::clone(&self.system) as Arc<dyn SchemaProvider>),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(super) struct UserSchema {
    database: Arc<dyn Database>,
    opened: Mutex<HashMap<String, Arc<dyn TableProvider>>>,
}

impl UserSchema {
    /// A table at the moment of the query.
    ///
    /// # Errors
    /// What freezing it meets.
    pub(super) fn open(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let mut opened = self.opened.lock();
        if let Some(table) = opened.get(name) {
            return Ok(Some(Arc::clone(table)));
        }
        let Some(snapshot) = self.database.table(name).map_err(into_datafusion)? else {
            return Ok(None);
        };
        let table: Arc<dyn TableProvider> = Arc::new(SnapshotTable::new(snapshot));
        opened.insert(name.to_owned(), Arc::clone(&table));
        Ok(Some(table))
    }

    pub(super) fn database_name(&self) -> &str {
        self.database.name()
    }

    /// Names of the tables, sorted by bytes.
    pub(super) fn names(&self) -> Vec<String> {
        self.database.table_names()
    }

    /// The columns of a table, without opening it.
    pub(super) fn columns(&self, name: &str) -> Option<SchemaRef> {
        self.database.schema(name)
    }
}

impl SchemaProvider for UserSchema {
    fn table_names(&self) -> Vec<String> {
        self.database.table_names()
    }

    fn table<'this, 'name, 'async_trait>(
        &'this self,
        name: &'name str,
    ) -> BoxFuture<'async_trait, Result<Option<Arc<dyn TableProvider>>>>
    where
        'this: 'async_trait,
        'name: 'async_trait,
    {
        Box::pin(async move { self.open(name) })
    }

    fn table_type<'this, 'name, 'async_trait>(
        &'this self,
        _name: &'name str,
    ) -> BoxFuture<'async_trait, Result<Option<TableType>>>
    where
        'this: 'async_trait,
        'name: 'async_trait,
    {
        // asked for each name that was just listed: that must not open ten thousand tables
        Box::pin(async { Ok(Some(TableType::Base)) })
    }

    fn table_exist(&self, name: &str) -> bool {
        self.open(name).is_ok_and(|table| table.is_some())
    }
}

impl SchemaProvider for SystemSchema {
    fn table_names(&self) -> Vec<String> {
        self.names().into_iter().map(str::to_owned).collect()
    }

    fn table<'this, 'name, 'async_trait>(
        &'this self,
        name: &'name str,
    ) -> BoxFuture<'async_trait, Result<Option<Arc<dyn TableProvider>>>>
    where
        'this: 'async_trait,
        'name: 'async_trait,
    {
        Box::pin(async move { self.table(name) })
    }

    fn table_type<'this, 'name, 'async_trait>(
        &'this self,
        _name: &'name str,
    ) -> BoxFuture<'async_trait, Result<Option<TableType>>>
    where
        'this: 'async_trait,
        'name: 'async_trait,
    {
        Box::pin(async { Ok(Some(TableType::Base)) })
    }

    fn table_exist(&self, name: &str) -> bool {
        self.names().contains(&name)
    }
}
