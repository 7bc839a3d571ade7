"""One connection of HTTP/2: frames in and out, its requests side by side.

`h2` knows the protocol: what comes is parsed and judged by it, and so is every head that goes out.
The bodies of answers are framed here, so that they are not copied on their way to the socket. No
input raises or ends the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from typing import TYPE_CHECKING, Protocol

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import H2Error, ProtocolError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import DataFrame

from influxpe.http.wire.h2_stream import H2Stream, Headers
from influxpe.http.wire.limits import (
    CONNECTION_WINDOW_BYTES_MAX,
    FRAME_BYTES_MAX,
    HEAD_BYTES_MAX,
    STREAM_WINDOW_BYTES_MAX,
    STREAMS_MAX,
    UNREAD_BYTES_MAX,
    UNSENT_BYTES_MAX,
    Timeouts,
)
from influxpe.http.wire.scopes import BadRequest, connection_scope, h2_scope

if TYPE_CHECKING:
    from starlette.types import ASGIApp

logger = logging.getLogger(__name__)

WINDOW_AT_START = 65_535
DATA_FRAME = 0


def _body_in_short(frame: DataFrame) -> str:
    return f"{len(frame.data)} bytes"


# For a log that is off `h2` describes each frame that comes, with its whole body in hexadecimal
# digits: a third of the time of an upload.
DataFrame._body_repr = _body_in_short  # type: ignore[method-assign, assignment]


class Listener(Protocol):
    """What connections share."""

    app: ASGIApp
    loop: asyncio.AbstractEventLoop
    timeouts: Timeouts
    is_stopping: bool
    date_line: bytes

    def join(self, connection: Http2Connection) -> None:
        """Learn of a connection."""

    def forget(self, connection: Http2Connection) -> None:
        """Learn that it is lost."""

    def left_behind(self, task: asyncio.Task[None]) -> None:
        """Keep a task of the application whose client has gone."""


def new_h2() -> H2Connection:
    """Give the protocol of a server with our limits."""
    h2 = H2Connection(H2Configuration(client_side=False, header_encoding=None))
    h2.local_settings = Settings(
        client=False,
        initial_values={
            SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS_MAX,
            SettingCodes.MAX_HEADER_LIST_SIZE: HEAD_BYTES_MAX,
            SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW_BYTES_MAX,
            SettingCodes.MAX_FRAME_SIZE: FRAME_BYTES_MAX,
        },
    )
    h2.max_inbound_frame_size = FRAME_BYTES_MAX
    h2.decoder.max_header_list_size = HEAD_BYTES_MAX
    h2.initiate_connection()
    h2.increment_flow_control_window(CONNECTION_WINDOW_BYTES_MAX - WINDOW_AT_START)
    return h2


class Http2Connection(asyncio.Protocol):
    """A client."""

    def __init__(self, listener: Listener, transport: asyncio.Transport) -> None:
        self._listener = listener
        self._transport = transport
        self._h2 = new_h2()
        self._streams: dict[int, H2Stream] = {}
        self._tasks: dict[asyncio.Task[None], H2Stream] = {}
        self._is_behind = False
        self._is_lost = False
        self._waiting: list[asyncio.Future[None]] = []
        self._idle_since_s = self._moved_s = listener.loop.time()
        is_tls = transport.get_extra_info("ssl_object") is not None
        self._scope = connection_scope(transport, is_tls=is_tls)
        listener.join(self)
        transport.set_write_buffer_limits(high=UNSENT_BYTES_MAX)
        transport.set_protocol(self)
        self._flush()

    # What the transport tells.

    def data_received(self, data: bytes) -> None:
        """Handle the frames that are whole by now."""
        try:
            events = self._h2.receive_data(data)
        except ProtocolError as error:
            logger.debug("a connection of HTTP/2 is broken: %s", error)
            self._flush()
            self._transport.close()
            return
        except Exception:
            # `h2` promises to raise nothing else.
            logger.exception("a connection of HTTP/2 cannot be read")
            self._transport.abort()
            return
        for event in events:
            self._handle(event)
        self._flush()
        if self._transport.get_write_buffer_size() > UNREAD_BYTES_MAX:
            self._transport.abort()

    def connection_lost(self, _: Exception | None) -> None:
        """Tell the applications, which may be at work for nobody."""
        self._is_lost = True
        self._listener.forget(self)
        for stream in self._streams.values():
            stream.client_went()
        for task in self._tasks:
            self._listener.left_behind(task)
        self._wake()

    def pause_writing(self) -> None:
        """Let answers wait: the client is behind."""
        self._is_behind = True
        self._moved_s = self._listener.loop.time()

    def resume_writing(self) -> None:
        """Let answers go on."""
        self._is_behind = False
        self._wake()

    # What the client does.

    def _handle(self, event: Event) -> None:
        match event:
            case DataReceived():
                self._body_came(event)
            case RequestReceived():
                self._begin(event)
            case StreamEnded():
                if (stream := self._stream(event)) is not None:
                    stream.end_body()
            case StreamReset():
                if (stream := self._stream(event)) is not None:
                    stream.client_went()
                self._wake()
            case WindowUpdated() | RemoteSettingsChanged():
                self._wake()
            case ConnectionTerminated():
                self._transport.close()

    def _stream(self, event: StreamEnded | StreamReset | DataReceived) -> H2Stream | None:
        return self._streams.get(event.stream_id or 0)

    def _body_came(self, event: DataReceived) -> None:
        size = event.flow_controlled_length or 0
        stream = self._stream(event)
        if stream is None or stream.is_gone:
            self.give_back(event.stream_id or 0, size)
        else:
            stream.body_came(event.data or b"", size)

    def _begin(self, event: RequestReceived) -> None:
        stream_id = event.stream_id or 0
        if self._listener.is_stopping or len(self._tasks) >= STREAMS_MAX:
            self._reset(stream_id, ErrorCodes.REFUSED_STREAM)
            return
        try:
            scope = h2_scope(self._scope, event.headers or [])
        except BadRequest as error:
            self.send_head(stream_id, [(b":status", b"%d" % error.status)], end=True)
            return
        stream = self._streams[stream_id] = H2Stream(self, stream_id, scope)
        task = self._listener.loop.create_task(self._run(stream))
        self._tasks[task] = stream
        task.add_done_callback(self._ended)

    async def _run(self, stream: H2Stream) -> None:
        try:
            await self._listener.app(stream.scope, stream.receive, stream.send)
        except Exception:
            logger.exception("the application failed")
        if stream.is_answered or stream.is_gone:
            return
        if stream.has_begun:
            self._reset(stream.stream_id, ErrorCodes.INTERNAL_ERROR)
        else:
            self.send_head(stream.stream_id, [(b":status", b"500")], end=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Let go of a request; a body that the client still sends is not wanted any more."""
        stream = self._tasks.pop(task)
        self._streams.pop(stream.stream_id, None)
        if stream.is_answered and not stream.request_ended:
            self._reset(stream.stream_id, ErrorCodes.NO_ERROR)
        stream.client_went()
        self.give_back(stream.stream_id, stream.untaken_bytes())
        self._idle_since_s = self._listener.loop.time()
        if self._listener.is_stopping and not self._tasks:
            self._transport.close()

    def _reset(self, stream_id: int, code: ErrorCodes) -> None:
        with contextlib.suppress(H2Error):
            self._h2.reset_stream(stream_id, code)
        self._flush()

    # What streams ask for.

    def give_back(self, stream_id: int, size: int) -> None:
        """Let the client send so many bytes more."""
        if not size:
            return
        with contextlib.suppress(H2Error, ValueError):
            self._h2.acknowledge_received_data(size, stream_id)
        self._flush()

    def send_head(self, stream_id: int, headers: Headers, *, end: bool) -> None:
        """Send headers, or trailers."""
        if headers and headers[0][0] == b":status":
            date = self._listener.date_line.removeprefix(b"date: ").rstrip()
            headers = [headers[0], (b"date", date), *headers[1:]]
        with contextlib.suppress(H2Error):
            self._h2.send_headers(stream_id, headers, end_stream=end)
        self._flush()

    def finish(self, stream_id: int) -> None:
        """Send the end of an answer."""
        with contextlib.suppress(H2Error):
            self._h2.end_stream(stream_id)
        self._flush()

    async def send_body(self, stream_id: int, data: memoryview) -> None:
        """Send a part of an answer, as far as the client takes it; else wait."""
        while len(data) and not self._is_lost:
            room = self._room(stream_id)
            if room is None:
                return
            if room == 0 or self._is_behind:
                await self._news()
                continue
            self._write_data(stream_id, data[:room])
            data = data[room:]

    def _room(self, stream_id: int) -> int | None:
        """Give how much may be sent at once; nothing where the stream is gone."""
        stream = self._h2.streams.get(stream_id)
        if stream is None or stream.closed:
            return None
        windows = (stream.outbound_flow_control_window, self._h2.outbound_flow_control_window)
        return max(0, min(*windows, self._h2.max_outbound_frame_size, FRAME_BYTES_MAX))

    def _write_data(self, stream_id: int, data: memoryview) -> None:
        """Send a frame. `h2` would copy it several times; its windows are kept up to date."""
        size = len(data)
        self._h2.streams[stream_id].outbound_flow_control_window -= size
        self._h2.outbound_flow_control_window -= size
        head = struct.pack(">BHBBI", size >> 16, size & 0xFFFF, DATA_FRAME, 0, stream_id)
        self._flush()
        self._transport.writelines([head, data])

    def _news(self) -> asyncio.Future[None]:
        """Wait until the client takes more, or takes nothing any more."""
        waiting = self._listener.loop.create_future()
        self._waiting.append(waiting)
        return waiting

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self._is_lost and not self._transport.is_closing():
            self._transport.write(data)

    # What the listener asks for.

    def check_time(self, now_s: float) -> None:
        """End a connection that nobody uses, and one whose client does not read."""
        timeouts = self._listener.timeouts
        if self._is_behind and now_s - self._moved_s > timeouts.pause_s:
            self._transport.abort()
        elif not self._tasks and now_s - self._idle_since_s > timeouts.keep_alive_s:
            self._close()

    def stop(self) -> None:
        """Close now, or after the last answer that is being made."""
        if not self._tasks:
            self._close()

    def _close(self) -> None:
        with contextlib.suppress(H2Error):
            self._h2.close_connection()
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; the applications are cancelled."""
        for task in self._tasks:
            task.cancel()
        self._transport.abort()
