//! InfluxQL: text to statements.
//!
//! Comes in: the text of a request. Goes out: its statements, each with the text that it was
//! written as. Stays true: parsing reads no database and no clock, and its work is linear in the
//! text. Refuses what is no InfluxQL, with the position, and what nests too deep.

mod ast;
mod database;
mod display;
mod duration;
mod expression;
mod literal;
mod names;
mod operand;
mod scan;
mod select;
mod show;
mod source;
mod statement;
#[cfg(test)]
mod tests;
mod write;

pub use ast::{
    ColumnType, Dimension, Expr, Field, Fill, Keys, Literal, Measurement, Name, Number, Operator,
    Page, Select, Show, Shown, Source, Statement, WildcardKind,
};
pub use database::database;
pub use statement::{Parsed, parse};
