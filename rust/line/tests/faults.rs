//! The message of every fault, letter for letter.

use super::super::parse_tags;
use super::{read, read_one};

fn assert_faults(table: &[(&str, &str)]) {
    for (line, message) in table {
        assert_eq!(read_one(line), format!("! {message}"), "{line:?}");
    }
}

#[test]
fn a_measurement_is_required() {
    assert_faults(&[
        (",", "Invalid measurement was provided"),
        (",a=b f=1", "Invalid measurement was provided"),
        ("\0 f=1", "Invalid measurement was provided"),
    ]);
}

#[test]
fn a_space_follows_the_series() {
    assert_faults(&[
        ("measurement", "Expected at least one space character, got end of input"),
        ("m,a=b", "Expected at least one space character, got end of input"),
        (" f=1", "Expected at least one space character, got end of input"),
        ("m\tf=1", "Expected at least one space character, got `\tf=1`"),
        ("m,a=b\tf=1 123456", "Expected at least one space character, got `\tf=1 123456`"),
        ("m\0 f=1", "Expected at least one space character, got `\0 f=1`"),
    ]);
}

#[test]
fn a_field_is_required() {
    for line in ["m ", "m f", "m f=", "m =1", "m f=abc", "m f\\=1", "m f\t=1", "m,a=b f\\ "] {
        assert_eq!(read_one(line), "! No fields were provided", "{line:?}");
    }
}

#[test]
fn numbers_must_fit_their_types() {
    assert_faults(&[
        ("m f=9223372036854775808i", "Unable to parse integer value `9223372036854775808`"),
        ("m f=-9223372036854775809i", "Unable to parse integer value `-9223372036854775809`"),
        ("m g=1,f=99999999999999999999i", "Unable to parse integer value `99999999999999999999`"),
        (
            "m f=18446744073709551616u",
            "Unable to parse unsigned integer value `18446744073709551616`",
        ),
        ("m f=1 9223372036854775808", "Unable to parse timestamp value `9223372036854775808`"),
        ("m f=1 -9223372036854775809", "Unable to parse timestamp value `-9223372036854775809`"),
        ("m f=1e999", "Unable to parse floating-point value `1e999`"),
        ("m f=-1.5E+400,g=1", "Unable to parse floating-point value `-1.5E+400`"),
        (
            "m f=1e99999999999999999999999999",
            "Unable to parse floating-point value `1e99999999999999999999999999`",
        ),
    ]);
}

#[test]
fn nothing_follows_a_point() {
    let table = [
        ("m f=1 x", " x"),
        ("m f=1 -", " -"),
        ("m f=1 +5", " +5"),
        ("m f=1 12 x", "x"),
        ("m f=1 12x", "x"),
        ("m f=1,g", "g"),
        ("m f=1,g=x", "g=x"),
        ("m f=1,=2", "=2"),
        ("m f=1, g=2", " g=2"),
        ("m f=1,g=1,", ","),
        ("m f=1,g=1,h", ",h"),
        ("m f=1,g=1, 5", ", 5"),
        ("m f=1\\", "\\"),
    ];
    for (line, rest) in table {
        let expected = format!("! Could not parse entire line. Found trailing content: `{rest}`");
        assert_eq!(read_one(line), expected, "{line:?}");
    }
}

#[test]
fn long_content_is_shortened_to_ten_characters() {
    let trailing = "Could not parse entire line. Found trailing content:";
    assert_faults(&[
        ("m f=1x123456789", &format!("{trailing} `x123456789`")),
        ("m f=1x1234567890", &format!("{trailing} `x123456789...`")),
        ("m f=1ééééé", &format!("{trailing} `ééééé`")),
        ("m f=1éééééa", &format!("{trailing} `éééééa...`")),
        ("m f=1ééééééééééééé", &format!("{trailing} `éééééééééé...`")),
        ("m f=1🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀", &format!("{trailing} `🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀...`")),
    ]);
}

#[test]
fn a_tag_has_a_key_an_equals_sign_and_a_value() {
    let no_equals = "Tag set malformed: could not find equals sign in";
    assert_faults(&[
        ("J,#", &format!("{no_equals} `#`")),
        ("J,# f=1", &format!("{no_equals} `# f=1`")),
        ("J,#abcdefghijklmnop f=1", &format!("{no_equals} `#abcdefghi...`")),
        ("m,a=b,c f=1", &format!("{no_equals} `a=b,c f=1`")),
        ("m,a\t=b f=1", &format!("{no_equals} `a\t=b f=1`")),
        ("m,\\=a f=1", &format!("{no_equals} `\\=a f=1`")),
        ("m,", "Expected tag key, got end of input"),
        ("m,a=b,", "Expected tag key, got end of input"),
        ("m,=b f=1", "Expected tag key, got `=b f=1`"),
        ("m, f=1", "Expected tag key, got ` f=1`"),
        ("testmeasure, bar=1i", "Expected tag key, got ` bar=1i`"),
        ("testmeasure,foo=bar, bar=1i", "Expected tag key, got ` bar=1i`"),
        ("m,a=", "Expected tag value, got end of input"),
        ("m,a= f=1", "Expected tag value, got ` f=1`"),
        ("testmeasure,foo=,baz= bar=1i", "Expected tag value, got `,baz= bar=...`"),
    ]);
}

#[test]
fn a_tag_key_may_not_be_repeated() {
    let message = |key| format!("Must not contain duplicate tags, but `{key}` was repeated");
    assert_faults(&[
        ("m,a=b,a=c f=1", &message("a")),
        ("m,a=1,b=2,c=3,b=4,a=5 f=1", &message("b")),
        (r"m,a,b=1,a\,b=2 f=1", &message("a,b")),
    ]);
}

#[test]
fn a_repeated_tag_key_is_found_among_many() {
    let mut tags: Vec<String> = (0..2_000).map(|tag| format!("t{tag}=x")).collect();
    assert!(read_one(&format!("m,{} f=1", tags.join(","))).starts_with("m,t0=x,t1=x"));
    tags.extend(["t1999=y".to_owned(), "t7=z".to_owned()]);
    let expected = "! Must not contain duplicate tags, but `t1999` was repeated";
    assert_eq!(read_one(&format!("m,{} f=1", tags.join(","))), expected);
}

#[test]
fn the_leftmost_fault_is_reported() {
    assert_faults(&[
        (",a f=x y", "Invalid measurement was provided"),
        ("m,a= f=x y", "Expected tag value, got ` f=x y`"),
        ("m,a=1,a=2 f=x", "Must not contain duplicate tags, but `a` was repeated"),
        ("m,a\tf=1", "Tag set malformed: could not find equals sign in `a\tf=1`"),
        ("m,a=\\\\ f=99999999999999999999i", &super::texts::BACKSLASH[2..]),
        ("m,a=b f=x y", "No fields were provided"),
        (
            "m,a=b f=1 99999999999999999999",
            "Unable to parse timestamp value `99999999999999999999`",
        ),
    ]);
}

#[test]
fn tags_read_alone_give_the_same_faults_without_what_follows() {
    let fault = |tags: &'static [u8]| parse_tags(tags, &mut Vec::new()).map_err(|e| e.message);
    assert_eq!(fault(b"a=b,"), Err("Expected tag key, got end of input".to_owned()));
    assert_eq!(fault(b"a="), Err("Expected tag value, got end of input".to_owned()));
    let message = "Tag set malformed: could not find equals sign in `a=b,c`";
    assert_eq!(fault(b"a=b,c"), Err(message.to_owned()));
    assert_eq!(fault(b"a=b"), Ok(()));
}

#[test]
fn faults_in_one_body_are_found_one_by_one() {
    let lines = read("m f=x\nm f=1\n,\n");
    assert_eq!(
        lines,
        ["! No fields were provided", "m f=1.0", "! Invalid measurement was provided"]
    );
}
