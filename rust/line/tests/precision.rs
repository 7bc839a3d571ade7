//! Units of timestamps.

use super::super::Precision;

const ALL: [Precision; 5] = [
    Precision::Auto,
    Precision::Second,
    Precision::Millisecond,
    Precision::Microsecond,
    Precision::Nanosecond,
];

#[test]
fn units_have_these_words_and_no_others() {
    let words: [&[&str]; 5] = [
        &["auto"],
        &["second", "s"],
        &["millisecond", "ms"],
        &["microsecond", "us", "u"],
        &["nanosecond", "ns", "n"],
    ];
    for (precision, words) in ALL.into_iter().zip(words) {
        assert!(words.iter().all(|word| Precision::parse(word) == Some(precision)));
    }
    for word in ["", "S", "Auto", "seconds", "h", "m", "µs", " s"] {
        assert_eq!(Precision::parse(word), None, "{word:?}");
    }
}

#[test]
fn timestamps_are_scaled_to_nanoseconds() {
    let scaled = ALL.map(|precision| precision.to_nanoseconds(-7));
    let expected = [-7_000_000_000, -7_000_000_000, -7_000_000, -7_000, -7].map(Ok);
    assert_eq!(scaled, expected);
}

#[test]
fn auto_decides_by_the_magnitude_of_each_timestamp() {
    let table = [
        (0, 0),
        (4_999_999_999, 4_999_999_999_000_000_000),
        (5_000_000_000, 5_000_000_000_000_000),
        (4_999_999_999_999, 4_999_999_999_999_000_000),
        (5_000_000_000_000, 5_000_000_000_000_000),
        (4_999_999_999_999_999, 4_999_999_999_999_999_000),
        (5_000_000_000_000_000, 5_000_000_000_000_000),
        (i64::MAX, i64::MAX),
    ];
    for (timestamp, time_ns) in table {
        assert_eq!(Precision::Auto.to_nanoseconds(timestamp), Ok(time_ns));
        assert_eq!(Precision::Auto.to_nanoseconds(-timestamp), Ok(-time_ns));
    }
    assert_eq!(Precision::Auto.to_nanoseconds(i64::MIN), Ok(i64::MIN));
}

#[test]
fn a_timestamp_out_of_range_is_refused_by_name() {
    for (precision, name) in [
        (Precision::Second, "Second"),
        (Precision::Millisecond, "Millisecond"),
        (Precision::Microsecond, "Microsecond"),
    ] {
        let message = format!("timestamp, {}, out of range for precision: {name}", i64::MAX);
        let error = precision.to_nanoseconds(i64::MAX).expect_err("out of range");
        assert_eq!(error.message, message);
    }
    assert_eq!(Precision::Nanosecond.to_nanoseconds(i64::MAX), Ok(i64::MAX));
}

#[test]
fn a_clock_reading_is_rounded_down_to_the_unit() {
    let readings = ALL.map(|precision| precision.truncate(1_234_567_891_234_567_891));
    assert_eq!(
        readings,
        [
            1_234_567_891_234_567_891,
            1_234_567_891_000_000_000,
            1_234_567_891_234_000_000,
            1_234_567_891_234_567_000,
            1_234_567_891_234_567_891,
        ]
    );
    assert_eq!(Precision::Second.truncate(-1), -1_000_000_000);
    assert_eq!(Precision::Second.truncate(i64::MIN), i64::MIN);
}
