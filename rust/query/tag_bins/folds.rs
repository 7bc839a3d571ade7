//! What is folded of the values of a group.
//!
//! Comes in: values, and which neighbouring rows are of which group. Goes out: one state per group,
//! in the columns that DataFusion hands from its first half of an aggregation to its second. Stays
//! true: nulls are left out; sums of integers wrap, as they do there.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, AsArray, Float64Array, Int64Array,
    PrimitiveArray, UInt64Array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use datafusion::common::internal_datafusion_err;
use datafusion::error::Result;

use super::Piece;

/// Values that are added side by side, so that each need not wait for the one before.
const LANES: usize = 8;

/// The states of one call, for all groups.
pub(super) trait Fold: Send {
    /// Has room for so many groups.
    fn grow(&mut self, groups: usize);

    /// Folds the values of neighbouring rows into their groups.
    fn add(&mut self, values: &ArrayRef, pieces: &[Piece]) -> Result<()>;

    /// The states of all groups, which are forgotten.
    fn finish(&mut self) -> Vec<ArrayRef>;
}

/// The fold of a call of this name over values of this type; `None` where it is unknown here.
pub(super) fn fold_of(name: &str, kind: &DataType) -> Option<Box<dyn Fold>> {
    Some(match (name, kind) {
        ("count", _) => Box::<Counts>::default(),
        ("avg", DataType::Float64) => Box::<Averages>::default(),
        ("sum", DataType::Float64) => Box::new(Numbers::<Float64Type, Sum>::default()),
        ("sum", DataType::Int64) => Box::new(Numbers::<Int64Type, Sum>::default()),
        ("sum", DataType::UInt64) => Box::new(Numbers::<UInt64Type, Sum>::default()),
        ("min", DataType::Float64) => Box::new(Numbers::<Float64Type, Least>::default()),
        ("min", DataType::Int64) => Box::new(Numbers::<Int64Type, Least>::default()),
        ("min", DataType::UInt64) => Box::new(Numbers::<UInt64Type, Least>::default()),
        ("max", DataType::Float64) => Box::new(Numbers::<Float64Type, Greatest>::default()),
        ("max", DataType::Int64) => Box::new(Numbers::<Int64Type, Greatest>::default()),
        ("max", DataType::UInt64) => Box::new(Numbers::<UInt64Type, Greatest>::default()),
        _ => return None,
    })
}

/// The values of a call as numbers of one type.
fn numbers<T: ArrowPrimitiveType>(values: &ArrayRef) -> Result<&PrimitiveArray<T>> {
    let numbers = values.as_primitive_opt::<T>();
    numbers.ok_or_else(|| internal_datafusion_err!("{} is no such number", values.data_type()))
}

/// Calls `each` with the rows of every piece.
fn each_piece(pieces: &[Piece], mut each: impl FnMut(usize, std::ops::Range<usize>)) {
    let mut start = 0;
    for Piece { end, group } in pieces {
        each(*group, start..*end);
        start = *end;
    }
}

/// Rows, or those of them that have a value.
#[derive(Default)]
struct Counts(Vec<i64>);

impl Fold for Counts {
    fn grow(&mut self, groups: usize) {
        self.0.resize(groups, 0);
    }

    fn add(&mut self, values: &ArrayRef, pieces: &[Piece]) -> Result<()> {
        let nulls = values.logical_nulls().filter(|_| !values.is_empty());
        each_piece(pieces, |group, rows| {
            let among = |nulls: &NullBuffer| nulls.slice(rows.start, rows.len()).null_count();
            let nulls = nulls.as_ref().map_or(0, among);
            self.0[group] += i64::try_from(rows.len() - nulls).unwrap_or(i64::MAX);
        });
        Ok(())
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![Arc::new(Int64Array::from(std::mem::take(&mut self.0)))]
    }
}

/// Counts and sums.
#[derive(Default)]
struct Averages {
    counts: Vec<u64>,
    sums: Vec<f64>,
}

impl Fold for Averages {
    fn grow(&mut self, groups: usize) {
        self.counts.resize(groups, 0);
        self.sums.resize(groups, 0.0);
    }

    fn add(&mut self, values: &ArrayRef, pieces: &[Piece]) -> Result<()> {
        let numbers = numbers::<Float64Type>(values)?;
        let valid = numbers.nulls().filter(|nulls| nulls.null_count() > 0);
        each_piece(pieces, |group, rows| match valid {
            None => {
                self.sums[group] += sum(&numbers.values()[rows.clone()]);
                self.counts[group] += rows.len() as u64;
            }
            Some(valid) => {
                for row in rows.filter(|row| valid.is_valid(*row)) {
                    self.sums[group] += numbers.value(row);
                    self.counts[group] += 1;
                }
            }
        });
        Ok(())
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        let (counts, sums) = (std::mem::take(&mut self.counts), std::mem::take(&mut self.sums));
        let some: NullBuffer = counts.iter().map(|count| *count > 0).collect();
        let sums = Float64Array::new(sums.into(), Some(some));
        vec![Arc::new(UInt64Array::from(counts)), Arc::new(sums)]
    }
}

/// The sum of numbers, in lanes.
fn sum(values: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest: f64 = chunks.remainder().iter().sum();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    rest + lanes.iter().sum::<f64>()
}

/// How two numbers become one.
trait Unite<N>: Send {
    fn unite(known: N, value: N) -> N;
}

struct Sum;

impl<N: ArrowNativeTypeOp> Unite<N> for Sum {
    fn unite(known: N, value: N) -> N {
        known.add_wrapping(value)
    }
}

struct Least;

impl<N: PartialOrd> Unite<N> for Least {
    fn unite(known: N, value: N) -> N {
        // what cannot be compared wins, as in DataFusion
        match value.partial_cmp(&known) {
            Some(Ordering::Less) | None => value,
            Some(_) => known,
        }
    }
}

struct Greatest;

impl<N: PartialOrd> Unite<N> for Greatest {
    fn unite(known: N, value: N) -> N {
        match value.partial_cmp(&known) {
            Some(Ordering::Greater) | None => value,
            Some(_) => known,
        }
    }
}

/// One number per group, where it has any value.
struct Numbers<T: ArrowPrimitiveType, U> {
    values: Vec<T::Native>,
    some: Vec<bool>,
    unite: std::marker::PhantomData<U>,
}

impl<T: ArrowPrimitiveType, U> Default for Numbers<T, U> {
    fn default() -> Self {
        Self { values: Vec::new(), some: Vec::new(), unite: std::marker::PhantomData }
    }
}

impl<T: ArrowPrimitiveType, U: Unite<T::Native>> Numbers<T, U> {
    fn unite(&mut self, group: usize, value: T::Native) {
        let known = self.some[group].then_some(self.values[group]);
        self.values[group] = known.map_or(value, |known| U::unite(known, value));
        self.some[group] = true;
    }
}

impl<T: ArrowPrimitiveType, U: Unite<T::Native>> Fold for Numbers<T, U> {
    fn grow(&mut self, groups: usize) {
        self.values.resize(groups, T::Native::default());
        self.some.resize(groups, false);
    }

    fn add(&mut self, values: &ArrayRef, pieces: &[Piece]) -> Result<()> {
        let numbers = numbers::<T>(values)?;
        let valid = numbers.nulls().filter(|nulls| nulls.null_count() > 0);
        each_piece(pieces, |group, rows| match valid {
            None => {
                let united = numbers.values()[rows].iter().copied().reduce(U::unite);
                if let Some(united) = united {
                    self.unite(group, united);
                }
            }
            Some(valid) => {
                let valid = rows.filter(|row| valid.is_valid(*row));
                valid.for_each(|row| self.unite(group, numbers.value(row)));
            }
        });
        Ok(())
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        let (values, some) = (std::mem::take(&mut self.values), std::mem::take(&mut self.some));
        let some: NullBuffer = some.into_iter().collect();
        vec![Arc::new(PrimitiveArray::<T>::new(values.into(), Some(some)))]
    }
}
