//! The table functions `last_cache` and `distinct_cache`.
//!
//! Comes in: the name of a table and, where it has several caches of the kind, that of a cache.
//! Goes out: a table of what the cache holds when the query is planned. Stays true: conditions on
//! key columns are answered by the cache, all others above it. Refuses, in the words of InfluxDB 3,
//! what names no cache.

mod conditions;
mod provider;
mod scan;

use std::sync::Arc;

use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;

use super::source::Database;
use crate::schema::CacheKind;
use provider::CacheTable;

/// Makes the functions known to a query of that database.
pub(super) fn register(state: &mut SessionState, database: Arc<dyn Database>) {
    let last = CacheFunction { kind: CacheKind::Last, database: Arc::clone(&database) };
    state.register_udtf("last_cache", Arc::new(last));
    let distinct = CacheFunction { kind: CacheKind::Distinct, database };
    state.register_udtf("distinct_cache", Arc::new(distinct));
}

#[derive(Debug)]
struct CacheFunction {
    kind: CacheKind,
    database: Arc<dyn Database>,
}

impl TableFunctionImpl for CacheFunction {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let Some(table) = args.exprs().first().and_then(text) else {
            return plan_err!("first argument must be the table name as a string");
        };
        let name = match args.exprs().get(1) {
            None => None,
            Some(given) => match text(given) {
                Some(name) => Some(name),
                None => {
                    return plan_err!(
                        "second argument, if passed, must be the cache name as a string"
                    );
                }
            },
        };
        if self.database.schema(table).is_none() {
            return match self.kind {
                CacheKind::Last => plan_err!("provided table name is invalid"),
                CacheKind::Distinct => plan_err!("provided table name ({table}) is invalid"),
            };
        }
        match self.database.cache(self.kind, table, name) {
            Some(found) => Ok(Arc::new(CacheTable::new(found))),
            None if self.kind == CacheKind::Last => {
                plan_err!("could not find cache for the given arguments")
            }
            None => plan_err!("could not find distinct value cache for the given arguments"),
        }
    }
}

fn text(argument: &Expr) -> Option<&str> {
    match argument {
        Expr::Literal(
            ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text),
            _,
        ) => text.as_deref(),
        _ => None,
    }
}
