//! Which series of a chunk are wanted.

use std::sync::Arc;

use arrow::buffer::BooleanBuffer;

/// As many series for one that is wanted, and its rows are looked up in the list of each block; for
/// fewer, looking at every row is no slower, and blocks need no list.
const SERIES_PER_WANTED_MIN: usize = 4;

/// See the head of this file.
#[derive(Debug, Clone)]
pub struct SeriesChoice {
    mask: BooleanBuffer,
    /// The wanted ones, ascending, where they are few of all.
    few: Option<Arc<[u32]>>,
}

impl SeriesChoice {
    /// Of a mask with one bit per series.
    #[must_use]
    pub fn new(mask: BooleanBuffer) -> Self {
        let is_few = mask.count_set_bits() * SERIES_PER_WANTED_MIN <= mask.len();
        let few = is_few.then(|| mask.set_indices_u32().collect());
        Self { mask, few }
    }

    /// Whether no series is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mask.count_set_bits() == 0
    }

    /// The wanted part of all series, from 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share of series, which are few")]
    pub fn part(&self) -> f64 {
        self.mask.count_set_bits() as f64 / self.mask.len().max(1) as f64
    }

    /// Whether a series is wanted.
    #[must_use]
    pub fn has(&self, series: u32) -> bool {
        self.mask.value(series as usize)
    }

    /// The wanted series, ascending, where they are few of all.
    #[must_use]
    pub fn few(&self) -> Option<&Arc<[u32]>> {
        self.few.as_ref()
    }

    /// The wanted series, ascending.
    pub(super) fn numbers(&self) -> Vec<u32> {
        match &self.few {
            Some(few) => few.to_vec(),
            None => self.mask.set_indices_u32().collect(),
        }
    }
}
