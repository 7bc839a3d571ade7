//! Columns of a system table from iterators: each function makes a field and its array.
//!
//! Comes in: a name and one value per row. Goes out: the two halves of a column. Stays true: a
//! column can be null if, and only if, its values are options.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, DurationNanosecondArray, Int64Array, ListArray, ListBuilder,
    StringArray, StringViewArray, StringViewBuilder, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray, UInt16Builder, UInt32Array, UInt64Array,
    new_empty_array,
};
use arrow::datatypes::{DataType, Field};

/// A field and its values.
pub(super) type Column = (Field, ArrayRef);

fn column(name: &str, array: impl Array + 'static, nullable: bool) -> Column {
    (Field::new(name, array.data_type().clone(), nullable), Arc::new(array))
}

pub(super) fn text<S: AsRef<str>>(name: &str, values: impl Iterator<Item = S>) -> Column {
    let values: Vec<S> = values.collect(); // the array asks how many there are
    column(name, StringArray::from_iter_values(values), false)
}

pub(super) fn text_or_null<S: AsRef<str>>(
    name: &str,
    values: impl Iterator<Item = Option<S>>,
) -> Column {
    column(name, values.collect::<StringArray>(), true)
}

pub(super) fn view<S: AsRef<str>>(name: &str, values: impl Iterator<Item = S>) -> Column {
    let values: Vec<S> = values.collect();
    column(name, StringViewArray::from_iter_values(values), false)
}

pub(super) fn view_or_null<S: AsRef<str>>(
    name: &str,
    values: impl Iterator<Item = Option<S>>,
) -> Column {
    column(name, values.collect::<StringViewArray>(), true)
}

pub(super) fn flag(name: &str, values: impl Iterator<Item = bool>) -> Column {
    column(name, values.map(Some).collect::<BooleanArray>(), false)
}

pub(super) fn integer(name: &str, values: impl Iterator<Item = i64>) -> Column {
    column(name, Int64Array::from_iter_values(values), false)
}

pub(super) fn integer_or_null(name: &str, values: impl Iterator<Item = Option<i64>>) -> Column {
    column(name, values.collect::<Int64Array>(), true)
}

pub(super) fn unsigned(name: &str, values: impl Iterator<Item = u64>) -> Column {
    column(name, UInt64Array::from_iter_values(values), false)
}

pub(super) fn unsigned_or_null(name: &str, values: impl Iterator<Item = Option<u64>>) -> Column {
    column(name, values.collect::<UInt64Array>(), true)
}

pub(super) fn unsigned_32(name: &str, values: impl Iterator<Item = u32>) -> Column {
    column(name, UInt32Array::from_iter_values(values), false)
}

pub(super) fn time_ns(name: &str, values: impl Iterator<Item = i64>) -> Column {
    column(name, TimestampNanosecondArray::from_iter_values(values), false)
}

pub(super) fn time_ns_or_null(name: &str, values: impl Iterator<Item = Option<i64>>) -> Column {
    column(name, values.collect::<TimestampNanosecondArray>(), true)
}

pub(super) fn time_ms(name: &str, values: impl Iterator<Item = i64>) -> Column {
    column(name, TimestampMillisecondArray::from_iter_values(values), false)
}

pub(super) fn time_ms_or_null(name: &str, values: impl Iterator<Item = Option<i64>>) -> Column {
    column(name, values.collect::<TimestampMillisecondArray>(), true)
}

pub(super) fn utc_s_or_null(name: &str, values: impl Iterator<Item = Option<i64>>) -> Column {
    column(name, values.collect::<TimestampSecondArray>().with_timezone("UTC"), true)
}

pub(super) fn duration_or_null(name: &str, values: impl Iterator<Item = Option<i64>>) -> Column {
    column(name, values.collect::<DurationNanosecondArray>(), true)
}

pub(super) fn views(name: &str, values: impl Iterator<Item = Vec<String>>) -> Column {
    column(name, view_lists(values.map(Some)), false)
}

pub(super) fn views_or_null(
    name: &str,
    values: impl Iterator<Item = Option<Vec<String>>>,
) -> Column {
    column(name, view_lists(values), true)
}

fn view_lists(values: impl Iterator<Item = Option<Vec<String>>>) -> ListArray {
    let mut lists = ListBuilder::new(StringViewBuilder::new());
    for list in values {
        lists.append_option(list.map(|list| list.into_iter().map(Some)));
    }
    lists.finish()
}

pub(super) fn numbers(name: &str, values: impl Iterator<Item = Vec<u16>>) -> Column {
    column(name, number_lists(values.map(Some)), false)
}

pub(super) fn numbers_or_null(
    name: &str,
    values: impl Iterator<Item = Option<Vec<u16>>>,
) -> Column {
    column(name, number_lists(values), true)
}

fn number_lists(values: impl Iterator<Item = Option<Vec<u16>>>) -> ListArray {
    let mut lists = ListBuilder::new(UInt16Builder::new());
    for list in values {
        lists.append_option(list.map(|list| list.into_iter().map(Some)));
    }
    lists.finish()
}

/// A column of a table that has no rows.
pub(super) fn none(name: &str, data_type: &DataType, nullable: bool) -> Column {
    (Field::new(name, data_type.clone(), nullable), new_empty_array(data_type))
}
