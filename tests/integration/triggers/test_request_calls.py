"""Request triggers over HTTP: any method and sub-path, what a plugin is told, bodies."""

import asyncio
import gzip
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from influxpe.config import HTTP_REQUEST_BYTES_MAX
from influxpe.http import call_plugin
from influxpe.http.bodies import decode_body
from tests.integration.http.h2_client import H2Client, Reply
from tests.integration.triggers.harness import REQUEST, open_engine, running
from tests.integration.triggers.served import Client, served

TELL = f"""{REQUEST}
    return {{"query": query_parameters, "headers": headers, "size": len(body)}}
"""


async def told(
    client: Client, path: str, *, method: str = "POST", headers: str = ""
) -> dict[str, str]:
    """Ask a plugin what it was told in headers."""
    answer = await client.ask(path, method=method, headers=headers)
    found: dict[str, str] = json.loads(answer.body)["headers"]
    return found


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_plugin_serves_any_method_and_learns_it(tmp_path: Path, method: str) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            await host.trigger("tell", "request:tell", TELL)
            headers = await told(client, "tell", method=method)
            assert headers["x-influxpe-method"] == method

    asyncio.run(scenario())


def test_head_has_the_length_of_an_answer_and_no_body(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            code = f"{REQUEST}    return headers['x-influxpe-method']\n"
            await host.trigger("tell", "request:tell", code)
            answer = await client.ask("tell", method="HEAD")
            assert (answer.status, answer.headers["content-length"]) == (200, "4")

    asyncio.run(scenario())


def test_http2_reaches_a_plugin_just_so(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            await host.trigger("tell", "request:tell", TELL)

            def ask(method: str) -> Reply:
                cookies = [(b"cookie", b"a=1"), (b"cookie", b"b=2")]
                with H2Client(client.address) as h2:
                    path = "/api/v3/engine/tell/x?a=1"
                    return h2.reply(h2.open(method, path, *cookies, end=True))

            told = json.loads((await asyncio.to_thread(ask, "PUT")).body)["headers"]
            assert (told["x-influxpe-method"], told["cookie"]) == ("PUT", "a=1; b=2")
            assert told["x-influxpe-path"] == "/api/v3/engine/tell/x"
            head = await asyncio.to_thread(ask, "HEAD")
            assert (head.status, head.body) == (200, b"")

    asyncio.run(scenario())


def test_other_methods_do_not_reach_a_plugin(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            await host.trigger("tell", "request:tell", TELL)
            assert (await client.ask("tell", method="OPTIONS")).status == 204
            assert (await client.ask("tell", method="PROPFIND")).status == 404

    asyncio.run(scenario())


def test_a_plugin_learns_what_follows_its_path(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            await host.trigger("tell", "request:hooks", TELL)
            await host.trigger("longer", "request:hooks/a", f"{REQUEST}    return 'longer'\n")
            headers = await told(client, "hooks/b%20c/d?x=1")
            assert headers["x-influxpe-path"] == "/api/v3/engine/hooks/b%20c/d"
            assert headers["x-influxpe-subpath"] == "b%20c/d"
            assert headers["x-influxpe-client"] == "127.0.0.1"
            assert (await told(client, "hooks"))["x-influxpe-subpath"] == ""
            assert (await client.ask("hooks/a/b")).body == b"longer"
            unknown = await client.ask("hooksa")
            assert (unknown.status, "'hooks', 'hooks/a'" in unknown.error) == (404, True)

    asyncio.run(scenario())


def test_a_client_cannot_forge_what_the_server_tells(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            await host.trigger("tell", "request:tell", TELL)
            forged = "".join(
                f"X-Influxpe-{name}: forged\r\n"
                for name in ("Method", "Path", "Subpath", "Client", "Other")
            )
            headers = await told(client, "tell/x", headers=forged)
            assert "forged" not in headers.values()
            assert headers["x-influxpe-subpath"] == "x"

    asyncio.run(scenario())


def test_repeated_keys_and_headers_and_other_letters_arrive(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            await host.trigger("tell", "request:tell", TELL)
            sent = "X-A: 1\r\nx-a: 2\r\nX-Name: J\u00f6rg \u20ac\r\nAuthorization: Bearer x\r\n"
            answer = await client.ask("tell?a=1&a=%C3%A4&flag", headers=sent)
            told = json.loads(answer.body)
            assert told["query"] == {"a": "\u00e4", "flag": ""}
            assert told["headers"]["x-a"] == "1, 2"
            assert told["headers"]["x-name"] == "J\u00f6rg \u20ac"
            assert "authorization" not in told["headers"]

    asyncio.run(scenario())


def test_bodies_are_decoded_and_limited_before_and_after(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            running(tmp_path) as host,
            served(host, bytes_max=1_000_000) as client,
        ):
            await host.trigger("tell", "request:tell", TELL)
            whole, packed = b"x" * 1_000_000, "Content-Encoding: gzip\r\n"
            assert json.loads((await client.ask("tell", whole)).body)["size"] == len(whole)
            answer = await client.ask("tell", gzip.compress(whole), headers=packed)
            assert json.loads(answer.body)["size"] == len(whole)
            assert (await client.ask("tell", whole + b"x")).status == 413
            bomb = gzip.compress(whole * 50)
            assert (await client.ask("tell", bomb, headers=packed)).status == 413

    asyncio.run(scenario())


@pytest.mark.parametrize("size", [100, 1_000_000])
def test_large_bodies_are_unpacked_beside_the_event_loop(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def decode(*arguments: Any) -> bytes:  # noqa: ANN401 - passed on
        threads.append(threading.get_ident())
        return decode_body(*arguments)

    monkeypatch.setattr(call_plugin, "decode_body", decode)

    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            await host.trigger("tell", "request:tell", TELL)
            body = gzip.compress(os.urandom(size))
            answer = await client.ask("tell", body, headers="Content-Encoding: gzip\r\n")
            assert json.loads(answer.body)["size"] == size
            is_large = len(body) > call_plugin.GZIP_AT_ONCE_BYTES_MAX
            assert (threads != [threading.get_ident()]) == is_large

    asyncio.run(scenario())


def test_a_request_that_writes_nothing_waits_for_no_commit(tmp_path: Path) -> None:
    async def scenario() -> None:
        engine = open_engine(tmp_path / "data")
        try:
            async with running(tmp_path, engine=engine) as host:
                await host.trigger("tell", "request:tell", TELL)
                positions = set()
                for _ in range(50):
                    await host.get("tell")
                    positions.add(engine.stats().position)
                # Rows of the history are committed together, once a second.
                assert len(positions) < 25
        finally:
            engine.close()

    asyncio.run(scenario())


def test_bodies_of_ten_megabytes_come_back_as_they_were_sent(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            await host.trigger("echo", "request:echo", f"{REQUEST}    return body\n")
            body = os.urandom(HTTP_REQUEST_BYTES_MAX)
            answers = await asyncio.gather(*(client.ask("echo", body) for _ in range(3)))
            assert [answer.body == body for answer in answers] == [True] * 3

    asyncio.run(scenario())
