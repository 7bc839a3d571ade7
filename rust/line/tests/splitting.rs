//! How a body becomes lines.

use super::super::original_line;
use super::{read, read_one};

#[test]
fn bodies_without_points_have_no_lines() {
    for body in ["", "\n", "\r\n", " \t \n\r\n", "# only\n  # comments", "#", "\r", " \r\n\r"] {
        assert!(read(body).is_empty(), "{body:?}");
    }
}

#[test]
fn lines_end_at_a_line_feed_with_or_without_carriage_return() {
    let expected = ["m f=1.0 1", "m f=2.0 2"];
    for body in ["m f=1 1\nm f=2 2", "m f=1 1\r\nm f=2 2\r\n", "m f=1 1\n\r\n\nm f=2 2\r"] {
        assert_eq!(read(body), expected, "{body:?}");
    }
}

#[test]
fn a_carriage_return_elsewhere_is_an_ordinary_character() {
    assert_eq!(read_one("m\rx f=\"a\r\nb\""), "m\rx f=\"a\r\nb\"");
    assert_eq!(
        read_one("m f=1\r\r\n"),
        "! Could not parse entire line. Found trailing content: `\r`"
    );
}

#[test]
fn line_feeds_in_strings_are_data() {
    assert_eq!(read_one("m f=\"a\nb\",g=\"\n\" 1"), "m f=\"a\nb\",g=\"\n\" 1");
    assert_eq!(read("m,a=b f=\"\\\"\n\"\nm f=1"), ["m,a=b f=\"\"\n\"", "m f=1.0"]);
}

#[test]
fn quotes_outside_of_values_guard_nothing() {
    assert_eq!(read("m\" f=1\nm f=2"), ["m\" f=1.0", "m f=2.0"]);
    assert_eq!(read("m,a=\" f=1\nm f=2"), ["m,a=\" f=1.0", "m f=2.0"]);
    assert_eq!(read("m \"f=1\nm f=2"), ["m \"f=1.0", "m f=2.0"]);
    // Also behind blanks, where InfluxDB counts the signs of the series.
    assert_eq!(read(" m,a==\" f=1\nm f=2"), ["m,a==\" f=1.0", "m f=2.0"]);
}

#[test]
fn an_open_quote_takes_the_following_lines() {
    let lines = read("m f=\"a\nm f=1\nm f=2");
    assert_eq!(lines, ["! No fields were provided"]);
    let lines = read("m f=1 \"\nm g=\"x\nm h=1");
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[test]
fn a_quote_opens_a_string_behind_more_equals_signs_than_commas() {
    assert_eq!(read("m f=1,\"g=2\nm h=3"), ["m f=1.0,\"g=2.0", "m h=3.0"]);
    assert_eq!(read("m f=1,g=\"\n\"\nm h=3"), ["m f=1.0,g=\"\n\"", "m h=3.0"]);
    // What stands in strings is not counted.
    assert_eq!(read("m f=\",,,\",g=\"\n\" 1\nm h=3"), ["m f=\",,,\",g=\"\n\" 1", "m h=3.0"]);
}

#[test]
fn an_escaped_line_feed_does_not_end_a_line() {
    let fault = "! Expected at least one space character, got end of input";
    assert_eq!(read("m\\\nf=1"), [fault]);
    assert_eq!(read("m,a=b\\\nc f=1"), ["m,a=b\\\nc f=1.0"]);
    assert_eq!(read("m f\\\ng=1\nm f=2"), ["m f\\\ng=1.0", "m f=2.0"]);
}

#[test]
fn comments_end_at_the_next_line_feed_whatever_they_contain() {
    for comment in ["#", "  # a", "# a=\"b", "# it's a \"quote\" \"", "# a\\", "#m f=1 \" \\"] {
        let body = format!("{comment}\nm f=1\n{comment}\r\nm f=2\n{comment}");
        assert_eq!(read(&body), ["m f=1.0", "m f=2.0"], "{comment:?}");
    }
}

#[test]
fn a_number_sign_inside_a_line_is_no_comment() {
    assert_eq!(read_one("m#,a=# f=\"#\" 1"), "m#,a=# f=\"#\" 1");
}

#[test]
fn a_bad_line_leaves_its_neighbours_alone() {
    let lines = read("m f=1\nbad\n,\nm f=2\nm,a f=1\nm f=3");
    let points: Vec<_> = lines.iter().filter(|line| !line.starts_with('!')).collect();
    assert_eq!(points, ["m f=1.0", "m f=2.0", "m f=3.0"]);
    assert_eq!(lines.len(), 6);
}

#[test]
fn an_original_line_has_at_most_twenty_bytes_and_whole_characters() {
    assert_eq!(original_line("short"), "short");
    assert_eq!(original_line("exactly twenty bytes"), "exactly twenty bytes");
    assert_eq!(original_line("a bit more than twenty bytes"), "a bit more than twen");
    assert_eq!(original_line("ääääääääää"), "ääääääääää");
    assert_eq!(original_line("xäääääääääääää"), "xäääääääää");
}
