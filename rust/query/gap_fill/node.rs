//! The step of a logical plan that fills gaps.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef};
use datafusion::common::{Column, DFSchema, DFSchemaRef, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, UserDefinedLogicalNodeCore};

use super::bins::Instant;
use super::{Fill, GapFillSpec};

/// The node.
#[derive(Debug)]
pub(super) struct GapFill {
    input: Arc<LogicalPlan>,
    spec: GapFillSpec,
    schema: DFSchemaRef,
}

impl GapFill {
    pub(super) fn try_new(input: LogicalPlan, spec: GapFillSpec) -> Result<Self> {
        let schema = Arc::new(filled_schema(input.schema(), &spec)?);
        Ok(Self { input: Arc::new(input), spec, schema })
    }

    pub(super) fn input(&self) -> &Arc<LogicalPlan> {
        &self.input
    }

    pub(super) fn spec(&self) -> &GapFillSpec {
        &self.spec
    }
}

/// The columns of `input`, those nullable which may stay empty in a row that is made.
fn filled_schema(input: &DFSchema, spec: &GapFillSpec) -> Result<DFSchema> {
    let mut kept = vec![input.index_of_column(&spec.time)?];
    for column in &spec.series {
        kept.push(input.index_of_column(column)?);
    }
    for (column, fill) in &spec.fills {
        if matches!(fill, Fill::Value(value) if !value.is_null()) {
            kept.push(input.index_of_column(column)?);
        }
    }
    let fields = input.iter().enumerate().map(|(index, (table, field))| {
        let field = if kept.contains(&index) { Arc::clone(field) } else { nullable(field) };
        (table.cloned(), field)
    });
    DFSchema::new_with_metadata(fields.collect(), input.metadata().clone())
}

pub(super) fn nullable(field: &FieldRef) -> FieldRef {
    Arc::new(Field::clone(field).with_nullable(true))
}

impl PartialEq for GapFill {
    fn eq(&self, other: &Self) -> bool {
        self.spec == other.spec && self.input == other.input
    }
}

impl Eq for GapFill {}

impl Hash for GapFill {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.spec.hash(state);
        self.input.hash(state);
    }
}

impl PartialOrd for GapFill {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.spec.partial_cmp(&other.spec) {
            Some(Ordering::Equal) => self.input.partial_cmp(&other.input),
            order => order,
        }
    }
}

impl fmt::Display for Fill {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => text.write_str("null"),
            Self::Value(value) => write!(text, "{value}"),
            Self::Previous => text.write_str("previous"),
            Self::Linear => text.write_str("linear"),
        }
    }
}

/// For people: the same for the logical step and for the physical one.
impl fmt::Display for GapFillSpec {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = |instant: Option<i64>, open: &str| {
            instant.map_or_else(|| open.to_owned(), |instant| Instant(instant).to_string())
        };
        let series: Vec<String> = self.series.iter().map(Column::flat_name).collect();
        let fill = |(column, fill): &(Column, Fill)| format!("{}: {fill}", column.flat_name());
        let fills: Vec<String> = self.fills.iter().map(fill).collect();
        write!(
            text,
            "GapFill: time={}, series=[{}], {}, range=[{}, {}], fills=[{}]",
            self.time.flat_name(),
            series.join(", "),
            self.bins,
            bound(self.first, "first row"),
            bound(self.last, "last row"),
            fills.join(", ")
        )
    }
}

impl UserDefinedLogicalNodeCore for GapFill {
    fn name(&self) -> &'static str {
        "GapFill"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        let filled = self.spec.fills.iter().map(|(column, _)| column);
        let columns = std::iter::once(&self.spec.time).chain(&self.spec.series).chain(filled);
        columns.cloned().map(Expr::Column).collect()
    }

    fn fmt_for_explain(&self, text: &mut fmt::Formatter) -> fmt::Result {
        write!(text, "{}", self.spec)
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let mut columns = Vec::with_capacity(exprs.len());
        for expr in exprs {
            match expr {
                Expr::Column(column) => columns.push(column),
                other => return internal_err!("GapFill needs a column, got {other}"),
            }
        }
        let mut columns = columns.into_iter();
        let mut spec = self.spec.clone();
        let fills = spec.fills.iter_mut().map(|(column, _)| column);
        for column in std::iter::once(&mut spec.time).chain(&mut spec.series).chain(fills) {
            let Some(new) = columns.next() else {
                return internal_err!("GapFill has lost a column");
            };
            *column = new;
        }
        let Ok([input]) = <[LogicalPlan; 1]>::try_from(inputs) else {
            return internal_err!("GapFill takes one input");
        };
        Self::try_new(same_columns(input, &self.schema)?, spec)
    }
}

/// `input` with no other columns than before. Rules that compute something below a step that
/// leaves columns as they are would otherwise take this one for such a step.
fn same_columns(input: LogicalPlan, schema: &DFSchema) -> Result<LogicalPlan> {
    if input.schema().fields().len() == schema.fields().len() {
        return Ok(input);
    }
    let columns = schema.columns().into_iter().map(Expr::Column);
    LogicalPlanBuilder::from(input).project(columns)?.build()
}
