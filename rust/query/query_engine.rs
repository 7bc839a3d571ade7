//! The threads and the memory of all queries, and the door to them.
//!
//! Comes in: SQL or InfluxQL, what it may read, and a format. Goes out: a stream of bytes. Stays
//! true: planning and execution run on threads of their own, whose stacks hold the deepest
//! statement that `depth::check` lets pass; queries keep to the limits of `govern`. Refuses what
//! `session::plan` and `influxql::plan` refuse, and a query where too many wait.

use std::fmt;
use std::sync::Arc;

use datafusion::execution::TaskContext;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::cache_functions;
use super::catalog::{QueryCatalog, UserSchema};
use super::direct;
use super::encode::Format;
use super::errors::from_datafusion;
use super::govern::{
    Cancellation, Ending, Permits, QueryLimits, QueryPool, QueryThreads, TimeLimit, Weight, Work,
};
use super::influxql;
use super::kept_plans::KeptPlans;
use super::params::Param;
use super::ready::{Bell, ReadyQueries};
use super::session;
use super::source::Database;
use super::stream::{Answer, Metadata, QueryStream, Run, channel};
use super::system_tables::{Logged, Phase, QueryLog, SystemSchema, SystemSource};
use crate::error::{EngineError, Result};

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
    threads: Option<QueryThreads>,
    template: Arc<SessionState>,
    plans: Arc<KeptPlans>,
    queries: Arc<QueryLog>,
    permits: Arc<Permits>,
    query_bytes: usize,
    ready: Arc<ReadyQueries>,
    _time_limit: Option<TimeLimit>,
}

impl fmt::Debug for QueryEngine {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.debug_struct("QueryEngine").finish_non_exhaustive()
    }
}

/// What is asked.
#[derive(Debug)]
pub struct Question {
    /// What it may read.
    pub database: Arc<dyn Database>,
    /// What the system tables show.
    pub system: Arc<dyn SystemSource>,
    /// The language of the text.
    pub language: Language,
    /// One statement.
    pub text: String,
    /// They fill its `$name` placeholders.
    pub params: Vec<(String, Param)>,
    /// How the answer is written.
    pub format: Format,
}

/// Where a query runs.
struct Place {
    template: Arc<SessionState>,
    plans: Arc<KeptPlans>,
    queries: Arc<QueryLog>,
    permits: Arc<Permits>,
    /// Where large queries run.
    large: Handle,
    query_bytes: usize,
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
    work: Arc<Work>,
    place: Place,
}

impl QueryEngine {
    /// Starts the threads.
    ///
    /// # Errors
    /// `Internal` where the threads cannot be started, or there is no folder to spill to.
    pub fn new(limits: &QueryLimits) -> Result<Self> {
        let queries = Arc::<QueryLog>::default();
        let time_limit = limits.timeout.map(|limit| TimeLimit::start(limit, Arc::clone(&queries)));
        Ok(Self {
            threads: Some(QueryThreads::start(limits.threads.max(1))?),
            template: Arc::new(session::template(limits)?),
            plans: Arc::default(),
            queries,
            permits: Arc::new(Permits::new(limits.running)),
            query_bytes: limits.query_bytes,
            ready: ReadyQueries::new()?,
            _time_limit: time_limit.transpose()?,
        })
    }

    /// Plans what is asked. Returns when the plan stands; the work goes on as the answer is read,
    /// once it may. Blocks, so it must not be called from an asynchronous task; `cancellation` ends
    /// that from another thread.
    ///
    /// # Errors
    /// `Invalid` for text that does not plan, `Unsupported` for what this engine does not do,
    /// `TimedOut` and `Cancelled` for a query that was ended before it had a plan.
    pub fn query(&self, question: Question, cancellation: &Cancellation) -> Result<QueryStream> {
        self.start(question, cancellation, Bell::default())?.wait_planned()
    }

    /// Begins to plan what is asked, and returns at once. `bell` rings when the stream has
    /// something: its errors are those of `query`, too.
    ///
    /// # Errors
    /// `Closed` while the engine is dropped.
    pub fn start(
        &self,
        question: Question,
        cancellation: &Cancellation,
        bell: Bell,
    ) -> Result<QueryStream> {
        let threads = self.threads()?;
        let (answer, reader) = channel(bell.clone());
        let (planned, wait) = oneshot::channel();
        let work = Arc::new(Work::new(planned, answer.messages(), bell));
        let logged = self.queries.received(question.language, &question.text);
        logged.works_as(&work);
        let entry = Arc::clone(logged.entry());
        let place = self.place(threads.large());
        let for_task = Arc::clone(&work);
        let run = async move { Request::new(question, logged, for_task, place).run(answer).await };
        work.spawn(|| threads.spawn(run));
        cancellation.attach(&entry);
        Ok(reader.stream(wait, work))
    }

    /// The queries that were begun with a bell, and whose stream has something.
    #[must_use]
    pub fn ready(&self) -> &Arc<ReadyQueries> {
        &self.ready
    }

    /// Ends a running query, by its number in `system.queries`.
    ///
    /// # Errors
    /// `NotFound` where no such query runs.
    pub fn cancel(&self, id: u64) -> Result<()> {
        let found = self.queries.find_running(id);
        if found.is_some_and(|query| query.interrupt(Ending::Cancelled)) {
            return Ok(());
        }
        Err(EngineError::not_found(format!("no query {id} is running")))
    }

    fn threads(&self) -> Result<&QueryThreads> {
        self.threads.as_ref().ok_or_else(|| EngineError::closed("the query engine is closed"))
    }

    /// The settings and functions of a statement that reads no table.
    pub(super) fn state(&self) -> SessionState {
        SessionState::clone(&self.template)
    }

    /// The settings and functions of a statement over a database.
    pub(super) fn state_over(
        &self,
        database: Arc<dyn Database>,
        system: Arc<dyn SystemSource>,
    ) -> SessionState {
        state_over(&self.template, &self.queries, database, system).0
    }

    /// Works on a query thread.
    ///
    /// # Errors
    /// `Closed` while the engine is dropped.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        self.threads()?.spawn(work);
        Ok(())
    }

    fn place(&self, large: Handle) -> Place {
        Place {
            template: Arc::clone(&self.template),
            plans: Arc::clone(&self.plans),
            queries: Arc::clone(&self.queries),
            permits: Arc::clone(&self.permits),
            large,
            query_bytes: self.query_bytes,
        }
    }
}

impl Drop for QueryEngine {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown();
        }
    }
}

fn state_over(
    template: &SessionState,
    queries: &Arc<QueryLog>,
    database: Arc<dyn Database>,
    system: Arc<dyn SystemSource>,
) -> (SessionState, Arc<UserSchema>) {
    let system = SystemSchema::new(Arc::clone(&database), system, Arc::clone(queries));
    let caches = Arc::clone(&database);
    let catalog = QueryCatalog::new(database, system);
    let tables = catalog.tables();
    let mut state = session::of_query(template, Arc::new(catalog));
    cache_functions::register(&mut state, caches);
    (state, tables)
}

impl Request {
    fn new(question: Question, logged: Logged, work: Arc<Work>, place: Place) -> Self {
        let Question { database, system, language, text, params, format } = question;
        let (state, tables) = state_over(&place.template, &place.queries, database, system);
        Self { state, tables, language, text, params, format, logged, work, place }
    }

    async fn run(mut self, answer: Answer) {
        match self.plan().await {
            Ok((plan, metadata)) => {
                if self.work.planned(Ok(())) {
                    self.execute(plan, metadata, answer).await;
                }
            }
            Err(error) => {
                self.logged.ended(Phase::Fail);
                self.work.planned(Err(error));
            }
        }
    }

    /// Waits for its turn, and goes on where queries of this weight run.
    async fn execute(self, plan: Arc<dyn ExecutionPlan>, metadata: Metadata, answer: Answer) {
        let weight = Weight::of(plan.as_ref());
        let turn = match self.place.permits.turn(weight).await {
            Ok(turn) => turn,
            Err(error) => return answer.fail(error, self.logged).await,
        };
        self.logged.permitted();
        let run = Run { plan, metadata, context: self.context(), turn };
        let sending = answer.send(run, self.format, self.logged);
        match weight {
            Weight::Small => sending.await,
            Weight::Large => self.work.spawn(|| self.place.large.spawn(sending).abort_handle()),
        }
    }

    /// What the steps of the plan run with: a memory pool of this query alone.
    fn context(&self) -> Arc<TaskContext> {
        let (whole, peak) = (self.state.runtime_env(), self.logged.memory_peak());
        let own = QueryPool::environment(whole, self.place.query_bytes, peak);
        Arc::new(TaskContext::from(&self.state).with_runtime(own))
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
                let known = (&*self.place.plans, &*self.tables);
                let plan = session::plan(&self.state, known, &self.text, params).await?;
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
