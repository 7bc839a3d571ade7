//! The best row of each group so far, for each type of value.

use std::cmp::Ordering;
use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::types::ArrowPrimitiveType;
use arrow::array::{
    ArrayAccessor, ArrayRef, ArrowNativeTypeOp, AsArray, BooleanArray, DictionaryArray, Int64Array,
    PrimitiveArray, StringArray, StringViewArray, TypedDictionaryArray, new_empty_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampNanosecondType, UInt64Type,
};
use datafusion::error::Result;
use datafusion::logical_expr::EmitTo;
use datafusion::scalar::ScalarValue;

use super::Kind;

/// Rows of one batch.
pub(super) struct Rows<'a> {
    /// The group of each.
    pub(super) groups: &'a [usize],
    pub(super) times: &'a [i64],
    /// Those that count; all where there is none.
    pub(super) taken: Option<NullBuffer>,
}

/// The best row of each group so far.
pub(super) trait Best: Debug + Send + Sync {
    /// Makes room for `groups` groups.
    fn resize(&mut self, groups: usize);

    /// Takes in the rows of one batch.
    fn update(&mut self, kind: Kind, values: &ArrayRef, rows: &Rows<'_>) -> Result<()>;

    /// The values, as `data_type`, and the times of groups, which are forgotten here.
    fn take(&mut self, emit: EmitTo, data_type: &DataType) -> Result<(ArrayRef, Int64Array)>;

    /// Bytes of memory.
    fn size(&self) -> usize;
}

/// No groups yet, of values of a type.
pub(super) fn of_type(data_type: &DataType) -> Box<dyn Best> {
    match data_type {
        DataType::Int64 => kept::<Numbers<Int64Type>>(),
        DataType::UInt64 => kept::<Numbers<UInt64Type>>(),
        DataType::Float64 => kept::<Numbers<Float64Type>>(),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => kept::<Numbers<TimestampNanosecondType>>(),
        DataType::Boolean => kept::<Booleans>(),
        DataType::Utf8 | DataType::Utf8View => kept::<Texts>(),
        DataType::Dictionary(key, value)
            if **key == DataType::Int32 && **value == DataType::Utf8 =>
        {
            kept::<Texts>()
        }
        _ => kept::<Scalars>(),
    }
}

fn kept<C: Column>() -> Box<dyn Best> {
    Box::new(Kept::<C> { best: Vec::new(), heap_bytes: 0 })
}

/// How values of one type are read out of a column, compared and kept.
trait Column: Debug + 'static {
    type Of<'a>;
    type Value: Debug + Send + Sync;

    fn of(values: &ArrayRef) -> Self::Of<'_>;
    fn compare(column: &Self::Of<'_>, row: usize, value: &Self::Value) -> Ordering;
    fn value(column: &Self::Of<'_>, row: usize) -> Result<Self::Value>;
    /// Bytes of `value` that lie elsewhere.
    fn heap_bytes(value: &Self::Value) -> usize;
    fn array(values: Vec<Option<Self::Value>>, data_type: &DataType) -> Result<ArrayRef>;
}

#[derive(Debug)]
struct Kept<C: Column> {
    best: Vec<Option<(C::Value, i64)>>,
    heap_bytes: usize,
}

impl<C: Column> Best for Kept<C> {
    fn resize(&mut self, groups: usize) {
        self.best.resize_with(groups, || None);
    }

    fn update(&mut self, kind: Kind, values: &ArrayRef, rows: &Rows<'_>) -> Result<()> {
        let column = C::of(values);
        for (row, (&group, &time)) in rows.groups.iter().zip(rows.times).enumerate() {
            if rows.taken.as_ref().is_some_and(|taken| taken.is_null(row)) {
                continue;
            }
            let best = &mut self.best[group];
            if let Some((value, at)) = best {
                if !kind.prefers(time.cmp(at), || C::compare(&column, row, value)) {
                    continue;
                }
                self.heap_bytes -= C::heap_bytes(value);
            }
            let value = C::value(&column, row)?;
            self.heap_bytes += C::heap_bytes(&value);
            *best = Some((value, time));
        }
        Ok(())
    }

    fn take(&mut self, emit: EmitTo, data_type: &DataType) -> Result<(ArrayRef, Int64Array)> {
        let taken = emit.take_needed(&mut self.best);
        let bytes =
            |best: &Option<(C::Value, i64)>| best.as_ref().map(|(value, _)| C::heap_bytes(value));
        self.heap_bytes -= taken.iter().filter_map(bytes).sum::<usize>();
        let (values, times): (Vec<_>, Vec<_>) = taken.into_iter().map(Option::unzip).unzip();
        Ok((C::array(values, data_type)?, times.into()))
    }

    fn size(&self) -> usize {
        self.best.capacity() * size_of::<Option<(C::Value, i64)>>() + self.heap_bytes
    }
}

#[derive(Debug)]
struct Numbers<T>(T);

impl<T: ArrowPrimitiveType + Debug> Column for Numbers<T> {
    type Of<'a> = &'a PrimitiveArray<T>;
    type Value = T::Native;

    fn of(values: &ArrayRef) -> Self::Of<'_> {
        values.as_primitive()
    }

    fn compare(column: &Self::Of<'_>, row: usize, value: &Self::Value) -> Ordering {
        column.value(row).compare(*value)
    }

    fn value(column: &Self::Of<'_>, row: usize) -> Result<Self::Value> {
        Ok(column.value(row))
    }

    fn heap_bytes(_value: &Self::Value) -> usize {
        0
    }

    fn array(values: Vec<Option<Self::Value>>, data_type: &DataType) -> Result<ArrayRef> {
        let array: PrimitiveArray<T> = values.into_iter().collect();
        Ok(Arc::new(array.with_data_type(data_type.clone())))
    }
}

#[derive(Debug)]
struct Booleans;

impl Column for Booleans {
    type Of<'a> = &'a BooleanArray;
    type Value = bool;

    fn of(values: &ArrayRef) -> Self::Of<'_> {
        values.as_boolean()
    }

    fn compare(column: &Self::Of<'_>, row: usize, value: &bool) -> Ordering {
        column.value(row).cmp(value)
    }

    fn value(column: &Self::Of<'_>, row: usize) -> Result<bool> {
        Ok(column.value(row))
    }

    fn heap_bytes(_value: &bool) -> usize {
        0
    }

    fn array(values: Vec<Option<bool>>, _data_type: &DataType) -> Result<ArrayRef> {
        Ok(Arc::new(BooleanArray::from(values)))
    }
}

#[derive(Debug)]
struct Texts;

/// A column of text.
enum Text<'a> {
    Plain(&'a StringArray),
    View(&'a StringViewArray),
    Tag(TypedDictionaryArray<'a, Int32Type, StringArray>),
}

impl Text<'_> {
    fn at(&self, row: usize) -> &str {
        match self {
            Self::Plain(column) => column.value(row),
            Self::View(column) => column.value(row),
            Self::Tag(column) => column.value(row),
        }
    }
}

impl Column for Texts {
    type Of<'a> = Text<'a>;
    type Value = Box<str>;

    fn of(values: &ArrayRef) -> Text<'_> {
        let tags = values.as_dictionary_opt::<Int32Type>();
        match (tags.and_then(DictionaryArray::downcast_dict), values.as_string_opt()) {
            (Some(tags), _) => Text::Tag(tags),
            (_, Some(plain)) => Text::Plain(plain),
            _ => Text::View(values.as_string_view()),
        }
    }

    fn compare(column: &Text<'_>, row: usize, value: &Box<str>) -> Ordering {
        column.at(row).cmp(value)
    }

    fn value(column: &Text<'_>, row: usize) -> Result<Box<str>> {
        Ok(column.at(row).into())
    }

    fn heap_bytes(value: &Box<str>) -> usize {
        value.len()
    }

    fn array(values: Vec<Option<Box<str>>>, data_type: &DataType) -> Result<ArrayRef> {
        let array: StringArray = values.into_iter().collect();
        Ok(cast(&array, data_type)?)
    }
}

/// Every other type, value by value.
#[derive(Debug)]
struct Scalars;

impl Column for Scalars {
    type Of<'a> = &'a ArrayRef;
    type Value = ScalarValue;

    fn of(values: &ArrayRef) -> &ArrayRef {
        values
    }

    fn compare(column: &&ArrayRef, row: usize, value: &ScalarValue) -> Ordering {
        let other = ScalarValue::try_from_array(column, row);
        other.ok().and_then(|other| other.partial_cmp(value)).unwrap_or(Ordering::Equal)
    }

    fn value(column: &&ArrayRef, row: usize) -> Result<ScalarValue> {
        ScalarValue::try_from_array(column, row)
    }

    fn heap_bytes(value: &ScalarValue) -> usize {
        value.size()
    }

    fn array(values: Vec<Option<ScalarValue>>, data_type: &DataType) -> Result<ArrayRef> {
        if values.is_empty() {
            return Ok(new_empty_array(data_type));
        }
        let null = ScalarValue::try_from(data_type)?;
        ScalarValue::iter_to_array(values.into_iter().map(|value| value.unwrap_or(null.clone())))
    }
}
