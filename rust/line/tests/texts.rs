//! Names and their escapes, per position.

use super::super::Parser;
use super::read_one;

pub(super) const BACKSLASH: &str =
    "! Measurements, tag keys and values, and field keys may not end with a backslash";

#[test]
fn a_measurement_escapes_comma_space_and_backslash() {
    assert_eq!(read_one(r"a\,b f=1"), "a,b f=1.0");
    assert_eq!(read_one(r"a\ b f=1"), "a b f=1.0");
    assert_eq!(read_one(r"a\\b f=1"), r"a\b f=1.0");
    assert_eq!(read_one(r"a\=b f=1"), r"a\=b f=1.0");
    assert_eq!(read_one(r"a\nb f=1"), r"a\nb f=1.0");
    assert_eq!(read_one("a=\"b\" f=1"), "a=\"b\" f=1.0");
}

#[test]
fn keys_and_tag_values_escape_comma_equals_space_and_backslash() {
    let escaped = r"\,x\=x\ x\\x\n";
    let decoded = r",x=x x\x\n";
    assert_eq!(read_one(&format!("m,{escaped}=b f=1")), format!("m,{decoded}=b f=1.0"));
    assert_eq!(read_one(&format!("m,a={escaped} f=1")), format!("m,a={decoded} f=1.0"));
    assert_eq!(read_one(&format!("m {escaped}=1")), format!("m {decoded}=1.0"));
    assert_eq!(read_one(&format!("m f=1,{escaped}=1")), format!("m f=1.0,{decoded}=1.0"));
}

#[test]
fn separators_of_other_positions_need_no_escape() {
    assert_eq!(read_one("m,a,b=c f=1"), "m,a,b=c f=1.0");
    assert_eq!(read_one("m,a=b=c f=1"), "m,a=b=c f=1.0");
    assert_eq!(read_one("m f,g=1"), "m f,g=1.0");
    assert_eq!(read_one("m,\"a\"=\"b\" \"f\"=1"), "m,\"a\"=\"b\" \"f\"=1.0");
    assert_eq!(read_one("m,a\0=b\0 f\0=1"), "m,a\0=b\0 f\0=1.0");
}

#[test]
fn an_unknown_escape_keeps_its_backslash_and_takes_the_next_character() {
    assert_eq!(read_one("m\\\tx f=1"), "m\\\tx f=1.0");
    assert_eq!(read_one("m\\\0 f=1"), "m\\\0 f=1.0");
    assert_eq!(read_one("m f\\\t=1"), "m f\\\t=1.0");
    assert_eq!(read_one("m,a=\\é f=1"), "m,a=\\é f=1.0");
}

#[test]
fn no_name_ends_with_a_backslash() {
    let lines = [r"m\", r"m\\ f=1", r"m\\,a=b f=1", r"m,a\\=b f=1", r"m,a=b\\ f=1", r"m,a=b\\"];
    for line in lines.into_iter().chain([r"m,a=b\\,c=d f=1", r"m f\\=1", r"m f=1,g\\=1", r"m f\"]) {
        assert_eq!(read_one(line), BACKSLASH, "{line}");
    }
}

#[test]
fn a_pair_of_backslashes_is_one_and_protects_nothing() {
    assert_eq!(read_one(r"a\\\ b f=1"), r"a\ b f=1.0");
    assert_eq!(read_one(r"m,a=b\\\,c f=1"), r"m,a=b\,c f=1.0");
}

#[test]
fn texts_tell_raw_from_decoded() {
    let mut parser = Parser::new(r"m f\ g=1,h=1");
    let point = parser.next_point().expect("a line").point.expect("a point");
    let [escaped, plain] = point.fields else { panic!("two fields") };
    assert!(escaped.key.is_escaped() && !plain.key.is_escaped());
    assert_eq!(escaped.key.raw(), br"f\ g");
    assert_eq!(escaped.key.decode(), "f g");
    assert!(matches!(plain.key.decode(), std::borrow::Cow::Borrowed("h")));
}

#[test]
fn texts_are_equal_when_they_decode_to_the_same() {
    let mut parser = Parser::new(r"m f\,g=1,f,g=1,f\x=1");
    let point = parser.next_point().expect("a line").point.expect("a point");
    let [escaped, plain, other] = point.fields else { panic!("three fields") };
    assert!(escaped.key == plain.key);
    assert!(escaped.key != other.key);
}
