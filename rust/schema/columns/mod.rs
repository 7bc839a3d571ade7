//! Arrow arrays against the catalog: the batch and the changes that lines would give.
//!
//! Comes in: the decoded rows of one request, for one table. Goes out: what [`Resolver`] collects.
//! What stays true: the rules of lines hold, column by column: kinds, conflicts, reserved names,
//! limits; a null is absent, and so is an empty tag; a refused row leaves no trace. Refused whole:
//! streams whose columns no row could have.

mod cells;
mod faults;
mod layout;
mod message;
mod roles;
mod series;
mod stream;
mod texts;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;

pub use stream::ArrowRows;

use arrow::array::RecordBatch;

use super::batch::TableBatch;
use super::catalog::Table;
use super::names::check_table_name;
use super::resolve::{RefusedLine, Resolver, WriteOptions};
use super::table_builder::NewColumn;
use crate::error::{EngineError, Result};
use crate::limits::BATCH_CELLS_MAX;
use faults::{Faults, occurs};
use roles::{Part, Roles, roles};

/// How the columns of a request are to be taken.
#[derive(Debug, Clone, Copy)]
pub struct ArrowOptions<'a> {
    /// What holds for lines as well; the precision is that of times which are plain integers.
    pub write: WriteOptions,
    /// The tag columns; `None` leaves it to the stream and to the table.
    pub tags: Option<&'a [String]>,
    /// Name of the time column.
    pub time: &'a str,
}

impl Resolver<'_> {
    /// Adds rows for a table, which is made (as its database is) if a row is taken and it does not
    /// exist. Gives the refused rows, one entry for neighbours with one reason.
    ///
    /// Without `accept_partial` a bad row ends it: its range alone is returned, and the resolver
    /// must be dropped.
    ///
    /// # Errors
    /// `Invalid` where there is no row, a column cannot be what it should be, or the database is
    /// marked for deletion; `TooLarge` past `BATCH_CELLS_MAX` or `BATCH_TEXT_BYTES_MAX`.
    pub fn add_columns(
        &mut self,
        database: &str,
        table: &str,
        rows: &ArrowRows,
        options: &ArrowOptions<'_>,
    ) -> Result<Vec<RefusedLine>> {
        self.check_database(database)?;
        check_table_name(table)?;
        if rows.rows() == 0 {
            return Err(EngineError::invalid("incoming write was empty"));
        }
        let known = self.table(database, table);
        let roles = roles(&rows.schema, known.as_deref(), options)?;
        check_cells(table, rows.rows(), roles.fields.len())?;
        let mut faults = Faults::find(&rows.batches, &roles, options.write.precision)?;
        if !options.write.accept_partial && !faults.is_empty() {
            return Ok(first(&faults));
        }
        let mut taken = faults.taken(&rows.batches)?;
        if taken.is_empty() {
            return Ok(faults.ranges());
        }
        let new = new_columns(&taken, &roles, known.as_deref());
        let mut made = self.extend_table(database, table, &new)?;
        if let Err(reason) = &made {
            let is_new = |part: &&Part| new.iter().any(|column| *column.name == *part.name);
            match &known {
                // Rows that need no new column fit in still.
                Some(_) => roles.parts().filter(is_new).for_each(|part| {
                    faults.mark_present(&rows.batches, part, reason);
                }),
                None => faults.mark_all(reason),
            }
            taken = faults.taken(&rows.batches)?;
            if !options.write.accept_partial || taken.is_empty() {
                return Ok(if options.write.accept_partial {
                    faults.ranges()
                } else {
                    first(&faults)
                });
            }
            made = self.extend_table(database, table, &[])?;
        }
        let (id, table) = made.map_err(EngineError::internal)?;
        let mut batch = batch_of(&taken, &roles, &table, options)?;
        batch.database = id;
        self.push(batch);
        Ok(faults.ranges())
    }
}

fn first(faults: &Faults) -> Vec<RefusedLine> {
    faults.ranges().into_iter().take(1).collect()
}

fn check_cells(table: &str, rows: usize, fields: usize) -> Result<()> {
    if rows.saturating_mul(fields + 2) <= BATCH_CELLS_MAX {
        return Ok(());
    }
    Err(EngineError::too_large(format!(
        "the rows of table '{table}' would fill more than {BATCH_CELLS_MAX} cells in one request; \
         send them in smaller requests"
    )))
}

/// Columns that the table lacks and some row has, tags first.
fn new_columns(batches: &[RecordBatch], roles: &Roles, table: Option<&Table>) -> Vec<NewColumn> {
    let is_known = |part: &Part| table.is_some_and(|table| table.column(&part.name).is_some());
    let new = roles.parts().filter(|part| !is_known(part) && occurs(batches, part));
    new.map(|part| NewColumn { name: part.name.as_str().into(), kind: part.kind }).collect()
}

fn batch_of(
    batches: &[RecordBatch],
    roles: &Roles,
    table: &Table,
    options: &ArrowOptions<'_>,
) -> Result<TableBatch> {
    let write = &options.write;
    let tags: Vec<&Part> = roles.tags.iter().filter(|part| occurs(batches, part)).collect();
    let (series, series_of_row) = series::series(batches, &tags, table)?;
    let now_ns = write.precision.truncate(write.now_ns);
    let mut text_bytes = series.bytes.len();
    let mut fields = Vec::with_capacity(roles.fields.len());
    for part in roles.fields.iter().filter(|part| occurs(batches, part)) {
        let column = table.column(&part.name);
        let column = column.ok_or_else(|| EngineError::internal("a field is missing"))?;
        fields.push(cells::field(batches, part.index, column, &mut text_bytes, &table.name)?);
    }
    Ok(TableBatch {
        database: 0,
        table: table.id,
        origin: write.origin,
        series,
        series_of_row,
        time: cells::times(batches, roles.time, write.precision, now_ns)?,
        fields,
    })
}
