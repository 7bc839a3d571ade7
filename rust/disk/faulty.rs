//! A disk for tests that loses power: at the n-th operation it stops, and what was not synced is
//! lost, kept or torn, as a seed decides.
//!
//! Comes in: a plan (after how many operations to cut, and a seed). Goes out: after the cut every
//! operation fails; `after_power_loss` gives the disk that the next start finds. What stays true:
//! bytes that were synced are there; each unsynced write is there whole, in part, or not at all; a
//! name that was not synced may be the old one. It may also have a capacity: a file that does not
//! fit is left made in part, as on a full disk.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Disk, File, MemoryDisk};

const SECTOR_BYTES: usize = 512;

/// When to cut the power, and how the loss falls.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Operations that succeed before the cut; `None` never cuts.
    pub cut_after: Option<usize>,
    /// Operation (from 0) that fails once without a cut, such as a sync that the medium refuses.
    pub fail_at: Option<usize>,
    /// Decides what becomes of unsynced writes.
    pub seed: u64,
}

#[derive(Debug, Clone, Default)]
struct Image {
    durable: Vec<u8>,
    unsynced: Vec<(u64, Vec<u8>)>,
}

impl Image {
    fn current(&self) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for (offset, part) in &self.unsynced {
            overlay(&mut bytes, *offset, part);
        }
        bytes
    }
}

fn overlay(bytes: &mut Vec<u8>, offset: u64, part: &[u8]) {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let end = start.saturating_add(part.len());
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[start..end].copy_from_slice(part);
}

#[derive(Debug, Default)]
struct State {
    operations: usize,
    images: Vec<Image>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    capacity_bytes: Option<u64>,
}

impl State {
    /// Bytes that files may still take.
    fn free_bytes(&self) -> u64 {
        let used = self.names.values().map(|image| self.images[*image].current().len() as u64);
        self.capacity_bytes.map_or(u64::MAX, |capacity| capacity.saturating_sub(used.sum()))
    }
}

/// See the head of this file.
#[derive(Debug, Clone)]
pub struct FaultyDisk {
    plan: Plan,
    state: Arc<Mutex<State>>,
}

impl FaultyDisk {
    /// An empty disk that follows `plan`.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self { plan, state: Arc::default() }
    }

    /// Operations done so far: the range of cuts that a sweep has to try.
    #[must_use]
    pub fn operations(&self) -> usize {
        self.state.lock().operations
    }

    /// Sets how many bytes all files together may take when a file is made; `None` for no limit.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state.lock().capacity_bytes = bytes;
    }

    /// The disk as the next start finds it, with a plan of its own.
    #[must_use]
    pub fn after_power_loss(&self, plan: Plan) -> Self {
        let state = self.state.lock();
        let mut dice = Dice(self.plan.seed | 1);
        let names = if dice.roll(2) == 0 { &state.names } else { &state.durable_names };
        let images = state.images.iter().map(|image| survive(image, &mut dice)).collect();
        let next = State {
            operations: 0,
            images,
            names: names.clone(),
            durable_names: names.clone(),
            capacity_bytes: state.capacity_bytes,
        };
        Self { plan, state: Arc::new(Mutex::new(next)) }
    }

    fn step(&self, state: &mut State) -> io::Result<()> {
        let operation = state.operations;
        if self.plan.cut_after.is_some_and(|cut| operation >= cut) {
            return Err(io::Error::other("the power is cut"));
        }
        state.operations += 1;
        if self.plan.fail_at == Some(operation) {
            return Err(io::Error::other("the medium refuses"));
        }
        Ok(())
    }

    fn image(&self, state: &State, name: &str) -> io::Result<usize> {
        let image = state.names.get(name).copied();
        image.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, self.describe(name)))
    }
}

fn survive(image: &Image, dice: &mut Dice) -> Image {
    let mut durable = image.durable.clone();
    for (offset, part) in &image.unsynced {
        for (index, sector) in part.chunks(SECTOR_BYTES).enumerate() {
            if dice.roll(2) == 0 {
                overlay(&mut durable, offset + (index * SECTOR_BYTES) as u64, sector);
            }
        }
    }
    Image { durable, unsynced: Vec::new() }
}

/// A small generator (xorshift64*), so that a failing sweep can be run again from its seed.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }
}

impl Disk for FaultyDisk {
    fn create(&self, name: &str, bytes: u64) -> io::Result<Arc<dyn File>> {
        let mut state = self.state.lock();
        self.step(&mut state)?;
        if state.names.contains_key(name) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, self.describe(name)));
        }
        let fitting = bytes.min(state.free_bytes());
        let length = usize::try_from(fitting).map_err(io::Error::other)?;
        state.images.push(Image { durable: vec![0; length], unsynced: Vec::new() });
        let image = state.images.len() - 1;
        state.names.insert(name.to_owned(), image);
        if fitting < bytes {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(Arc::new(FaultyFile { disk: self.clone(), image }))
    }

    fn create_with(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let file = self.create(name, bytes.len() as u64)?;
        file.write_at(0, bytes)?;
        file.sync()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let state = self.state.lock();
        let image = self.image(&state, name)?;
        Ok(Arc::new(FaultyFile { disk: self.clone(), image }))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let prefix = format!("{folder}/");
        let state = self.state.lock();
        Ok(state
            .names
            .keys()
            .filter_map(|name| name.strip_prefix(&prefix))
            .map(str::to_owned)
            .collect())
    }

    fn walk(&self, folder: &str) -> io::Result<Vec<(String, u64)>> {
        let prefix = format!("{folder}/");
        let state = self.state.lock();
        let below = state.names.iter().filter(|(name, _)| name.starts_with(&prefix));
        let length = |image: usize| state.images[image].current().len() as u64;
        Ok(below.map(|(name, image)| (name.clone(), length(*image))).collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        self.step(&mut state)?;
        let image = self.image(&state, from)?;
        state.names.remove(from);
        state.names.insert(to.to_owned(), image);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        self.step(&mut state)?;
        self.image(&state, name)?;
        state.names.remove(name);
        Ok(())
    }

    fn sync_folder(&self, _folder: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        self.step(&mut state)?;
        state.durable_names = state.names.clone();
        Ok(())
    }

    fn describe(&self, name: &str) -> String {
        MemoryDisk::default().describe(name)
    }

    fn release(&self) {}

    fn is_durable(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    image: usize,
}

impl File for FaultyFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.state.lock().images[self.image].durable.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let bytes = self.disk.state.lock().images[self.image].current();
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start.checked_add(buffer.len()).ok_or(io::ErrorKind::InvalidInput)?;
        buffer.copy_from_slice(bytes.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state.lock();
        let outcome = self.disk.step(&mut state);
        // The write during which the power goes may have reached the medium in part.
        let at_the_cut = Some(state.operations) == self.disk.plan.cut_after;
        if outcome.is_ok() || at_the_cut {
            state.images[self.image].unsynced.push((offset, bytes.to_vec()));
        }
        outcome
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state.lock();
        self.disk.step(&mut state)?;
        let image = &mut state.images[self.image];
        image.durable = image.current();
        image.unsynced.clear();
        Ok(())
    }
}
