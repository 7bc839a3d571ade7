//! Caches alone, fed by hand, with a clock that is set.

use std::cell::Cell;
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::bounds::Bounds;
use super::registry::Caches;
use super::{Cache, KeyCondition, KeyValue};
use crate::limits::{CACHE_BYTES_MAX, LAST_CACHE_KEYS_MAX};
use crate::line::Precision;
use crate::schema::{
    CacheContents, CacheDefinition, CacheKind, Catalog, CatalogChange, Origin, Resolver,
    RowDeletion, Table, TimeRange, WriteOptions,
};

const SECOND: i64 = 1_000_000_000;

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(0) };
}

/// A table with one cache, which knows of nothing but what it is fed.
struct Fed {
    catalog: Catalog,
    caches: Caches,
    kind: CacheKind,
}

impl Fed {
    fn new(columns: &str, contents: CacheContents) -> Self {
        NOW.set(0);
        let (caches, catalog) = (Caches::new(|| NOW.get()), Catalog::default());
        let mut fed = Self { catalog, caches, kind: CacheKind::Last };
        fed.write(columns); // before there is a cache
        let cache = CacheDefinition { id: 0, name: "c".into(), created_at_ns: 0, contents };
        fed.kind = cache.kind();
        let database = fed.catalog.databases["db"].id;
        let put = CatalogChange::PutCache { database, table: "m".into(), cache };
        fed.catalog.apply(&put, 1).expect("a change that fits");
        fed.caches.follow(&fed.catalog, &[put]);
        fed.fill();
        fed
    }

    fn write(&mut self, body: &str) {
        let options = WriteOptions {
            precision: Precision::Nanosecond,
            accept_partial: false,
            now_ns: 0,
            origin: Origin::default(),
        };
        let mut resolver = Resolver::new(&self.catalog);
        assert_eq!(resolver.add("db", body, &options).expect("lines"), []);
        let outcome = resolver.finish();
        if let Some(catalog) = outcome.catalog {
            self.catalog = catalog;
        }
        self.caches.follow(&self.catalog, &outcome.changes);
        outcome.batches.iter().for_each(|batch| self.caches.feed(batch));
    }

    fn write_at(&mut self, seconds: i64, body: &str) {
        NOW.set(seconds * SECOND);
        self.write(body);
    }

    fn table(&self) -> Arc<Table> {
        Arc::clone(&self.catalog.databases["db"].tables["m"])
    }

    fn cache(&self) -> Arc<Cache> {
        self.caches.find(self.table().id, self.kind, "c").expect("the cache")
    }

    /// Fills the cache with a table that had nothing.
    fn fill(&self) {
        let cache = self.cache();
        let fill = cache.begin_fill(NOW.get(), i64::MIN);
        cache.end_fill(&fill);
    }

    fn delete(&self, min: i64, max: i64) {
        let (database, table) = (self.catalog.databases["db"].id, self.table().id);
        let times = TimeRange { min, max };
        self.caches.delete(&RowDeletion { database, table, times, tags: Vec::new() });
    }

    fn read_where(&self, passing: &[KeyCondition]) -> Option<Vec<String>> {
        let batch = self.cache().read(NOW.get(), TimeRange::ALL, passing, &self.table());
        let batch = batch.expect("an answer")?;
        let options = FormatOptions::default();
        let columns =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options));
        let columns: Vec<_> = columns.collect::<Result<_, _>>().expect("columns to show");
        let row = |row| {
            let cells = columns.iter().map(|column| column.value(row).to_string());
            cells.map(|cell| cell.replace("1970-01-01T00:00:", "")).collect::<Vec<_>>().join(",")
        };
        Some((0..batch.num_rows()).map(row).collect())
    }

    fn read(&self) -> Vec<String> {
        self.read_where(&[]).expect("a cache that is filled")
    }

    fn read_at(&self, seconds: i64) -> Vec<String> {
        NOW.set(seconds * SECOND);
        self.read()
    }

    fn is_filled(&self) -> bool {
        self.read_where(&[]).is_some()
    }
}

fn last(keys: &[u16], count: u64, ttl_s: u64) -> CacheContents {
    CacheContents::Last { keys: keys.to_vec(), values: None, count, ttl_s }
}

fn distinct(columns: &[u16], max_cardinality: u64, max_age_s: u64) -> CacheContents {
    CacheContents::Distinct { columns: columns.to_vec(), max_cardinality, max_age_s }
}

const COLUMNS: &str = "m,t=z a=1i,b=1i -9000000000000000000";

#[test]
fn the_newest_rows_stay_however_they_come() {
    let mut fed = Fed::new(COLUMNS, last(&[0], 2, 60));
    fed.write("m,t=x a=1i,b=1i 1000000000\nm,t=x a=3i,b=3i 3000000000\nm,t=y a=9i,b=9i 1000000000");
    fed.write("m,t=x a=2i,b=2i 2000000000");
    fed.write("m,t=x a=0i,b=0i 500000000");
    assert_eq!(fed.read(), ["x,3,3,03", "x,2,2,02", "y,9,9,01"]);
    fed.write("m,t=x a=7i 2000000000");
    assert_eq!(fed.read(), ["x,3,3,03", "x,7,2,02", "y,9,9,01"], "b stays as it was");
}

#[test]
fn a_row_leaves_when_its_time_to_live_after_it_was_written_is_over() {
    let mut fed = Fed::new(COLUMNS, last(&[0], 1, 10));
    fed.write_at(1, "m,t=x a=1i,b=1i -5");
    fed.write_at(5, "m,t=y a=2i,b=2i 900000000000000000");
    assert_eq!(fed.read_at(10).len(), 2);
    assert_eq!(fed.read_at(11).len(), 1, "whatever its own time says");
    fed.caches.expire();
    assert_eq!(fed.read_at(15), [""; 0]);
    fed.write_at(16, "m,t=x a=3i,b=3i -7");
    assert_eq!(fed.read().len(), 1, "a late row of a key that has none");
}

#[test]
fn a_late_row_that_lacks_a_field_is_looked_up_in_the_table() {
    let mut fed = Fed::new(COLUMNS, last(&[0], 1, 10));
    fed.write_at(1, "m,t=x a=1i,b=1i 5");
    fed.write_at(11, "m,t=x a=2i,b=2i 4");
    assert!(fed.is_filled(), "it names all fields");
    fed.write_at(21, "m,t=x a=2i 3");
    assert!(!fed.is_filled(), "it may have had another b");
}

#[test]
fn a_later_row_that_lacks_a_field_is_known_to_lack_it() {
    let mut fed = Fed::new(COLUMNS, last(&[0], 1, 10));
    fed.write("m,t=x a=1i,b=1i 5");
    fed.write("m,t=x a=2i 6000000000");
    assert_eq!(fed.read(), ["x,2,,06"]);
    fed.write("m,t=x c=2i 7000000000");
    assert_eq!(fed.read(), ["x,,,2,07"], "with a column that was not there before");
}

#[test]
fn deleted_rows_leave_and_what_was_behind_them_is_looked_up() {
    let mut fed = Fed::new(COLUMNS, last(&[0], 1, 10));
    fed.write("m,t=x a=1i,b=1i 5\nm,t=x a=2i,b=2i 6");
    fed.delete(0, 5);
    assert!(fed.is_filled(), "what is deleted was not here");
    fed.delete(6, 6);
    assert!(!fed.is_filled());
    fed.fill();
    assert_eq!(fed.read(), [""; 0]);
}

#[test]
fn a_fill_that_is_overtaken_by_a_deletion_counts_for_nothing() {
    let fed = Fed::new(COLUMNS, last(&[0], 1, 10));
    fed.cache().spoil();
    let fill = fed.cache().begin_fill(0, 9);
    fed.delete(1, 2);
    fed.cache().end_fill(&fill);
    assert!(!fed.is_filled());
}

#[test]
fn a_field_in_the_key_makes_every_late_row_uncertain() {
    let mut fed = Fed::new("m,t=z k=\"u\",a=1i -9", last(&[1], 1, 10));
    fed.write("m,t=x k=\"p\",a=1i 1000000000\nm,t=y k=\"q\",a=2i 1000000000");
    fed.write("m,t=x a=5i 2000000000");
    assert_eq!(fed.read(), ["p,1,x,01", "q,2,y,01"], "a row without a key belongs to none");
    fed.write("m,t=x k=\"q\" 1000000000");
    assert!(!fed.is_filled(), "it has left its key");
}

#[test]
fn conditions_choose_keys() {
    let mut fed = Fed::new("m,t=z,u=z a=1i -9", last(&[0, 1], 1, 10));
    fed.write("m,t=a,u=1 a=1i 0\nm,t=a,u=2 a=2i 0\nm,t=b,u=1 a=3i 0\nm,t=ab,u=1 a=4i 0\nm a=5i 0");
    let condition = |column, values: &[&str], negated| KeyCondition {
        column,
        values: values.iter().map(|text| KeyValue::Text((*text).into())).collect(),
        negated,
    };
    let a = |passing: &[KeyCondition]| {
        let rows = fed.read_where(passing).expect("a filled cache");
        rows.iter().map(|row| row.split(',').nth(2).expect("a").to_owned()).collect::<String>()
    };
    assert_eq!(a(&[]), "1243");
    assert_eq!(a(&[condition(0, &["a", "b"], false)]), "123");
    assert_eq!(a(&[condition(0, &["a"], false), condition(1, &["1"], true)]), "2");
    assert_eq!(a(&[condition(1, &["1"], true)]), "2");
    assert_eq!(a(&[condition(0, &[], false)]), "");
}

#[test]
fn combinations_are_kept_by_the_times_of_their_rows() {
    let mut fed = Fed::new(COLUMNS, distinct(&[0], 100, 10));
    fed.write_at(20, "m,t=b a=1i 12000000000\nm,t=a a=1i 15000000000\nm a=1i 20000000000");
    fed.write("m,t=a a=1i 11000000000");
    assert_eq!(fed.read(), ["", "a", "b"], "an absent value is one, and comes first");
    assert_eq!(fed.read_at(25), ["", "a"], "an older row makes nothing older");
    assert_eq!(fed.read_at(26), [""]);
}

#[test]
fn of_too_many_combinations_those_seen_last_stay() {
    let mut fed = Fed::new(COLUMNS, distinct(&[0], 3, 1_000));
    for number in 0..100 {
        fed.write(&format!("m,t={number:02} a=1i {}", if number == 7 { 500 } else { number }));
    }
    assert_eq!(fed.read(), ["07", "98", "99"]);
    fed.write("m,t=05 a=1i 600");
    assert_eq!(fed.read(), ["05", "07", "99"]);
}

#[test]
fn a_deletion_of_what_was_seen_last_is_looked_up() {
    let mut fed = Fed::new(COLUMNS, distinct(&[0], 3, 1_000));
    fed.write("m,t=a a=1i 5\nm,t=a a=1i 9");
    fed.delete(1, 8);
    assert!(fed.is_filled());
    fed.delete(9, 9);
    assert!(!fed.is_filled());
}

#[test]
fn keys_beyond_the_limit_are_let_go() {
    let mut fed = Fed::new(COLUMNS, last(&[0], 1, 60));
    let mut number = 0;
    while number <= LAST_CACHE_KEYS_MAX {
        let mut body = String::new();
        for key in number..number + 50_000 {
            writeln!(body, "m,t={key} a=1i,b=1i {key}").expect("memory");
        }
        NOW.set(i64::try_from(number).expect("a number"));
        fed.write(&body);
        number += 50_000;
    }
    let rows = fed.read();
    assert!((LAST_CACHE_KEYS_MAX / 2..=LAST_CACHE_KEYS_MAX).contains(&rows.len()));
    assert!(rows.iter().any(|row| row.starts_with(&format!("{},", number - 1))), "the newest");
    assert!(!rows.iter().any(|row| row.starts_with("0,")), "the oldest");
}

#[test]
fn bytes_beyond_the_limit_are_let_go() {
    let mut fed = Fed::new("m,t=z a=\"\" -9", last(&[0], 1, 60));
    let bytes = 1_000_000;
    let text = "x".repeat(bytes);
    let writes = CACHE_BYTES_MAX / bytes + 2;
    for number in 0..writes {
        NOW.set(i64::try_from(number).expect("a number"));
        fed.write(&format!("m,t={number} a=\"{text}\" 1"));
    }
    let rows = fed.read();
    assert!(rows.len() * bytes <= CACHE_BYTES_MAX && rows.len() > writes / 2, "{}", rows.len());
    assert_eq!(Bounds::default().bytes, CACHE_BYTES_MAX);
}
