//! The series of a table, in place of its rows: for lists of the values of tags.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::error::Result;
use datafusion::logical_expr::{LogicalPlan, Projection};

use super::columns::{Names, all_plain, names};
use super::given_rows::GivenRows;
use super::lower::{Lowered, Lowering};
use super::scan::{Source, qualified};
use crate::query::errors::into_datafusion;
use crate::query::predicate;
use crate::query::table_provider::Narrowed;

impl Lowering<'_> {
    /// Rows of which each set of values that `plan` has stands at least once; `None` where only
    /// its rows tell them.
    pub(super) fn values(&self, plan: &LogicalPlan, read: &Names) -> Result<Option<Lowered>> {
        if let LogicalPlan::Projection(Projection { expr, input, schema, .. }) = plan {
            if !all_plain(expr)? {
                return Ok(None);
            }
            let Some(input) = self.values(input, &names(expr))? else { return Ok(None) };
            return self.columns(expr, input, schema).map(Some);
        }
        match Source::of(plan) {
            Some(source) => self.series(&source, read),
            None => Ok(None),
        }
    }

    fn series(&self, source: &Source, read: &Names) -> Result<Option<Lowered>> {
        let Some(filters) = self.filters(source)? else { return Ok(None) };
        source.with_table(|table| {
            let columns = table.places(read);
            let tag = |place: &usize| predicate::is_tag(table.data_type(*place));
            if columns.is_empty() || !columns.iter().all(tag) {
                return Ok(None);
            }
            let narrowed = table.narrowed_exactly(self.state, &filters)?;
            let Some(narrowed) = narrowed.filter(Narrowed::is_of_all_times) else {
                return Ok(None);
            };
            let Some(series) = narrowed.snapshot.series().map_err(into_datafusion)? else {
                return Ok(None);
            };
            let schema = Arc::new(narrowed.snapshot.schema().project(&columns)?);
            let place = |field: &FieldRef| series.schema_ref().index_of(field.name());
            let places =
                schema.fields().iter().map(place).collect::<std::result::Result<Vec<_>, _>>()?;
            let told = format!("series={}, {}", series.num_rows(), narrowed.told());
            let series = series.project(&places)?;
            let known = qualified(source, &schema)?;
            let rows = Box::new(std::iter::once(Ok(series)));
            let operator = GivenRows::new("SeriesScan", told, schema, rows);
            Ok(Some(Lowered { operator: Arc::new(operator), schema: Arc::new(known) }))
        })
    }
}
