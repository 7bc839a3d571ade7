//! Maxima of the catalog: the usual ones, those of a run, and a catalog that is larger already.

use super::super::*;
use super::{catalog_of, options};
use crate::error::ErrorKind;
use crate::limits::{
    COLUMNS_PER_TABLE_CEILING, COLUMNS_PER_TABLE_MAX, DATABASES_MAX, TABLES_MAX, TAGS_PER_TABLE_MAX,
};

const SMALL: CatalogLimits = CatalogLimits { databases: 2, tables: 3, columns_per_table: 4 };

/// Adds a body to a database of the catalog; gives the messages of the refused lines.
fn add(resolver: &mut Resolver<'_>, database: &str, body: &str) -> Vec<String> {
    let refused = resolver.add(database, body, &options(true)).expect("a body that is taken");
    refused.into_iter().map(|line| line.message).collect()
}

fn fields(names: std::ops::Range<usize>) -> String {
    names.map(|name| format!("f{name}=1i")).collect::<Vec<_>>().join(",")
}

fn too_many_columns(limit: usize) -> String {
    format!("Update to schema would exceed number of columns per table limit of {limit} columns")
}

fn too_many_tables(tables: usize, limit: usize) -> String {
    format!(
        "Update to schema would exceed number of tables limit: attempted to create table but \
         already have {tables} table(s) (limit: {limit})"
    )
}

#[test]
fn a_table_holds_so_many_columns_and_no_more() {
    for limits in [CatalogLimits::default(), SMALL] {
        let columns = limits.columns_per_table;
        let base = Catalog::default();
        let mut resolver = Resolver::with_limits(&base, limits);
        let body = format!("m,t=a {} 1\nm one_more=1i 1", fields(1..columns));
        assert_eq!(add(&mut resolver, "db", &body), [too_many_columns(columns)]);
        assert_eq!(add(&mut resolver, "db", "m,t=a f1=1i 1"), [""; 0]);
    }
    assert_eq!(CatalogLimits::default().columns_per_table, COLUMNS_PER_TABLE_MAX);
}

#[test]
fn so_many_tables_exist_and_no_more() {
    for limits in [CatalogLimits::default(), SMALL] {
        let (tables, base) = (limits.tables, Catalog::default());
        let mut resolver = Resolver::with_limits(&base, limits);
        let lines: Vec<String> = (0..=tables).map(|table| format!("t{table} v=1i 1")).collect();
        let refused = add(&mut resolver, "db", &lines.join("\n"));
        assert_eq!(refused, [too_many_tables(tables, tables)]);
        assert_eq!(resolver.catalog().live_tables(), tables);
    }
    assert_eq!(CatalogLimits::default().tables, TABLES_MAX);
}

#[test]
fn a_body_that_names_endless_tables_keeps_those_that_there_may_be() {
    let base = Catalog::default();
    let mut resolver = Resolver::with_limits(&base, SMALL);
    let line = |number| format!("t{} f={number}i {number}\n", number % 100_000);
    let body: String = (0..300_000).map(line).collect();
    assert_eq!(add(&mut resolver, "db", &body).len(), 300_000 - 3 * 3);
    let outcome = resolver.finish();
    let rows: Vec<usize> = outcome.batches.iter().map(TableBatch::rows).collect();
    assert_eq!(rows, [3, 3, 3]);
}

#[test]
fn a_deleted_table_makes_room_for_another() {
    let base = Catalog::default();
    let mut resolver = Resolver::with_limits(&base, SMALL);
    let full = add(&mut resolver, "db", "a f=1i 1\nb f=1i 1\nc f=1i 1\nd f=1i 1");
    assert_eq!(full, [too_many_tables(3, 3)]);
    let database = resolver.catalog().database("db").expect("a database").id;
    let deletion = Deletion { deleted_at_ns: 1, hard_delete_at_ns: None };
    let (table, name) = ("a".into(), "a-deleted".into());
    let deleted = CatalogChange::DeleteTable { database, table, name, deletion };
    resolver.change(deleted).expect("a table that is deleted");
    assert_eq!(add(&mut resolver, "db", "d f=1i 1"), [""; 0]);
}

#[test]
fn so_many_databases_exist_and_no_more() {
    for limits in [CatalogLimits::default(), SMALL] {
        let base = Catalog::default();
        let mut resolver = Resolver::with_limits(&base, limits);
        for database in 0..limits.databases {
            assert_eq!(add(&mut resolver, &format!("d{database}"), "m v=1i 1"), [""; 0]);
            if database == 0 {
                resolver.change(make_internal(resolver.catalog())).expect("a database");
            }
        }
        let error = resolver.add("one-more", "m v=1i 1\nbad", &options(true)).expect_err("a limit");
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        let databases = limits.databases;
        let text = format!("Adding a new database would exceed limit of {databases} databases");
        assert_eq!(error.message(), text);
        assert_eq!(add(&mut resolver, "d1", "m v=1i 2"), [""; 0]);
    }
    assert_eq!(CatalogLimits::default().databases, DATABASES_MAX);
}

fn make_internal(catalog: &Catalog) -> CatalogChange {
    let (id, name) = (catalog.next_database_id(), INTERNAL_DATABASE.into());
    CatalogChange::CreateDatabase { id, name, retention_ns: None }
}

#[test]
fn a_table_holds_so_many_tags_however_many_columns_it_may_have() {
    let base = Catalog::default();
    let limits = CatalogLimits { columns_per_table: 5_000, ..CatalogLimits::default() };
    let mut resolver = Resolver::with_limits(&base, limits);
    let tags: Vec<String> = (0..TAGS_PER_TABLE_MAX).map(|tag| format!("t{tag}=x")).collect();
    let body = format!("m,{} f=1i 1\nm,one_more=x f=1i 1\nm g=1i 1", tags.join(","));
    let message =
        "Update to schema would exceed number of tag columns per table limit of 4096 columns";
    assert_eq!(add(&mut resolver, "db", &body), [message]);
}

#[test]
fn columns_can_be_numbered_up_to_the_ceiling() {
    let limits = |columns_per_table| CatalogLimits { columns_per_table, ..SMALL };
    assert!(limits(COLUMNS_PER_TABLE_CEILING).check().is_ok());
    let error = limits(COLUMNS_PER_TABLE_CEILING + 1).check().expect_err("a limit");
    assert_eq!(error.message(), "a table can have 65535 columns at most, not 65536");
    let base = Catalog::default();
    let mut resolver = Resolver::with_limits(&base, limits(COLUMNS_PER_TABLE_CEILING));
    let body = format!("m {} 1\nm one_more=1i 1", fields(0..COLUMNS_PER_TABLE_CEILING));
    assert_eq!(add(&mut resolver, "db", &body), [too_many_columns(COLUMNS_PER_TABLE_CEILING)]);
    let batch = &resolver.finish().batches[0];
    assert_eq!(batch.fields.last().map(|field| field.column), Some(65_534));
}

#[test]
fn a_catalog_beyond_its_limits_takes_rows_and_does_not_grow() {
    let catalog = catalog_of("a,t=x f=1i,g=1i,h=1i 1\nb f=1i 1\nc f=1i 1");
    let limits = CatalogLimits { databases: 1, tables: 2, columns_per_table: 2 };
    let mut resolver = Resolver::with_limits(&catalog, limits);
    let refused =
        add(&mut resolver, "db", "a,t=y f=2i,g=2i,h=2i 2\na new=1i 2\nd f=1i 2\nb f=1i 3");
    assert_eq!(refused, [too_many_columns(2), too_many_tables(3, 2)]);
    assert!(resolver.add("another", "m f=1i 1", &options(true)).is_err());
    let outcome = resolver.finish();
    assert_eq!(outcome.batches.iter().map(TableBatch::rows).collect::<Vec<_>>(), [1, 1]);
    assert!(outcome.changes.is_empty());
}
