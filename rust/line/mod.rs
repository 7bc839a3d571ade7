//! Line protocol: request body in, points out.
//!
//! Comes in: a body that is valid UTF-8. Goes out: one [`Line`] per line that is neither blank nor
//! a comment, in order, each with its [`Point`] or with the reason why it is none. Stays true:
//! nothing is copied (a point borrows from the body and from the parser's scratch space), a bad
//! line never affects its neighbours, and equal bytes give equal results (no catalog, no clock).
//! Refused: what InfluxDB 3 Core 3.10 refuses, with its messages, and beyond that repeated tag keys
//! and floats that overflow. Accepted beyond it: CRLF, blanks at the end of a line, `1.` and `.5`,
//! and comments that contain quotes.
//!
//! Tags are the lazy part. [`Point::series`] is the raw `measurement,tag=value…` text, and equal
//! text is an equal series: the caller looks it up and reads the tags with [`Point::parse_tags`]
//! (or [`parse_tags`]) only when the series is new to it. A tag set is therefore checked there,
//! unless the rest of the line is bad: then the parser looks at the tags itself, to report the
//! first fault.

mod cursor;
mod message;
mod number;
mod point;
mod precision;
mod reader;
mod scan;
mod tags;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub use message::{LineError, original_line};
pub use point::{Field, Line, Parser, Point};
pub use precision::Precision;
pub use tags::{Tag, parse_tags};
pub use text::Text;
pub use value::Value;
