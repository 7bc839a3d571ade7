//! Tags as plain strings: what travels or waits must not carry the dictionary of a whole table.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use crate::error::Result;
use crate::query::errors::from_arrow;

/// `schema` with the values of its dictionaries in their place.
pub(super) fn plain_schema(schema: &SchemaRef) -> SchemaRef {
    let fields: Vec<Field> = schema.fields().iter().map(|field| plain_field(field)).collect();
    Arc::new(Schema::new(fields).with_metadata(schema.metadata().clone()))
}

fn plain_field(field: &Field) -> Field {
    match field.data_type() {
        DataType::Dictionary(_, values) => field.clone().with_data_type((**values).clone()),
        _ => field.clone(),
    }
}

/// `batch` in the types of `schema`, which [`plain_schema`] made.
///
/// # Errors
/// `Invalid` where the strings of a column are too long for one array.
pub(super) fn plain_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns: std::result::Result<Vec<ArrayRef>, _> = columns
        .map(|(column, field)| {
            let as_it_is = column.data_type() == field.data_type();
            if as_it_is { Ok(Arc::clone(column)) } else { cast(column, field.data_type()) }
        })
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    columns
        .and_then(|columns| {
            RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        })
        .map_err(|error| from_arrow(&error))
}
