//! A query of a database, over the rows that are committed when it is planned.

use std::sync::Arc;

use super::Engine;
use super::cache_view::CacheDoor;
use super::database::DatabaseView;
use super::system::SystemView;
use crate::error::{EngineError, Result};
use crate::query::{
    Bell, Cancellation, Format, Language, Param, QueryStream, Question, ReadyQueries,
};
use crate::schema::{Database, INTERNAL_DATABASE};

impl Engine {
    /// Plans a query in SQL; its answer is computed as it is read.
    ///
    /// # Errors
    /// `NotFound` for the database, `Invalid` for SQL that does not plan, `Unsupported` for SQL
    /// that this engine does not do.
    pub fn query(
        &self,
        database: &str,
        sql: &str,
        params: Vec<(String, Param)>,
        format: Format,
    ) -> Result<QueryStream> {
        self.query_until((Language::Sql, sql), database, params, format, &Cancellation::default())
    }

    /// Ends a running query, by its number in `system.queries`.
    ///
    /// # Errors
    /// `NotFound` where no such query runs.
    pub fn cancel_query(&self, id: u64) -> Result<()> {
        self.query.cancel(id)
    }

    /// Plans a query that `cancellation` ends, be it while it is planned, waits or runs: SQL, or
    /// one statement of InfluxQL, `SELECT`, `EXPLAIN`, or a `SHOW` of what the database holds. The
    /// schema of an answer in InfluxQL says which columns are the tags of its series.
    ///
    /// # Errors
    /// `NotFound` for the database, `Invalid` for text that does not plan, `Unsupported` for what
    /// this engine does not do, `TimedOut` or `Cancelled` for a query that was ended.
    pub fn query_until(
        &self,
        text: (Language, &str),
        database: &str,
        params: Vec<(String, Param)>,
        format: Format,
        cancellation: &Cancellation,
    ) -> Result<QueryStream> {
        let question = self.question(text, database, params, format)?;
        self.query.query(question, cancellation)
    }

    /// Begins such a query and returns at once; `number` is among [`Self::ready_queries`] when its
    /// stream has something.
    ///
    /// # Errors
    /// `NotFound` for the database; the stream has all others.
    pub fn start_query(
        &self,
        text: (Language, &str),
        database: &str,
        params: Vec<(String, Param)>,
        format: Format,
        cancellation: &Cancellation,
        number: u64,
    ) -> Result<QueryStream> {
        let question = self.question(text, database, params, format)?;
        self.query.start(question, cancellation, Bell::of(self.query.ready(), number))
    }

    /// The queries whose streams have something.
    #[must_use]
    pub fn ready_queries(&self) -> &ReadyQueries {
        self.query.ready()
    }

    /// What the values of the placeholders of a statement in SQL must be, as an Arrow stream that
    /// ends after its schema: `$1`, `$2`, ... in their order, then those with names.
    ///
    /// # Errors
    /// `NotFound` for the database, `Invalid` and `Unsupported` as [`Self::query`].
    pub fn parameters(&self, database: &str, sql: &str) -> Result<Vec<u8>> {
        let question = self.question((Language::Sql, sql), database, Vec::new(), Format::Arrow)?;
        self.query.parameters(question)
    }

    fn question(
        &self,
        (language, text): (Language, &str),
        database: &str,
        params: Vec<(String, Param)>,
        format: Format,
    ) -> Result<Question> {
        let catalog = self.catalog();
        let found = catalog.database(database).cloned().ok_or_else(|| {
            EngineError::not_found(format!("query error: database not found: {database}"))
        })?;
        let lines = Arc::clone(&self.log_lines);
        let internal = catalog.database(INTERNAL_DATABASE).map(|one| self.view(one));
        let database = Arc::new(self.view(&found));
        let files = self.plugin_files.load_full();
        let node = Arc::clone(&self.node);
        let system = Arc::new(SystemView::new(catalog, found.id, lines, files, node, internal));
        Ok(Question { database, system, language, text: text.to_owned(), params, format })
    }

    fn view(&self, database: &Arc<Database>) -> DatabaseView {
        DatabaseView {
            database: Arc::clone(database),
            buffer: Arc::clone(&self.buffer),
            store: Arc::clone(&self.store),
            door: CacheDoor {
                caches: Arc::clone(&self.caches),
                applied: Arc::clone(&self.applied),
            },
        }
    }
}
