"""Plugins named `gh:<path>`: over HTTP from a server of this test, from a mirror, from a folder."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from influxpe.errors import PluginError
from influxpe.plugin.moved import MOVED
from influxpe.plugin.repository import PLUGIN_BYTES_MAX, PluginRepository
from influxpe.plugin.source import PluginSources

OLD_PATH = "examples/schedule/system_metrics/system_metrics.py"
NEW_PATH = "influxdata/system_metrics/system_metrics.py"
FILES = {
    "/base/plugin.py": b"x = 1\n",
    "/base/with%20blank.py": b"x = 2\n",
    f"/base/{NEW_PATH}": b"metrics = 1\n",
    "/base/bytes.py": b"\xff",
    "/base/large.py": b"#" * (PLUGIN_BYTES_MAX + 1),
}


class Handler(BaseHTTPRequestHandler):
    """Answers with the files above."""

    def do_GET(self) -> None:
        """Answer one request."""
        content = FILES.get(self.path)
        self.send_response(500 if self.path.endswith("broken.py") else 200 if content else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, format: str, *arguments: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/base/"
        server.shutdown()
        thread.join()


def fetch(base: str, path: str) -> str:
    return asyncio.run(PluginRepository(base).fetch(path))


@pytest.fixture(params=["folder", "file"])
def mirror(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    folder = tmp_path / "a mirror"
    for path in ("plugin.py", NEW_PATH):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"# {path}\n")
    (tmp_path / "secret.py").write_text("secret = 1\n")
    (folder / "link.py").symlink_to("../secret.py")
    return str(folder) if request.param == "folder" else folder.as_uri()


def test_a_plugin_is_fetched_over_http(base: str) -> None:
    assert fetch(base, "plugin.py") == "x = 1\n"
    assert fetch(base.rstrip("/"), "plugin.py") == "x = 1\n"
    assert fetch(base, "with blank.py") == "x = 2\n"


def test_an_unknown_plugin_is_a_404_with_the_address(base: str) -> None:
    with pytest.raises(PluginError) as raised:
        fetch(base, "a/absent.py")
    expected = f"error fetching plugin from repository: 404 Not Found {base}a/absent.py"
    assert str(raised.value) == expected


def test_another_status_is_told_with_the_address(base: str) -> None:
    with pytest.raises(PluginError, match="repository: 500 Internal Server Error http"):
        fetch(base, "broken.py")


def test_an_unreachable_repository_is_told_with_the_cause() -> None:
    with pytest.raises(PluginError) as raised:
        fetch("http://127.0.0.1:1/", "plugin.py")
    assert str(raised.value).startswith("error fetching plugin from repository: ")
    assert str(raised.value).endswith("for http://127.0.0.1:1/plugin.py")


def test_what_is_no_text_and_what_is_too_large_is_refused(base: str) -> None:
    with pytest.raises(PluginError, match="no UTF-8 text"):
        fetch(base, "bytes.py")
    with pytest.raises(PluginError, match=f"more than {PLUGIN_BYTES_MAX} bytes"):
        fetch(base, "large.py")


def test_a_moved_plugin_is_found_under_its_old_name(base: str, mirror: str) -> None:
    assert fetch(base, OLD_PATH) == "metrics = 1\n"
    assert fetch(mirror, OLD_PATH) == f"# {NEW_PATH}\n"


def test_the_old_name_wins_where_it_exists(tmp_path: Path) -> None:
    for path in (OLD_PATH, NEW_PATH):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(f"# {path}\n")
    assert fetch(str(tmp_path), OLD_PATH) == f"# {OLD_PATH}\n"


def test_a_moved_plugin_that_is_nowhere_is_reported_as_it_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(PluginError) as raised:
        fetch(str(tmp_path), OLD_PATH)
    assert str(raised.value).endswith(f"404 Not Found {tmp_path / OLD_PATH}")


def test_a_mirror_is_read(mirror: str) -> None:
    assert fetch(mirror, "plugin.py") == "# plugin.py\n"


def test_an_unknown_plugin_of_a_mirror_is_a_404(mirror: str) -> None:
    for path in ("absent.py", "influxdata", "plugin.py/below.py"):
        with pytest.raises(PluginError, match=f"repository: 404 Not Found /.*a mirror/{path}$"):
            fetch(mirror, path)


def test_a_symlink_that_leaves_a_mirror_is_refused(mirror: str) -> None:
    with pytest.raises(PluginError, match="lies outside the repository"):
        fetch(mirror, "link.py")


@pytest.mark.parametrize("path", ["../secret.py", "a/../../b.py", "/etc/hostname", "", "a\\b.py"])
def test_a_path_that_leaves_the_repository_is_refused(base: str, path: str) -> None:
    with pytest.raises(PluginError, match="Path traversal detected: plugin filename 'gh:"):
        fetch(base, path)


def test_no_old_name_leads_to_another_old_name() -> None:
    assert not set(MOVED) & set(MOVED.values())


@pytest.mark.parametrize("loss", ["repository", "file"])
def test_a_server_starts_with_the_copy_that_was_fetched_last(tmp_path: Path, loss: str) -> None:
    plugins, mirror = tmp_path / "plugins", tmp_path / "mirror"
    (mirror / "a").mkdir(parents=True)
    (mirror / "a" / "plugin.py").write_text("x = 'ü'\n")
    asyncio.run(PluginSources(plugins, str(mirror)).fetch("gh:a/plugin.py"))
    lost = mirror if loss == "repository" else mirror / "a" / "plugin.py"
    lost.rename(tmp_path / "lost")
    restarted = PluginSources(plugins, str(mirror))
    assert asyncio.run(restarted.read("gh:a/plugin.py")).code == "x = 'ü'\n"
    with pytest.raises(PluginError, match="404 Not Found"):
        asyncio.run(restarted.fetch("gh:a/plugin.py"))
    for other in ("gh:a/other.py", "gh:a"):
        with pytest.raises(PluginError, match="404 Not Found"):
            asyncio.run(restarted.read(other))
    with pytest.raises(PluginError, match="404 Not Found"):
        asyncio.run(PluginSources(plugins, str(tmp_path / "elsewhere")).read("gh:a/plugin.py"))


def test_a_start_prefers_what_the_repository_has(tmp_path: Path) -> None:
    plugins, mirror = tmp_path / "plugins", tmp_path / "mirror"
    mirror.mkdir()
    for word in ("first", "second"):
        (mirror / "plugin.py").write_text(word)
        source = asyncio.run(PluginSources(plugins, str(mirror)).read("gh:plugin.py"))
        assert source.code == word
    (copy,) = (path for path in plugins.rglob("*.py"))
    assert copy.read_text() == "second"


def test_a_copy_that_cannot_be_kept_fails_no_fetch(tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "plugin.py").write_text("x = 1\n")
    (tmp_path / "plugins").touch()
    sources = PluginSources(tmp_path / "plugins", str(tmp_path / "mirror"))
    assert asyncio.run(sources.fetch("gh:plugin.py")).code == "x = 1\n"


def test_a_path_that_leaves_the_copies_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("")
    with pytest.raises(PluginError, match="Path traversal detected"):
        asyncio.run(PluginSources(tmp_path, str(tmp_path / "absent")).read("gh:../../secret.py"))


def test_a_fetched_plugin_is_kept_until_it_is_fetched_again(tmp_path: Path) -> None:
    sources = PluginSources(None, str(tmp_path))
    (tmp_path / "plugin.py").write_text("x = 1\n")

    async def scenario() -> list[str]:
        first = await sources.read("gh:plugin.py")
        (tmp_path / "plugin.py").write_text("x = 2\n")
        kept = await sources.read("gh:plugin.py")
        fresh = await sources.fetch("gh:plugin.py")
        return [first.code, kept.code, fresh.code, (await sources.read("gh:plugin.py")).code]

    assert asyncio.run(scenario()) == ["x = 1\n", "x = 1\n", "x = 2\n", "x = 2\n"]
