"""Plugins of a plugin repository, named `gh:<path>`: from the web, a `file://` mirror or a folder.

A path may not leave the repository. What has moved there is found under its old name too.
"""

import asyncio
import os
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

import httpx

from influxpe.errors import PluginError
from influxpe.plugin.moved import MOVED

PREFIX = "gh:"
PLUGIN_BYTES_MAX = 8 * 1024 * 1024
CONNECT_SECONDS_MAX = 5.0
FETCH_SECONDS_MAX = 30.0


class NotInRepository(PluginError):
    """The repository answers, and has no such file."""


class PluginRepository:
    """Where `gh:` plugins come from: an HTTP(S) base, a `file://` URL or a path of a folder."""

    def __init__(self, base: str) -> None:
        self._base = base

    async def fetch(self, path: str) -> str:
        """Read the text of one plugin file. Raises `PluginError` with the address and the cause."""
        path = checked(path)
        try:
            return await self._fetch(path)
        except NotInRepository:
            if path not in MOVED:
                raise
            try:
                return await self._fetch(MOVED[path])
            except NotInRepository:
                pass  # the name that was asked for is the one to report
            raise

    async def _fetch(self, path: str) -> str:
        folder = self._folder()
        if folder is None:
            address = f"{self._base.rstrip('/')}/{quote(path)}"
            return _decoded(await self._download(address), address)
        return await asyncio.to_thread(_read, folder, path)

    def _folder(self) -> Path | None:
        parts = urlsplit(self._base)
        if parts.scheme in {"http", "https"}:
            return None
        if parts.scheme == "file":
            return Path(unquote(parts.path))
        return Path(self._base).expanduser()

    async def _download(self, address: str) -> bytes:
        try:
            async with asyncio.timeout(FETCH_SECONDS_MAX), _client() as client:
                return await _get(client, address)
        except TimeoutError:
            limit = f"no answer within {FETCH_SECONDS_MAX:g} s"
            raise _failed(f"{limit} from {address}") from None
        except httpx.HTTPError as error:
            cause = str(error) or type(error).__name__
            raise _failed(f"{cause} for {address}") from error


def _client() -> httpx.AsyncClient:
    timeout = httpx.Timeout(FETCH_SECONDS_MAX, connect=CONNECT_SECONDS_MAX)
    return httpx.AsyncClient(timeout=timeout, follow_redirects=True)


async def _get(client: httpx.AsyncClient, address: str) -> bytes:
    async with client.stream("GET", address) as response:
        if response.status_code != httpx.codes.OK:
            status = f"{response.status_code} {response.reason_phrase}".strip()
            kind = NotInRepository if response.status_code == 404 else PluginError
            raise _failed(f"{status} {address}", kind)
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > PLUGIN_BYTES_MAX:
                raise _failed(f"more than {PLUGIN_BYTES_MAX} bytes at {address}")
        return bytes(content)


def checked(path: str) -> str:
    """Give a path without what it need not have. Raises `PluginError` where it leads outside."""
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or path.startswith("/") or "\\" in path or "\0" in path:
        raise PluginError(
            f"Path traversal detected: plugin filename '{PREFIX}{path}' attempts to access files "
            "outside the plugin repository"
        )
    return "/".join(parts)


def _read(folder: Path, path: str) -> str:
    file = folder / path
    try:
        content = _inside(folder, file).read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise _failed(f"404 Not Found {file.absolute()}", NotInRepository) from None
    except OSError as error:
        raise _failed(f"{error.strerror} {file.absolute()}") from error
    if len(content) > PLUGIN_BYTES_MAX:
        raise _failed(f"more than {PLUGIN_BYTES_MAX} bytes in {file.absolute()}")
    return _decoded(content, str(file.absolute()))


def _inside(folder: Path, file: Path) -> Path:
    resolved = Path(os.path.realpath(file))
    if not resolved.is_relative_to(os.path.realpath(folder)):
        raise _failed(f"{file} lies outside the repository")
    return resolved


def _decoded(content: bytes, address: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise _failed(f"no UTF-8 text at {address}") from error


def _failed(cause: str, kind: type[PluginError] = PluginError) -> PluginError:
    return kind(f"error fetching plugin from repository: {cause}")
