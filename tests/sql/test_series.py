"""The engine writes series as one would write them from rows, in each spelling and any cut."""

import json
from collections.abc import Iterator
from functools import partial
from itertools import count

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe import errors
from influxpe._engine import Engine, QueryStream, SeriesFormat
from influxpe.engine_types import Epoch, SeriesSpelling
from influxpe.http.v1.documents import Layout, Result, chunked, csv, packed, whole
from tests.sql.engines import DATABASE, Places, open_engine, write
from tests.sql.random_rows import random_rows
from tests.sql.series import (
    UNITS_NS,
    Question,
    expected_chunks,
    expected_csv,
    expected_series,
    pretty,
)

SEED = 20261126
FIELDS = ("f", "n", "u", "b", "s")
EPOCHS = st.none() | st.sampled_from(sorted(UNITS_NS))
TEXTS = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=8)
TAGS = st.none() | st.sampled_from(("a", "b", 'x,"y"', "été", "k=v"))
TIMES = st.integers(-(2**62), 2**62) | st.integers(0, 5).map(lambda at: at * 10**9)
ROWS = st.fixed_dictionaries(
    {
        "host": TAGS,
        "room": TAGS,
        "time": TIMES,
        "f": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "n": st.none() | st.integers(-(2**63), 2**63 - 1),
        "u": st.none() | st.integers(0, 2**64 - 1),
        "b": st.none() | st.booleans(),
        "s": st.none() | TEXTS,
    }
)
QUESTIONS = st.builds(
    Question,
    measurement=st.just("m"),
    columns=st.permutations((*FIELDS, "room")).map(lambda names: names[:4]),
    tags=st.sampled_from(((), ("host",), ("room",), ("room", "host"))),
    epoch=EPOCHS,
)
NUMBERS = count()


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    opened = open_engine(None)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    opened = Places(random_rows(SEED).parts, tmp_path_factory.mktemp("series"))
    yield opened
    opened.close()


def line(measurement: str, row: dict[str, object]) -> str:
    """Give a row as line protocol, with one field at least."""
    named = {name: row[name] for name in ("host", "room") if row[name] is not None}
    tags = "".join(f",{name}={tag(value)}" for name, value in named.items())
    told = [shown(name, row[name]) for name in FIELDS if row[name] is not None]
    return f"{measurement}{tags} {','.join(told or ['n=0i'])} {row['time']}"


def tag(value: object) -> str:
    return str(value).replace(",", r"\,").replace("=", r"\=")


def shown(name: str, value: object) -> str:
    if isinstance(value, str):
        return name + '="' + value.replace("\\", "\\\\").replace('"', r"\"") + '"'
    suffix = {"n": "i", "u": "u"}.get(name, "")
    return f"{name}={str(value).lower()}{suffix}"


def results(
    engine: Engine, asked: Question, spelling: SeriesSpelling, chunk_rows: int | None = None
) -> list[Result]:
    """Give the results of a question that is asked twice."""

    def begin(number: int) -> QueryStream:
        series = SeriesFormat(
            spelling, epoch=asked.epoch, chunk_rows=chunk_rows, statement_id=number
        )
        return engine.query(DATABASE, asked.text(), series=series, language="influxql")

    return [Result(number, partial(begin, number)) for number in range(2)]


def check_every_spelling(engine: Engine, asked: Question, rows: int) -> None:
    """Compare with what the rows of the question give."""
    series = expected_series(engine, asked)
    member = {"series": series} if series else {}
    document = {"results": [{"statement_id": number} | member for number in range(2)]}
    written = b"".join(whole(results(engine, asked, "json"), Layout(pretty=False)))
    assert written == msgspec.json.encode(document)
    written = b"".join(whole(results(engine, asked, "pretty_json"), Layout(pretty=True)))
    assert written == pretty(document)
    written = b"".join(packed(results(engine, asked, "msgpack")))
    assert written == msgspec.msgpack.encode(document)
    lines = expected_csv(series)
    written = b"".join(csv(results(engine, asked, "csv")))
    assert written.decode() == (f"{lines}\n{lines}" if lines else "")
    chunks = [one for number in range(2) for one in expected_chunks(number, series, rows)]
    written = b"".join(chunked(results(engine, asked, "json", rows), msgspec.json.encode))
    assert written == b"".join(map(msgspec.json.encode, chunks))
    written = b"".join(chunked(results(engine, asked, "pretty_json", rows), pretty))
    assert written == b"".join(map(pretty, chunks))
    written = b"".join(chunked(results(engine, asked, "msgpack", rows), msgspec.msgpack.encode))
    assert written == b"".join(map(msgspec.msgpack.encode, chunks))


@given(rows=st.lists(ROWS, max_size=12), asked=QUESTIONS, chunk_rows=st.integers(1, 4))
def test_random_rows_are_written_as_their_series(
    engine: Engine, rows: list[dict[str, object]], asked: Question, chunk_rows: int
) -> None:
    named = Question(f"m{next(NUMBERS)}", asked.columns, asked.tags, asked.epoch)
    everything = f'{named.measurement},host=a,room=b f=1,n=2i,u=3u,b=true,s="x" 4'
    write(engine, "\n".join([everything, *(line(named.measurement, row) for row in rows)]))
    check_every_spelling(engine, named, chunk_rows)


@pytest.mark.parametrize("tags", [(), ("host",), ("region", "host")])
@pytest.mark.parametrize("epoch", [None, "ms"])
@pytest.mark.parametrize("chunk_rows", [1, 100, 100_000])
def test_series_are_the_same_wherever_their_rows_are(
    places: Places, tags: tuple[str, ...], epoch: Epoch | None, chunk_rows: int
) -> None:
    asked = Question("cpu", ["usage", "load", "hits", "up", "note", "region"], tags, epoch)
    for engine in places.engines.values():
        check_every_spelling(engine, asked, chunk_rows)


def test_a_series_may_span_batches(engine: Engine) -> None:
    hosts = ["a"] * 20_000 + ["b"] * 9_000 + ["c"]
    write(engine, "\n".join(f"long,host={host} n={at}i {at}" for at, host in enumerate(hosts)))
    check_every_spelling(engine, Question("long", ["n"], ["host"]), 7_000)


def test_an_answer_without_rows_has_no_series(engine: Engine) -> None:
    check_every_spelling(engine, Question("nothing", ["n"]), 1)


def test_rows_before_a_failure_are_shown(engine: Engine) -> None:
    steps = [0.0] * 30_000 + [1000.0]
    write(engine, "\n".join(f"steep f={step} {at}" for at, step in enumerate(steps)))
    asked = Question("steep", ["exp(f)"], epoch="ns")
    error = "json: unsupported value: +Inf"
    for document in (
        json.loads(b"".join(whole(results(engine, asked, "json"), Layout(pretty=False)))),
        json.loads(b"".join(whole(results(engine, asked, "pretty_json"), Layout(pretty=True)))),
    ):
        for result in document["results"]:
            assert result["error"] == error
            values = result["series"][0]["values"]
            assert values == [[at, 1] for at in range(len(values))]
            assert 0 < len(values) < len(steps)
    *chunks, last = chunked(results(engine, asked, "json", 100)[:1], msgspec.json.encode)
    assert json.loads(last) == {"results": [{"statement_id": 0, "error": error}]}
    written = b"".join(chunks)
    assert written.endswith(b"]]}]}]}")  # the last one does not tell of the failure behind it
    assert written.count(b"statement_id") == -(-len(values) // 100)


@pytest.mark.parametrize(
    ("spelling", "epoch", "message"),
    [("xml", None, "unknown spelling of series: xml"), ("json", "us", "unknown epoch: us")],
)
def test_unknown_names_are_refused(
    spelling: SeriesSpelling, epoch: Epoch | None, message: str
) -> None:
    with pytest.raises(errors.InvalidError, match=message):
        SeriesFormat(spelling, epoch=epoch)


def test_a_statement_that_is_explained_has_no_tags(engine: Engine) -> None:
    write(engine, "plan,host=a n=1i 1")
    text = "EXPLAIN SELECT n FROM plan GROUP BY host"
    series = SeriesFormat("csv")
    stream = engine.query(DATABASE, text, series=series, language="influxql")
    assert b"".join(iter(stream.next_chunk, None)).startswith(b"name,tags,plan\nlogical_plan,,")
