//! `*` and regular expressions in fields and dimensions, written out.
//!
//! Comes in: the fields and dimensions of a `SELECT`, and the columns that it reads. Goes out:
//! named outputs without wildcards, and the tags to group by. Stays true: names of outputs differ
//! from each other. Refuses wildcards where nothing can take their place.

use std::collections::BTreeSet;

use super::columns::{Columns, Kind};
use super::condition::check_regex;
use super::times::is_time;
use crate::error::{EngineError, Result};
use crate::influxql::{Dimension, Expr, Field, Literal, Select, WildcardKind};

/// A column of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) expr: Expr,
}

/// The outputs of a `SELECT` and the name of its column of times.
pub(super) struct Outputs {
    pub(super) columns: Vec<Output>,
    pub(super) time_name: String,
}

/// The tags to group by, sorted, each once.
///
/// # Errors
/// `Invalid` for a pattern that is no regular expression.
pub(super) fn group_tags(dimensions: &[Dimension], columns: &Columns) -> Result<Vec<String>> {
    let tags = || columns.iter().filter(|(_, kind)| **kind == Kind::Tag).map(|(name, _)| name);
    let mut found = BTreeSet::new();
    for dimension in dimensions {
        match dimension {
            Dimension::Time { .. } => {}
            Dimension::Tag(name) => {
                found.insert(name.clone());
            }
            Dimension::Wildcard => found.extend(tags().cloned()),
            Dimension::Regex(pattern) => {
                let pattern = check_regex(pattern)?;
                found.extend(tags().filter(|name| pattern.is_match(name)).cloned());
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// The outputs of `select`, which groups by `group_tags`.
///
/// # Errors
/// `Invalid` for wildcards and names that cannot be.
pub(super) fn outputs(
    select: &Select,
    columns: &Columns,
    group_tags: &[String],
) -> Result<Outputs> {
    let mut time_name = super::columns::TIME.to_owned();
    let mut found = Vec::new();
    for field in &select.fields {
        if is_time(&field.expr) {
            time_name = field.alias.clone().unwrap_or(time_name);
            continue;
        }
        for one in expanded(field, columns, group_tags)? {
            with_tags_of_ranking(one, &mut found);
        }
    }
    Ok(Outputs { columns: unique_names(found, &time_name, group_tags), time_name })
}

/// `top(x, host, 3)` shows the tags that it is told beside what it finds.
fn with_tags_of_ranking(output: Output, found: &mut Vec<Output>) {
    let mut tags = Vec::new();
    if let Expr::Call { name, arguments } = &output.expr
        && matches!(name.as_str(), "top" | "bottom")
        && arguments.len() > 2
    {
        let inner = &arguments[1..arguments.len() - 1];
        tags.extend(inner.iter().filter_map(|tag| match tag {
            Expr::Column { name, .. } => Some(Output { name: name.clone(), expr: tag.clone() }),
            _ => None,
        }));
    }
    found.push(output);
    found.extend(tags);
}

fn expanded(field: &Field, columns: &Columns, group_tags: &[String]) -> Result<Vec<Output>> {
    match &field.expr {
        Expr::Wildcard(kind) => {
            let wanted = |name: &String, column: Kind| match kind {
                None => column != Kind::Tag || !group_tags.contains(name),
                Some(WildcardKind::Tag) => column == Kind::Tag && !group_tags.contains(name),
                Some(WildcardKind::Field) => column != Kind::Tag,
            };
            Ok(plain_columns(columns, wanted))
        }
        Expr::Literal(Literal::Regex(pattern)) => {
            let pattern = check_regex(pattern)?;
            Ok(plain_columns(columns, |name, _| pattern.is_match(name)))
        }
        Expr::Call { name, arguments } => calls(field, name, arguments, columns),
        expr => Ok(vec![Output { name: name_of(field)?, expr: expr.clone() }]),
    }
}

fn plain_columns(columns: &Columns, wanted: impl Fn(&String, Kind) -> bool) -> Vec<Output> {
    let found = columns.iter().filter(|(name, kind)| wanted(name, **kind));
    found.map(|(name, _)| Output { name: name.clone(), expr: column(name) }).collect()
}

fn column(name: &str) -> Expr {
    Expr::Column { name: name.to_owned(), cast: None }
}

/// A call; `mean(*)` and `mean(/x/)` become a call for each field that the function can take.
fn calls(field: &Field, name: &str, arguments: &[Expr], columns: &Columns) -> Result<Vec<Output>> {
    let Some(wanted) = wildcard(arguments.first())? else {
        return Ok(vec![Output { name: name_of(field)?, expr: field.expr.clone() }]);
    };
    let takes_any = matches!(name, "count" | "distinct" | "first" | "last" | "mode");
    let fits = |kind: Kind| kind != Kind::Tag && (takes_any || kind.is_numeric());
    let fields = columns.iter().filter(|(name, kind)| fits(**kind) && wanted(name));
    let prefix = field.alias.as_deref().unwrap_or(name);
    let call = |field: &String| {
        let first = std::iter::once(column(field));
        let arguments = first.chain(arguments[1..].iter().cloned()).collect();
        let expr = Expr::Call { name: name.to_owned(), arguments };
        Output { name: format!("{prefix}_{field}"), expr }
    };
    Ok(fields.map(|(name, _)| call(name)).collect())
}

type Wanted = Box<dyn Fn(&str) -> bool>;

/// Which fields the argument of a call stands for, where it is a wildcard.
fn wildcard(argument: Option<&Expr>) -> Result<Option<Wanted>> {
    Ok(match argument {
        Some(Expr::Wildcard(None | Some(WildcardKind::Field))) => Some(Box::new(|_| true)),
        Some(Expr::Wildcard(Some(WildcardKind::Tag))) => {
            return Err(EngineError::invalid("unable to use tag as wildcard in a function call"));
        }
        Some(Expr::Literal(Literal::Regex(pattern))) => {
            let pattern = check_regex(pattern)?;
            Some(Box::new(move |name| pattern.is_match(name)))
        }
        _ => None,
    })
}

/// The name of a column: its alias, or the names of its columns and calls, joined.
fn name_of(field: &Field) -> Result<String> {
    if let Some(alias) = &field.alias {
        return Ok(alias.clone());
    }
    let mut names = Vec::new();
    gather_names(&field.expr, &mut names);
    if names.is_empty() {
        return Err(EngineError::invalid("field must contain at least one variable"));
    }
    Ok(names.join("_"))
}

fn gather_names<'e>(expr: &'e Expr, names: &mut Vec<&'e str>) {
    match expr {
        Expr::Column { name, .. } | Expr::Call { name, .. } => names.push(name),
        Expr::Nested(inner) | Expr::Negative(inner) => gather_names(inner, names),
        Expr::Binary { left, right, .. } => {
            gather_names(left, names);
            gather_names(right, names);
        }
        Expr::Literal(_) | Expr::Param(_) | Expr::Wildcard(_) => {}
    }
}

/// Numbers names that are taken: `mean`, `mean_1`, `mean_2`.
fn unique_names(outputs: Vec<Output>, time_name: &str, group_tags: &[String]) -> Vec<Output> {
    let mut taken = BTreeSet::from([time_name.to_owned(), super::output::MEASUREMENT.to_owned()]);
    let mut named = Vec::with_capacity(outputs.len());
    for mut output in outputs {
        let is_group_tag = group_tags.contains(&output.name) && output.expr == column(&output.name);
        let free = |name: &String, taken: &BTreeSet<String>| {
            !taken.contains(name) && (is_group_tag || !group_tags.contains(name))
        };
        if !free(&output.name, &taken) {
            let numbered = (1..).map(|number| format!("{}_{number}", output.name));
            let mut numbered = numbered.filter(|name| free(name, &taken));
            output.name = numbered.next().unwrap_or(output.name);
        }
        taken.insert(output.name.clone());
        named.push(output);
    }
    named
}
