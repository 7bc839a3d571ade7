//! Texts of any Arrow type, by row.

use arrow::array::{Array, ArrayRef, AsArray, LargeStringArray, StringArray, StringViewArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;

/// A text column; a dictionary keeps its values apart from its rows.
pub(super) enum Texts<'a> {
    Small(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
    Dictionary { keys: Vec<usize>, nulls: Option<NullBuffer>, values: Box<Texts<'a>> },
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
                let is_empty = dictionary.values().is_empty();
                let rows = array.len();
                // Without values all rows are null.
                let keys = if is_empty { vec![0; rows] } else { dictionary.normalized_keys() };
                let nulls = dictionary.keys().nulls().cloned();
                let nulls = if is_empty { Some(NullBuffer::new_null(rows)) } else { nulls };
                let values = Box::new(Self::of(dictionary.values())?);
                Self::Dictionary { keys, nulls, values }
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
                let is_valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
                if is_valid { values.get(keys[row]) } else { None }
            }
        }
    }
}
