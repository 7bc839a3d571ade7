//! Streams that are cut, that lie, or that would unpack to too much.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Date32Array, DictionaryArray, Int32Array, Int64Array, ListArray,
    NullArray, StringArray, StringViewArray, StructArray, TimestampMillisecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type};
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{DictionaryHandling, IpcWriteOptions, StreamWriter};
use proptest::prelude::*;

use super::tests::{
    BYTES_MAX, array, decode, dictionary, encode, options, refusal, stream, stream_with, take,
    times, try_take,
};
use super::*;
use crate::error::ErrorKind;
use crate::limits::BATCH_CELLS_MAX;
use crate::line::Precision;
use crate::schema::{Catalog, Cells};

const PACKINGS: [Option<CompressionType>; 3] =
    [None, Some(CompressionType::ZSTD), Some(CompressionType::LZ4_FRAME)];

fn rows_of(tags: &[&str]) -> RecordBatch {
    let tags: DictionaryArray<Int32Type> = tags.iter().copied().collect();
    let values = Int32Array::from(vec![1; tags.len()]);
    RecordBatch::try_from_iter([("t", array(tags)), ("v", array(values))]).expect("a batch")
}

fn encode_all(batches: &[RecordBatch], handling: DictionaryHandling) -> Vec<u8> {
    let options = IpcWriteOptions::default().with_dictionary_handling(handling);
    let schema = batches[0].schema();
    let mut writer =
        StreamWriter::try_new_with_options(Vec::new(), &schema, options).expect("a stream");
    for batch in batches {
        writer.write(batch).expect("a batch");
    }
    writer.into_inner().expect("the bytes")
}

/// Replaces every occurrence of a number of 64 bits.
fn with_number(body: &[u8], from: i64, to: i64) -> Vec<u8> {
    let mut changed = body.to_vec();
    let mut places = 0;
    for place in 0..body.len() - 8 {
        if body[place..place + 8] == from.to_le_bytes() {
            changed[place..place + 8].copy_from_slice(&to.to_le_bytes());
            places += 1;
        }
    }
    assert!(places > 0, "{from} is not in the stream");
    changed
}

fn kind_of_error(body: &[u8]) -> ErrorKind {
    try_take(&Catalog::default(), body, &options(true)).expect_err("an error").kind()
}

#[test]
fn dictionaries_that_change_are_followed() {
    let batches = [rows_of(&["a", "b"]), rows_of(&["b", "c"]), rows_of(&["a"])];
    let body = encode_all(&batches, DictionaryHandling::Resend);
    let (_, outcome) = try_take(&Catalog::default(), &body, &options(true)).expect("rows");
    assert_eq!(outcome.batches[0].series_of_row, [0, 1, 1, 2, 0]);
}

/// Batches whose dictionary grows by one value each.
fn growing(batches: usize) -> Vec<u8> {
    let names: Vec<String> = (0..batches).map(|one| format!("value-{one:04}")).collect();
    let all = Arc::new(StringArray::from(names));
    let batch = |last: usize| {
        let keys = Int32Array::from(vec![i32::try_from(last).expect("a small number")]);
        let tags = DictionaryArray::<Int32Type>::new(keys, Arc::new(all.slice(0, last + 1)));
        RecordBatch::try_from_iter([("t", array(tags)), ("v", times(&[1]))]).expect("a batch")
    };
    encode_all(&(0..batches).map(batch).collect::<Vec<_>>(), DictionaryHandling::Delta)
}

#[test]
fn dictionaries_that_grow_are_followed_and_their_copies_are_counted() {
    let (_, outcome) = try_take(&Catalog::default(), &growing(20), &options(true)).expect("rows");
    assert_eq!(outcome.batches[0].series_of_row, (0..20).collect::<Vec<u32>>());
    let body = growing(400);
    assert!(decode(&body, BYTES_MAX).is_ok());
    // Each step copies all values before it: far more than the body.
    let error = decode(&body, 4 * body.len()).expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn batches_without_rows_hide_no_other() {
    let (none, some) = (rows_of(&[]), rows_of(&["a", "b"]));
    let orders: [&[&RecordBatch]; 4] = [
        &[&none, &some, &none, &none, &some, &none],
        &[&some, &none, &some],
        &[&none, &none, &some, &some],
        &[&some, &some, &none],
    ];
    for order in orders {
        let batches: Vec<RecordBatch> = order.iter().copied().cloned().collect();
        let rows = batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        let body = encode_all(&batches, DictionaryHandling::Resend);
        let (refused, outcome) =
            try_take(&Catalog::default(), &body, &options(true)).expect("rows");
        assert_eq!((refused.len(), outcome.batches[0].rows()), (0, rows));
    }
}

#[test]
fn rows_without_a_body_are_told() {
    let (refused, _) = take(&Catalog::default(), &[("nothing", array(NullArray::new(2)))]);
    assert_eq!(refused, ["rows 1 to 2: No fields were provided"]);
}

#[test]
fn a_stream_that_is_cut_off_anywhere_is_refused() {
    let batches = [rows_of(&[]), rows_of(&["a"]), rows_of(&[]), rows_of(&["b", "a"]), rows_of(&[])];
    for body in [encode_all(&batches, DictionaryHandling::Resend), sample(PACKINGS[1])] {
        for length in 0..body.len() {
            let error = decode(&body[..length], BYTES_MAX).expect_err("an error");
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.message().starts_with("malformed arrow stream: "), "{error}");
        }
        assert!(decode(&body, BYTES_MAX).is_ok());
    }
    let body = sample(None);
    let error = decode(b"", BYTES_MAX).expect_err("an error");
    assert_eq!(error.message(), "malformed arrow stream: there is no schema (byte 0)");
    let error = decode(&body[..body.len() - 8], BYTES_MAX).expect_err("an error");
    assert!(error.message().contains("no end mark"), "{error}");
    let error = decode(&body[..body.len() - 20], BYTES_MAX).expect_err("an error");
    assert!(error.message().contains("it ends inside a message"), "{error}");
}

#[test]
fn a_second_stream_behind_the_first_is_refused() {
    let error = decode(&[sample(None), sample(None)].concat(), BYTES_MAX).expect_err("an error");
    assert!(error.message().contains("bytes follow its end mark"), "{error}");
}

#[test]
fn lengths_that_lie_are_refused() {
    let body = stream(&[("v", times(&[7; 1_237])), ("time", times(&[7; 1_237]))]);
    for (lie, kind) in [
        (1_236, None),
        (1_300, Some(ErrorKind::Invalid)),
        (-1, Some(ErrorKind::Invalid)),
        (i64::MAX, Some(ErrorKind::TooLarge)),
        (i64::from(u32::MAX), Some(ErrorKind::TooLarge)),
    ] {
        let body = with_number(&body, 1_237, lie);
        let result = try_take(&Catalog::default(), &body, &options(true));
        assert_eq!(result.err().map(|error| error.kind()), kind, "{lie} rows");
    }
    for lie in [8, 12_345_678, i64::MAX, i64::MIN] {
        let body = with_number(&body, 8 * 1_237, lie);
        assert_eq!(kind_of_error(&body), ErrorKind::Invalid, "{lie} bytes");
    }
    let rows = i64::try_from(BATCH_CELLS_MAX).expect("a small number") + 1;
    let body = stream(&[("nothing", array(NullArray::new(1_237)))]);
    assert_eq!(kind_of_error(&with_number(&body, 1_237, rows)), ErrorKind::TooLarge);
}

#[test]
fn what_a_stream_unpacks_to_is_limited() {
    let body = stream_with(&[("v", times(&vec![1; 100_000]))], Some(CompressionType::ZSTD));
    assert!(body.len() < 10_000);
    assert!(decode(&body, 810_000).is_ok());
    let error = decode(&body, 790_000).expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.message().contains("790000 bytes"), "{error}");
}

#[test]
fn packed_buffers_that_lie_about_their_length_are_refused() {
    for packing in [CompressionType::ZSTD, CompressionType::LZ4_FRAME] {
        let rows = 4_194_301;
        let body = stream_with(&[("v", times(&vec![0; rows]))], Some(packing));
        assert!(body.len() < 200_000);
        assert_eq!(kind_of_error(&body), ErrorKind::TooLarge);
        for (lie, kind) in [
            (1 << 23, ErrorKind::Invalid),
            (8, ErrorKind::Invalid),
            (0, ErrorKind::Invalid),
            (-2, ErrorKind::Invalid),
            (1 << 40, ErrorKind::TooLarge),
            (i64::MAX, ErrorKind::TooLarge),
        ] {
            let body = with_number(&body, 8 * 4_194_301, lie);
            assert_eq!(kind_of_error(&body), kind, "{lie} bytes in {packing:?}");
        }
    }
}

#[test]
fn the_texts_of_a_schema_are_counted() {
    let batch = rows_of(&["a"]);
    let long = [("key".to_owned(), "x".repeat(100_000))].into();
    let schema = Arc::new(batch.schema().as_ref().clone().with_metadata(long));
    let body = encode(&batch.with_schema(schema).expect("a batch"), None);
    assert!(decode(&body, 110_000).is_ok());
    assert_eq!(decode(&body, 90_000).expect_err("an error").kind(), ErrorKind::TooLarge);
}

#[test]
fn nested_and_other_types_are_refused_before_any_row_is_read() {
    let one = Arc::new(Field::new("one", DataType::Int64, true));
    let list =
        ListArray::from_iter_primitive::<arrow::datatypes::Int64Type, _, _>([Some([Some(1)])]);
    let nested = StructArray::from(vec![(one, times(&[1]))]);
    let numbers = DictionaryArray::<Int32Type>::new(vec![0].into(), times(&[1]));
    let found: [(ArrayRef, &str); 5] = [
        (array(list), "List"),
        (array(nested), "Struct_"),
        (array(BinaryArray::from(vec![&b"x"[..]])), "Binary"),
        (array(Date32Array::from(vec![1])), "Date"),
        (array(numbers), "Dictionary(Int32, Int64)"),
    ];
    for (column, kind) in found {
        let error = refusal(&[("v", times(&[1])), ("x", column)]);
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(
            error.message().starts_with(&format!("column 'x' has the type {kind}:")),
            "{error}"
        );
    }
}

#[test]
fn times_that_no_nanosecond_reaches_are_refused() {
    let limit = i64::MAX / 1_000_000;
    let values = [limit, limit + 1, -limit, -limit - 1, i64::MIN, 0];
    let stamps = TimestampMillisecondArray::from(values.to_vec());
    let reason = "timestamp out of range for precision: Millisecond";
    let refused = [format!("row 2: {reason}"), format!("rows 4 to 5: {reason}")];
    let columns = |time| [("v", times(&[1, 2, 3, 4, 5, 6])), ("time", time)];
    let (found, outcome) = take(&Catalog::default(), &columns(array(stamps)));
    assert_eq!(found, refused);
    assert_eq!(outcome.batches[0].fields[0].cells, Cells::Integer(vec![1, 3, 6]));
    let mut plain = options(true);
    plain.write.precision = Precision::Millisecond;
    let body = stream(&columns(array(Int64Array::from(values.to_vec()))));
    let (found, _) = try_take(&Catalog::default(), &body, &plain).expect("rows");
    assert_eq!(
        found.iter().map(|one| &one.message).collect::<Vec<_>>(),
        [&refused[0], &refused[1]]
    );
}

#[test]
fn many_batches_may_share_a_large_dictionary() {
    let values = Arc::new(StringArray::from_iter_values((0..50_000).map(|one| one.to_string())));
    let batch = |row: i32| {
        let tags =
            DictionaryArray::<Int32Type>::new(vec![row].into(), Arc::<StringArray>::clone(&values));
        RecordBatch::try_from_iter([("t", array(tags)), ("v", times(&[1]))]).expect("a batch")
    };
    // Looking at all values for each batch would take minutes.
    let body = encode_all(&(0..10_000).map(batch).collect::<Vec<_>>(), DictionaryHandling::Resend);
    let (_, outcome) = try_take(&Catalog::default(), &body, &options(true)).expect("rows");
    assert_eq!(outcome.batches[0].series.len(), 10_000);
}

fn sample(packing: Option<CompressionType>) -> Vec<u8> {
    let columns = [
        ("t", dictionary(&[Some("a"), None, Some("b")])),
        ("s", array(StringViewArray::from(vec!["a text that is longer than twelve"; 3]))),
        ("v", array(Int64Array::from(vec![Some(1), None, Some(3)]))),
        ("time", times(&[1, 2, 3])),
    ];
    stream_with(&columns, packing)
}

proptest! {
    #[test]
    fn bytes_that_are_changed_never_break_it(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        packing in 0..3_usize,
    ) {
        let mut body = sample(PACKINGS[packing]);
        for (place, byte) in changes {
            let place = place.index(body.len());
            body[place] = byte;
        }
        if let Err(error) = try_take(&Catalog::default(), &body, &options(true)) {
            prop_assert!(matches!(error.kind(), ErrorKind::Invalid | ErrorKind::TooLarge));
        }
    }

    #[test]
    fn bytes_of_any_kind_are_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode(&body, BYTES_MAX).is_err());
    }
}
