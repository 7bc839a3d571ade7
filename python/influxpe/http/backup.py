"""The routes that hand out a consistent copy of the server, object by object."""

from collections.abc import AsyncIterator

import msgspec
from starlette.responses import Response

from influxpe import errors
from influxpe.config import BACKUP_READ_BYTES_MAX
from influxpe.http.messages import Call, Refusal, Streamed, empty_response, json_response
from influxpe.http.parameters import query_parameters
from influxpe.http.services import Services

MEDIA_TYPE = "application/octet-stream"
IN_MEMORY = "a server with the object store 'memory' keeps nothing that could be copied"


class _Backup(msgspec.Struct):
    id: str


class _Object(msgspec.Struct):
    id: str
    name: str
    offset: int = 0


class BackupEndpoints:
    """Backups of one engine."""

    def __init__(self, services: Services) -> None:
        self._threads = services.threads
        self._backups = services.backups
        self._in_memory = services.config.object_store == "memory"

    async def begin(self, _: Call) -> Response:
        """Open a backup, and say what is in it."""
        if self._in_memory:
            raise errors.UnsupportedError(IN_MEMORY)
        return json_response(await self._threads.catalog(self._backups.begin))

    async def read(self, call: Call) -> Streamed:
        """Hand out an object from an offset on."""
        given = query_parameters(_Object, call)
        size = self._backups.size(given.id, given.name)
        if not 0 <= given.offset <= size:
            raise Refusal(400, f"the offset {given.offset} lies outside of {size} bytes")
        first = await self._part(given, given.offset, size)
        return Streamed(MEDIA_TYPE, self._pieces(given, first, size))

    async def _pieces(self, given: _Object, piece: bytes, size: int) -> AsyncIterator[bytes]:
        offset = given.offset
        while piece:
            yield piece
            offset += len(piece)
            piece = await self._part(given, offset, size)
        if offset < size:
            raise errors.InternalError(f"'{given.name}' ends at byte {offset} of {size}")

    async def _part(self, given: _Object, offset: int, size: int) -> bytes:
        length = min(BACKUP_READ_BYTES_MAX, size - offset)
        if length <= 0:
            return b""
        return await self._threads.query(
            lambda: self._backups.read(given.id, given.name, offset, length)
        )

    async def end(self, call: Call) -> Response:
        """Let a backup go."""
        given = query_parameters(_Backup, call)
        await self._threads.catalog(lambda: self._backups.end(given.id))
        return empty_response()
