//! The merge itself: which source comes next, and how far.

use std::cmp::Ordering;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::SortColumns;
use super::cursor::{Cursor, Loaded};
use super::output::Output;
use crate::error::Result;

/// What the merge wants, or has.
#[derive(Debug)]
pub enum Step {
    /// The next batch of that source, or word that it has ended.
    Need(usize),
    /// Merged rows.
    Batch(RecordBatch),
    /// All sources have ended, and all their rows were given.
    Done,
}

/// See the head of this folder.
#[derive(Debug)]
pub struct Merger {
    columns: SortColumns,
    cursors: Vec<Cursor>,
    output: Output,
    rows_max: usize,
}

impl Merger {
    /// A merge of `sources` sources into batches of about `rows_max` rows.
    #[must_use]
    pub fn new(schema: SchemaRef, columns: SortColumns, sources: usize, rows_max: usize) -> Self {
        let cursors = (0..sources).map(|_| Cursor::Hungry).collect();
        Self { columns, cursors, output: Output::new(schema), rows_max }
    }

    /// The next batch of a source; `None` where it has ended.
    ///
    /// # Errors
    /// `Internal` where the batch does not have the columns that the merge sorts by.
    pub fn feed(&mut self, source: usize, batch: Option<RecordBatch>) -> Result<()> {
        self.cursors[source] = match batch {
            None => Cursor::Ended,
            Some(batch) if batch.num_rows() == 0 => Cursor::Hungry,
            Some(batch) => Cursor::Loaded(Loaded::of(batch, &self.columns)?),
        };
        Ok(())
    }

    /// Goes on until a source must be read, or enough rows are merged.
    ///
    /// # Errors
    /// `Internal` where rows cannot be put together.
    pub fn step(&mut self) -> Result<Step> {
        loop {
            let hungry = self.cursors.iter().position(|one| matches!(one, Cursor::Hungry));
            if let Some(source) = hungry {
                return Ok(Step::Need(source));
            }
            if self.output.rows() >= self.rows_max {
                return self.output.take().map(Step::Batch);
            }
            let Some(heads) = self.heads() else {
                return self.end();
            };
            self.copy(&heads);
        }
    }

    fn end(&mut self) -> Result<Step> {
        if self.output.rows() == 0 {
            return Ok(Step::Done);
        }
        self.output.take().map(Step::Batch)
    }

    /// The sources whose next row is the least, and the source that comes after them.
    fn heads(&self) -> Option<Heads> {
        let mut heads: Option<Heads> = None;
        for (source, cursor) in self.cursors.iter().enumerate() {
            let Cursor::Loaded(loaded) = cursor else { continue };
            let Some(found) = &mut heads else {
                heads = Some(Heads { least: vec![source], next: None });
                continue;
            };
            match loaded.order(self.loaded(found.least[0])) {
                Ordering::Equal => found.least.push(source),
                Ordering::Less => {
                    found.next = Some(found.least[0]);
                    found.least = vec![source];
                }
                Ordering::Greater => {
                    let nearer = |next| loaded.order(self.loaded(next)) == Ordering::Less;
                    if found.next.is_none_or(nearer) {
                        found.next = Some(source);
                    }
                }
            }
        }
        heads
    }

    fn loaded(&self, source: usize) -> &Loaded {
        loaded(&self.cursors, source)
    }

    fn copy(&mut self, heads: &Heads) {
        if let [source] = heads.least[..] {
            let least = loaded(&self.cursors, source);
            let bound = heads.next.map(|next| loaded(&self.cursors, next));
            let room = self.rows_max - self.output.rows();
            let end = least.end_before(bound).min(least.row + room);
            self.output.copy(source, &least.batch, least.row..end);
            self.advance(source, end);
            return;
        }
        let rows = heads.least.iter().map(|source| {
            let one = loaded(&self.cursors, *source);
            (*source, &one.batch, one.row)
        });
        self.output.unite(rows);
        for source in &heads.least {
            let row = self.loaded(*source).row;
            self.advance(*source, row + 1);
        }
    }

    fn advance(&mut self, source: usize, row: usize) {
        if let Cursor::Loaded(loaded) = &mut self.cursors[source]
            && !loaded.advance(row)
        {
            self.output.leave(source);
            self.cursors[source] = Cursor::Hungry;
        }
    }
}

fn loaded(cursors: &[Cursor], source: usize) -> &Loaded {
    match &cursors[source] {
        Cursor::Loaded(loaded) => loaded,
        Cursor::Hungry | Cursor::Ended => unreachable!("only sources with rows are compared"),
    }
}

struct Heads {
    /// From the oldest to the newest.
    least: Vec<usize>,
    next: Option<usize>,
}
