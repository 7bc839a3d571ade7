//! How far the contents of a cache are those of its table.
//!
//! A cache is filled from a view of its table while writes go on: what is written since the view
//! was taken comes to the cache as it comes to the table. What stays true: a fill that a deletion
//! or another event overtakes counts for nothing.

/// Whether a cache has everything, and which fill of it is the current one.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) is_filled: bool,
    pub(super) is_filling: bool,
    generation: u64,
}

/// One attempt to fill a cache.
#[derive(Debug, Clone, Copy)]
pub struct Fill {
    generation: u64,
    /// Rows before this time need not be scanned.
    pub time_min: i64,
    pub(super) now_ns: i64,
}

impl Progress {
    /// Whether nobody counts on what is there.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_filled && !self.is_filling
    }

    /// Begins a fill.
    pub(super) fn begin(&mut self, time_min: i64, now_ns: i64) -> Fill {
        self.generation += 1;
        self.is_filling = true;
        Fill { generation: self.generation, time_min, now_ns }
    }

    /// Whether a fill is the current one.
    pub(super) fn goes_on(&self, fill: &Fill) -> bool {
        self.is_filling && self.generation == fill.generation
    }

    /// Ends a fill; false where it counts for nothing.
    pub(super) fn end(&mut self, fill: &Fill) -> bool {
        let counts = self.goes_on(fill);
        if counts {
            (self.is_filling, self.is_filled) = (false, true);
        }
        counts
    }

    /// What is there, or on its way, is not all.
    pub(super) fn spoil(&mut self) {
        (self.is_filling, self.is_filled) = (false, false);
    }
}
