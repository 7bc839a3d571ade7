//! The wanted rows of a file, batch by batch.

use std::error::Error;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{Field, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::kept_rows::KeptRows;
use crate::error::{EngineError, ErrorKind, Result};

/// The wanted rows of a file, in its order.
pub struct FileBatches {
    name: Arc<str>,
    schema: SchemaRef,
    rows: Rows,
}

enum Rows {
    None,
    Decoded(Box<ParquetRecordBatchReader>),
    Kept(std::vec::IntoIter<KeptRows>, Option<KeptRows>),
}

impl FileBatches {
    pub(super) fn none(name: Arc<str>, schema: SchemaRef) -> Self {
        Self { name, schema, rows: Rows::None }
    }

    pub(super) fn decoded(
        name: Arc<str>,
        schema: SchemaRef,
        reader: ParquetRecordBatchReader,
    ) -> Self {
        Self { name, schema, rows: Rows::Decoded(Box::new(reader)) }
    }

    /// Of row groups whose columns are in memory.
    pub(super) fn kept(name: Arc<str>, schema: SchemaRef, groups: Vec<KeptRows>) -> Self {
        Self { name, schema, rows: Rows::Kept(groups.into_iter(), None) }
    }
}

impl Iterator for FileBatches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let failed = |error| unreadable(&self.name, error);
        match &mut self.rows {
            Rows::None => None,
            Rows::Decoded(reader) => {
                let batch = reader.next()?;
                Some(batch.and_then(|batch| with_columns(&batch, &self.schema)).map_err(failed))
            }
            Rows::Kept(groups, current) => loop {
                if let Some(batch) = current.as_mut().and_then(KeptRows::next) {
                    return Some(batch.map_err(failed));
                }
                *current = Some(groups.next()?);
            },
        }
    }
}

/// The columns of `schema`; those that the batch lacks hold no value.
pub(super) fn with_columns(
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let column = |field: &Arc<Field>| -> ArrayRef {
        match batch.column_by_name(field.name()) {
            Some(column) => Arc::clone(column),
            None => new_null_array(field.data_type(), batch.num_rows()),
        }
    };
    let columns = schema.fields().iter().map(column).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(SchemaRef::clone(schema), columns, &options)
}

pub(super) fn unreadable(name: &str, error: ArrowError) -> EngineError {
    let undecoded = || EngineError::corrupt(format!("file {name} of the store cannot be decoded"));
    error_of_store(&error).unwrap_or_else(|| undecoded().caused_by(error))
}

/// A store that did not answer is no damaged file, however deep its error is wrapped.
pub(super) fn error_of_store(error: &(dyn Error + 'static)) -> Option<EngineError> {
    let own = own_error(error).filter(|own| own.kind() != ErrorKind::Corrupt)?;
    Some(EngineError::new(own.kind(), own.to_string()))
}

fn own_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e EngineError> {
    let own = error.downcast_ref();
    own.or_else(|| error.source().and_then(own_error))
}
