"""Queries beside each other over HTTP: limits, the list of what runs, and how one is ended."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api_client import ApiClient
from tests.polling import eventually
from tests.server_process import ServerProcess, serve_command

ENDLESS = "SELECT count(*) AS n FROM generate_series(1, 9000000000000000)"
LISTED = f"{ENDLESS} -- listed"
# Begins its answer, and does not end it.
ENDLESS_ROWS = "SELECT value FROM generate_series(1, 9000000000000000)"
SORT = "SELECT value FROM generate_series(1, 300000) ORDER BY value % 7, value"
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server in memory, where one large query runs at a time, and one small beside it."""
    arguments = ["--max-concurrent-queries", "2"]
    folder = tmp_path_factory.mktemp("server")
    with ServerProcess(folder, serve_command(None, *arguments)) as running:
        with ApiClient(running.url) as client:
            client.write_all("q", "cpu,host=a value=1 1\ncpu,host=b value=2.5 2")
        yield running


@pytest.fixture
def timed(tmp_path: Path, connect: Callable[[str], ApiClient]) -> Iterator[ApiClient]:
    """Open a client of a server whose queries may take half a second."""
    with ServerProcess(tmp_path, serve_command(None, "--query-timeout", "500ms")) as running:
        client = connect(running.url)
        client.write_all("q", "cpu value=1 1")
        yield client


class Asking:
    """A query that is asked from a thread of its own."""

    def __init__(self, url: str, sql: str) -> None:
        self._url, self._sql = url, sql
        self.answers: list[httpx.Response | httpx.HTTPError] = []
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        with ApiClient(self._url) as client:
            try:
                self.answers.append(client.sql("q", self._sql))
            except httpx.HTTPError as error:
                self.answers.append(error)

    def answer(self) -> httpx.Response | httpx.HTTPError:
        """Give what it was answered, at last."""
        self._thread.join(30)
        return self.answers[0]


def running(client: ApiClient, sql: str) -> list[dict[str, Any]]:
    """Give what the server says of the running queries of a text."""
    asked = "SELECT id, phase FROM system.queries WHERE running AND query_text = $text ORDER BY id"
    rows: list[dict[str, Any]] = client.sql("q", asked, params={"text": sql}).json()
    return rows


def logged(client: ApiClient, sql: str) -> dict[str, Any]:
    """Give what the server has kept of the only query of a text."""
    asked = (
        "SELECT phase, success, cancelled, max_memory FROM system.queries WHERE query_text = $text"
    )
    [row] = client.sql("q", asked, params={"text": sql}).json()
    found: dict[str, Any] = row
    return found


def phases(client: ApiClient, sql: str) -> list[str]:
    return sorted(row["phase"] for row in running(client, sql))


def cancel(client: ApiClient, query_id: str) -> httpx.Response:
    return client.http.delete("/api/v3/query", params={"id": query_id})


def cancel_all(client: ApiClient, sql: str) -> None:
    for row in running(client, sql):
        cancel(client, row["id"])


def test_a_running_query_is_listed_and_ended_by_its_id(
    client: ApiClient, server: ServerProcess
) -> None:
    asking = Asking(server.url, LISTED)
    [row] = eventually(lambda: running(client, LISTED), bool)
    ended = cancel(client, row["id"])
    assert (ended.status_code, ended.content) == (204, b"")
    answer = asking.answer()
    assert isinstance(answer, httpx.Response)
    assert (answer.status_code, answer.text) == (503, "query cancelled")
    assert "retry-after" not in answer.headers
    found = logged(client, LISTED)
    assert (found["phase"], found["cancelled"]) == ("cancel", True)
    again = cancel(client, row["id"])
    assert (again.status_code, again.text) == (404, f"no query {row['id']} is running")


@pytest.mark.parametrize("query_id", ["", "-1", "x", str(2**63)])
def test_an_id_that_can_be_none_is_refused(client: ApiClient, query_id: str) -> None:
    assert cancel(client, query_id).status_code == 400


def test_an_answer_that_has_begun_is_cut_off_by_its_end(
    client: ApiClient, server: ServerProcess
) -> None:
    asking = Asking(server.url, ENDLESS_ROWS)
    permitted = ["execution_permit"]
    eventually(lambda: phases(client, ENDLESS_ROWS), lambda found: found == permitted)
    cancel_all(client, ENDLESS_ROWS)
    answer = asking.answer()
    cut_off = isinstance(answer, httpx.RemoteProtocolError)
    assert cut_off or (isinstance(answer, httpx.Response) and answer.status_code == 503)


def test_a_client_that_goes_away_ends_its_query_before_the_first_row(
    client: ApiClient, server: ServerProcess
) -> None:
    url = httpx.URL(server.url)
    body = json.dumps({"db": "q", "q": ENDLESS}).encode()
    head = f"POST /api/v3/query_sql HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection((url.host, url.port)) as connection:
        connection.sendall(head.encode() + body)
        eventually(lambda: running(client, ENDLESS), bool)
    eventually(lambda: running(client, ENDLESS), lambda found: not found)


def test_large_queries_wait_for_each_other_and_small_ones_do_not(
    client: ApiClient, server: ServerProcess
) -> None:
    asked = [Asking(server.url, ENDLESS) for _ in range(2)]
    one_waits = ["execution_permit", "physically_planned"]
    eventually(lambda: phases(client, ENDLESS), lambda found: found == one_waits)
    assert client.rows("q", "SELECT count(*) AS n FROM cpu") == [{"n": 2}]
    client.write_all("q", "cpu,host=c value=3 3")
    assert phases(client, ENDLESS) == one_waits
    cancel_all(client, ENDLESS)
    for asking in asked:
        answer = asking.answer()
        assert isinstance(answer, httpx.Response)
        assert answer.status_code == 503


def test_a_query_that_takes_too_long_is_answered_with_the_limit(timed: ApiClient) -> None:
    answer = timed.sql("q", ENDLESS)
    assert (answer.status_code, answer.text) == (504, "query timed out after 500ms")
    influxql = {"db": "q", "q": "SELECT value FROM cpu"}
    short = timed.http.post("/api/v3/query_influxql", json=influxql)
    assert short.status_code == 200
    found = logged(timed, ENDLESS)
    assert (found["phase"], found["success"]) == ("fail", False)


def test_what_does_not_fit_into_memory_is_sorted_on_disk(
    tmp_path: Path, connect: Callable[[str], ApiClient]
) -> None:
    limits = ["--exec-mem-pool-bytes", "16", "--query-memory-limit", "2"]
    data = tmp_path / "data"
    with ServerProcess(tmp_path, serve_command(data, *limits)) as server:
        client = connect(server.url)
        client.write_all("q", "cpu value=1 1")
        answer = client.sql("q", SORT, format="csv")
        assert answer.status_code == 200, answer.text
        values = [int(line) for line in answer.text.splitlines()[1:]]
        assert values == sorted(range(1, 300_001), key=lambda value: (value % 7, value))
        assert 0 < logged(client, SORT)["max_memory"] <= 2 * MEBIBYTE
        files = [path for path in (data / "influxpe.spill").rglob("*") if path.is_file()]
        assert files == []
