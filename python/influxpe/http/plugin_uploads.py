"""The routes that put plugin files onto the server.

A file comes as JSON with its text, or as it is (`application/octet-stream`) for a `?path=`; the
files of a trigger are found by its name. Messages and statuses are those of InfluxDB 3.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
from starlette.responses import Response

from influxpe.errors import PluginError
from influxpe.http.bodies import decode_body
from influxpe.http.messages import Call, Refusal, empty_response
from influxpe.http.parameters import json_parameters, query_parameters
from influxpe.http.services import Services
from influxpe.plugin import upload
from influxpe.plugin.repository import PREFIX as REPOSITORY_PREFIX

OCTETS = b"application/octet-stream"


class _Where(msgspec.Struct):
    db: str | None = None


class _Path(msgspec.Struct):
    path: str


class _File(msgspec.Struct):
    plugin_name: str
    content: str


class _FolderFile(msgspec.Struct):
    relative_path: str
    content: str


class _Folder(msgspec.Struct):
    plugin_name: str
    files: list[_FolderFile]


class PluginUploadEndpoints:
    """Files of the plugin folder of one server."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._bytes_max = services.config.max_http_request_size

    async def create_file(self, call: Call) -> Response:
        """Write a file below the plugin folder; `plugin_name` is its path there."""
        if _has_octets(call):
            return await self._write_octets(call)
        given = json_parameters(_File, call, self._bytes_max)
        return await self._write_file(given.plugin_name, _encoded(given.content))

    async def replace_file(self, call: Call) -> Response:
        """Write the file of a trigger; `plugin_name` is the name of the trigger."""
        if _has_octets(call):
            return await self._write_octets(call)
        given = json_parameters(_File, call, self._bytes_max)
        filename = await self._plugin_of(given.plugin_name, query_parameters(_Where, call).db)
        return await self._write_file(filename, _encoded(given.content))

    async def replace_folder(self, call: Call) -> Response:
        """Replace the folder of a trigger by other files, all in one step."""
        given = json_parameters(_Folder, call, self._bytes_max)
        filename = await self._plugin_of(given.plugin_name, query_parameters(_Where, call).db)
        files = [(file.relative_path, _encoded(file.content)) for file in given.files]
        directory = self._directory()
        return await self._do(lambda: upload.replace_folder(directory, filename, files))

    async def _write_octets(self, call: Call) -> Response:
        path = query_parameters(_Path, call).path
        body = decode_body(call.body, call.header(b"content-encoding"), self._bytes_max)
        return await self._write_file(path, body)

    async def _write_file(self, filename: str, content: bytes) -> Response:
        directory = self._directory()
        return await self._do(lambda: upload.write_file(directory, filename, content))

    async def _do(self, work: Callable[[], None]) -> Response:
        try:
            await self._services.threads.catalog(work)
        except (PluginError, OSError) as error:
            raise _refused(str(error)) from error
        return empty_response()

    def _directory(self) -> Path:
        directory = self._services.config.plugin_dir
        if directory is None:
            raise _refused("No plugin directory configured")
        return directory

    async def _plugin_of(self, name: str, database: str | None) -> str:
        """Find the plugin of a trigger; where a name is not enough, its database is asked for."""
        triggers = await self._services.threads.catalog(self._services.engine.triggers)
        named = [one for one in triggers if one.name == name and database in {None, one.database}]
        filenames = {one.plugin_filename for one in named}
        if len(filenames) > 1:
            databases = ", ".join(sorted(f"'{one.database}'" for one in named))
            reason = f"databases {databases} have triggers of this name: say which with db="
            raise Refusal(409, f"Processing engine error: plugin error: {reason}")
        if not filenames or (filename := filenames.pop()).startswith(REPOSITORY_PREFIX):
            raise _refused(f"Plugin not found: {name}")
        return filename


def _has_octets(call: Call) -> bool:
    kind = (call.header(b"content-type") or b"").partition(b";")[0]
    return kind.strip().lower() == OCTETS


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _refused(message: str) -> Refusal:
    return Refusal(500, f"Processing engine error: plugin error: {message}")
