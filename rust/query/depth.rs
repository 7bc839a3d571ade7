//! How deep the tree of a statement can become, told from its tokens before any tree exists.
//!
//! Comes in: SQL text. Goes out: an upper bound for the depth of its syntax tree. Stays true: the
//! work is linear in the text and uses no recursion. Parsers build `1+1+1` in a loop, but whatever
//! walks, copies or drops the tree afterwards recurses, and a stack that runs out ends the process:
//! so a statement that could grow too deep is refused here.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer, Word};

use crate::error::{EngineError, Result};

/// Levels of operators, set operations and parentheses in one statement, a join counted as
/// [`JOIN_LEVELS`]: planning takes time in the square of the levels (2,000 take seconds), and the
/// stacks of the query threads hold several times as many.
pub const SQL_DEPTH_MAX: usize = 2_000;
/// Levels that a join counts as: planning takes time in the cube of the joins, so that 100 may
/// pass.
const JOIN_LEVELS: usize = 20;

/// Refuses a statement whose tree could pass [`SQL_DEPTH_MAX`].
///
/// # Errors
/// `Invalid`, with the maximum.
pub(super) fn check(sql: &str) -> Result<()> {
    if sql.len() <= SQL_DEPTH_MAX || depth(sql) <= SQL_DEPTH_MAX {
        return Ok(()); // a level takes at least one byte
    }
    Err(EngineError::invalid(format!(
        "the statement nests too deep: the maximum is {SQL_DEPTH_MAX} levels of operators, \
         joins and parentheses"
    )))
}

/// An upper bound for the depth of the syntax tree of `sql`; 0 for text that has no tokens.
fn depth(sql: &str) -> usize {
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, sql).tokenize() else {
        return 0; // the parser tells what is wrong
    };
    let mut levels = Levels::new();
    let mut after_period = false;
    for token in &tokens {
        match token {
            Token::Word(word) if after_period || word.quote_style.is_some() => {} // a name
            Token::Word(word) => levels.word(word),
            token => levels.symbol(token),
        }
        after_period = matches!(token, Token::Period);
    }
    levels.depth()
}

#[derive(Clone, Copy, PartialEq)]
enum Opened {
    Statement,
    Bracket,
    Case,
}

/// What stands between two brackets. Operators bind in three classes: set operations loosest, then
/// the logic ones and joins, then all others; a chain of one class is as deep as it is long, and a
/// looser chain is one level deeper per link than the deepest of its operands.
struct Level {
    opened: Opened,
    set_operations: usize,
    clause_max: usize,
    links: usize,
    operand_max: usize,
    operators: usize,
    inner_max: usize,
    /// Levels that a comma adds, as after `FROM` and `WITH`; with none, it separates.
    comma_levels: usize,
}

impl Level {
    fn new(opened: Opened) -> Self {
        Self {
            opened,
            set_operations: 0,
            clause_max: 0,
            links: 0,
            operand_max: 0,
            operators: 0,
            inner_max: 0,
            comma_levels: 0,
        }
    }

    fn end_operand(&mut self) {
        self.operand_max = self.operand_max.max(self.operators + self.inner_max);
        self.operators = 0;
        self.inner_max = 0;
    }

    fn link(&mut self, levels: usize) {
        self.end_operand();
        self.links += levels;
    }

    fn end_clause(&mut self) {
        self.end_operand();
        self.clause_max = self.clause_max.max(self.links + self.operand_max);
        self.links = 0;
        self.operand_max = 0;
    }

    fn begin_select(&mut self) {
        self.end_clause();
        self.comma_levels = 0;
    }

    fn comma(&mut self) {
        match self.comma_levels {
            0 => self.end_clause(),
            levels => self.link(levels),
        }
    }

    fn depth(&mut self) -> usize {
        self.end_clause();
        self.set_operations + self.clause_max
    }
}

/// The brackets that are open; the first level is the statement and is never closed.
struct Levels {
    outer: Vec<Level>,
    current: Level,
    /// Whether the last word was `DISTINCT`: the `FROM` of `IS DISTINCT FROM` begins no clause.
    distinct: bool,
}

impl Levels {
    fn new() -> Self {
        Self { outer: Vec::new(), current: Level::new(Opened::Statement), distinct: false }
    }

    fn open(&mut self, opened: Opened) {
        let outer = std::mem::replace(&mut self.current, Level::new(opened));
        self.outer.push(outer);
    }

    fn close(&mut self) {
        let inner = self.current.depth() + 1;
        if let Some(outer) = self.outer.pop() {
            self.current = outer;
            self.current.inner_max = self.current.inner_max.max(inner);
        }
    }

    fn close_bracket(&mut self) {
        while self.current.opened == Opened::Case {
            self.close();
        }
        self.close();
    }

    fn word(&mut self, word: &Word) {
        let in_case = self.current.opened == Opened::Case;
        match word.keyword {
            Keyword::NoKeyword => {}
            Keyword::AND | Keyword::OR | Keyword::XOR => self.current.link(1),
            Keyword::JOIN => self.current.link(JOIN_LEVELS),
            Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT | Keyword::MINUS => {
                self.current.end_clause();
                self.current.set_operations += 1;
            }
            Keyword::SELECT => self.current.begin_select(),
            Keyword::FROM if !self.distinct => self.current.comma_levels = JOIN_LEVELS,
            Keyword::WITH => self.current.comma_levels = 1,
            Keyword::WHERE | Keyword::GROUP | Keyword::ORDER => self.current.comma_levels = 0,
            Keyword::CASE => self.open(Opened::Case),
            Keyword::WHEN | Keyword::THEN | Keyword::ELSE if in_case => self.current.end_clause(),
            Keyword::END if in_case => self.close(),
            _ => self.current.operators += 1,
        }
        self.distinct = word.keyword == Keyword::DISTINCT;
    }

    fn symbol(&mut self, token: &Token) {
        match token {
            Token::LParen => self.open(Opened::Bracket),
            Token::LBracket | Token::LBrace => {
                self.current.operators += 1; // `a[1][1]` is a chain
                self.open(Opened::Bracket);
            }
            Token::RParen | Token::RBracket | Token::RBrace => self.close_bracket(),
            Token::Comma => self.current.comma(),
            Token::SemiColon => self.current.end_clause(),
            Token::Whitespace(_) | Token::Number(..) | Token::SingleQuotedString(_) => {}
            _ => self.current.operators += 1,
        }
    }

    fn depth(mut self) -> usize {
        while !self.outer.is_empty() {
            self.close();
        }
        self.current.depth()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(head: &str, part: &str) -> usize {
        depth(&format!("{head}{}", part.repeat(1_000)))
    }

    #[test]
    fn chains_are_as_deep_as_they_are_long() {
        let parts =
            ["+1", "+(2)", " AND 1=1", "::int", "[1]", "+CASE WHEN a THEN b END", "+a.select"];
        for part in parts {
            let found = repeated("SELECT a", part);
            assert!((1_000..2_010).contains(&found), "{part}: {found}");
        }
        for part in [" UNION ALL SELECT 1", " AND b IS DISTINCT FROM c"] {
            let found = repeated("SELECT a FROM b WHERE c", part);
            assert!((1_000..2_010).contains(&found), "{part}: {found}");
        }
    }

    #[test]
    fn joins_count_many_times() {
        for part in [" JOIN b ON c=d", ", b", " JOIN b ON c=d AND e=f"] {
            let found = repeated("SELECT a FROM b", part);
            assert!(found >= 1_000 * JOIN_LEVELS, "{part}: {found}");
        }
        assert!((1_000..1_010).contains(&repeated("WITH a AS (SELECT 1)", ", b AS (SELECT 1)")));
    }

    #[test]
    fn lists_are_flat() {
        for part in [", 1", ", a+b", ", f(a, b)", ", 'text'", ", a IS DISTINCT FROM b"] {
            let found = repeated("SELECT 1", part);
            assert!(found < 10, "{part}: {found}");
        }
        assert!(repeated("SELECT a FROM b GROUP BY c", ", d") < 10);
        let in_list = format!("SELECT a FROM b WHERE c IN (1{})", ", 2".repeat(1_000));
        assert!(depth(&in_list) < 10);
        let case = format!("SELECT CASE {} END", "WHEN a=1 THEN 2 ".repeat(1_000));
        assert!(depth(&case) < 10);
    }

    #[test]
    fn parentheses_count_closed_or_not() {
        assert!(depth(&"(".repeat(1_000)) >= 1_000);
        let closed = format!("SELECT {}1{}", "(".repeat(1_000), ")".repeat(1_000));
        assert!(depth(&closed) >= 1_000);
        assert_eq!(depth(")))"), 0);
    }
}
