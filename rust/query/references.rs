//! How often a statement reads tables, its shared table expressions counted at each use.
//!
//! Comes in: a parsed statement. Goes out: an upper bound for the table scans of its plan. Stays
//! true: the work is linear in the statement. Each use of a `WITH` name is planned anew, so that a
//! chain in which every name uses the one before it twice doubles with each link; such a statement
//! is refused before it is planned.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{ObjectName, Query, Visit, Visitor};

use crate::error::{EngineError, Result};

/// Table scans of one statement, shared table expressions counted at each use.
pub const TABLE_REFERENCES_MAX: usize = 5_000;

/// Refuses a statement that reads tables more than [`TABLE_REFERENCES_MAX`] times.
///
/// # Errors
/// `Invalid`, with the maximum.
pub(super) fn check(statement: &Statement) -> Result<()> {
    let mut counter = Counter { open: vec![Open::default()], ..Counter::default() };
    count(statement, &mut counter);
    let found = counter.open.iter().fold(0, |sum: usize, open| sum.saturating_add(open.references));
    if found <= TABLE_REFERENCES_MAX {
        return Ok(());
    }
    Err(EngineError::invalid(format!(
        "the statement reads tables {found} times, WITH queries counted at each use: \
         the maximum is {TABLE_REFERENCES_MAX}"
    )))
}

fn count(statement: &Statement, counter: &mut Counter) {
    let _: ControlFlow<()> = match statement {
        Statement::Statement(statement) => statement.visit(counter),
        Statement::Explain(explain) => {
            count(&explain.statement, counter);
            ControlFlow::Continue(())
        }
        Statement::CopyTo(copy) => match &copy.source {
            CopyToSource::Query(query) => query.visit(counter),
            CopyToSource::Relation(_) => ControlFlow::Continue(()),
        },
        Statement::CreateExternalTable(_) | Statement::Reset(_) => ControlFlow::Continue(()),
    };
}

/// A query that is being visited.
#[derive(Default)]
struct Open {
    /// Its name, where `WITH` gives it one.
    name: Option<String>,
    references: usize,
}

#[derive(Default)]
struct Counter {
    open: Vec<Open>,
    /// Names of queries that are visited next, by address.
    names: HashMap<*const Query, String>,
    /// References of the named queries that have been visited; of two with one name, the greater.
    named: HashMap<String, usize>,
}

impl Counter {
    fn add(&mut self, references: usize) {
        if let Some(open) = self.open.last_mut() {
            open.references = open.references.saturating_add(references);
        }
    }
}

impl Visitor for Counter {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.names.insert(&raw const *table.query, table.alias.name.value.to_lowercase());
        }
        let name = self.names.remove(&std::ptr::from_ref(query));
        self.open.push(Open { name, references: 1 });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        match self.open.pop() {
            Some(Open { name: Some(name), references }) => {
                let known = self.named.entry(name).or_default();
                *known = references.max(*known);
            }
            Some(Open { name: None, references }) => self.add(references),
            None => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let last = relation.0.last().and_then(|part| part.as_ident());
        let name = last.map(|name| name.value.to_lowercase()).unwrap_or_default();
        self.add(self.named.get(&name).copied().unwrap_or(1));
        ControlFlow::Continue(())
    }
}
