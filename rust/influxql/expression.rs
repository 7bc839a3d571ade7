//! Expressions of fields and conditions.
//!
//! Comes in: the text. Goes out: a tree. Stays true: what binds closest lies deepest, equals bind
//! to the left, and a tree is built with a loop along its left side. Refuses comparisons where a
//! value belongs, and trees deeper than [`EXPRESSION_DEPTH_MAX`].

use super::ast::{Expr, Literal, Operator};
use super::scan::Scanner;
use crate::error::Result;
use crate::limits::EXPRESSION_DEPTH_MAX;

/// Where an expression stands; it decides what can be in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind `SELECT`.
    Field,
    /// Behind `WHERE`.
    Condition,
    /// The first argument of `GROUP BY time(…)`.
    Interval,
    /// The second one.
    Offset,
}

impl Place {
    /// What is said where no operand is.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Field => "invalid SELECT statement, expected field",
            Self::Condition => "invalid conditional expression",
            Self::Interval => "invalid TIME call, expected a duration for the interval",
            Self::Offset => {
                "invalid TIME call, expected a duration, a time or now() for the offset"
            }
        }
    }
}

/// An expression, and what is known about it.
pub(super) struct Tree {
    pub(super) expr: Expr,
    /// Nodes from the root to the deepest leaf.
    pub(super) depth: usize,
    /// Whether it is a comparison or a conjunction, maybe in parentheses.
    pub(super) logical: bool,
}

impl Tree {
    pub(super) fn leaf(expr: Expr) -> Self {
        Self { expr, depth: 1, logical: false }
    }
}

/// Symbols of operators. One that begins another one stands behind it.
const SYMBOLS: [(&str, Operator); 17] = [
    ("=~", Operator::Match),
    ("=", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<>", Operator::NotEqual),
    ("!~", Operator::NotMatch),
    ("<=", Operator::LessOrEqual),
    ("<", Operator::Less),
    (">=", Operator::GreaterOrEqual),
    (">", Operator::Greater),
    ("|", Operator::BitOr),
    ("^", Operator::BitXor),
    ("+", Operator::Add),
    ("-", Operator::Subtract),
    ("&", Operator::BitAnd),
    ("*", Operator::Multiply),
    ("/", Operator::Divide),
    ("%", Operator::Modulo),
];

const WEAKEST: u8 = 1;
const CLOSER_THAN_COMPARISONS: u8 = 4;

/// How close an operator binds.
pub(super) fn closeness(operator: Operator) -> u8 {
    match operator {
        Operator::Or => WEAKEST,
        Operator::And => 2,
        Operator::Equal
        | Operator::NotEqual
        | Operator::Match
        | Operator::NotMatch
        | Operator::Less
        | Operator::LessOrEqual
        | Operator::Greater
        | Operator::GreaterOrEqual => 3,
        Operator::BitOr | Operator::BitXor | Operator::Add | Operator::Subtract => {
            CLOSER_THAN_COMPARISONS
        }
        Operator::BitAnd | Operator::Multiply | Operator::Divide | Operator::Modulo => 5,
    }
}

/// Whether the result of an operator is true or false.
fn is_logical(operator: Operator) -> bool {
    closeness(operator) < CLOSER_THAN_COMPARISONS
}

impl Scanner<'_> {
    /// What stands behind `WHERE`.
    pub(super) fn condition(&mut self) -> Result<Expr> {
        Ok(self.operation(Place::Condition, WEAKEST)?.expr)
    }

    /// An expression without comparisons.
    pub(super) fn arithmetic(&mut self, place: Place) -> Result<Tree> {
        let tree = self.operation(place, CLOSER_THAN_COMPARISONS)?;
        if tree.logical { Err(self.error(place.expected())) } else { Ok(tree) }
    }

    /// What stands between parentheses.
    pub(super) fn inner(&mut self, place: Place) -> Result<Tree> {
        match place {
            Place::Condition => self.operation(place, WEAKEST),
            _ => self.arithmetic(place),
        }
    }

    /// Operands with operators between them that bind at least that close.
    fn operation(&mut self, place: Place, at_least: u8) -> Result<Tree> {
        let mut left = self.operand(place)?;
        loop {
            let start = self.start();
            let Some(operator) = self.operator(at_least) else {
                return Ok(left);
            };
            let right = self.right(place, operator)?;
            if !is_logical(operator) && (left.logical || right.logical) {
                return Err(self.error_at(start, place.expected()));
            }
            left = self.join(left, operator, right)?;
        }
    }

    fn operator(&mut self, at_least: u8) -> Option<Operator> {
        let rest = self.peek();
        let word = self.word();
        let found = match word {
            "" => SYMBOLS.iter().find(|(symbol, _)| rest.starts_with(symbol)).copied(),
            _ if word.eq_ignore_ascii_case("OR") => Some(("OR", Operator::Or)),
            _ if word.eq_ignore_ascii_case("AND") => Some(("AND", Operator::And)),
            _ => None,
        };
        let (symbol, operator) = found.filter(|(_, found)| closeness(*found) >= at_least)?;
        self.advance(symbol.len());
        Some(operator)
    }

    fn right(&mut self, place: Place, operator: Operator) -> Result<Tree> {
        if matches!(operator, Operator::Match | Operator::NotMatch) {
            return self.pattern();
        }
        self.operation(place, closeness(operator) + 1)
    }

    /// What stands behind `=~` and `!~`.
    fn pattern(&mut self) -> Result<Tree> {
        if let Some(name) = self.parameter()? {
            return Ok(Tree::leaf(Expr::Param(name)));
        }
        let regex = self.expect_regex("invalid conditional, expected regular expression")?;
        Ok(Tree::leaf(Expr::Literal(Literal::Regex(regex))))
    }

    fn join(&mut self, left: Tree, operator: Operator, right: Tree) -> Result<Tree> {
        let below = left.depth.max(right.depth);
        let (left, right) = (Box::new(left.expr), Box::new(right.expr));
        let expr = Expr::Binary { left, operator, right };
        self.above(expr, below, is_logical(operator))
    }

    /// A tree whose operands have that depth.
    pub(super) fn above(&mut self, expr: Expr, below: usize, logical: bool) -> Result<Tree> {
        if below < EXPRESSION_DEPTH_MAX {
            return Ok(Tree { expr, depth: below + 1, logical });
        }
        let maximum = format!("the maximum of {EXPRESSION_DEPTH_MAX} levels");
        Err(self.error(format!("the expression is deeper than {maximum}")))
    }
}
