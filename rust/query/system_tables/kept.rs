//! System tables that are kept: their rows are those of tables of `_internal`.
//!
//! Comes in: a table of `_internal`, which may lack columns or not be there yet. Goes out: a view
//! of its rows that belong to the database of the query. Stays true: names, types and order of the
//! columns, whatever is stored. Refuses nothing.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, cast, col, ident, lit};
use datafusion::scalar::ScalarValue;

use super::{INTERNAL_DATABASE, Sources};
use crate::query::errors::into_datafusion;
use crate::query::table_provider::SnapshotTable;

/// The tag that says which database a row is about.
const DATABASE: &str = "database";

const TIME: DataType = DataType::Timestamp(TimeUnit::Nanosecond, None);

/// A kept table.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) name: &'static str,
    columns: &'static [(&'static str, DataType)],
}

/// All kept tables in the order of their names.
pub(super) const KEPT: [Kept; 2] = [
    Kept {
        name: "processing_engine_dead_letters",
        columns: &[
            ("time", TIME),
            ("database", DataType::Utf8),
            ("trigger_name", DataType::Utf8),
            ("letter_id", DataType::Utf8),
            ("trigger_type", DataType::Utf8),
            ("status", DataType::Utf8),
            ("attempts", DataType::Int64),
            ("rows_in", DataType::Int64),
            ("first_position", DataType::Int64),
            ("last_position", DataType::Int64),
            ("call_time", TIME),
            ("sample", DataType::Utf8),
            ("error", DataType::Utf8),
            ("traceback", DataType::Utf8),
        ],
    },
    Kept {
        name: "processing_engine_runs",
        columns: &[
            ("time", TIME),
            ("database", DataType::Utf8),
            ("trigger_name", DataType::Utf8),
            ("trigger_type", DataType::Utf8),
            ("status", DataType::Utf8),
            ("attempt", DataType::Int64),
            ("rows_in", DataType::Int64),
            ("rows_out", DataType::Int64),
            ("first_position", DataType::Int64),
            ("last_position", DataType::Int64),
            ("call_time", TIME),
            ("duration_ns", DataType::Int64),
            ("peak_memory_bytes", DataType::Int64),
            ("code_hash", DataType::Utf8),
            ("error", DataType::Utf8),
            ("traceback", DataType::Utf8),
        ],
    },
];

impl Kept {
    /// The rows about the database of the query; in `_internal` those about all.
    pub(super) fn view(&self, sources: &Sources) -> Result<Arc<dyn TableProvider>> {
        let found = sources.system.internal_table(self.name).map_err(into_datafusion)?;
        let Some(found) = found else { return Ok(Arc::new(EmptyTable::new(self.schema()))) };
        let stored = found.schema();
        if stored.field_with_name(DATABASE).is_err() {
            return Ok(Arc::new(EmptyTable::new(self.schema())));
        }
        let table = provider_as_source(Arc::new(SnapshotTable::new(found)));
        let mut plan = LogicalPlanBuilder::scan(self.name, table, None)?;
        let database = sources.database.name();
        if database != INTERNAL_DATABASE {
            plan = plan.filter(col(DATABASE).eq(lit(database)))?;
        }
        let column = |(name, kind): &(&str, DataType)| shown(&stored, name, kind);
        let columns = self.columns.iter().map(column).collect::<Result<Vec<_>>>()?;
        Ok(Arc::new(ViewTable::new(plan.project(columns)?.build()?, None)))
    }

    fn schema(&self) -> Arc<Schema> {
        let fields = self.columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true));
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }
}

/// A column as it is stored, or nulls where none is.
fn shown(stored: &Schema, name: &str, kind: &DataType) -> Result<Expr> {
    let value = match stored.field_with_name(name) {
        Ok(field) if *field.data_type() == *kind => ident(name),
        Ok(_) => cast(ident(name), kind.clone()),
        Err(_) => lit(ScalarValue::try_from(kind)?),
    };
    Ok(value.alias(name))
}
