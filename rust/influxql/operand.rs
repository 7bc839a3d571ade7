//! Operands of expressions: values, columns, calls, parentheses, signs.
//!
//! Comes in: the text, and where the expression stands. Goes out: a tree. Stays true: a sign before
//! a number becomes part of it. Refuses what cannot stand in that place.

use super::ast::{ColumnType, Expr, Literal, WildcardKind};
use super::expression::{Place, Tree};
use super::literal::negate;
use super::names::{is_keyword, truth};
use super::scan::Scanner;
use crate::error::Result;

/// Types after `::`.
const TYPES: [(&str, ColumnType); 9] = [
    ("float", ColumnType::Float),
    ("integer", ColumnType::Integer),
    ("unsigned", ColumnType::Unsigned),
    ("string", ColumnType::String),
    ("boolean", ColumnType::Boolean),
    ("tag", ColumnType::Tag),
    ("field", ColumnType::Field),
    ("timestamp", ColumnType::Timestamp),
    ("time", ColumnType::Timestamp),
];

/// Functions of one row, and thus of a condition.
const OF_A_ROW: [&str; 19] = [
    "abs",
    "acos",
    "asin",
    "atan",
    "atan2",
    "ceil",
    "cos",
    "date_part",
    "exp",
    "floor",
    "ln",
    "log",
    "log10",
    "log2",
    "pow",
    "round",
    "sin",
    "sqrt",
    "tan",
];

impl Scanner<'_> {
    /// One operand.
    pub(super) fn operand(&mut self, place: Place) -> Result<Tree> {
        if self.take("(") {
            return self.deeper(|scanner| scanner.nested(place));
        }
        if self.take("-") {
            return self.deeper(|scanner| scanner.negative(place));
        }
        if self.take("+") {
            return self.deeper(|scanner| scanner.signed(place));
        }
        let start = self.start();
        match self.value(place)? {
            Some(tree) => self.allowed(place, tree, start),
            None => Err(self.error_at(start, place.expected())),
        }
    }

    fn nested(&mut self, place: Place) -> Result<Tree> {
        let inner = self.inner(place)?;
        self.expect(")", "invalid expression, expected ')'")?;
        self.above(Expr::Nested(Box::new(inner.expr)), inner.depth, inner.logical)
    }

    fn negative(&mut self, place: Place) -> Result<Tree> {
        let start = self.start();
        let operand = self.signed(place)?;
        let Expr::Literal(value) = operand.expr else {
            return self.above(Expr::Negative(Box::new(operand.expr)), operand.depth, false);
        };
        match negate(&value) {
            Some(value) => Ok(Tree::leaf(Expr::Literal(value))),
            None => Err(self.error_at(start, "constant overflows signed integer")),
        }
    }

    /// The operand of a sign.
    fn signed(&mut self, place: Place) -> Result<Tree> {
        let start = self.start();
        let operand = self.operand(place)?;
        if !operand.logical && has_sign(&operand.expr) {
            return Ok(operand);
        }
        let expected = "literal integer, float, duration, field, function or parenthesis";
        Err(self.error_at(start, format!("unexpected unary expression: expected {expected}")))
    }

    /// A value, a column or a call, if one is next.
    fn value(&mut self, place: Place) -> Result<Option<Tree>> {
        let literal = match self.peek().bytes().next() {
            Some(b'0'..=b'9' | b'.') => self.number()?,
            Some(b'\'') => Some(Literal::String(self.quoted('\'')?)),
            Some(b'/') => self.regex()?.map(Literal::Regex),
            Some(b'$') => return Ok(self.parameter()?.map(|name| Tree::leaf(Expr::Param(name)))),
            Some(b'*') => return self.wildcard().map(|expr| Some(Tree::leaf(expr))),
            _ => return self.named(place),
        };
        Ok(literal.map(|literal| Tree::leaf(Expr::Literal(literal))))
    }

    fn wildcard(&mut self) -> Result<Expr> {
        self.take("*");
        if !self.take_adjacent("::") {
            return Ok(Expr::Wildcard(None));
        }
        if self.take_word("TAG") {
            return Ok(Expr::Wildcard(Some(WildcardKind::Tag)));
        }
        self.expect_word("FIELD", "invalid wildcard type specifier, expected TAG or FIELD")?;
        Ok(Expr::Wildcard(Some(WildcardKind::Field)))
    }

    /// What begins with a name.
    fn named(&mut self, place: Place) -> Result<Option<Tree>> {
        let (mark, word) = (self.mark(), self.word());
        if self.take_word("DISTINCT") {
            return self.deeper(|scanner| scanner.distinct(place)).map(Some);
        }
        if word.is_empty() || is_keyword(word) {
            return self.column();
        }
        self.advance(word.len());
        if self.take("(") {
            let name = word.to_ascii_lowercase();
            return self.deeper(|scanner| scanner.call(name, place)).map(Some);
        }
        self.reset(mark);
        match truth(word) {
            Some(value) => {
                self.take_word(word);
                Ok(Some(Tree::leaf(Expr::Literal(Literal::Boolean(value)))))
            }
            None => self.column(),
        }
    }

    /// `DISTINCT x`, which means `distinct(x)`.
    fn distinct(&mut self, place: Place) -> Result<Tree> {
        let name = "distinct".to_owned();
        if self.take("(") {
            return self.call(name, place);
        }
        match self.column()? {
            Some(column) => self.above(Expr::Call { name, arguments: vec![column.expr] }, 1, false),
            None => Err(self.error("invalid DISTINCT expression, expected identifier")),
        }
    }

    /// A call, from its arguments on.
    fn call(&mut self, name: String, place: Place) -> Result<Tree> {
        let (mut arguments, mut below) = (Vec::new(), 0);
        if !self.take(")") {
            let trees = self.list(|scanner| scanner.arithmetic(place))?;
            below = trees.iter().map(|tree| tree.depth).max().unwrap_or_default();
            arguments = trees.into_iter().map(|tree| tree.expr).collect();
            self.expect(")", "invalid function call, expected ')'")?;
        }
        self.above(Expr::Call { name, arguments }, below, false)
    }

    /// A column, if a name is next. Up to three names with points between them are one.
    pub(super) fn column(&mut self) -> Result<Option<Tree>> {
        let Some(mut name) = self.name()? else {
            return Ok(None);
        };
        let mut names = 1;
        while names < 3 && self.take_adjacent(".") {
            name.push('.');
            names += 1;
            match self.adjacent_name()? {
                Some(part) => name.push_str(&part),
                None if names == 2 && self.adjacent().starts_with('.') => {}
                None => return Err(self.error("invalid identifier, expected a name after '.'")),
            }
        }
        let cast = if self.take_adjacent("::") { Some(self.cast()?) } else { None };
        Ok(Some(Tree::leaf(Expr::Column { name, cast })))
    }

    /// The type after `::`.
    fn cast(&mut self) -> Result<ColumnType> {
        let word = self.word();
        let found = TYPES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
        let Some((name, cast)) = found else {
            let expected = "float, integer, unsigned, string, boolean, field, tag";
            let reason = "invalid data type for tag or field reference";
            return Err(self.error(format!("{reason}, expected {expected}")));
        };
        self.advance(name.len());
        Ok(*cast)
    }

    fn allowed(&self, place: Place, tree: Tree, start: usize) -> Result<Tree> {
        if fits(place, &tree.expr) {
            return Ok(tree);
        }
        let message = match (place, &tree.expr) {
            (Place::Condition, Expr::Call { .. }) => {
                "invalid expression, the only valid function calls are 'now' with no arguments, \
                 or scalar math functions"
            }
            _ => place.expected(),
        };
        Err(self.error_at(start, message))
    }
}

/// Whether a sign can stand before it.
fn has_sign(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(value) => matches!(
            value,
            Literal::Integer(_) | Literal::Unsigned(_) | Literal::Float(_) | Literal::Duration(_)
        ),
        Expr::Wildcard(_) | Expr::Binary { .. } => false,
        _ => true,
    }
}

/// Whether a value, a column or a call can stand there.
fn fits(place: Place, expr: &Expr) -> bool {
    use Literal::{Duration, Integer, Regex, String};
    match (place, expr) {
        (Place::Condition, Expr::Call { name, arguments }) => {
            is_now(name, arguments) || OF_A_ROW.contains(&name.as_str())
        }
        (Place::Condition, Expr::Literal(Regex(_)) | Expr::Wildcard(_)) => false,
        (Place::Field | Place::Condition, _) | (_, Expr::Param(_)) => true,
        (Place::Interval, Expr::Literal(value)) => matches!(value, Duration(_) | Integer(_)),
        (Place::Offset, Expr::Literal(value)) => {
            matches!(value, Duration(_) | Integer(_) | String(_))
        }
        (Place::Offset, Expr::Call { name, arguments }) => is_now(name, arguments),
        (Place::Interval | Place::Offset, _) => false,
    }
}

fn is_now(name: &str, arguments: &[Expr]) -> bool {
    name == "now" && arguments.is_empty()
}
