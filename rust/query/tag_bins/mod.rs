//! Groups by tags and bins of time, which is what dashboards ask for.
//!
//! Comes in: rows, the columns to group by, and calls that fold numbers. Goes out: the state of
//! each group, as the first half of an aggregation of DataFusion gives it; the second half is
//! DataFusion's own. Stays true: neighbouring rows of one series and one bin are folded at once,
//! without a hash of each row; memory is bounded, for what was folded so far may be handed on at
//! any time and begun anew. Refuses nothing: what it does not know is left to DataFusion.

mod exec;
mod folds;
mod key;
mod table;
#[cfg(test)]
mod tests;

pub(super) use exec::TagBins;

/// Neighbouring rows of one group: one behind the last row, and the number of the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    end: usize,
    group: usize,
}
