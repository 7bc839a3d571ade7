"""Requests that are nearly right, by the hundred: each gets an answer, and the server goes on."""

import random
from collections.abc import Iterator

import httpx
import pytest

from tests.api_client import ApiClient
from tests.server_process import ServerProcess, serve_command

SEED = 20_260_101
REQUESTS = 400
EXPECTED = {200, 204, 400, 404, 405, 413, 415, 422}

LINES = (
    b'cpu,host=a\\ b,region="x" usage=0.5,count=3i,note="a \\"quoted\\" word",ok=t 1700000000000000'
    b"000\n"
    b"mem,host=b free=12u,used=-1e-3 1700000000000000001\n# a comment\ndisk free=1\n"
)
SQL = (
    "SELECT host, avg(usage) OVER (PARTITION BY host ORDER BY time) AS a, count(*) FROM cpu "
    "WHERE time > now() - INTERVAL '1 hour' AND host IN ('a', $h) GROUP BY host, usage, time "
    "HAVING count(*) > 1 ORDER BY 1 LIMIT 10"
)
TRIGGER = (
    '{"db":"garbage","trigger_name":"t","plugin_filename":"a.py","trigger_specification":'
    '"every:10s","trigger_settings":{"run_async":false,"error_behavior":"log"},'
    '"trigger_arguments":{"a":"b"},"disabled":true}'
)


def mutate(choice: random.Random, original: bytes) -> bytes:
    """Change a few bytes: cut, repeat, swap, overwrite."""
    text = bytearray(original)
    for _ in range(choice.randint(1, 4)):
        start = choice.randrange(len(text) + 1)
        end = min(len(text), start + choice.randint(0, 12))
        replacement = choice.choice(
            [
                b"",
                bytes(text[start:end]) * 2,
                choice.randbytes(choice.randint(1, 4)),
                choice.choice([b"\x00", b'"', b"\\", b"\n", b"=", b",", b" ", b"((((", b"9" * 30]),
            ]
        )
        text[start:end] = replacement
        text = text or bytearray(b" ")
    return bytes(text)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiClient]:
    folder = tmp_path_factory.mktemp("garbage")
    command = serve_command(folder / "data", "--plugin-dir", str(folder / "plugins"))
    with ServerProcess(folder, command) as server, ApiClient(server.url) as opened:
        opened.write_all("garbage", LINES.decode())
        yield opened
        assert len(opened.rows("garbage", "SELECT * FROM disk")) >= 1
        assert server.stop() == 0


def send(client: ApiClient, kind: str, text: bytes) -> httpx.Response:
    if kind == "lines":
        return client.http.post("/api/v3/write_lp?db=garbage", content=text)
    if kind == "sql":
        return client.sql("garbage", text.decode(errors="replace"), params={"h": "b"})
    headers = {"Content-Type": "application/json"}
    address = "/api/v3/query_sql"
    if kind == "trigger":
        address = "/api/v3/configure/processing_engine_trigger"
    return client.http.post(address, content=text, headers=headers)


@pytest.mark.parametrize(
    ("kind", "original"),
    [
        ("lines", LINES),
        ("sql", SQL.encode()),
        ("json", b'{"db":"garbage","q":"SELECT 1","format":"csv","params":{"a":1}}'),
        ("trigger", TRIGGER.encode()),
    ],
)
def test_a_nearly_right_request_gets_an_answer(
    client: ApiClient, kind: str, original: bytes
) -> None:
    choice = random.Random(SEED)  # noqa: S311 - a repeatable choice, not a secret
    for number in range(REQUESTS):
        text = mutate(choice, original)
        answer = send(client, kind, text)
        known = answer.status_code in EXPECTED or (kind == "trigger" and answer.status_code == 409)
        assert known, f"request {number}: {answer.status_code} {answer.text[:300]} for {text!r}"
