//! Deleting rows by their times and tags.

use std::collections::HashSet;
use std::sync::Arc;

use super::Engine;
use super::admin::{check_not_internal, live_database, live_table};
use super::sink::Effect;
use crate::error::{EngineError, Result};
use crate::limits::{DELETION_VALUES_MAX, TOMBSTONES_MAX};
use crate::schema::{
    Catalog, ColumnKind, Database, Position, RowDeletion, Table, TagCondition, TimeRange,
};
use crate::wal::{Commit, FrameBuilder};

/// Deletions that wait, at which they are stored so that files are rewritten.
const TOMBSTONES_STORED_AT: usize = TOMBSTONES_MAX / 8;

impl Engine {
    /// Deletes the rows of these times whose tags meet all conditions, as far as they are committed
    /// by now. It is durable on return, and no later query sees them; the files lose them in the
    /// background.
    ///
    /// # Errors
    /// `NotFound` for the database or the table, `Conflict` where one is marked for deletion,
    /// `Invalid` for a condition on what is no tag, `TooLarge` for too many values, `Busy` where
    /// too many deletions wait to reach the files.
    pub fn delete_rows(
        &self,
        database: &str,
        table: &str,
        times: TimeRange,
        tags: Vec<TagCondition>,
    ) -> Result<()> {
        check_not_internal(database, "modify")?;
        check_values(&tags)?;
        self.check_tombstones()?;
        let position = {
            let _lock = self.catalog_lock.lock();
            let catalog = self.catalog();
            let (database, table) = target(&catalog, database, table)?;
            check_tags(table, &tags)?;
            self.queue_deletion(RowDeletion {
                database: database.id,
                table: table.id,
                times,
                tags,
            })?
        };
        self.wait(position)
    }

    fn queue_deletion(&self, rows: RowDeletion) -> Result<Position> {
        let mut frame = FrameBuilder::new();
        frame.push_deletion(&rows);
        let item = Effect { deletions: vec![rows.into()], ..Effect::default() };
        self.queue.push(Commit { frame: frame.finish()?, item, no_sync: false })
    }

    /// Each deletion that waits makes queries slower.
    fn check_tombstones(&self) -> Result<()> {
        let stored = self.store.stored();
        let waiting = self.buffer.tombstones_after(stored.position) + stored.tombstones();
        if waiting + 1 >= TOMBSTONES_STORED_AT {
            self.background.persister.ask();
        }
        if waiting < TOMBSTONES_MAX {
            return Ok(());
        }
        Err(EngineError::busy(format!(
            "{waiting} deletions of rows wait to reach the files, the limit is {TOMBSTONES_MAX}; \
             try again later"
        )))
    }
}

fn target<'c>(
    catalog: &'c Catalog,
    database: &str,
    table: &str,
) -> Result<(&'c Arc<Database>, &'c Arc<Table>)> {
    let database = live_database(catalog, database)?;
    Ok((database, live_table(database, table)?))
}

fn check_values(tags: &[TagCondition]) -> Result<()> {
    let values: usize = tags.iter().map(|tag| tag.values.len()).sum();
    if values > DELETION_VALUES_MAX {
        return Err(EngineError::too_large(format!(
            "a deletion names {values} tag values, the limit is {DELETION_VALUES_MAX}"
        )));
    }
    let mut names = HashSet::new();
    match tags.iter().find(|tag| !names.insert(&tag.tag)) {
        Some(twice) => Err(EngineError::invalid(format!("tag '{}' is named twice", twice.tag))),
        None => Ok(()),
    }
}

fn check_tags(table: &Table, tags: &[TagCondition]) -> Result<()> {
    for TagCondition { tag, .. } in tags {
        let column = table.column(tag);
        if column.is_none_or(|column| column.kind != ColumnKind::Tag) {
            return Err(EngineError::invalid(format!(
                "'{tag}' is no tag of table '{}'; rows are deleted by time and tags",
                table.name
            )));
        }
    }
    Ok(())
}
