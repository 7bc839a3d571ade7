//! The catalog: databases, tables, columns, tokens and triggers at one moment.
//!
//! What stays true: a catalog is changed only by [`CatalogChange`]s, in the same way when they are
//! made and when they are replayed; numbers are never given twice; a clone shares what it does not
//! change.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::cache::{CacheDefinition, CacheKind};
use super::{ColumnId, DatabaseId, Position, TableId, TriggerId};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// Part of the series, text.
    Tag,
    /// 64-bit signed integer.
    Integer,
    /// 64-bit unsigned integer.
    Unsigned,
    /// 64-bit float.
    Float,
    /// Text.
    String,
    /// True or false.
    Boolean,
}

impl ColumnKind {
    /// Every kind, in the order of their codes on disk.
    pub const ALL: [Self; 6] =
        [Self::Tag, Self::Integer, Self::Unsigned, Self::Float, Self::String, Self::Boolean];

    /// The name of the kind in messages and in column metadata (as InfluxDB 3).
    #[must_use]
    pub fn iox_name(self) -> &'static str {
        match self {
            Self::Tag => "iox::column_type::tag",
            Self::Integer => "iox::column_type::field::integer",
            Self::Unsigned => "iox::column_type::field::uinteger",
            Self::Float => "iox::column_type::field::float",
            Self::String => "iox::column_type::field::string",
            Self::Boolean => "iox::column_type::field::boolean",
        }
    }

    /// The kind of a field type of `create table`: `utf8 int64 uint64 float64 bool`.
    #[must_use]
    pub fn of_field_type(name: &str) -> Option<Self> {
        Some(match name {
            "utf8" => Self::String,
            "int64" => Self::Integer,
            "uint64" => Self::Unsigned,
            "float64" => Self::Float,
            "bool" => Self::Boolean,
            _ => return None,
        })
    }
}

/// One column of a table; `time` is not among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Number in the table.
    pub id: ColumnId,
    /// Name, unique in the table.
    pub name: Arc<str>,
    /// What it holds.
    pub kind: ColumnKind,
}

/// When something was marked for deletion, and when its rows go for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// Nanoseconds since the epoch.
    pub deleted_at_ns: i64,
    /// Nanoseconds since the epoch; `None` keeps the rows.
    pub hard_delete_at_ns: Option<i64>,
}

/// One table: its columns in the order of their first appearance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Number over all databases.
    pub id: TableId,
    /// Name in its database.
    pub name: Arc<str>,
    /// Columns by number.
    pub columns: Vec<Column>,
    /// How long rows are kept, in nanoseconds; `None` leaves it to the database.
    pub retention_ns: Option<i64>,
    /// Set where the table is marked for deletion.
    pub deletion: Option<Deletion>,
    /// Its caches; one that is marked for deletion has none.
    pub caches: BTreeMap<(CacheKind, Arc<str>), Arc<CacheDefinition>>,
    by_name: HashMap<Arc<str>, ColumnId>,
}

impl Table {
    pub(super) fn new(id: TableId, name: Arc<str>) -> Self {
        Self {
            id,
            name,
            columns: Vec::new(),
            retention_ns: None,
            deletion: None,
            caches: BTreeMap::new(),
            by_name: HashMap::new(),
        }
    }

    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.by_name.get(name).map(|id| &self.columns[usize::from(*id)])
    }

    /// The tag columns, in the order of the series key.
    pub fn tags(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.kind == ColumnKind::Tag)
    }

    /// The caches of one kind, by name.
    pub fn caches_of(&self, kind: CacheKind) -> impl Iterator<Item = &Arc<CacheDefinition>> {
        self.caches.values().filter(move |cache| cache.kind() == kind)
    }

    pub(super) fn add(&mut self, column: Column) {
        self.by_name.insert(Arc::clone(&column.name), column.id);
        self.columns.push(column);
    }
}

/// One database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Number in the catalog.
    pub id: DatabaseId,
    /// Name in the catalog.
    pub name: Arc<str>,
    /// How long rows are kept, in nanoseconds; `None` keeps them for ever.
    pub retention_ns: Option<i64>,
    /// Tables by name.
    pub tables: BTreeMap<Arc<str>, Arc<Table>>,
    /// Set where the database is marked for deletion.
    pub deletion: Option<Deletion>,
}

impl Database {
    /// The table of that number.
    #[must_use]
    pub fn table_by_id(&self, id: TableId) -> Option<&Arc<Table>> {
        self.tables.values().find(|table| table.id == id)
    }
}

/// One token; only its hash is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Number, from 0.
    pub id: u32,
    /// Unique name.
    pub name: Arc<str>,
    /// SHA-512 of the token, prefix included.
    pub hash: [u8; 64],
    /// Milliseconds since the epoch.
    pub created_at_ms: i64,
    /// Milliseconds since the epoch; `None` never expires.
    pub expiry_ms: Option<i64>,
}

/// One trigger: what it reacts to and what it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Number, from 1.
    pub id: TriggerId,
    /// The database that it belongs to.
    pub database: DatabaseId,
    /// Name in the database.
    pub name: Arc<str>,
    /// Where the plugin lies.
    pub plugin_filename: String,
    /// Canonical text, such as `every:1m`.
    pub specification: String,
    /// The same as JSON, as system tables show it.
    pub specification_json: String,
    /// Arguments for the plugin.
    pub arguments: Option<Vec<(String, String)>>,
    /// Whether runs may overlap.
    pub run_async: bool,
    /// `log`, `retry` or `disable`.
    pub error_behavior: String,
    /// Whether it rests.
    pub disabled: bool,
    /// Position up to which it has been served.
    pub cursor: Position,
    /// What it was told beyond the reference, as JSON; empty where that is nothing.
    pub options: Arc<str>,
    /// What it keeps between its runs.
    pub memory: TriggerMemory,
}

/// What a trigger keeps between its runs, durably.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TriggerMemory {
    /// Values of its plugin, by key.
    pub state: Arc<BTreeMap<Arc<str>, Arc<[u8]>>>,
    /// The last tick of its schedule that was served, in nanoseconds since the epoch; `None` where
    /// none was since it was made or enabled.
    pub tick_ns: Option<i64>,
}

impl TriggerMemory {
    /// Bytes of all keys and values.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        self.state.iter().map(|(key, value)| key.len() + value.len()).sum()
    }
}

/// See the head of this file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Identity of the data directory; empty until it is made.
    pub uuid: Arc<str>,
    /// Databases by name.
    pub databases: BTreeMap<Arc<str>, Arc<Database>>,
    /// Tokens by name.
    pub tokens: BTreeMap<Arc<str>, Token>,
    /// Triggers by number.
    pub triggers: BTreeMap<TriggerId, Arc<Trigger>>,
    pub(super) next_database: DatabaseId,
    pub(super) next_table: TableId,
    pub(super) next_token: u32,
    pub(super) next_trigger: TriggerId,
}

impl Catalog {
    /// The database of that name.
    #[must_use]
    pub fn database(&self, name: &str) -> Option<&Arc<Database>> {
        self.databases.get(name)
    }

    /// The database of that number.
    #[must_use]
    pub fn database_by_id(&self, id: DatabaseId) -> Option<&Arc<Database>> {
        self.databases.values().find(|database| database.id == id)
    }

    /// The trigger of that name in that database.
    #[must_use]
    pub fn trigger(&self, database: DatabaseId, name: &str) -> Option<&Arc<Trigger>> {
        self.triggers.values().find(|one| one.database == database && &*one.name == name)
    }

    /// Number for the next database.
    #[must_use]
    pub fn next_database_id(&self) -> DatabaseId {
        self.next_database
    }

    /// Number for the next table.
    #[must_use]
    pub fn next_table_id(&self) -> TableId {
        self.next_table
    }

    /// Number for the next token.
    #[must_use]
    pub fn next_token_id(&self) -> u32 {
        self.next_token
    }

    /// Number for the next trigger.
    #[must_use]
    pub fn next_trigger_id(&self) -> TriggerId {
        self.next_trigger.max(1)
    }

    /// Tables that are not marked for deletion, over all databases.
    #[must_use]
    pub fn live_tables(&self) -> usize {
        let live = |database: &&Arc<Database>| database.deletion.is_none();
        let tables = self.databases.values().filter(live).flat_map(|one| one.tables.values());
        tables.filter(|table| table.deletion.is_none()).count()
    }

    /// Databases that are not marked for deletion, `_internal` not counted.
    #[must_use]
    pub fn live_databases(&self) -> usize {
        let counts =
            |one: &&Arc<Database>| one.deletion.is_none() && &*one.name != super::INTERNAL_DATABASE;
        self.databases.values().filter(counts).count()
    }
}
