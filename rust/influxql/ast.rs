//! The statements of InfluxQL as values.
//!
//! Comes in: nothing. Goes out: the types that the parser builds and the planner reads. Stays
//! true: what is written is kept as it is written; nothing is resolved against a database or a
//! clock. Refuses nothing.

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// `SELECT …`.
    Select(Select),
    /// `EXPLAIN [ANALYZE] SELECT …`.
    Explain {
        /// Whether the statement runs, to be measured.
        analyze: bool,
        /// What is explained.
        select: Select,
    },
    /// `SHOW MEASUREMENTS`, `SHOW TAG KEYS`, `SHOW FIELD KEYS` and `SHOW TAG VALUES`.
    Show(Show),
    /// `SHOW DATABASES`.
    ShowDatabases,
    /// `SHOW RETENTION POLICIES [ON …]`.
    ShowRetentionPolicies {
        /// The database after `ON`.
        database: Option<String>,
    },
    /// A statement that is known and not done: `CREATE DATABASE`, `DROP MEASUREMENT`, `DELETE`.
    Unsupported {
        /// Its first words, such as `CREATE DATABASE`.
        name: &'static str,
    },
}

/// A `SELECT`.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// What is projected; at least one.
    pub fields: Vec<Field>,
    /// Where it is read from; at least one.
    pub sources: Vec<Source>,
    /// After `WHERE`.
    pub condition: Option<Expr>,
    /// After `GROUP BY`.
    pub dimensions: Vec<Dimension>,
    /// `fill(…)`.
    pub fill: Option<Fill>,
    /// `ORDER BY time DESC`.
    pub descending: bool,
    /// `LIMIT` and `OFFSET`, of rows of each series.
    pub rows: Page,
    /// `SLIMIT` and `SOFFSET`, of series.
    pub series: Page,
    /// The zone in `tz('…')`.
    pub zone: Option<String>,
}

/// A limit and an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Page {
    /// How many at most.
    pub limit: Option<u64>,
    /// How many are left out before them.
    pub offset: Option<u64>,
}

/// One projected expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// What is computed.
    pub expr: Expr,
    /// The name after `AS`.
    pub alias: Option<String>,
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// One measurement, or all that a regular expression names.
    Measurement(Measurement),
    /// `(SELECT …)`.
    Subquery(Box<Select>),
}

/// `[database.[retention policy].]name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// The database.
    pub database: Option<String>,
    /// The retention policy; empty names (`db..m`) are `None`.
    pub retention_policy: Option<String>,
    /// The name.
    pub name: Name,
}

/// A name, or all names that match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// This name.
    Exact(String),
    /// Every name in which this regular expression (between `/`, unescaped) finds something.
    Regex(String),
}

/// One part of `GROUP BY`.
#[derive(Debug, Clone, PartialEq)]
pub enum Dimension {
    /// `time(interval[, offset])`.
    Time {
        /// The length of a bin.
        interval: Expr,
        /// How far the bins are moved.
        offset: Option<Expr>,
    },
    /// A tag.
    Tag(String),
    /// Every tag in whose name this regular expression finds something.
    Regex(String),
    /// `*`: every tag.
    Wildcard,
}

/// What stands in a bin without rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fill {
    /// `fill(null)`.
    Null,
    /// `fill(none)`: such bins are left out.
    None,
    /// `fill(previous)`.
    Previous,
    /// `fill(linear)`.
    Linear,
    /// `fill(number)`.
    Value(Number),
}

/// A number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Without a point, in the range of `i64`.
    Integer(i64),
    /// With a point.
    Float(f64),
}

/// An expression of a field or a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A value.
    Literal(Literal),
    /// `$name`.
    Param(String),
    /// A field, a tag, or `time`.
    Column {
        /// Its name.
        name: String,
        /// The type after `::`.
        cast: Option<ColumnType>,
    },
    /// `*`, `*::tag`, `*::field`.
    Wildcard(Option<WildcardKind>),
    /// A function and its arguments; the name in lower case.
    Call {
        /// The function.
        name: String,
        /// Its arguments.
        arguments: Vec<Expr>,
    },
    /// `-x`, where it is no literal.
    Negative(Box<Expr>),
    /// Two operands.
    Binary {
        /// The left one.
        left: Box<Expr>,
        /// What is done.
        operator: Operator,
        /// The right one.
        right: Box<Expr>,
    },
    /// `(x)`: names of columns are made from what is inside.
    Nested(Box<Expr>),
}

/// A value that is written down.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `12`.
    Integer(i64),
    /// Above the range of `i64`.
    Unsigned(u64),
    /// `1.5`.
    Float(f64),
    /// `'text'`, unescaped.
    String(String),
    /// `true`.
    Boolean(bool),
    /// `1h30m`, in nanoseconds.
    Duration(i64),
    /// `/…/`, with `\/` unescaped.
    Regex(String),
}

/// A type after `::`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// `float`.
    Float,
    /// `integer`.
    Integer,
    /// `unsigned`.
    Unsigned,
    /// `string`.
    String,
    /// `boolean`.
    Boolean,
    /// `tag`.
    Tag,
    /// `field`: any field.
    Field,
    /// `time`, `timestamp`.
    Timestamp,
}

/// What `*` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WildcardKind {
    /// Tags alone.
    Tag,
    /// Fields alone.
    Field,
}

/// An operator; those that bind closest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `OR`.
    Or,
    /// `AND`.
    And,
    /// `=`.
    Equal,
    /// `!=`, `<>`.
    NotEqual,
    /// `=~`.
    Match,
    /// `!~`.
    NotMatch,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `|`.
    BitOr,
    /// `^`.
    BitXor,
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `&`.
    BitAnd,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Modulo,
}

/// A `SHOW` of what a database holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Show {
    /// What is shown.
    pub what: Shown,
    /// The database after `ON`; `ON *` and `ON *.*` are refused by the parser.
    pub database: Option<String>,
    /// After `FROM`, and after `WITH MEASUREMENT` as one; empty: all.
    pub sources: Vec<Measurement>,
    /// After `WHERE`.
    pub condition: Option<Expr>,
    /// `LIMIT` and `OFFSET`.
    pub rows: Page,
    /// `SLIMIT` and `SOFFSET`.
    pub series: Page,
}

/// What a `SHOW` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// `MEASUREMENTS`.
    Measurements,
    /// `TAG KEYS`.
    TagKeys,
    /// `FIELD KEYS`.
    FieldKeys,
    /// `TAG VALUES`.
    TagValues(Keys),
}

/// `WITH KEY …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// `= name`.
    Equal(String),
    /// `!= name`.
    NotEqual(String),
    /// `IN (name, …)`.
    In(Vec<String>),
    /// `=~ /…/`.
    Match(String),
    /// `!~ /…/`.
    NotMatch(String),
}
