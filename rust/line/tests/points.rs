//! Lines that are points.

use super::super::{Parser, Value, parse_tags};
use super::{read, read_one};

#[test]
fn a_line_has_a_table_tags_fields_and_a_timestamp() {
    let line = "cpu,host=a,region=eu usage=1i,idle=2.5,ok=t,note=\"x y\" 1700000000";
    assert_eq!(
        read_one(line),
        "cpu,host=a,region=eu usage=1i,idle=2.5,ok=true,note=\"x y\" 1700000000"
    );
}

#[test]
fn tags_and_timestamp_may_be_missing() {
    assert_eq!(read_one("m f=1"), "m f=1.0");
    assert_eq!(read_one("m f=1 -5"), "m f=1.0 -5");
    assert_eq!(read_one("m,a=b f=1"), "m,a=b f=1.0");
}

#[test]
fn several_spaces_separate_like_one() {
    assert_eq!(read_one("m,a=b   f=1   7"), "m,a=b f=1.0 7");
}

#[test]
fn blanks_around_a_line_are_ignored() {
    for line in [" \t m f=1 7", "m f=1 7  ", "m f=1 7 \t", "\tm f=1 7\t", "m f=1 7 \r\n"] {
        assert_eq!(read_one(line), "m f=1.0 7", "{line:?}");
    }
    for line in ["m f=1 ", "m f=1  ", "m f=1\t", "m f=1 \t", "m f=1 \r\n"] {
        assert_eq!(read_one(line), "m f=1.0", "{line:?}");
    }
}

#[test]
fn timestamps_reach_both_ends_of_their_range() {
    assert_eq!(read_one("m f=1 9223372036854775807"), "m f=1.0 9223372036854775807");
    assert_eq!(read_one("m f=1 -9223372036854775808"), "m f=1.0 -9223372036854775808");
    assert_eq!(read_one("m f=1 0000000000000000000000001"), "m f=1.0 1");
}

#[test]
fn a_comma_behind_a_single_field_is_forgiven() {
    assert_eq!(read_one("m f=1,"), "m f=1.0");
    assert_eq!(read_one("m f=1, 123"), "m f=1.0 123");
    assert_eq!(read_one("m f=1,,g=1"), "m f=1.0,,g=1.0");
}

#[test]
fn a_point_shows_the_raw_bytes_of_its_series() {
    let mut parser = Parser::new("  m\\ x,a=b\\,c,d=e f=1 5\nn f=1");
    let line = parser.next_point().expect("the first line");
    let point = line.point.expect("a point");
    assert_eq!(point.series, br"m\ x,a=b\,c,d=e");
    assert_eq!(point.tag_set, br"a=b\,c,d=e");
    assert_eq!(point.measurement.raw(), br"m\ x");
    let point = parser.next_point().expect("the second line").point.expect("a point");
    assert_eq!((point.series, point.tag_set), (b"n".as_slice(), b"".as_slice()));
}

#[test]
fn lines_are_numbered_as_an_editor_does_and_shown_as_written() {
    let body = "# one\n\n  m f=1 \r\nbad\n\t\n#\nm f=\"a\nb\"\nlast";
    let (mut parser, mut lines) = (Parser::new(body), Vec::new());
    while let Some(line) = parser.next_point() {
        lines.push((line.number, line.text, line.point.is_ok()));
    }
    let expected =
        [(3, "  m f=1 ", true), (4, "bad", false), (7, "m f=\"a\nb\"", true), (9, "last", false)];
    assert_eq!(lines, expected);
}

#[test]
fn fields_of_one_line_do_not_leak_into_the_next() {
    let body = "m a=1,b=2,c=3\nm a=4\nm a=5,x=6\nm b=7,a=8,c=9\nm a=1,b=\nm ab=1,b=2";
    let points = read(body);
    assert_eq!(points[0], "m a=1.0,b=2.0,c=3.0");
    assert_eq!(points[1], "m a=4.0");
    assert_eq!(points[2], "m a=5.0,x=6.0");
    assert_eq!(points[3], "m b=7.0,a=8.0,c=9.0");
    assert_eq!(points[4], "! Could not parse entire line. Found trailing content: `b=`");
    assert_eq!(points[5], "m ab=1.0,b=2.0");
}

#[test]
fn tags_can_be_read_from_the_tag_set_alone() {
    let mut tags = Vec::new();
    parse_tags(br"a=b\ c,d=e", &mut tags).expect("two tags");
    let tags: Vec<_> = tags.iter().map(|(key, value)| (key.decode(), value.decode())).collect();
    assert_eq!(tags, [("a".into(), "b c".into()), ("d".into(), "e".into())]);
}

#[test]
fn reading_tags_replaces_what_was_there() {
    let mut tags = Vec::new();
    parse_tags(b"a=b", &mut tags).expect("a tag");
    parse_tags(b"", &mut tags).expect("no tags");
    assert!(tags.is_empty());
}

#[test]
fn a_repeated_field_key_is_left_to_the_caller() {
    let mut parser = Parser::new("m f=1i,f=2i");
    let point = parser.next_point().expect("a line").point.expect("a point");
    let values: Vec<_> = point.fields.iter().map(|field| field.value).collect();
    assert_eq!(values, [Value::Integer(1), Value::Integer(2)]);
    assert!(point.fields[0].key == point.fields[1].key);
}
