//! The memory of one query within that of all, and where it puts what does not fit.
//!
//! Comes in: reservations of the steps of a query. Goes out: bytes, of its own share and of the
//! whole. Stays true: what is reserved here is reserved in the whole; the steps of a query that can
//! spill have a quarter of it, shared evenly, so that none takes all and fails the others; files go
//! with the steps that made them. Refuses, with the limit, what would pass either.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{
    GreedyMemoryPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
    TrackConsumersPool,
};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use parking_lot::Mutex;

use super::QueryLimits;
use crate::error::Result;
use crate::query::errors::from_datafusion;

/// Consumers of memory that a message about exhausted memory names.
const CONSUMERS_NAMED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(2);

/// Part of the memory of a query that its steps which can spill may hold: to spill, each of them
/// sorts and merges what it has, and the keys of short rows take three times the rows.
const SPILLABLE_SHARE: usize = 4;

/// What all queries share: a memory pool, and a folder for what does not fit.
///
/// # Errors
/// `Internal` where the folder cannot be made.
pub(in crate::query) fn runtime(limits: &QueryLimits) -> Result<Arc<RuntimeEnv>> {
    let whole = GreedyMemoryPool::new(limits.memory_bytes);
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(TrackConsumersPool::new(whole, CONSUMERS_NAMED)))
        .with_disk_manager_builder(disk(limits))
        .build_arc()
        .map_err(|error| from_datafusion(&error))
}

fn disk(limits: &QueryLimits) -> DiskManagerBuilder {
    let mode = match (&limits.spill_folder, limits.spill_bytes) {
        (_, 0) => DiskManagerMode::Disabled,
        (Some(folder), _) => DiskManagerMode::Directories(vec![folder.clone()]),
        (None, _) => DiskManagerMode::OsTmpDirectory,
    };
    let builder = DiskManagerBuilder::default().with_mode(mode);
    builder.with_max_temp_directory_size(limits.spill_bytes)
}

/// The share of one query.
#[derive(Debug)]
pub(in crate::query) struct QueryPool {
    held: Mutex<Held>,
    whole: Arc<dyn MemoryPool>,
    bytes_max: usize,
    peak: Arc<AtomicUsize>,
}

/// What the steps of a query hold.
#[derive(Debug, Default)]
struct Held {
    /// Steps that can spill, whether they hold anything or not.
    spilling_steps: usize,
    spillable_bytes: usize,
    other_bytes: usize,
}

impl Held {
    fn bytes(&self) -> usize {
        self.spillable_bytes + self.other_bytes
    }

    fn of(&mut self, consumer: &MemoryConsumer) -> &mut usize {
        if consumer.can_spill() { &mut self.spillable_bytes } else { &mut self.other_bytes }
    }

    /// Bytes up to which one step may grow. What is kept for those that can spill is theirs alone:
    /// without it they could not even begin.
    fn step_bytes_max(&self, reservation: &MemoryReservation, bytes_max: usize) -> usize {
        let spillable = if self.spilling_steps == 0 { 0 } else { bytes_max / SPILLABLE_SHARE };
        if reservation.consumer().can_spill() {
            return spillable / self.spilling_steps.max(1);
        }
        let left = (bytes_max - spillable).saturating_sub(self.other_bytes);
        left.saturating_add(reservation.size())
    }
}

impl QueryPool {
    /// The environment of a query that may hold `bytes_max`; `peak` becomes what it has held.
    pub(in crate::query) fn environment(
        whole: &RuntimeEnv,
        bytes_max: usize,
        peak: Arc<AtomicUsize>,
    ) -> Arc<RuntimeEnv> {
        let mut environment = whole.clone();
        let (held, whole) = (Mutex::default(), Arc::clone(&whole.memory_pool));
        environment.memory_pool = Arc::new(Self { held, whole, bytes_max, peak });
        Arc::new(environment)
    }

    fn take(&self, held: &mut Held, reservation: &MemoryReservation, additional: usize) {
        *held.of(reservation.consumer()) += additional;
        self.peak.fetch_max(held.bytes(), Ordering::Relaxed);
    }

    fn give_back(&self, reservation: &MemoryReservation, bytes: usize) {
        *self.held.lock().of(reservation.consumer()) -= bytes;
    }

    fn refusal(&self, reservation: &MemoryReservation, additional: usize) -> DataFusionError {
        DataFusionError::ResourcesExhausted(format!(
            "Failed to allocate additional {additional} bytes for {} with {} bytes already \
             allocated: one query may hold {} bytes (--query-memory-limit)",
            reservation.consumer().name(),
            reservation.size(),
            self.bytes_max
        ))
    }
}

impl fmt::Display for QueryPool {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "one query of {}", self.whole)
    }
}

impl MemoryPool for QueryPool {
    fn name(&self) -> &'static str {
        "query"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.held.lock().spilling_steps += usize::from(consumer.can_spill());
        self.whole.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.held.lock().spilling_steps -= usize::from(consumer.can_spill());
        self.whole.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.take(&mut self.held.lock(), reservation, additional);
        self.whole.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.give_back(reservation, shrink);
        self.whole.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> PlanResult<()> {
        let mut held = self.held.lock();
        let bytes_max = held.step_bytes_max(reservation, self.bytes_max);
        if reservation.size().saturating_add(additional) > bytes_max {
            return Err(self.refusal(reservation, additional));
        }
        self.take(&mut held, reservation, additional);
        drop(held);
        let whole = self.whole.try_grow(reservation, additional);
        whole.inspect_err(|_| self.give_back(reservation, additional))
    }

    fn reserved(&self) -> usize {
        self.held.lock().bytes()
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.bytes_max)
    }
}
