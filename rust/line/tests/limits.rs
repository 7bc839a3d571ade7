//! The limit of 1 MiB per name and string, crossed in every position.

use super::read_one;
use crate::limits::LINE_TEXT_BYTES_MAX;

const TOO_LONG: &str = "! String is greater than 1MB";

/// Lines with `text` in each position that a text can have.
fn lines_with(text: &str) -> [String; 6] {
    [
        format!("{text} f=1"),
        format!("m,{text}=b f=1"),
        format!("m,a={text} f=1"),
        format!("m {text}=1"),
        format!("m f=1,{text}=1"),
        format!("m f=\"{text}\""),
    ]
}

#[test]
fn a_text_of_one_mebibyte_is_accepted() {
    for line in lines_with(&"x".repeat(LINE_TEXT_BYTES_MAX)) {
        assert!(!read_one(&line).starts_with('!'));
    }
}

#[test]
fn a_longer_text_is_refused() {
    for line in lines_with(&"x".repeat(LINE_TEXT_BYTES_MAX + 1)) {
        assert_eq!(read_one(&line), TOO_LONG);
    }
}

#[test]
fn backslashes_that_go_away_do_not_count() {
    let comma = r"\,".repeat(LINE_TEXT_BYTES_MAX);
    for line in lines_with(&comma).into_iter().take(5) {
        assert!(!read_one(&line).starts_with('!'));
    }
    let quotes = r#"\""#.repeat(LINE_TEXT_BYTES_MAX + 1);
    assert!(!read_one(&format!("m f=\"{}\"", &quotes[2..])).starts_with('!'));
    assert_eq!(read_one(&format!("m f=\"{quotes}\"")), TOO_LONG);
}

#[test]
fn a_long_line_of_short_texts_is_accepted() {
    let fields: Vec<String> = (0..200_000).map(|field| format!("field{field}=1i")).collect();
    let line = format!("m {}", fields.join(","));
    assert!(line.len() > LINE_TEXT_BYTES_MAX);
    assert_eq!(read_one(&line), line);
}
