//! The threads and the memory of all queries, and the door to them.
//!
//! Comes in: SQL or InfluxQL, what it may read, and a format. Goes out: a stream of bytes. Stays
//! true: planning and execution run on threads of their own, whose stacks hold the deepest
//! statement that `depth::check` lets pass; all queries together stay below one limit of memory.
//! Refuses what `session::plan` and `influxql::plan` refuse.

use std::fmt;
use std::sync::Arc;

use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::cache_functions;
use super::catalog::{QueryCatalog, UserSchema};
use super::direct;
use super::encode::Format;
use super::errors::from_datafusion;
use super::influxql;
use super::params::Param;
use super::session;
use super::source::Database;
use super::stream::{Answer, Metadata, QueryStream, Run, channel};
use super::system_tables::{Logged, Phase, QueryLog, SystemSchema, SystemSource};
use crate::error::{EngineError, Result};

/// Bytes of the stack of a query thread: room for `SQL_DEPTH_MAX` levels in the greediest of the
/// functions that walk a plan. Only what is touched becomes memory.
const STACK_BYTES: usize = 256 * 1_024 * 1_024;

/// The language of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// SQL, as DataFusion reads it.
    Sql,
    /// InfluxQL, one statement.
    InfluxQl,
}

impl Language {
    /// The name in `system.queries`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::InfluxQl => "influxql",
        }
    }
}

/// Plans and runs queries.
pub struct QueryEngine {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    template: SessionState,
    queries: Arc<QueryLog>,
}

impl fmt::Debug for QueryEngine {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.debug_struct("QueryEngine").finish_non_exhaustive()
    }
}

/// One query on its way through the threads.
struct Request {
    state: SessionState,
    tables: Arc<UserSchema>,
    language: Language,
    text: String,
    params: Vec<(String, Param)>,
    format: Format,
    logged: Logged,
}

impl QueryEngine {
    /// Starts `threads` threads (at least one); all queries together get `memory_bytes_max`.
    ///
    /// # Errors
    /// `Internal` where the threads cannot be started.
    pub fn new(memory_bytes_max: usize, threads: usize) -> Result<Self> {
        let threads = threads.max(1);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("query")
            .thread_stack_size(STACK_BYTES)
            .enable_time()
            .build()
            .map_err(|error| {
                EngineError::internal("query threads do not start").caused_by(error)
            })?;
        let template = session::template(memory_bytes_max, threads)?;
        Ok(Self { runtime: Some(runtime), template, queries: Arc::default() })
    }

    /// Plans `text` over `database`; `params` fill its `$name` placeholders. Returns when the plan
    /// stands; the work goes on as the answer is read. Blocks, so it must not be called from an
    /// asynchronous task.
    ///
    /// # Errors
    /// `Invalid` for text that does not plan, `Unsupported` for what this engine does not do.
    pub fn query(
        &self,
        database: Arc<dyn Database>,
        system: Arc<dyn SystemSource>,
        (language, text): (Language, &str),
        params: Vec<(String, Param)>,
        format: Format,
    ) -> Result<QueryStream> {
        let Some(runtime) = &self.runtime else {
            return Err(EngineError::closed("the query engine is closed"));
        };
        let request = self.request(database, system, (language, text), params, format);
        let (answer, reader) = channel();
        let (planned, wait) = oneshot::channel();
        let work = runtime.spawn(request.run(answer, planned)).abort_handle();
        let stream = reader.stream(work);
        match wait.blocking_recv() {
            Ok(planned) => planned.map(|()| stream),
            Err(_) => Err(EngineError::internal("planning the query was cut off")),
        }
    }

    /// The settings and functions of a statement that reads no table.
    pub(super) fn state(&self) -> SessionState {
        self.template.clone()
    }

    /// Works on a query thread.
    ///
    /// # Errors
    /// `Closed` while the engine is dropped.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let runtime = self.runtime.as_ref();
        let runtime = runtime.ok_or_else(|| EngineError::closed("the query engine is closed"))?;
        runtime.spawn(work);
        Ok(())
    }

    fn request(
        &self,
        database: Arc<dyn Database>,
        system: Arc<dyn SystemSource>,
        (language, text): (Language, &str),
        params: Vec<(String, Param)>,
        format: Format,
    ) -> Request {
        let logged = self.queries.received(language, text);
        let queries = Arc::clone(&self.queries);
        let system = SystemSchema::new(Arc::clone(&database), system, queries);
        let caches = Arc::clone(&database);
        let catalog = QueryCatalog::new(database, system);
        let tables = catalog.tables();
        let mut state = session::of_query(&self.template, Arc::new(catalog));
        cache_functions::register(&mut state, caches);
        Request { state, tables, language, text: text.to_owned(), params, format, logged }
    }
}

impl Drop for QueryEngine {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background(); // waits for nothing: running queries end cut off
        }
    }
}

impl Request {
    async fn run(mut self, answer: Answer, planned: oneshot::Sender<Result<()>>) {
        match self.plan().await {
            Ok((plan, metadata)) => {
                if planned.send(Ok(())).is_ok() {
                    self.logged.permitted();
                    let run = Run { plan, metadata, context: self.state.task_ctx() };
                    answer.send(run, self.format, self.logged).await;
                }
            }
            Err(error) => {
                self.logged.ended(Phase::Fail);
                let _ = planned.send(Err(error)); // who asked may be gone
            }
        }
    }

    async fn plan(&mut self) -> Result<(Arc<dyn ExecutionPlan>, Metadata)> {
        let (plan, metadata) = self.logical_plan().await?;
        self.logged.logically_planned();
        let plan = self.physical_plan(&plan).await?;
        self.logged.physically_planned(plan.output_partitioning().partition_count());
        Ok((plan, metadata))
    }

    async fn logical_plan(&mut self) -> Result<(LogicalPlan, Metadata)> {
        let params = std::mem::take(&mut self.params);
        match self.language {
            Language::Sql => {
                let plan = session::plan(&self.state, &self.text, params).await?;
                Ok((plan, Metadata::new()))
            }
            Language::InfluxQl => {
                let now_ns = session::start_ns(&self.state);
                let planned = influxql::plan(&self.tables, now_ns, &self.text, &params)?;
                session::check_size(&planned.plan)?;
                let metadata = [(influxql::GROUP_KEY.to_owned(), planned.group_key)];
                Ok((planned.plan, metadata.into()))
            }
        }
    }

    async fn physical_plan(&self, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
        if let Some(direct) =
            direct::plan(&self.state, plan).map_err(|error| from_datafusion(&error))?
        {
            return Ok(direct);
        }
        let physical = self.state.create_physical_plan(plan).await;
        physical.map_err(|error| from_datafusion(&error))
    }
}
