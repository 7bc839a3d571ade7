"""Each statement in `cases` has the answer that its file shows, wherever the rows lie.

`SQL_UPDATE=1` writes the answers into the files instead; they are then to be read.
"""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from influxpe._engine import EngineError
from influxpe.engine_types import Language
from tests.sql.engines import DATABASE, Places, answer
from tests.sql.golden import Case, Golden, language_of, paths, read

UPDATE = os.environ.get("SQL_UPDATE") == "1"

golden = cache(read)


@pytest.fixture(scope="module")
def places_of(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[Golden], Places]]:
    """Hold the rows of a file; files with the same rows and caches share them."""
    opened: dict[tuple[str, ...], Places] = {}

    def places(file: Golden) -> Places:
        held = (*file.parts, *file.caches)
        if held not in opened:
            opened[held] = Places(file.parts, tmp_path_factory.mktemp("rows"), file.caches)
        return opened[held]

    yield places
    for places_opened in opened.values():
        places_opened.close()


def cases() -> list[object]:
    """Give each statement with the file that it stands in."""
    return [
        pytest.param(path, case, id=f"{path.name}: {case.title}")
        for path in paths()
        for case in golden(path).cases
    ]


def answers(places: Places, case: Case, language: Language) -> dict[str, str]:
    """Ask all engines: a table, or the kind and the text of an error."""
    found = {}
    for place, engine in places.engines.items():
        database = case.setting("database") or DATABASE
        try:
            told = answer(
                engine, case.sql, database=database, params=case.params(), language=language
            ).decode()
        except EngineError as error:
            told = f"{type(error).__name__}: {error}"
        found[place] = "\n".join(line.rstrip() for line in told.strip("\n").splitlines())
    return found


def is_expected(case: Case, told: str) -> bool:
    """Compare an answer; one that ends in an ellipsis goes on as it likes."""
    begin = case.expected.removesuffix("…")
    return told == case.expected or (begin != case.expected and told.startswith(begin))


def update(path: Path, case: Case, told: str) -> None:
    """Put an answer into its file."""
    file: Golden = golden(path)
    file.cases[file.cases.index(case)] = Case(case.title, case.sql, told)
    path.write_text(file.text())


@pytest.mark.parametrize(("path", "case"), cases())
def test_a_statement_has_its_answer(
    places_of: Callable[[Golden], Places], path: Path, case: Case
) -> None:
    told = answers(places_of(golden(path)), case, language_of(path))
    wrong = {place: text for place, text in told.items() if not is_expected(case, text)}
    if UPDATE and wrong:
        update(path, case, told["buffer"])
    else:
        assert wrong == {}, case.expected


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.name)
def test_a_file_of_statements_is_written_as_it_is_read(path: Path) -> None:
    file = read(path)
    assert file.text() == path.read_text()
    titles = [case.title for case in file.cases]
    assert sorted(set(titles)) == sorted(titles)
