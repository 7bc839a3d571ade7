"""One point from table, tags and fields: escaping, literals, and reading it back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe.cli.structured_line import build, field_value

NAME = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\n\\"), min_size=1
)


def test_the_example_of_the_guide() -> None:
    line = build("test_data", [("tag1", "value1")], [("value", "123")], None)
    assert line == "test_data,tag1=value1 value=123"


def test_tags_fields_and_time_are_joined() -> None:
    line = build("home", [("room", "kitchen"), ("floor", "1")], [("a", "1i"), ("b", "x")], -5)
    assert line == 'home,room=kitchen,floor=1 a=1i,b="x" -5'


def test_names_and_tag_values_are_escaped() -> None:
    line = build("my table,x=1", [("a b", "c,d=e f")], [("k=v, w", "1")], 0)
    assert line == "my\\ table\\,x=1,a\\ b=c\\,d\\=e\\ f k\\=v\\,\\ w=1 0"


@pytest.mark.parametrize(
    "literal",
    "1 -1 +1 1.5 .5 5. 1e3 -1.5E-7 12i -3i 7u t T true True TRUE f F false False FALSE".split(),
)
def test_literals_stay_as_they_are(literal: str) -> None:
    assert field_value(literal) == literal


@pytest.mark.parametrize("literal", ['"text"', '"a \\" b"', '""', '"a\nb"'])
def test_quoted_strings_stay_as_they_are(literal: str) -> None:
    assert field_value(literal) == literal


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("", '""'),
        ("on", '"on"'),
        ("tRUE", '"tRUE"'),
        ("1.5i", '"1.5i"'),
        ("-1u", '"-1u"'),
        ("nan", '"nan"'),
        ("inf", '"inf"'),
        ("0x10", '"0x10"'),
        ("1_000", '"1_000"'),
        ("1 2", '"1 2"'),
        ("1\n", '"1\n"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("C:\\x", '"C:\\\\x"'),
        ('"a"b"', '"\\"a\\"b\\""'),
        ('"a\\"', '"\\"a\\\\\\""'),
        ("\u0661", '"\u0661"'),
    ],
)
def test_anything_else_becomes_a_string(text: str, literal: str) -> None:
    assert field_value(text) == literal


@pytest.mark.parametrize(
    ("table", "tags", "fields", "message"),
    [
        ("", [], [("a", "1")], "the table name is empty"),
        ("t", [("a", "")], [("a", "1")], "the value of tag 'a' is empty"),
        ("t\nx", [], [("a", "1")], "line break"),
        ("t", [("a", "b\\")], [("a", "1")], "end with a backslash"),
        ("t", [], [("a\n", "1")], "a field name may not hold a line break"),
    ],
)
def test_what_no_line_can_hold_is_refused(
    table: str, tags: list[tuple[str, str]], fields: list[tuple[str, str]], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        build(table, tags, fields, None)


@given(st.text())
def test_a_field_value_is_one_literal(text: str) -> None:
    literal = field_value(text)
    if literal != text:
        assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', literal, re.DOTALL)
        assert re.sub(r"\\(.)", r"\1", literal[1:-1], flags=re.DOTALL) == text


@given(NAME, NAME, NAME)
def test_escaped_names_read_back(table: str, key: str, value: str) -> None:
    line = build(table, [(key, value)], [("f", "1")], None)
    head = re.split(r"(?<!\\) ", line)[0]
    name, tag = re.split(r"(?<!\\),", head)
    read_key, read_value = re.split(r"(?<!\\)=", tag)
    unescaped = [re.sub(r"\\(.)", r"\1", part) for part in (name, read_key, read_value)]
    assert unescaped == [table, key, value]
