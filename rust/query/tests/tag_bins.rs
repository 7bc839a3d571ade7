//! Groups by tags and bins, as a whole statement: more of them than are held at once, from blocks
//! whose tags have other dictionaries.

use std::collections::BTreeMap;

use super::fixture::{Fixture, Row, Table};
use crate::limits::GROUPS_HELD_MAX;

const HOSTS: [Option<&str>; 3] = [Some("a"), None, Some("b")];

/// Rows of which neighbours are of different hosts, in blocks of a thousand.
fn rows(count: usize) -> Vec<Row<'static>> {
    let row = |number: usize| -> Row<'static> {
        let at = i64::try_from(number).unwrap();
        (at, HOSTS[number % 3], None, Some(0.5), (!number.is_multiple_of(5)).then_some(at))
    };
    (0..count).map(row).collect()
}

fn fixture(rows: &[Row<'static>]) -> Fixture {
    let blocks: Vec<&[Row]> = rows.chunks(1_000).collect();
    Fixture::new(vec![("weather", Table::weather(&blocks))])
}

#[test]
fn more_groups_than_are_held_are_put_together_again() {
    let rows = rows(GROUPS_HELD_MAX + 4_000);
    let fixture = fixture(&rows);
    let sql = "SELECT host, date_bin(INTERVAL '1 nanosecond', time) AS bin, sum(level) AS level \
               FROM weather GROUP BY host, bin";
    assert!(fixture.csv(&format!("EXPLAIN {sql}")).contains("TagBins"), "it is planned so");
    let answer = fixture.csv(sql);
    let mut lines: Vec<&str> = answer.lines().skip(1).collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), rows.len());
    let levels = lines.iter().filter_map(|line| line.rsplit(',').next()?.parse::<i64>().ok());
    assert_eq!(levels.sum::<i64>(), rows.iter().filter_map(|row| row.4).sum::<i64>());
}

#[test]
fn groups_of_many_blocks_are_those_of_a_map() {
    let rows = rows(5_500);
    let mut groups: BTreeMap<(Option<&str>, i64), Vec<i64>> = BTreeMap::new();
    for (at, host, _, _, level) in &rows {
        groups.entry((*host, at.div_euclid(700) * 700)).or_default().extend(level);
    }
    let line = |((host, bin), levels): (&(Option<&str>, i64), &Vec<i64>)| {
        let (least, most) = (levels.iter().min().unwrap(), levels.iter().max().unwrap());
        let (count, host) = (levels.len(), host.unwrap_or_default());
        format!("{host},{bin},{count},{least},{most}")
    };
    let mut expected: Vec<String> = groups.iter().map(line).collect();
    let sql = "SELECT host, CAST(date_bin(INTERVAL '700 nanoseconds', time) AS BIGINT) AS bin, \
               count(level) AS n, min(level) AS least, max(level) AS most FROM weather \
               GROUP BY host, date_bin(INTERVAL '700 nanoseconds', time)";
    let answer = fixture(&rows).csv(sql);
    let mut found: Vec<String> = answer.lines().skip(1).map(str::to_owned).collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
}
