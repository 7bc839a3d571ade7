//! Lines against the catalog.

mod limits;

use super::*;
use crate::error::ErrorKind;
use crate::limits::{
    BATCH_CELLS_MAX, COLUMNS_PER_TABLE_MAX, DATABASE_NAME_BYTES_MAX, NAMESPACE_BYTES_MAX,
};
use crate::line::Precision;

fn options(accept_partial: bool) -> WriteOptions {
    WriteOptions {
        precision: Precision::Nanosecond,
        accept_partial,
        now_ns: 1_000,
        origin: Origin::default(),
    }
}

/// Takes a body into a catalog; gives the messages of the refused lines and the outcome.
fn take(catalog: &Catalog, body: &str) -> (Vec<String>, Outcome) {
    let mut resolver = Resolver::new(catalog);
    let refused = resolver.add("db", body, &options(true)).expect("a body that is taken");
    (refused.into_iter().map(|line| line.message).collect(), resolver.finish())
}

fn catalog_of(body: &str) -> Catalog {
    let (refused, outcome) = take(&Catalog::default(), body);
    assert!(refused.is_empty(), "{refused:?}");
    outcome.catalog.expect("a catalog with a new table")
}

fn columns(catalog: &Catalog, table: &str) -> Vec<(String, ColumnKind)> {
    let table = &catalog.database("db").expect("a database").tables[table];
    table.columns.iter().map(|column| (column.name.to_string(), column.kind)).collect()
}

#[test]
fn a_first_line_makes_database_table_and_columns() {
    let catalog = catalog_of("cpu,host=a,region=w u=1i,v=2u,f=3.5,s=\"x\",b=t 10");
    let expected = [
        ("host", ColumnKind::Tag),
        ("region", ColumnKind::Tag),
        ("u", ColumnKind::Integer),
        ("v", ColumnKind::Unsigned),
        ("f", ColumnKind::Float),
        ("s", ColumnKind::String),
        ("b", ColumnKind::Boolean),
    ];
    let expected: Vec<_> = expected.map(|(name, kind)| (name.to_owned(), kind)).into();
    assert_eq!(columns(&catalog, "cpu"), expected);
}

#[test]
fn known_columns_need_no_change() {
    let catalog = catalog_of("cpu,host=a u=1i 10");
    let (refused, outcome) = take(&catalog, "cpu,host=b u=2i 11\ncpu u=3i 12");
    assert!(refused.is_empty());
    assert!(outcome.changes.is_empty() && outcome.catalog.is_none());
    assert_eq!(outcome.batches[0].time, [11, 12]);
}

#[test]
fn a_refused_line_leaves_no_table_and_no_column() {
    let (refused, outcome) = take(&Catalog::default(), "new,t=1 f=1i,f=2i 1\nok v=1 1");
    assert_eq!(refused, ["invalid line protocol - multiple instances of 'f' field found"]);
    let catalog = outcome.catalog.expect("a catalog");
    assert!(!catalog.databases["db"].tables.contains_key("new"));
    let (refused, outcome) = take(&catalog, "ok,extra=1 v=1i,w=2 1");
    assert_eq!(refused.len(), 1);
    assert!(outcome.changes.is_empty());
}

#[test]
fn a_body_of_refused_lines_makes_no_database() {
    let (refused, outcome) = take(&Catalog::default(), "a\nb");
    assert_eq!(refused.len(), 2);
    assert!(outcome.catalog.is_none() && outcome.batches.is_empty());
}

#[test]
fn conflicts_name_both_types() {
    let catalog = catalog_of("m,tag=a f=1i 1");
    let cases = [
        (
            "m f=1.0 1",
            "'f', expected iox::column_type::field::integer, got iox::column_type::field::float",
        ),
        (
            "m tag=1i 1",
            "'tag', expected iox::column_type::tag, got iox::column_type::field::integer",
        ),
        (
            "m,f=x g=1i 1",
            "'f', expected iox::column_type::field::integer, got iox::column_type::tag",
        ),
        (
            "m time=1i 1",
            "'time', expected iox::column_type::timestamp, got iox::column_type::field::integer",
        ),
        (
            "m g=1i,g=2u 1",
            "'g', expected iox::column_type::field::integer, got iox::column_type::field::uinteger",
        ),
        (
            "m,n=1 n=1i 1",
            "'n', expected iox::column_type::tag, got iox::column_type::field::integer",
        ),
    ];
    for (line, text) in cases {
        let (refused, outcome) = take(&catalog, line);
        assert_eq!(refused, [format!("invalid column type for column {text}")], "{line}");
        assert!(outcome.changes.is_empty(), "{line}");
    }
}

#[test]
fn reserved_names_make_no_table() {
    for name in ["time", "__chunk_order"] {
        let (refused, _) = take(&Catalog::default(), &format!("m {name}=1i 1"));
        assert_eq!(refused, [format!("'{name}' is a reserved column")]);
    }
}

#[test]
fn without_partial_the_first_bad_line_ends_it() {
    let catalog = Catalog::default();
    let mut resolver = Resolver::new(&catalog);
    let refused = resolver.add("db", "# c\n\nm f=1\nm f=\nm f=3i", &options(false));
    let refused = refused.expect("a list");
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].line_number, &*refused[0].original_line), (4, "m f="));
}

#[test]
fn an_empty_body_is_refused() {
    for body in ["", "\n\n", "# only a comment\n"] {
        let catalog = Catalog::default();
        let error = Resolver::new(&catalog).add("db", body, &options(true)).expect_err("an error");
        assert_eq!(error.message(), "incoming write was empty");
    }
}

#[test]
fn rows_keep_order_and_absent_fields_stay_absent() {
    let (_, outcome) = take(&Catalog::default(), "m a=1i 1\nm b=\"x\" 2\nm a=3i,b=\"y\"");
    let batch = &outcome.batches[0];
    assert_eq!(batch.time, [1, 2, 1_000]);
    assert_eq!(batch.fields[0].present, Some(vec![true, false, true]));
    assert_eq!(batch.fields[0].cells, Cells::Integer(vec![1, 0, 3]));
    assert_eq!(batch.fields[1].present, Some(vec![false, true, true]));
    let expected = Cells::String { ends: vec![0, 1, 2], bytes: b"xy".to_vec() };
    assert_eq!(batch.fields[1].cells, expected);
}

#[test]
fn tags_in_any_order_are_one_series() {
    let (_, outcome) = take(&Catalog::default(), "m,a=1,b=2 f=1i 1\nm,b=2,a=1 f=2i 1");
    let series = &outcome.batches[0].series;
    assert_eq!(series.key(0), series.key(1));
}

#[test]
fn escaped_and_plain_spellings_meet_in_one_table() {
    let (_, outcome) = take(&Catalog::default(), "a\\ b,t=1 f=1i 1\na\\ b,t=1 f=2i 2");
    assert_eq!(outcome.batches.len(), 1);
    assert!(outcome.catalog.expect("a catalog").databases["db"].tables.contains_key("a b"));
}

#[test]
fn a_sparse_body_may_not_fill_endless_cells() {
    let columns = COLUMNS_PER_TABLE_MAX;
    let rows = BATCH_CELLS_MAX / columns + 1;
    let line = |row| format!("m f{}=1i {row}", row % columns);
    let body = (0..rows).map(line).collect::<Vec<String>>().join("\n");
    let base = Catalog::default();
    let error = Resolver::new(&base).add("db", &body, &options(true)).expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.message().contains("16777216 cells"), "{error}");
}

#[test]
fn database_names_are_checked_in_the_words_of_the_reference() {
    for name in ["a", "0", "my_db-2", "a/b", &"x".repeat(DATABASE_NAME_BYTES_MAX)] {
        assert!(check_database_name(name).is_ok(), "{name}");
    }
    let too_long = "x".repeat(DATABASE_NAME_BYTES_MAX + 1);
    let cases = [
        ("", "db name cannot be empty"),
        (&*too_long, "db name too long: max 511"),
        ("_internal", "db name did not start with a number or letter"),
        ("-a", "db name did not start with a number or letter"),
        ("/a", "db name did not start with a number or letter"),
        ("a b", "invalid character in database or rp name"),
        ("äb", "invalid character in database or rp name"),
        ("a\n", "invalid character in database or rp name"),
        ("a/b/c", "db name with invalid retention policy"),
        ("a/", "db name with invalid retention policy"),
    ];
    for (name, text) in cases {
        let error = check_database_name(name).expect_err("an error");
        assert!(error.message().starts_with(text), "{name}: {error}");
    }
}

#[test]
fn the_older_routes_take_shorter_names_and_no_control_characters() {
    assert!(check_namespace(&"x".repeat(NAMESPACE_BYTES_MAX)).is_ok());
    let too_long = "x".repeat(NAMESPACE_BYTES_MAX + 1);
    let cases = [
        ("", "namespace name  length must be between 1 and 64 characters".to_owned()),
        (
            &*too_long,
            format!("namespace name {too_long} length must be between 1 and 64 characters"),
        ),
        (
            "aä\0b",
            "namespace name 'aä\\0b' contains invalid character, character number 2 is not allowed"
                .to_owned(),
        ),
        ("a b", "invalid character in database or rp name: must be ASCII".to_owned()),
    ];
    for (name, text) in cases {
        let error = check_namespace(name).expect_err("an error");
        assert!(error.message().starts_with(&text), "{name}: {error}");
    }
}

#[test]
fn rows_for_triggers_have_tags_fields_and_time() {
    let (_, outcome) = take(&Catalog::default(), "m,b=1,a=2 y=1i,x=2.5 7\nm,a=3 x=1.0 8");
    let catalog = outcome.catalog.expect("a catalog");
    let table = &catalog.databases["db"].tables["m"];
    let rows = rows_as_written(table, &outcome.batches).expect("rows");
    let names: Vec<String> =
        rows.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["b", "a", "y", "x", "time"]);
    assert_eq!(rows.num_rows(), 2);
    assert_eq!(rows.column(0).null_count(), 1);
    assert_eq!(rows.column(2).null_count(), 1);
}
