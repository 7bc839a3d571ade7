//! The database that a statement names.
//!
//! Comes in: a statement. Goes out: the one name in it. Stays true: a retention policy other than
//! `autogen` and `default` is a part of the name, as in InfluxDB 3. Refuses several names.

use super::ast::{Measurement, Select, Source, Statement};
use crate::error::{EngineError, Result};

/// What is said about several databases.
pub(super) const SEVERAL: &str =
    "error in InfluxQL statement: can only perform queries on a single database";

/// The one database that a statement names, such as `db` or `db/policy`.
///
/// # Errors
///
/// Invalid: it names several.
pub fn database(statement: &Statement) -> Result<Option<String>> {
    let mut names = Vec::new();
    match statement {
        Statement::Select(select) | Statement::Explain { select, .. } => {
            collect(select, &mut names);
        }
        Statement::Show(show) => {
            names.extend(show.database.clone());
            names.extend(show.sources.iter().filter_map(name));
        }
        Statement::ShowRetentionPolicies { database } => names.extend(database.clone()),
        Statement::ShowDatabases | Statement::Unsupported { .. } => {}
    }
    let Some(first) = names.pop() else {
        return Ok(None);
    };
    if names.iter().all(|name| *name == first) {
        return Ok(Some(first));
    }
    Err(EngineError::invalid(SEVERAL))
}

fn collect(select: &Select, names: &mut Vec<String>) {
    for source in &select.sources {
        match source {
            Source::Measurement(measurement) => names.extend(name(measurement)),
            Source::Subquery(inner) => collect(inner, names),
        }
    }
}

fn name(measurement: &Measurement) -> Option<String> {
    let database = measurement.database.as_deref()?;
    Some(full_name(database, measurement.retention_policy.as_deref()))
}

/// The name of the database in which rows of that retention policy are.
pub(super) fn full_name(database: &str, policy: Option<&str>) -> String {
    match policy {
        None | Some("" | "autogen" | "default") => database.to_owned(),
        Some(policy) => format!("{database}/{policy}"),
    }
}
