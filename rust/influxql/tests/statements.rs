//! Texts of several statements.

use super::super::Statement;
use super::{read, texts};

#[test]
fn a_text_may_hold_no_statement() {
    for text in ["", " \n\t", ";", " ; ;; ", "-- nothing", "/* nothing */;", "--"] {
        assert_eq!(texts(text), [""; 0], "{text:?}");
    }
}

#[test]
fn each_statement_has_the_text_that_it_was_written_as() {
    let text = " SHOW  databases ; ;/* a */select a /* b */ FROM \"x;y\" -- c ; d\n; SHOW TAG KEYS";
    let expected = ["SHOW  databases", "select a /* b */ FROM \"x;y\"", "SHOW TAG KEYS"];
    assert_eq!(texts(text), expected);
}

#[test]
fn a_statement_that_is_not_done_has_its_text() {
    let text = "CREATE DATABASE \"a;b\" ;DELETE FROM m WHERE a =~ /;/; DROP MEASUREMENT ü";
    let expected =
        ["CREATE DATABASE \"a;b\"", "DELETE FROM m WHERE a =~ /;/", "DROP MEASUREMENT ü"];
    assert_eq!(texts(text), expected);
}

#[test]
fn a_statement_that_is_not_done_is_named() {
    assert_eq!(read("create database x"), Statement::Unsupported { name: "CREATE DATABASE" });
    assert_eq!(read("DELETE"), Statement::Unsupported { name: "DELETE" });
}
