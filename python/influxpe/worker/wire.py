"""What the server and its plugin processes say to each other.

Two kinds of sockets, both made by the server with `socketpair`:

* one *control* socket to the template (SOCK_SEQPACKET, one message a packet): `ToTemplate` one way,
  `FromTemplate` the other. `Fork` carries the worker's end of its socket (SCM_RIGHTS).
* one stream socket per worker, carrying frames: `ToWorker` one way, `ToHost` the other.

A frame is two little-endian u32, the bytes of its header and of its payload, then both. The header
is one message, as MessagePack; the payload is raw, so that Arrow data is neither packed nor copied.
"""

import signal
import struct
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["wal", "schedule", "request"]
Level: TypeAlias = Literal["INFO", "WARN", "ERROR"]
Scalar: TypeAlias = bool | int | float | str | None

PREFIX: Final = struct.Struct("<II")
# Of a header and of a payload alone. Both sides hold one frame in memory at a time, so this bounds
# what a plugin can make the server hold; a batch of 5,000 wide rows has less than a megabyte.
FRAME_BYTES_MAX: Final = 256 * 1024 * 1024
# A packet of the control socket: worker numbers and exit codes only.
CONTROL_BYTES_MAX: Final = 4096
# Makes a thread of a worker write where it is; see `docs/plugins.md`. One that plugins hardly use:
# libraries and programs take SIGUSR1, SIGUSR2 and the first of these.
STACK_SIGNAL: Final = signal.SIGRTMIN + 5
# Exit status of a worker that finds its socket closed under it: its plugin closed what is not its.
EXIT_CONNECTION_LOST: Final = 70


class FrameTooLargeError(ValueError):
    """A message is larger than `FRAME_BYTES_MAX`; nothing of it was sent."""


class BrokenFrameError(ValueError):
    """What was received is no frame; the sender cannot be trusted any more."""


class _Message(msgspec.Struct, array_like=True, gc=False, tag=True):
    """A message; its first element is its type's name."""


class SourceText(_Message):
    """A plugin's code, sent once per digest to each worker; of a folder all Python files."""

    digest: str
    filename: str
    path: str
    code: str
    files: tuple[tuple[str, str], ...] = ()


class RequestParts(_Message):
    """An HTTP request as `process_request` receives it; its body is the payload."""

    query_parameters: dict[str, str]
    headers: dict[str, str]


class Start(_Message):
    """Run a plugin. The payload is the body of `request`, or the Arrow IPC streams of `tables`."""

    run: int
    kind: Kind
    database: str
    trigger_name: str
    digest: str
    source: SourceText | None
    arguments: dict[str, str] | None
    tables: list[tuple[str, int]]
    call_time_ns: int
    request: RequestParts | None
    cache_name: str | None
    collect_sync_writes: bool
    overlap: bool


class Prepare(_Message):
    """Have these environment variables from now on; it comes before the first `Start`."""

    variables: dict[str, str]


class Reply(_Message):
    """The answer to one call of a worker; `error` is a text for the plugin.

    The payload is a query's Arrow IPC stream, a cached value, a value of the state or a list of its
    keys; `found` says whether there is the value.
    """

    call: int
    error: str | None = None
    found: bool = False


class Log(_Message):
    """A line for the log of the trigger, sent at once."""

    run: int
    level: Level
    text: str


class Query(_Message):
    """A call: run SQL."""

    run: int
    call: int
    database: str
    sql: str
    params: dict[str, Scalar]


class WriteSync(_Message):
    """A call: write line protocol now."""

    run: int
    call: int
    database: str
    lines: str
    no_sync: bool


class CachePut(_Message):
    """A call: keep a pickled value for all triggers."""

    call: int
    cache_name: str | None
    key: str
    value: bytes
    ttl_s: float | None


class CacheGet(_Message):
    """A call: read a pickled value."""

    call: int
    cache_name: str | None
    key: str


class CacheDelete(_Message):
    """A call: forget a value."""

    call: int
    cache_name: str | None
    key: str


class StateGet(_Message):
    """A call: read a value of the trigger's state."""

    run: int
    call: int
    key: str


class StateKeys(_Message):
    """A call: list the keys of the trigger's state."""

    run: int
    call: int


class Failure(_Message):
    """Why a run failed: the name of the exception's type (may be empty), its text."""

    name: str
    message: str
    traceback: str


class HttpResponse(_Message):
    """What `process_request` answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class TableWrite(_Message):
    """Rows for a table: so many bytes of the payload, an Arrow IPC stream."""

    database: str
    table: str
    tags: list[str] | None
    size_bytes: int


class Done(_Message):
    """The end of a run. `writes` has one (database, line protocol) per database.

    `collected` has the same lines as they were written, one text per call, for dry runs only.
    `state` has the last change of each key. The payload is the streams of `tables`, one after
    another: the only payload that a worker sends.
    """

    run: int
    writes: list[tuple[str, str]]
    collected: list[tuple[str, list[str]]]
    error: Failure | None
    response: HttpResponse | None
    state: list[tuple[str, bytes | None]] = []
    tables: list[TableWrite] = []
    peak_memory_bytes: int = 0


class Fork(_Message):
    """Fork a worker for the socket that comes with this packet, and a pipe for `STACK_SIGNAL`.

    It gets so much memory of its own; with `None` what the template gives by default.
    """

    worker: int
    memory_bytes_max: int | None = None


class Kill(_Message):
    """End a worker and what it started."""

    worker: int


class ShowStack(_Message):
    """Send `STACK_SIGNAL` to the thread of a run; run 0 stands for all that do not overlap."""

    worker: int
    run: int


class Forked(_Message):
    """A worker was forked."""

    worker: int
    pid: int


class ForkFailed(_Message):
    """No worker could be forked, and why."""

    worker: int
    reason: str


class Exited(_Message):
    """A worker has ended; `status` as `os.waitstatus_to_exitcode` gives it: below 0 a signal."""

    worker: int
    status: int


ToWorker: TypeAlias = Prepare | Start | Reply
CacheCall: TypeAlias = CachePut | CacheGet | CacheDelete
StateCall: TypeAlias = StateGet | StateKeys
Call: TypeAlias = Query | WriteSync | CacheCall | StateCall
ToHost: TypeAlias = Log | Call | Done
ToTemplate: TypeAlias = Fork | Kill | ShowStack
FromTemplate: TypeAlias = Forked | ForkFailed | Exited


def _plain(value: object) -> object:
    """Give what a subclass of text, bytes or int stands for: plugins use enums and numpy's texts.

    Raises `TypeError` for anything else.
    """
    if isinstance(value, str):
        return str.__str__(value)  # not `str(value)`, which is the name of a member of an enum
    if isinstance(value, bytes):
        return bytes(memoryview(value))
    if isinstance(value, int):
        return int.__int__(value)
    raise TypeError(f"a message cannot have a {type(value).__name__}")


_encoder: Final = msgspec.msgpack.Encoder(enc_hook=_plain)
to_worker_decoder: Final[msgspec.msgpack.Decoder[ToWorker]] = msgspec.msgpack.Decoder(ToWorker)
to_host_decoder: Final[msgspec.msgpack.Decoder[ToHost]] = msgspec.msgpack.Decoder(ToHost)
to_template_decoder: Final[msgspec.msgpack.Decoder[ToTemplate]] = msgspec.msgpack.Decoder(
    ToTemplate
)
from_template_decoder: Final[msgspec.msgpack.Decoder[FromTemplate]] = msgspec.msgpack.Decoder(
    FromTemplate
)


def encode_packet(message: ToTemplate | FromTemplate) -> bytes:
    """One packet of the control socket."""
    return _encoder.encode(message)


def encode_frame(message: ToWorker | ToHost, payload_bytes: int = 0) -> bytes:
    """Prefix and header of a frame; the caller sends `payload_bytes` of payload after it.

    Raises `FrameTooLargeError`.
    """
    header = _encoder.encode(message)
    for part, size_bytes in (("message", len(header)), ("payload", payload_bytes)):
        if size_bytes > FRAME_BYTES_MAX:
            raise FrameTooLargeError(
                f"a {part} of {size_bytes} bytes passes the maximum of {FRAME_BYTES_MAX} bytes "
                "between the server and a plugin"
            )
    return PREFIX.pack(len(header), payload_bytes) + header


class FrameReader:
    """Cuts a stream of bytes from a worker into messages with their payloads."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[ToHost, bytes]]:
        """Take in what was received, and give the messages that are complete with it.

        Raises `BrokenFrameError` for a frame that is too large, is no message or has a payload that
        does not belong to it.
        """
        self._rest += data
        while len(self._rest) >= PREFIX.size:
            header_bytes, payload_bytes = PREFIX.unpack_from(self._rest)
            if header_bytes > FRAME_BYTES_MAX or payload_bytes > FRAME_BYTES_MAX:
                raise BrokenFrameError(f"a frame of {header_bytes} + {payload_bytes} bytes")
            start = PREFIX.size + header_bytes
            end = start + payload_bytes
            if len(self._rest) < end:
                return
            with memoryview(self._rest) as view:
                header, payload = bytes(view[PREFIX.size : start]), bytes(view[start:end])
            del self._rest[:end]
            message = _decode(header)
            _check_payload(message, payload)
            yield message, payload


def _check_payload(message: ToHost, payload: bytes) -> None:
    """Refuse what is not the rows of a run. Raises `BrokenFrameError`."""
    sizes = [one.size_bytes for one in message.tables] if isinstance(message, Done) else []
    if sum(sizes) != len(payload) or any(size_bytes < 0 for size_bytes in sizes):
        raise BrokenFrameError(f"a payload of {len(payload)} bytes for {sum(sizes)}")


def _decode(header: bytes) -> ToHost:
    """Decode a message to the server. Raises `BrokenFrameError`."""
    try:
        return to_host_decoder.decode(header)
    except (msgspec.DecodeError, ValueError) as error:
        raise BrokenFrameError(f"a message that does not decode: {error}") from None
