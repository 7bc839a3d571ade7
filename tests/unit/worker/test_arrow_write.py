"""Arrow data of plugins: what is taken, and the lines that a dry run shows of it."""

from typing import Any

import pyarrow as pa
import pytest

from influxpe.worker.arrow_write import arrow_table, as_lines, checked_tags, is_arrow

KINDS: dict[str, Any] = {"date32": pa.date32(), "int64": pa.int64()}
Metadata = dict[bytes | str, bytes | str] | None
NAMES = pa.array(["a b", None, ""], pa.string())


def lines(table: pa.Table, tags: list[str] | None = None) -> list[str]:
    return as_lines(table, "my table", tags).splitlines()


def test_each_type_has_its_form_in_a_line() -> None:
    table = pa.table(
        {
            "name": NAMES.dictionary_encode(),
            "i": pa.array([1, -2, None], pa.int16()),
            "u": pa.array([1, None, 3], pa.uint64()),
            "f, x": pa.array([0.5, 1.0, 1e22]),
            "b": [True, False, None],
            "s": pa.array(['x "y"', "\\", None], pa.large_string()),
            "time": pa.array([1, None, 3], pa.timestamp("us")),
        }
    )
    assert lines(table) == [
        r'my\ table,name=a\ b i=1i,u=1u,f\,\ x=0.5,b=t,s="x \"y\"" 1000',
        r'my\ table i=-2i,f\,\ x=1.0,b=f,s="\\"',
        r"my\ table u=3u,f\,\ x=1e+22 3000",
    ]


@pytest.mark.parametrize(
    ("tags", "metadata", "column_metadata", "line"),
    [
        (["b"], {"iox::series::key": "a"}, None, 'my\\ table,b=y a="x",c="z"'),
        ([], {"iox::series::key": "a"}, None, 'my\\ table a="x",b="y",c="z"'),
        (None, {"iox::series::key": "a/b"}, None, 'my\\ table,a=x,b=y c="z"'),
        (None, None, {"iox::column::type": "iox::column_type::tag"}, 'my\\ table,a=x b="y",c="z"'),
        (None, None, None, 'my\\ table,c=z a="x",b="y"'),
    ],
)
def test_the_first_that_says_anything_says_what_is_a_tag(
    tags: list[str] | None, metadata: Metadata, column_metadata: Metadata, line: str
) -> None:
    schema = pa.schema(
        [
            pa.field("a", pa.string(), metadata=column_metadata),
            pa.field("b", pa.string()),
            pa.field("c", pa.dictionary(pa.int32(), pa.string())),
        ],
        metadata=metadata,
    )
    table = pa.table({"a": ["x"], "b": ["y"], "c": ["z"]}).cast(schema)
    assert lines(table, tags) == [line]


@pytest.mark.parametrize(("name", "tags"), [("date32", []), ("int64", ["x"])])
def test_a_column_that_no_table_can_have_is_named(name: str, tags: list[str]) -> None:
    table = pa.table({"x": pa.array([1], KINDS[name])})
    with pytest.raises(TypeError, match=rf"^column 'x' has the Arrow type {name}.*, which cannot"):
        lines(table, tags)


def test_whatever_hands_out_arrow_data_is_taken() -> None:
    class Frame:
        """A data frame of another library."""

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return table.__arrow_c_stream__(requested_schema)  # type: ignore[no-untyped-call] # so in the stubs

    table = pa.table({"x": [1]})
    for value in (table, table.to_batches()[0], Frame(), table.to_reader()):
        assert is_arrow(value)
        assert arrow_table(value) == table


@pytest.mark.parametrize("value", ["m f=1", b"m f=1", [], {}, object(), pa.table, None])
def test_other_values_are_no_arrow_data(value: object) -> None:
    assert not is_arrow(value)


@pytest.mark.parametrize("value", [pa.array([1]), pa.chunked_array([[1]])])
def test_a_column_alone_is_no_table(value: object) -> None:
    with pytest.raises(TypeError, match="must have named columns, not"):
        arrow_table(value)


@pytest.mark.parametrize(
    ("tags", "message"),
    [("host", "a list of names, not str"), ([1], "a tag column must be a str, not int")],
)
def test_tags_are_names(tags: object, message: str) -> None:
    wrong: Any = tags
    with pytest.raises(TypeError, match=message):
        checked_tags(wrong)
