"""`/api/v3/query_sql`: SQL in, encoded rows out, chunk by chunk as the engine makes them.

An error before the first bytes has a status of its own. After them the body is cut off, which a
client can tell from a complete one. A client that goes away ends its query.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import msgspec
from starlette.responses import Response
from starlette.types import Receive

from influxpe import errors
from influxpe._engine import Cancellation
from influxpe.http import errors as table
from influxpe.http.bodies import decode_body
from influxpe.http.messages import (
    Answer,
    Call,
    Disconnected,
    Refusal,
    Streamed,
    json_refusal,
    succeeded,
)
from influxpe.http.names import INTERNAL_DATABASE
from influxpe.http.parameters import decode_json, query_parameters
from influxpe.http.services import Services
from influxpe.http.threads import Threads
from influxpe.queries import RunningQuery

if TYPE_CHECKING:
    from influxpe._engine import QueryStream
    from influxpe.engine_types import Format, Language, Scalar

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
FormatName = Literal["json", "json_lines", "jsonl", "csv", "pretty", "parquet"]
FORMATS: dict[str, Format] = {
    "json": "json",
    "json_lines": "json_lines",
    "jsonl": "json_lines",
    "csv": "csv",
    "pretty": "pretty",
    "parquet": "parquet",
}
MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "json_lines": "application/jsonl",
    "csv": "text/csv",
    "pretty": "text/plain; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
ACCEPTED: dict[bytes, Format] = {
    b"application/vnd.apache.parquet": "parquet",
    b"text/csv": "csv",
    b"text/plain": "pretty",
    b"application/json": "json",
    b"*/*": "json",
}
# A query that takes no longer ends before anybody could be told that its client is gone.
WATCHED_AFTER_SECONDS = 0.01
I64_MIN, U64_MAX = -(2**63), 2**64 - 1


class UrlQuery(msgspec.Struct, kw_only=True):
    """A query in a URL, whose database may stand in its text instead."""

    db: str | None = None
    q: str
    format: FormatName | None = None
    params: str | None = None


class JsonQuery(msgspec.Struct, kw_only=True):
    """The same in a body."""

    db: str | None = None
    q: str
    format: FormatName | None = None
    params: dict[str, Any] | None = None


class _SqlUrlQuery(UrlQuery, kw_only=True):
    db: str


class _SqlJsonQuery(JsonQuery, kw_only=True):
    db: str


def choose_format(accept: bytes | None, requested: str | None) -> Format:
    """Give the format: the one asked for by name, else by `Accept`, which must be known anyway."""
    accepted = _accepted(accept)
    return accepted if requested is None else FORMATS[requested]


def _accepted(accept: bytes | None) -> Format:
    if accept is None:
        return "json"
    if accept in ACCEPTED:
        return ACCEPTED[accept]
    if b"text/html" in accept or b"*/*" in accept:
        return "json"
    raise Refusal(400, f"invalid mime type ({accept.decode('latin-1')})")


def check_parameters(given: Mapping[str, Any] | None, source: str) -> dict[str, Scalar] | None:
    """Give the values for `$name` placeholders. Raises `Refusal` (400) for lists and objects."""
    if given is None:
        return None
    return {name: _scalar(value, source) for name, value in given.items()}


def _scalar(value: object, source: str) -> Scalar:
    if isinstance(value, bool | float | str | None):
        return value
    if isinstance(value, int):
        return value if I64_MIN <= value <= U64_MAX else float(value)
    kind = "arrays" if isinstance(value, list) else "objects"
    raise Refusal(
        400,
        f"{source} error: JSON {kind} are not supported as query parameters. "
        "Expected null, boolean, number, or string.",
    )


# The one system table whose rows the engine cannot know.
PLUGIN_FILES = "plugin_files"


class QueryDoor(ABC):
    """Reads queries of one language from URLs and bodies."""

    url_query: type[UrlQuery] = UrlQuery
    json_query: type[JsonQuery] = JsonQuery

    def __init__(self, services: Services) -> None:
        self._services = services

    async def get(self, call: Call) -> Answer:
        """Answer a query in the URL."""
        if not call.query_string:
            raise Refusal(400, "missing query parameters 'db' and 'q'")
        given = query_parameters(self.url_query, call)
        params = None if given.params is None else url_parameters(given.params)
        form = choose_format(call.header(b"accept"), given.format)
        return await self._run(call, given.db, given.q, params, form)

    async def post(self, call: Call) -> Answer:
        """Answer a query in a JSON body of any content type."""
        bytes_max = self._services.config.max_http_request_size
        body = decode_body(call.body, call.header(b"content-encoding"), bytes_max)
        given = decode_json(self.json_query, body)
        params = check_parameters(given.params, "serde json")
        form = choose_format(call.header(b"accept"), given.format)
        return await self._run(call, given.db, given.q, params, form)

    @abstractmethod
    async def _run(
        self,
        call: Call,
        database: str | None,
        text: str,
        params: dict[str, Scalar] | None,
        form: Format,
    ) -> Answer:
        """Answer a query that has been read."""


class QueryEndpoints(QueryDoor):
    """`/api/v3/query_sql` over one engine."""

    url_query = _SqlUrlQuery
    json_query = _SqlJsonQuery

    async def _run(
        self,
        call: Call,
        database: str | None,
        text: str,
        params: dict[str, Scalar] | None,
        form: Format,
    ) -> Answer:
        services = self._services
        if database == INTERNAL_DATABASE and PLUGIN_FILES in text:
            await services.processing.list_files()
        return await answer_query(
            services,
            call,
            database or "",  # there, if only as an empty text
            text,
            params=params,
            form=form,
        )


def url_parameters(text: str) -> dict[str, Scalar] | None:
    """Give the values for placeholders from JSON text. Raises `Refusal` (400)."""
    try:
        given = msgspec.json.decode(text.encode(), type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Refusal(400, f"serde error: params: {error}") from error
    return check_parameters(given, "serde")


async def answer_query(
    services: Services,
    call: Call,
    database: str,
    text: str,
    *,
    params: Mapping[str, Scalar] | None = None,
    form: Format,
    language: Language = "sql",
) -> Answer:
    """Run a query and answer with its rows: whole where they fit into one chunk, else streamed.

    Raises the errors of the engine, and `Disconnected` where the client does not wait for them.
    """
    cancellation = Cancellation()

    def begin(number: int) -> QueryStream:
        return services.engine.query(
            database,
            text,
            params=params,
            format=form,
            language=language,
            cancellation=cancellation,
            number=number,
        )

    query = services.queries.start(begin)
    watch = _QueryWatch(call.receive, query)
    try:
        first = await query.next_chunk()
        second = None if first is None else await query.next_chunk()
    except BaseException:
        watch.end()
        cancellation.cancel()
        raise
    source = _Source(query.next_chunk, watch, cancellation)
    return source.answer(MEDIA_TYPES[form], first, second)


class _Ends(Protocol):
    def end(self) -> None: ...


class _Source:
    """The chunks of an answer that has begun, and what must end with it."""

    def __init__(
        self,
        next_chunk: Callable[[], Awaitable[bytes | None]],
        watch: _Ends,
        cancellation: Cancellation,
    ) -> None:
        self._next_chunk = next_chunk
        self._watch = watch
        self._cancellation = cancellation

    def answer(self, media_type: str, first: bytes | None, second: bytes | None) -> Answer:
        """Answer whole where there is no second chunk, else as a stream."""
        if second is None:
            self._watch.end()
            return succeeded(Response(first or b"", headers={"content-type": media_type}))
        return Streamed(media_type, self._chunks(first or b"", second))

    async def _chunks(self, first: bytes, second: bytes) -> AsyncIterator[bytes]:
        try:
            yield first
            yield second
            while (more := await self._next_chunk()) is not None:
                yield more
        finally:
            self._watch.end()
            self._cancellation.cancel()


class _QueryWatch:
    """Ends the wait for a query where its client goes away; one that ends soon is not watched."""

    def __init__(self, receive: Receive, query: RunningQuery) -> None:
        self._receive = receive
        self._query = query
        self._gone: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(WATCHED_AFTER_SECONDS, self._begin)

    def end(self) -> None:
        """Stop watching."""
        self._timer.cancel()
        if self._gone is not None:
            self._gone.cancel()

    def _begin(self) -> None:
        self._gone = asyncio.ensure_future(self._until_gone())

    async def _until_gone(self) -> None:
        await _disconnect(self._receive)
        self._query.end(Disconnected())


async def answer_chunks(
    threads: Threads,
    call: Call,
    media_type: str,
    begin: Callable[[Cancellation], Callable[[], bytes | None]],
) -> Answer:
    """Answer with what the function that `begin` gives returns, call by call, until `None`.

    All of it runs beside the event loop, and ends what it is given to cancel where nobody waits
    any more. Raises what `begin` and the first two calls raise, and `Disconnected` where the client
    does not wait for them.
    """
    cancellation = Cancellation()

    def first_two() -> tuple[Callable[[], bytes | None], bytes | None, bytes | None]:
        following = begin(cancellation)
        first = following()
        return following, first, None if first is None else following()

    watch = _Watch(call.receive)
    try:
        following, first, second = await watch.unless_disconnected(threads.query(first_two))
    except BaseException:
        watch.end()
        cancellation.cancel()
        raise

    def next_chunk() -> Awaitable[bytes | None]:
        return watch.unless_disconnected(threads.query(following))

    return _Source(next_chunk, watch, cancellation).answer(media_type, first, second)


class _Watch:
    """Notices that the client goes away while a query runs."""

    def __init__(self, receive: Receive) -> None:
        self._gone = asyncio.ensure_future(_disconnect(receive))

    async def unless_disconnected(self, work: asyncio.Future[Result]) -> Result:
        """Give the outcome of work, which is left alone on `Disconnected`."""
        either: set[asyncio.Future[Any]] = {work, self._gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            work.add_done_callback(_forget)
            raise Disconnected
        return work.result()

    def end(self) -> None:
        """Stop watching."""
        self._gone.cancel()


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _forget(work: asyncio.Future[Any]) -> None:
    if not work.cancelled() and (error := work.exception()) is not None:
        logger.info("a query ended after its client had gone: %s", error)


def answer_error(error: Exception) -> Response:
    """Give the answer of the query routes for an error; an unknown database is told in JSON."""
    if isinstance(error, errors.NotFoundError):
        return json_refusal(404, str(error)).response()
    return table.answer(error)
