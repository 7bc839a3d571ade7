//! Logical plans of statements that come again, as those of a dashboard do.
//!
//! Comes in: the text of a statement, and its plan. Goes out: the same plan over the tables as they
//! are now. Stays true: a plan is used for as long as its tables have the columns that it was made
//! for; `now()` and placeholders stand in it as they were written. Keeps no plan that reads anything
//! but tables that writes have made.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::catalog::default_table_source::{provider_as_source, source_as_provider};
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::{LogicalPlan, TableScan};

use super::catalog::UserSchema;
use super::table_provider::SnapshotTable;
use crate::recent_cache::RecentCache;

/// Bytes of all plans, about.
const PLANS_BYTES: usize = 16 * 1_024 * 1_024;

/// Bytes of a plan for each byte of its text, about; a name becomes several columns of steps.
const BYTES_PER_BYTE: usize = 64;

/// Bytes of the smallest plan, about.
const BYTES_AT_LEAST: usize = 8 * 1_024;

/// Longer statements are made by programs, and do not come again.
const TEXT_BYTES_KEPT: usize = 16 * 1_024;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct KeptPlans(RecentCache<String, Arc<Kept>>);

#[derive(Debug)]
struct Kept {
    plan: LogicalPlan,
    /// Names and columns of its tables.
    tables: Vec<(String, SchemaRef)>,
}

impl Default for KeptPlans {
    fn default() -> Self {
        Self(RecentCache::new(PLANS_BYTES))
    }
}

impl KeptPlans {
    /// The plan of a statement; `None` where it must be made.
    ///
    /// # Errors
    /// What opening its tables meets.
    pub(super) fn find(&self, text: &str, tables: &UserSchema) -> Result<Option<LogicalPlan>> {
        let Some(kept) = self.0.get(key(text, tables).as_str()) else { return Ok(None) };
        let mut opened: HashMap<&str, Arc<dyn TableProvider>> = HashMap::new();
        for (name, schema) in &kept.tables {
            match tables.open(name)?.filter(|table| table.schema() == *schema) {
                Some(table) => opened.insert(name, table),
                None => return Ok(None),
            };
        }
        over(kept.plan.clone(), &opened).map(Some)
    }

    /// Keeps the plan of a statement.
    ///
    /// # Errors
    /// What walking through it meets.
    pub(super) fn keep(&self, text: &str, tables: &UserSchema, plan: &LogicalPlan) -> Result<()> {
        if text.len() > TEXT_BYTES_KEPT {
            return Ok(());
        }
        if let Some(read) = tables_of(plan)? {
            let bytes = BYTES_AT_LEAST.max(BYTES_PER_BYTE * text.len());
            let kept = Kept { plan: plan.clone(), tables: read };
            self.0.put(key(text, tables), Arc::new(kept), bytes);
        }
        Ok(())
    }
}

fn key(text: &str, tables: &UserSchema) -> String {
    format!("{}\0{text}", tables.database_name())
}

/// The tables that a plan reads; `None` where it reads anything else.
fn tables_of(plan: &LogicalPlan) -> Result<Option<Vec<(String, SchemaRef)>>> {
    let (mut tables, mut known) = (Vec::new(), true);
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            match snapshot_schema(scan) {
                Some(schema) => tables.push((scan.table_name.table().to_owned(), schema)),
                None => known = false,
            }
        }
        Ok(if known { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })?;
    Ok(known.then_some(tables))
}

fn snapshot_schema(scan: &TableScan) -> Option<SchemaRef> {
    let provider = source_as_provider(&scan.source).ok()?;
    provider.downcast_ref::<SnapshotTable>().map(TableProvider::schema)
}

/// The plan over other states of its tables.
fn over(
    plan: LogicalPlan,
    tables: &HashMap<&str, Arc<dyn TableProvider>>,
) -> Result<LogicalPlan> {
    let scan = |node| {
        let LogicalPlan::TableScan(mut scan) = node else { return Ok(Transformed::no(node)) };
        if let Some(table) = tables.get(scan.table_name.table()) {
            scan.source = provider_as_source(Arc::clone(table));
        }
        Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
    };
    plan.transform_down_with_subqueries(scan).map(|plan| plan.data)
}
