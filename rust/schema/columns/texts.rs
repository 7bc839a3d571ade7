//! Texts of any Arrow type, by row.

use arrow::array::{
    Array, ArrayRef, AsArray, LargeStringArray, PrimitiveArray, StringArray, StringViewArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    ArrowNativeType, DataType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};

/// A text column; a dictionary keeps its values apart from its rows.
pub(super) enum Texts<'a> {
    Small(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
    Dictionary { keys: Keys<'a>, nulls: Option<&'a NullBuffer>, values: Box<Texts<'a>> },
}

/// The keys of a dictionary. Below a null there may be any key.
pub(super) enum Keys<'a> {
    I8(&'a PrimitiveArray<Int8Type>),
    I16(&'a PrimitiveArray<Int16Type>),
    I32(&'a PrimitiveArray<Int32Type>),
    I64(&'a PrimitiveArray<Int64Type>),
    U8(&'a PrimitiveArray<UInt8Type>),
    U16(&'a PrimitiveArray<UInt16Type>),
    U32(&'a PrimitiveArray<UInt32Type>),
    U64(&'a PrimitiveArray<UInt64Type>),
}

/// One expression for the keys of each type.
macro_rules! of_keys {
    ($keys:expr, $array:ident => $what:expr) => {
        match $keys {
            Keys::I8($array) => $what,
            Keys::I16($array) => $what,
            Keys::I32($array) => $what,
            Keys::I64($array) => $what,
            Keys::U8($array) => $what,
            Keys::U16($array) => $what,
            Keys::U32($array) => $what,
            Keys::U64($array) => $what,
        }
    };
}

impl<'a> Keys<'a> {
    fn of(keys: &'a dyn Array) -> Option<Self> {
        Some(match keys.data_type() {
            DataType::Int8 => Self::I8(keys.as_primitive()),
            DataType::Int16 => Self::I16(keys.as_primitive()),
            DataType::Int32 => Self::I32(keys.as_primitive()),
            DataType::Int64 => Self::I64(keys.as_primitive()),
            DataType::UInt8 => Self::U8(keys.as_primitive()),
            DataType::UInt16 => Self::U16(keys.as_primitive()),
            DataType::UInt32 => Self::U32(keys.as_primitive()),
            DataType::UInt64 => Self::U64(keys.as_primitive()),
            _ => return None,
        })
    }

    fn len(&self) -> usize {
        of_keys!(self, keys => keys.len())
    }

    fn get(&self, row: usize) -> usize {
        of_keys!(self, keys => keys.value(row).as_usize())
    }

    /// Adds what `code` gives for the key of each row.
    pub(super) fn extend(&self, codes: &mut Vec<u32>, code: impl Fn(usize) -> u32) {
        of_keys!(self, keys => {
            let key = |key: &_| ArrowNativeType::as_usize(*key);
            codes.extend(keys.values().iter().map(key).map(code));
        });
    }
}

impl<'a> Texts<'a> {
    /// The texts of an array; `None` where it holds something else.
    pub(super) fn of(array: &'a ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Utf8 => Self::Small(array.as_string()),
            DataType::LargeUtf8 => Self::Large(array.as_string()),
            DataType::Utf8View => Self::View(array.as_string_view()),
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                let keys = Keys::of(dictionary.keys())?;
                let values = Box::new(Self::of(dictionary.values())?);
                Self::Dictionary { keys, nulls: dictionary.keys().nulls(), values }
            }
            _ => return None,
        })
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Small(array) => array.len(),
            Self::Large(array) => array.len(),
            Self::View(array) => array.len(),
            Self::Dictionary { keys, .. } => keys.len(),
        }
    }

    /// The text of a row; `None` where it is null.
    #[inline]
    pub(super) fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Small(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Large(array) => array.is_valid(row).then(|| array.value(row)),
            Self::View(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Dictionary { keys, nulls, values } => {
                let is_valid = nulls.is_none_or(|nulls| nulls.is_valid(row));
                if is_valid { values.get(keys.get(row)) } else { None }
            }
        }
    }
}
