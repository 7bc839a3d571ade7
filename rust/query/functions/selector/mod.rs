//! Selectors: `selector_first`, `selector_last`, `selector_min` and `selector_max` of a value and
//! its time.
//!
//! Comes in: values of any type with their times. Goes out: one struct `{value, time}` per group,
//! whose fields are null where the group has no value. Stays true: null values, and values without
//! a time, are left out; the answer does not depend on the order in which rows arrive. Refuses a
//! second argument that is no time.

mod accumulator;
mod best;

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, TimeUnit};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility,
};

use accumulator::{Groups, OneGroup};

/// Which row is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::query) enum Kind {
    /// The earliest; of two at one time that with the greater value.
    First,
    /// The latest; of two at one time that with the greater value.
    Last,
    /// The least value; of two the earlier.
    Min,
    /// The greatest value; of two the earlier.
    Max,
}

impl Kind {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::First, Self::Last, Self::Min, Self::Max];

    /// The function of SQL, and of the plan of an `InfluxQL` statement.
    pub(in crate::query) fn function(self) -> Arc<AggregateUDF> {
        let signature = Signature::any(2, Volatility::Immutable);
        Arc::new(AggregateUDF::new_from_impl(Selector { kind: self, signature }))
    }

    fn name(self) -> &'static str {
        match self {
            Self::First => "selector_first",
            Self::Last => "selector_last",
            Self::Min => "selector_min",
            Self::Max => "selector_max",
        }
    }

    /// Whether a row is selected instead of the one so far, as its time and its value compare.
    fn prefers(self, time: Ordering, value: impl FnOnce() -> Ordering) -> bool {
        let selected = match self {
            Self::First => time.then_with(|| value().reverse()),
            Self::Last => time.then_with(value).reverse(),
            Self::Min => value().then(time),
            Self::Max => value().reverse().then(time),
        };
        selected.is_lt()
    }
}

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Selector {
    kind: Kind,
    signature: Signature,
}

impl Selector {
    fn time_type(&self, data_type: &DataType) -> Result<DataType> {
        match data_type {
            DataType::Timestamp(..) => Ok(data_type.clone()),
            DataType::Null => Ok(DataType::Timestamp(TimeUnit::Nanosecond, None)),
            other => {
                plan_err!("{} requires a timestamp as argument 2, got {other}", self.kind.name())
            }
        }
    }

    fn fields(&self, types: &[DataType]) -> Result<Fields> {
        let [value, time] = types else {
            return plan_err!("{} expects 2 arguments, got {}", self.kind.name(), types.len());
        };
        let time = self.time_type(time)?;
        Ok(vec![Field::new("value", value.clone(), true), Field::new("time", time, true)].into())
    }

    fn groups(&self, arguments: &AccumulatorArgs) -> Result<Groups> {
        let types = arguments.expr_fields.iter().map(|field| field.data_type().clone());
        Ok(Groups::new(self.kind, self.fields(&types.collect::<Vec<_>>())?))
    }
}

impl AggregateUDFImpl for Selector {
    fn name(&self) -> &str {
        self.kind.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.fields(types).map(DataType::Struct)
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup::new(self.groups(&arguments)?)))
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let types = arguments.input_fields.iter().map(|field| field.data_type().clone());
        let fields = self.fields(&types.collect::<Vec<_>>())?;
        let name = |field: &FieldRef| format_state_name(arguments.name, field.name());
        let named = |field: &FieldRef| Arc::new(field.as_ref().clone().with_name(name(field)));
        Ok(fields.iter().map(named).collect())
    }

    fn groups_accumulator_supported(&self, _arguments: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.groups(&arguments)?))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}
