//! The series of a table, told without reading its rows.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::SchemaRef;

use super::table_view::{Part, Rows, TableView, misfit};
use crate::error::Result;
use crate::limits::LISTED_SERIES_MAX;
use crate::store::merge::keys_of;

/// The tags of every series that has a row, each once; `None` where only its rows can tell.
pub(super) fn series_of(view: &TableView) -> Result<Option<RecordBatch>> {
    let mut tags = view.columns.tags.clone();
    tags.sort_unstable();
    let schema = view.projected(&tags)?;
    let mut lists = Vec::new();
    for part in view.parts.iter() {
        let shown = part.times.intersect(view.kept);
        if shown.is_empty() {
            continue;
        }
        if shown != part.times || !part.deleted.is_empty() {
            return Ok(None);
        }
        let Some(list) = series_of_part(part, &schema)? else { return Ok(None) };
        lists.push(list);
    }
    if let [only] = &lists[..] {
        return Ok(Some(only.clone()));
    }
    distinct(&schema, &lists).map(Some)
}

fn series_of_part(part: &Part, schema: &SchemaRef) -> Result<Option<RecordBatch>> {
    match &part.rows {
        Rows::Chunk(snapshot, series) => {
            let list = snapshot.series(series.as_ref())?;
            Ok((list.num_rows() <= LISTED_SERIES_MAX).then_some(list))
        }
        Rows::File(file, tags) => {
            let Some(series) = file.series()? else { return Ok(None) };
            let list = series.tags_as(schema)?;
            let Some(tags) = tags else { return Ok(Some(list)) };
            let passing = BooleanArray::new(tags.passing(&series)?.clone(), None);
            filter_record_batch(&list, &passing).map(Some).map_err(misfit)
        }
    }
}

/// The rows of lists that have none twice, without those that an earlier list has.
fn distinct(schema: &SchemaRef, lists: &[RecordBatch]) -> Result<RecordBatch> {
    let mut known: HashSet<Vec<u8>> = HashSet::new();
    let mut fresh = Vec::with_capacity(lists.len());
    for list in lists {
        let keys = keys_of(list)?.into_iter();
        let is_new: BooleanArray = keys.map(|key| Some(known.insert(key))).collect();
        fresh.push(filter_record_batch(list, &is_new).map_err(misfit)?);
    }
    concat_batches(&Arc::clone(schema), &fresh).map_err(misfit)
}
