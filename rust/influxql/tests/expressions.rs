//! How operators bind, and what signs do.

use super::super::{Expr, Literal, Operator};
use super::{condition, field, refusal};

/// The tree with parentheses around each operation.
fn shape(expr: &Expr) -> String {
    match expr {
        Expr::Binary { left, operator, right } => {
            format!("[{} {operator} {}]", shape(left), shape(right))
        }
        Expr::Nested(inner) => format!("({})", shape(inner)),
        Expr::Negative(inner) => format!("-{}", shape(inner)),
        other => other.to_string(),
    }
}

fn integer(value: i64) -> Expr {
    Expr::Literal(Literal::Integer(value))
}

#[test]
fn what_binds_closest_lies_deepest() {
    let rows = [
        ("a = 1 OR b = 2 AND c = 3", "[[a = 1] OR [[b = 2] AND [c = 3]]]"),
        ("a + 1 > b * 2", "[[a + 1] > [b * 2]]"),
        ("a - 1 - 2 = 3", "[[[a - 1] - 2] = 3]"),
        ("a / b * c % d = 1", "[[[[a / b] * c] % d] = 1]"),
        ("a | b & c ^ d = 1", "[[[a | [b & c]] ^ d] = 1]"),
        ("a =~ /x/ AND b !~ /y/", "[[a =~ /x/] AND [b !~ /y/]]"),
        ("a = b = c", "[[a = b] = c]"),
        ("(a = 1 OR b = 2) AND c = 3", "[([[a = 1] OR [b = 2]]) AND [c = 3]]"),
        ("-a * b = 1", "[[-a * b] = 1]"),
        ("a <= 1 AND b >= 2 AND c < 3", "[[[a <= 1] AND [b >= 2]] AND [c < 3]]"),
    ];
    for (text, expected) in rows {
        assert_eq!(shape(&condition(text)), expected, "{text}");
    }
}

#[test]
fn blanks_do_not_matter_between_tokens() {
    assert_eq!(condition("a>=1AND b=~/x/"), condition("a >= 1 AND b =~ /x/"));
    assert_eq!(condition("a<-5"), condition("a < -5"));
    assert_eq!(field("a/b"), field("a / b"));
    assert_eq!(field("a/*x*/-b"), field("a - b"));
}

#[test]
fn a_sign_becomes_a_part_of_a_number() {
    assert_eq!(field("-5"), integer(-5));
    assert_eq!(field("+5"), integer(5));
    assert_eq!(field("- -5"), integer(5));
    assert_eq!(field("-1.5"), Expr::Literal(Literal::Float(-1.5)));
    assert_eq!(field("-1h"), Expr::Literal(Literal::Duration(-3_600_000_000_000)));
    assert_eq!(field("-9223372036854775808"), integer(i64::MIN));
    let minus_one = Expr::Binary {
        left: Box::new(integer(5)),
        operator: Operator::Subtract,
        right: Box::new(integer(-1)),
    };
    assert_eq!(field("5 - -1"), minus_one);
}

#[test]
fn a_sign_before_anything_else_stays() {
    let column = || Box::new(Expr::Column { name: "a".to_owned(), cast: None });
    assert_eq!(field("-a"), Expr::Negative(column()));
    assert_eq!(field("+a"), *column());
    assert_eq!(field("- -a"), Expr::Negative(Box::new(Expr::Negative(column()))));
    assert_eq!(field("- -a").to_string(), "- -a");
    assert_eq!(field("-(5)"), Expr::Negative(Box::new(Expr::Nested(Box::new(integer(5))))));
}

#[test]
fn a_number_that_has_no_negative_one_is_refused() {
    for (text, position) in [("-9223372036854775809", 8), ("- -9223372036854775808", 9)] {
        let message = refusal(&format!("SELECT {text} FROM m"));
        assert_eq!(message, format!("constant overflows signed integer at pos {position}"));
    }
}

#[test]
fn a_sign_before_a_text_is_refused() {
    for text in ["-'a'", "+'a'", "-true", "-*", "-/a/"] {
        let message = refusal(&format!("SELECT {text} FROM m"));
        assert!(message.starts_with("unexpected unary expression"), "{text}: {message}");
    }
}

#[test]
fn a_pattern_may_be_a_parameter() {
    let Expr::Binary { right, .. } = condition("a =~ $pattern") else {
        panic!("a comparison has operands");
    };
    assert_eq!(*right, Expr::Param("pattern".to_owned()));
}
