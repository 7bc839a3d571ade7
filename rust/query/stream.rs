//! The answer of one query, while it is computed.
//!
//! Comes in: a physical plan. Goes out: chunks of the encoded answer, in order. Stays true: the
//! work runs on the threads of the query engine and never more than `CHUNKS_WAITING_MAX` chunks
//! ahead of its reader; an answer that was cut off ends with an error, never as if it were whole;
//! dropping the stream ends the work. Refuses nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::tree_node::TreeNode;
use datafusion::error::Result as PlanResult;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::common::spawn_buffered;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ExecutionPlan, ExecutionPlanProperties, execute_stream, execute_stream_partitioned,
};
use futures::StreamExt;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::encode::{Encoder, FIRST_CHUNK_BYTES, FULL_CHUNK_BYTES, Format, encoder};
use super::errors::{from_arrow, from_datafusion};
use super::govern::{Ending, Turn, Work};
use super::ready::Bell;
use super::system_tables::{Logged, Phase};
use crate::error::{EngineError, Result};

/// Chunks that may wait for the reader: full ones are what a client of Flight takes at once, 4 MiB,
/// and it takes the next as soon as it has them.
const CHUNKS_WAITING_MAX: usize = 8;

/// How long a query keeps its turn while its reader takes nothing.
const READER_PATIENCE: Duration = Duration::from_millis(200);

/// Batches of each partition that may wait for their turn.
const BATCHES_WAITING_MAX: usize = 4;

/// What travels from the work to the reader.
#[derive(Debug)]
pub(super) enum Message {
    Chunk(Vec<u8>),
    End,
    Failed(EngineError),
}

/// The encoded answer of a query, in chunks, computed as it is read.
#[derive(Debug)]
pub struct QueryStream {
    /// Tells whether there is a plan; `None` once that is known.
    planned: Option<oneshot::Receiver<Result<()>>>,
    messages: mpsc::Receiver<Message>,
    work: Arc<Work>,
    ended: bool,
}

/// What an answer has at one moment.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// The next bytes, never empty.
    Chunk(Vec<u8>),
    /// Everything was given.
    End,
    /// Nothing yet: the bell of the query rings once there is.
    Pending,
}

impl QueryStream {
    /// Waits until the query has a plan. Blocks, as `next_chunk` does.
    ///
    /// # Errors
    /// Why it has none.
    pub(super) fn wait_planned(mut self) -> Result<Self> {
        if let Some(planned) = self.planned.take() {
            planned.blocking_recv().unwrap_or_else(|_| Err(planning_cut_off()))?;
        }
        Ok(self)
    }

    /// What there is by now; returns at once.
    ///
    /// # Errors
    /// As [`Self::next_chunk`], and why a query has no plan.
    pub fn poll(&mut self) -> Result<Progress> {
        if self.ended {
            return Ok(Progress::End);
        }
        if let Some(planned) = &mut self.planned {
            match planned.try_recv() {
                Err(oneshot::error::TryRecvError::Empty) => return Ok(Progress::Pending),
                Ok(Ok(())) => self.planned = None,
                Ok(Err(error)) => return self.fail(error),
                Err(oneshot::error::TryRecvError::Closed) => return self.fail(planning_cut_off()),
            }
        }
        if let Some(ending) = self.work.ending() {
            return self.fail(ending.error());
        }
        match self.messages.try_recv() {
            Err(mpsc::error::TryRecvError::Empty) => Ok(Progress::Pending),
            Err(mpsc::error::TryRecvError::Disconnected) => self.progress(None),
            Ok(message) => self.progress(Some(message)),
        }
    }

    /// Whether it is known that there is a plan: a failure before is one of planning.
    #[must_use]
    pub fn has_plan(&self) -> bool {
        self.planned.is_none()
    }

    fn fail(&mut self, error: EngineError) -> Result<Progress> {
        self.ended = true;
        Err(error)
    }

    fn progress(&mut self, message: Option<Message>) -> Result<Progress> {
        self.ended = !matches!(message, Some(Message::Chunk(_)));
        match message {
            Some(Message::Chunk(chunk)) => Ok(Progress::Chunk(chunk)),
            Some(Message::End) => Ok(Progress::End),
            Some(Message::Failed(error)) => Err(error),
            None => Err(self.cut_off()),
        }
    }

    /// The next bytes, never empty; `None` at the end. Blocks until they are there, so it must not
    /// be called from an asynchronous task.
    ///
    /// # Errors
    /// What the execution meets; `Busy` where too many queries wait; `TimedOut` or `Cancelled`
    /// where the query was ended; `Internal` where the work was cut off.
    pub fn next_chunk(&mut self) -> Result<Option<Vec<u8>>> {
        if self.ended {
            return Ok(None);
        }
        if let Some(ending) = self.work.ending() {
            self.ended = true;
            return Err(ending.error());
        }
        let message = self.messages.blocking_recv();
        match self.progress(message)? {
            Progress::Chunk(chunk) => Ok(Some(chunk)),
            Progress::End | Progress::Pending => Ok(None),
        }
    }

    fn cut_off(&self) -> EngineError {
        let ending = self.work.ending().map(Ending::error);
        ending.unwrap_or_else(|| EngineError::internal("the query was cut off before its end"))
    }
}

impl Drop for QueryStream {
    fn drop(&mut self) {
        self.work.abandon();
    }
}

fn planning_cut_off() -> EngineError {
    EngineError::internal("planning the query was cut off")
}

/// The two ends of an answer: the sender for the work, and what the reader needs beside it.
pub(super) struct Answer {
    sender: mpsc::Sender<Message>,
    bell: Bell,
    /// Bytes of the next chunk, at least.
    chunk_bytes: AtomicUsize,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.bell.ring(); // whatever became of it
    }
}

pub(super) struct Reader {
    messages: mpsc::Receiver<Message>,
}

/// A channel for one answer.
pub(super) fn channel(bell: Bell) -> (Answer, Reader) {
    let (sender, messages) = mpsc::channel(CHUNKS_WAITING_MAX);
    let chunk_bytes = AtomicUsize::new(FIRST_CHUNK_BYTES);
    (Answer { sender, bell, chunk_bytes }, Reader { messages })
}

impl Reader {
    /// The stream of the answer that `work` computes; `planned` tells whether there is a plan.
    pub(super) fn stream(
        self,
        planned: oneshot::Receiver<Result<()>>,
        work: Arc<Work>,
    ) -> QueryStream {
        QueryStream { planned: Some(planned), messages: self.messages, work, ended: false }
    }
}

/// Runs all partitions of a plan at once. Where each of them reads its own part of the tables,
/// their rows come one partition after another, so that an answer without `ORDER BY` is the same
/// each time. Where they share a source, the rows of one would pile up behind those of another:
/// then they come as they are made.
fn rows_of(
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
) -> PlanResult<SendableRecordBatchStream> {
    let shares_source = plan.exists(|node| Ok(node.is::<RepartitionExec>()))?;
    if shares_source || plan.output_partitioning().partition_count() == 1 {
        return execute_stream(plan, context);
    }
    let schema = plan.schema();
    let partitions = execute_stream_partitioned(plan, context)?.into_iter();
    let running: Vec<SendableRecordBatchStream> =
        partitions.map(|rows| spawn_buffered(rows, BATCHES_WAITING_MAX)).collect();
    let joined = futures::stream::iter(running).flatten();
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, joined)))
}

/// What the schema of an answer says beside its columns.
pub(super) type Metadata = HashMap<String, String>;

/// The rows of `batch` under a schema that differs in metadata alone.
fn under(schema: &SchemaRef, batch: &RecordBatch) -> std::result::Result<RecordBatch, ArrowError> {
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), batch.columns().to_vec(), &rows)
}

/// A plan that may run.
pub(super) struct Run {
    pub(super) plan: Arc<dyn ExecutionPlan>,
    pub(super) metadata: Metadata,
    pub(super) context: Arc<TaskContext>,
    pub(super) turn: Turn,
}

impl Run {
    fn schema(&self) -> SchemaRef {
        let schema = self.plan.schema();
        if self.metadata.is_empty() {
            return schema;
        }
        Arc::new(schema.as_ref().clone().with_metadata(self.metadata.clone()))
    }
}

impl Answer {
    /// The way to the reader, for others than the work: it does not keep the way open.
    pub(super) fn messages(&self) -> mpsc::WeakSender<Message> {
        self.sender.downgrade()
    }

    /// Sends the failure of a query that never ran.
    pub(super) async fn fail(self, error: EngineError, logged: Logged) {
        logged.ended(Phase::Fail);
        self.send_last(Message::Failed(error)).await;
    }

    /// The last message; with the one before it, it is told as one.
    async fn send_last(&self, message: Message) {
        if let Err(mpsc::error::TrySendError::Full(message)) = self.sender.try_send(message) {
            self.bell.ring();
            let _ = self.sender.send(message).await; // the reader may be gone by now
        }
    }

    /// Runs a plan and sends its rows as `format`, then the end or the failure.
    pub(super) async fn send(self, run: Run, format: Format, logged: Logged) {
        match self.send_rows(run, format).await {
            Ok(true) => {
                logged.ended(Phase::Success);
                self.send_last(Message::End).await;
            }
            Ok(false) => logged.ended(Phase::Cancel),
            Err(error) => self.fail(error, logged).await,
        }
    }

    /// `false` where nobody reads any more.
    async fn send_rows(&self, run: Run, format: Format) -> Result<bool> {
        let schema = run.schema();
        let mut turn = run.turn;
        let memory = MemoryConsumer::new("encoded answer").register(run.context.memory_pool());
        let mut encoder = encoder(format, &schema, memory)?;
        let rows = rows_of(run.plan, run.context);
        let batches = rows.map_err(|error| from_datafusion(&error))?;
        match self.send_batches(&mut *encoder, &schema, batches, &mut turn).await {
            Ok(true) => self.send_rest(std::mem::take(encoder.bytes()), &mut turn).await,
            Ok(false) => Ok(false),
            Err(error) => {
                self.send_rest(encoder.cut(), &mut turn).await?;
                Err(error)
            }
        }
    }

    /// Writes all rows, and the end behind them.
    async fn send_batches(
        &self,
        encoder: &mut dyn Encoder,
        schema: &SchemaRef,
        mut batches: SendableRecordBatchStream,
        turn: &mut Turn,
    ) -> Result<bool> {
        while let Some(batch) = batches.next().await {
            let batch = batch.map_err(|error| from_datafusion(&error))?;
            let batch = under(schema, &batch).map_err(|error| from_arrow(&error))?;
            if !self.send_batch(encoder, &batch, turn).await? {
                return Ok(false);
            }
        }
        encoder.finish()?;
        Ok(true)
    }

    async fn send_batch(
        &self,
        encoder: &mut dyn Encoder,
        batch: &RecordBatch,
        turn: &mut Turn,
    ) -> Result<bool> {
        let step = encoder.rows_per_step().min(batch.num_rows()).max(1);
        // a batch without rows is written too: it tells `csv` its header
        for start in (0..batch.num_rows().max(1)).step_by(step) {
            let rows = step.min(batch.num_rows() - start);
            encoder.write(&batch.slice(start, rows))?;
            if encoder.bytes().len() >= self.chunk_bytes() {
                let chunk = std::mem::take(encoder.bytes());
                if !self.send_chunk(chunk, turn).await? {
                    return Ok(false);
                }
                self.bell.ring();
            }
        }
        Ok(true)
    }

    /// Sends what is left at the end, in chunks.
    async fn send_rest(&self, mut rest: Vec<u8>, turn: &mut Turn) -> Result<bool> {
        while !rest.is_empty() {
            let size = self.chunk_bytes();
            let later = if rest.len() > 2 * size { rest.split_off(size) } else { Vec::new() };
            let chunk = std::mem::replace(&mut rest, later);
            if !self.send_chunk(chunk, turn).await? {
                return Ok(false);
            }
            if !rest.is_empty() {
                self.bell.ring();
            }
        }
        Ok(true)
    }

    fn chunk_bytes(&self) -> usize {
        self.chunk_bytes.load(Ordering::Relaxed)
    }

    /// Waits for room; where that takes long, somebody else has the turn meanwhile. `false` where
    /// nobody reads any more.
    async fn send_chunk(&self, chunk: Vec<u8>, turn: &mut Turn) -> Result<bool> {
        let message = Message::Chunk(chunk);
        let size = FULL_CHUNK_BYTES.min(2 * self.chunk_bytes());
        self.chunk_bytes.store(size, Ordering::Relaxed); // no other thread sends meanwhile
        match timeout(READER_PATIENCE, self.sender.reserve()).await {
            Ok(Ok(room)) => {
                room.send(message);
                return Ok(true);
            }
            Ok(Err(_)) => return Ok(false),
            Err(_) => turn.pause(),
        }
        let is_sent = self.sender.send(message).await.is_ok();
        turn.resume().await?;
        Ok(is_sent)
    }
}
