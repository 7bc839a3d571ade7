"""Backups of real servers: under writes, killed amid, in S3, back to a moment."""

import contextlib
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.acceptance.accounts import all_there, read_points, whole_or_not_at_all
from tests.acceptance.writers import Writer, join, start_writing
from tests.api_client import ApiClient
from tests.integration.storage.backup_commands import Commands, files, flip, s3_words
from tests.integration.storage.line import Line
from tests.integration.storage.s3_service import BUCKET, S3Service
from tests.integration.storage.small_disk import small_disk
from tests.polling import eventually
from tests.server_process import ServerProcess, serve_command

# Megabytes of memory for rows, of which a quarter is stored at a time.
STORES_ALL_THE_TIME = ("--force-snapshot-mem-threshold", "8")
CONFIGURE = "/api/v3/configure"
WRITERS = 4

# Fails until a file is there, so that its cursor stays behind.
LAGS = """
import pathlib

def process_writes(influxdb3_local, table_batches, args=None):
    if not pathlib.Path(args["gate"]).exists():
        raise RuntimeError("not yet")
    for batch in table_batches:
        for row in batch["rows"]:
            line = LineBuilder("served").int64_field("n", row["n"])
            influxdb3_local.write(line.time_ns(row["time"]))
"""

Connect = Callable[..., ApiClient]


def metric(server: ServerProcess, name: str) -> int:
    """Read a counter of the engine."""
    lines = httpx.get(f"{server.url}/metrics").text.splitlines()
    (value,) = [line.split()[1] for line in lines if line.startswith(f"influxpe_{name} ")]
    return int(float(value))


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path)


def server_of(folder: Path, data_dir: Path, *words: str) -> ServerProcess:
    folder.mkdir(exist_ok=True)
    return ServerProcess(folder, serve_command(data_dir, *words))


def write_until_stored(server: ServerProcess, files_least: int) -> list[Writer]:
    """Write from several threads until there are files."""
    writers = [Writer(number, 1_000) for number in range(WRITERS)]
    stop = threading.Event()
    threads = start_writing(writers, server.address, stop)
    eventually(lambda: metric(server, "stored_files"), lambda n: n >= files_least, seconds=60)
    stop.set()
    join(threads)
    return writers


def check(url: str, writers: list[Writer], sure: list[int]) -> None:
    """Each point of the first `sure` batches is there, each later batch whole or not at all."""
    stored = read_points(url)
    for writer, count in zip(writers, sure, strict=True):
        assert writer.refused == []
        later = [*writer.acknowledged[count:], *writer.unanswered]
        assert all(all_there(stored, writer.number, b) for b in writer.acknowledged[:count])
        assert all(whole_or_not_at_all(stored, writer.number, batch) for batch in later)
    assert stored == {}


@pytest.mark.timeout(180)
def test_a_backup_under_full_writes_has_all_that_was_acknowledged_before(
    tmp_path: Path, commands: Commands
) -> None:
    writers = [Writer(number, 200) for number in range(WRITERS)]
    stop = threading.Event()
    with server_of(tmp_path, tmp_path / "data", *STORES_ALL_THE_TIME) as server:
        threads = start_writing(writers, server.address, stop)
        eventually(lambda: metric(server, "stored_files"), lambda n: n >= 2, seconds=60)
        sure = [len(writer.acknowledged) for writer in writers]
        commands.backup(server, tmp_path / "copy")
        stop.set()
        join(threads)
    assert all(len(w.acknowledged) > count > 0 for w, count in zip(writers, sure, strict=True))
    done = commands.restore(tmp_path / "copy", tmp_path / "back")
    assert "Databases: kill\n" in done.output
    with server_of(tmp_path / "second", tmp_path / "back") as server:
        check(server.url, writers, sure)
        with ApiClient(server.url) as client:
            client.write_all("kill", "later v=1i 1")
            server.kill()
        server.start()
        check(server.url, writers, sure)
        with ApiClient(server.url) as client:
            assert client.rows("kill", "SELECT v FROM later") == [{"v": 1}]


def test_what_is_not_rows_comes_back(tmp_path: Path, commands: Commands, connect: Connect) -> None:
    plugins, gate = tmp_path / "plugins", tmp_path / "gate"
    plugins.mkdir()
    (plugins / "lags.py").write_text(LAGS)
    with_tokens = [w for w in serve_command(tmp_path / "data") if w != "--without-auth"]
    words = [*with_tokens, "--plugin-dir", str(plugins)]
    with ServerProcess(tmp_path, words) as server:
        token = httpx.post(f"{server.url}{CONFIGURE}/token/admin").json()["token"]
        client = connect(server.url, token=token)
        assert client.http.post(f"{CONFIGURE}/database", json={"db": "empty"}).is_success
        table = {
            "db": "db",
            "table": "short",
            "tags": [],
            "fields": [{"name": "v", "type": "int64"}],
            "retention_period": "1d",
        }
        assert client.http.post(f"{CONFIGURE}/table", json=table).is_success
        client.write_all("db", f"short v=1i 1\nshort v=2i {time.time_ns()}")
        client.write_all("db", "gone v=1i 1\ngone v=2i 2")
        deletion = {"db": "db", "table": "gone", "stop": 2}
        assert client.http.post("/api/v3/delete_rows", json=deletion).is_success
        made = client.create_trigger(
            "db",
            "lags",
            specification="table:input",
            plugin="lags.py",
            arguments={"gate": str(gate)},
            settings={"run_async": False, "error_behavior": "retry"},
        )
        assert made.is_success, made.text
        client.write_all("db", "input n=1i 10\ninput n=2i 20")
        refused = commands.run("backup", str(tmp_path / "copy"), "--host", server.url)
        assert "[401 Unauthorized]" in refused.errors
        commands.backup(server, tmp_path / "copy", "--token", token)
    back = tmp_path / "plugins-back"
    done = commands.restore(tmp_path / "copy", tmp_path / "back", "--plugin-dir", str(back))
    assert "Databases: db, empty\n" in done.output
    assert (back / "lags.py").read_text() == LAGS
    words = [str(tmp_path / "back") if w == str(tmp_path / "data") else w for w in with_tokens]
    (tmp_path / "second").mkdir()
    with ServerProcess(tmp_path / "second", [*words, "--plugin-dir", str(back)]) as server:
        client = connect(server.url, token=token)
        assert client.rows("db", "SELECT v FROM short") == [{"v": 2}]
        assert client.rows("db", "SELECT v FROM gone") == [{"v": 2}]
        assert client.rows("db", "SELECT n FROM served") == []
        gate.touch()
        served = "SELECT n FROM served ORDER BY n"
        rows = eventually(lambda: client.rows("db", served), lambda rows: len(rows) >= 2)
        assert rows == [{"n": 1}, {"n": 2}]


def test_a_second_backup_only_adds(tmp_path: Path, commands: Commands) -> None:
    with server_of(tmp_path, tmp_path / "data", *STORES_ALL_THE_TIME) as server:
        writers = write_until_stored(server, 2)
        commands.backup(server, tmp_path / "copy")
        before = {path: path.stat().st_mtime_ns for path in files(tmp_path / "copy", "*.parquet")}
        with ApiClient(server.url) as client:
            client.write_all("kill", "later v=1i 1")
        done = commands.backup(server, tmp_path / "copy")
    assert before
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert done.number(r"(\d+) were there") >= 1
    listed = commands.run("backup", "--list", str(tmp_path / "copy"))
    assert [line.split()[-1] for line in listed.output.splitlines()] == ["BEFORE", "no", "yes"]
    commands.restore(tmp_path / "copy", tmp_path / "back")
    with server_of(tmp_path / "second", tmp_path / "back") as server:
        check(server.url, writers, [len(writer.acknowledged) for writer in writers])


def test_a_backup_that_is_killed_amid_goes_on(tmp_path: Path, commands: Commands) -> None:
    copy = tmp_path / "copy"
    with server_of(tmp_path, tmp_path / "data", *STORES_ALL_THE_TIME) as server:
        writers = write_until_stored(server, 4)
        port = int(server.address.rpartition(":")[2])
        with contextlib.closing(Line(port, bytes_max=until_amid_files(server))) as line:
            killed = commands.start("backup", str(copy), "--host", f"http://127.0.0.1:{line.port}")
            eventually(lambda: line.is_used_up, bool)
            killed.kill()
            killed.communicate()
        listed = commands.run("backup", "--list", str(copy))
        assert (listed.status, listed.output) == (0, f"There are no backups in {copy}\n")
        refused = commands.run("restore", str(copy), "--data-dir", str(tmp_path / "none"))
        assert f"Restore command failed: {copy} holds no backup" in refused.errors
        there = len(files(copy, "*.parquet"))
        done = commands.backup(server, copy)
    assert done.number(r"(\d+) were there") >= there
    assert files(copy, "*.draft") == []
    commands.restore(copy, tmp_path / "back")
    with server_of(tmp_path / "second", tmp_path / "back") as server:
        check(server.url, writers, [len(writer.acknowledged) for writer in writers])


def until_amid_files(server: ServerProcess) -> int:
    """Give about the bytes that are sent until the log and half of the files are copied."""
    offer = httpx.post(f"{server.url}/api/v3/backup")
    httpx.delete(f"{server.url}/api/v3/backup", params={"id": offer.json()["id"]})
    sizes = {item["name"]: item["bytes"] for item in offer.json()["objects"]}
    log = sum(size for name, size in sizes.items() if name.startswith("wal/"))
    rows = sum(size for name, size in sizes.items() if name.endswith(".parquet"))
    return int(len(offer.content) + log + rows // 2)


def wait_for_another_second() -> int:
    """Let the second end in which something was written; gives that second."""
    second = int(time.time())
    eventually(lambda: int(time.time()), lambda now: now > second)
    return second


def test_a_moment_between_two_writes_comes_back(tmp_path: Path, commands: Commands) -> None:
    with server_of(tmp_path, tmp_path / "data") as server, ApiClient(server.url) as client:
        client.write_all("db", "t v=1i 1")
        commands.backup(server, tmp_path / "copy")
        wait_for_another_second()
        client.write_all("db", "t v=2i 2")
        between = wait_for_another_second()
        client.write_all("db", "t v=3i 3")
        last = wait_for_another_second()
        commands.backup(server, tmp_path / "copy")
    for until_s, expected in [(between, [1, 2]), (last, [1, 2, 3]), (last + 3600, [1, 2, 3])]:
        back = tmp_path / f"back{until_s}"
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(until_s))
        commands.restore(tmp_path / "copy", back, "--until", until)
        with server_of(tmp_path / f"s{until_s}", back) as server, ApiClient(server.url) as client:
            rows = client.rows("db", "SELECT v FROM t ORDER BY v")
        assert [row["v"] for row in rows] == expected
    early = ["--until", "2001-01-01T00:00:00Z", "--data-dir", str(tmp_path / "none")]
    refused = commands.run("restore", str(tmp_path / "copy"), *early)
    assert refused.status == 1
    assert "there is no state to restore for that time: " in refused.errors
    assert "hint: restore points: " in refused.errors
    assert not (tmp_path / "none").exists()


def test_backups_lie_in_s3_and_restore_into_it(
    tmp_path: Path, commands: Commands, service: S3Service
) -> None:
    source = f"s3://{BUCKET}/copies/of/one"
    command = service.serve_command(tmp_path / "data", "copied", *STORES_ALL_THE_TIME)
    with ServerProcess(tmp_path, command) as server:
        writers = write_until_stored(server, 2)
        commands.backup(server, source, *s3_words(service))
        done = commands.backup(server, source, *s3_words(service))
        assert "0 objects copied" in done.output
    listed = commands.run("backup", "--list", source, *s3_words(service))
    assert len(listed.output.splitlines()) == 3
    sure = [len(writer.acknowledged) for writer in writers]
    commands.restore(source, tmp_path / "file", *s3_words(service))
    words = [w if w != "n0" else "copied" for w in serve_command(tmp_path / "file")]
    (tmp_path / "second").mkdir()
    with ServerProcess(tmp_path / "second", words) as server:
        check(server.url, writers, sure)
    to_s3 = ["--object-store", "s3", "--bucket", BUCKET, *s3_words(service)]
    refused = commands.run("restore", source, "--data-dir", str(tmp_path / "s3"), *to_s3)
    assert f"the bucket '{BUCKET}' has data of the node 'copied'" in refused.errors
    for name in service.bucket.names("copied/"):
        service.bucket.remove(name)
    commands.restore(source, tmp_path / "s3", *to_s3)
    assert not (tmp_path / "s3" / "store").exists()
    command = service.serve_command(tmp_path / "s3", "copied")
    (tmp_path / "third").mkdir()
    with ServerProcess(tmp_path / "third", command) as server:
        check(server.url, writers, sure)


def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, commands: Commands) -> None:
    copy, file = tmp_path / "copy", tmp_path / "file"
    file.touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    to = ("--data-dir", str(tmp_path / "back"))
    with server_of(tmp_path, tmp_path / "data", *STORES_ALL_THE_TIME) as server:
        write_until_stored(server, 1)
        host = ("--host", server.url)
        commands.backup(server, copy)
        told = {
            ("backup", str(file), *host): f"{file} is a file, not a folder",
            ("backup", f"{file}/x", *host): f"{file} is a file, not a folder",
            ("backup", f"{tmp_path}/data", *host): "/data is the data folder of a server, a back",
            ("backup", "/proc/none", *host): "cannot write /proc/none/backup.lock: ",
            ("backup", "s3://", *host): "'s3://' is no s3://bucket/prefix",
            ("backup", "--list", str(tmp_path / "no")): f"there is no folder {tmp_path / 'no'}",
            ("restore", str(tmp_path / "no"), *to): f"{tmp_path / 'no'} holds no backup",
            ("restore", str(copy), *to, "--node-id", "m"): "the backup is of the node 'n0', and ",
            ("restore", str(copy), "--data-dir", f"{tmp_path}/full"): "/full is not empty",
            ("restore", str(copy), "--data-dir", str(file)): f"cannot restore into {file}: not a",
            ("restore", str(copy), *to, "--position", "9999999"): "the newest backup ends at posit",
            ("restore", str(copy), *to, "--until", "1960-01-01T00:00:00Z"): "restore points: ",
            ("restore", str(copy), *to, "--object-store", "s3"): "needs the name of a bucket",
        }
        for words, text in told.items():
            done = commands.run(*words)
            assert done.status == 1, (words, done)
            assert text in done.errors, (words, done)
            assert "Traceback" not in done.errors
    gone = commands.run("backup", str(copy), *host)
    assert "no server answers there" in gone.errors
    damaged = files(copy, "*.parquet")[0]
    flip(damaged)
    done = commands.run("restore", str(copy), *to)
    assert (done.status, done.output) == (1, "")
    assert f"{damaged} is damaged: its checksum does not fit" in done.errors


def test_a_full_disk_is_told_and_the_copy_goes_on_with_space(
    tmp_path: Path, commands: Commands
) -> None:
    disk = tmp_path / "disk"
    with (
        server_of(tmp_path, tmp_path / "data", *STORES_ALL_THE_TIME) as server,
        small_disk(disk, "1m") as resize,
    ):
        writers = write_until_stored(server, 2)
        done = commands.run("backup", str(disk / "copy"), "--host", server.url)
        assert done.status == 1
        assert re.search(r"cannot write \S+: no space left on device\n", done.errors), done
        assert files(disk, "*.draft") == []
        resize("200m")
        commands.backup(server, disk / "copy")
        resize(f"{sum(path.stat().st_size for path in files(disk, '*')) // 1024 + 1024}k")
        done = commands.run("restore", str(disk / "copy"), "--data-dir", str(disk / "back"))
        assert done.status == 1
        assert "no space left on device" in done.errors
        resize("400m")
        commands.restore(disk / "copy", disk / "back")
        with server_of(tmp_path / "second", disk / "back") as second:
            check(second.url, writers, [len(writer.acknowledged) for writer in writers])
            second.kill()


def test_an_open_backup_does_not_hold_up_a_stop(tmp_path: Path) -> None:
    with server_of(tmp_path, tmp_path / "data") as server:
        assert httpx.post(f"{server.url}/api/v3/backup").status_code == 200
        assert server.stop() == 0
        server.start()
        assert httpx.post(f"{server.url}/api/v3/backup").status_code == 200
