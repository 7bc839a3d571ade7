"""The routes of a backup, object by object."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from influxpe.config import BACKUP_READ_BYTES_MAX, BACKUPS_OPEN_MAX
from tests.api_client import ApiClient
from tests.server_process import ServerProcess, serve_command

PATH = "/api/v3/backup"
OBJECT = f"{PATH}/object"
SEGMENT = f"wal/{1:020}.wal"
LARGE = b"0123456789abcdef" * (BACKUP_READ_BYTES_MAX // 16 + 1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server with a data directory and plugins for all tests of this file."""
    folder = tmp_path_factory.mktemp("server")
    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "a b&c.py").write_text("text")
    (plugins / "large.bin").write_bytes(LARGE)
    command = serve_command(folder / "data", "--plugin-dir", str(plugins))
    with ServerProcess(folder, command) as running:
        yield running


@pytest.fixture
def backup(client: ApiClient) -> Iterator[dict[str, Any]]:
    """Open a backup, and let it go."""
    document = client.http.post(PATH).json()
    yield document
    client.http.delete(PATH, params={"id": document["id"]})


def read(client: ApiClient, backup: dict[str, Any], name: str, **more: object) -> httpx.Response:
    params = {"id": backup["id"], "name": name} | {key: str(value) for key, value in more.items()}
    return client.http.get(OBJECT, params=params)


def test_a_backup_says_what_is_in_it(backup: dict[str, Any], client: ApiClient) -> None:
    assert backup["format"] == 1
    assert backup["node_id"] == "n0"
    assert backup["cluster_uuid"] == client.http.get("/ping").headers["cluster-uuid"]
    assert backup["taken_at"].endswith("Z")
    names = {found["name"]: found for found in backup["objects"]}
    assert SEGMENT in names
    assert names["plugins/a b&c.py"]["crc32"] == zlib.crc32(b"text")


def test_objects_come_whole_and_from_an_offset_on(
    backup: dict[str, Any], client: ApiClient
) -> None:
    sizes = {found["name"]: found["bytes"] for found in backup["objects"]}
    whole = read(client, backup, SEGMENT)
    assert whole.headers["content-type"] == "application/octet-stream"
    assert whole.content[:4] == b"IPSG"
    assert len(whole.content) == sizes[SEGMENT]
    assert read(client, backup, SEGMENT, offset=5).content == whole.content[5:]
    assert read(client, backup, SEGMENT, offset=sizes[SEGMENT]).content == b""
    assert read(client, backup, "plugins/a b&c.py").content == b"text"
    assert read(client, backup, "plugins/large.bin").content == LARGE
    assert read(client, backup, "plugins/large.bin", offset=3).content == LARGE[3:]


def test_what_was_written_later_is_not_in_it(backup: dict[str, Any], client: ApiClient) -> None:
    before = read(client, backup, SEGMENT).content
    client.write_all("db", "later v=1 1")
    assert read(client, backup, SEGMENT).content == before


@pytest.mark.parametrize(
    ("name", "more", "status", "text"),
    [
        ("wal/none.wal", {}, 404, "the backup has no object 'wal/none.wal'"),
        ("plugins/../data/influxpe.lock", {}, 404, "the backup has no object 'plugins/../data"),
        (SEGMENT, {"offset": -1}, 400, "the offset -1 lies outside of "),
        (SEGMENT, {"offset": 1 << 62}, 400, "the offset 4611686018427387904 lies outside of "),
        (SEGMENT, {"offset": "x"}, 400, "serde error: "),
    ],
)
def test_bad_parts_are_refused(
    backup: dict[str, Any],
    client: ApiClient,
    name: str,
    more: dict[str, object],
    status: int,
    text: str,
) -> None:
    answer = read(client, backup, name, **more)
    assert answer.status_code == status
    assert answer.text.startswith(text)


def test_what_has_ended_is_not_found(client: ApiClient) -> None:
    backup = client.http.post(PATH).json()
    ended = client.http.delete(PATH, params={"id": backup["id"]})
    assert (ended.status_code, ended.content) == (200, b"")
    for answer in (
        client.http.delete(PATH, params={"id": backup["id"]}),
        read(client, backup, SEGMENT),
    ):
        assert answer.status_code == 404
        assert answer.text.startswith(f"no backup '{backup['id']}' is open: it has ended, or")
    missing = client.http.delete(PATH)
    assert (missing.status_code, missing.text) == (400, "serde error: missing field `id`")
    missing = client.http.get(OBJECT, params={"id": "x"})
    assert (missing.status_code, missing.text) == (400, "serde error: missing field `name`")


def test_there_are_few_at_a_time(client: ApiClient) -> None:
    opened = [client.http.post(PATH).json()["id"] for _ in range(BACKUPS_OPEN_MAX)]
    refused = client.http.post(PATH)
    assert refused.status_code == 503
    assert refused.text.startswith("4 backups are open, which is the most at a time: wait until")
    for backup_id in opened:
        assert client.http.delete(PATH, params={"id": backup_id}).status_code == 200
    again = client.http.post(PATH).json()["id"]
    assert client.http.delete(PATH, params={"id": again}).status_code == 200


def test_a_client_that_goes_away_amid_an_object_leaves_the_rest(
    backup: dict[str, Any], client: ApiClient
) -> None:
    params = {"id": backup["id"], "name": "plugins/large.bin"}
    with client.http.stream("GET", OBJECT, params=params) as answer:
        assert next(answer.iter_raw())
    assert read(client, backup, "plugins/large.bin").content == LARGE


def test_a_server_in_memory_has_nothing_to_copy(
    tmp_path: Path, connect: Callable[..., ApiClient]
) -> None:
    with ServerProcess(tmp_path, serve_command(None)) as running:
        answer = connect(running.url).http.post(PATH)
    assert answer.status_code == 405
    assert (
        answer.text == "a server with the object store 'memory' keeps nothing that could be copied"
    )


def test_a_backup_needs_a_token(tmp_path: Path, connect: Callable[..., ApiClient]) -> None:
    words = [word for word in serve_command(tmp_path / "data") if word != "--without-auth"]
    with ServerProcess(tmp_path, words) as running:
        client = connect(running.url)
        assert client.http.post(PATH).status_code == 401
        assert client.http.get(OBJECT, params={"id": "x", "name": SEGMENT}).status_code == 401
        assert client.http.delete(PATH, params={"id": "x"}).status_code == 401
