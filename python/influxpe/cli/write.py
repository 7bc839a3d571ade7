"""`write`: send line protocol, or one point given as table, tags and fields."""

import io
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from typing import BinaryIO

from influxpe.cli import client, structured_line
from influxpe.cli.chunks import chunks, line_count
from influxpe.cli.command import Command, CommandError, Values
from influxpe.cli.input import open_input
from influxpe.cli.parameter import defaulted, flag, option, positionals, several
from influxpe.cli.usage import UsageError
from influxpe.cli.value_types import key_value, path, positive_number, precision, signed_number
from influxpe.cli.write_progress import Progress

NO_INPUT = "No input from stdin detected, no string was passed in, and no file path was given"
TOO_MANY_LINES = (
    "ensure that a single protocol line string is provided as the final argument, "
    "enclosed in quotes"
)
POINT = "One point"

LINES = positionals(
    "LINE_PROTOCOL", "Lines to write, as one argument; without it, from --file or from stdin"
)
FILE = option("file", "FILE_PATH", "Write the lines of this file", path, short="f")
PRECISION = option(
    "precision",
    "PRECISION",
    "Unit of the timestamps: auto, s, ms, us or ns. auto guesses from the size of each",
    precision,
    short="p",
)
ACCEPT_PARTIAL = flag(
    "accept-partial", "Keep the good lines where others are refused (the server does anyway)"
)
NO_SYNC = flag("no-sync", "Do not wait until the lines are safe on disk")
GZIP = flag("gzip", "Compress what is sent")
MAX_REQUEST_SIZE = defaulted(
    "max-request-size",
    "BYTES",
    "Cut larger input into requests of at most this size",
    positive_number,
    "10485760",
)
MAX_CONCURRENT_REQUESTS = defaulted(
    "max-concurrent-requests",
    "N",
    "Requests under way at a time, where the input is cut",
    positive_number,
    "32",
)
QUIET = flag("quiet", "Do not report progress on stderr", short="q")
TABLE = option(
    "table",
    "NAME",
    "Table of one point given by --field, --tag and --time",
    str,
    requires=("field",),
    conflicts=("LINE_PROTOCOL", "file"),
    heading=POINT,
)
FIELD = several(
    "field",
    "KEY=VALUE",
    "A field: 1 is a float, 1i an integer, true a boolean, anything else a string; repeatable",
    key_value,
    separators="",
    requires=("table",),
    heading=POINT,
)
TAG = several(
    "tag",
    "KEY=VALUE",
    "A tag; repeatable",
    key_value,
    separators="",
    requires=("table",),
    heading=POINT,
)
TIME = option(
    "time",
    "TIMESTAMP",
    "Time of the point in units of --precision; without it, the server's clock",
    signed_number,
    requires=("table",),
    heading=POINT,
)
WRITE_HOST = option(
    "write-host",
    "HOST_URL",
    "Where the server for writes listens; wins over --host",
    client.host_url,
    environment=("INFLUXDB3_WRITE_HOST_URL",),
    heading="Connection",
)


def run(values: Values) -> int:
    """Send the input in as many requests as its size asks for; stop at the first failure."""
    progress = Progress(quiet=values[QUIET])
    with closing(_open(values)) as stream:
        pieces = chunks(stream, values[MAX_REQUEST_SIZE])
        _send_all(pieces, _sender(values), values[MAX_CONCURRENT_REQUESTS], progress)
    return 0


def _open(values: Values) -> BinaryIO:
    if values[TABLE] is not None:
        return io.BytesIO(_point(values).encode())
    given = values[LINES]
    if len(given) > 1:
        raise CommandError(TOO_MANY_LINES)
    if given:
        return io.BytesIO(given[0].encode())
    return open_input(values[FILE], NO_INPUT)


def _check(values: Values) -> None:
    if values[TABLE] is not None:
        _point(values)


def _point(values: Values) -> str:
    table = values[TABLE] or ""
    try:
        return structured_line.build(table, values[TAG], values[FIELD], values[TIME])
    except ValueError as error:
        raise UsageError(f"no point can be made of these arguments: {error}") from error


def _sender(values: Values) -> Callable[[bytes], None]:
    server = client.client_from(values)
    server = replace(server, url=values[WRITE_HOST] or server.url)
    query = _parameters(values)

    def send(chunk: bytes) -> None:
        body, headers = chunk, {"Content-Type": "text/plain; charset=utf-8"}
        if values[GZIP]:
            body, headers = _compressed(chunk), headers | {"Content-Encoding": "gzip"}
        with server.send("POST", "/api/v3/write_lp", query=query, body=body, headers=headers) as r:
            r.read()

    return send


def _parameters(values: Values) -> dict[str, str]:
    query = {"db": values[client.DATABASE]}
    unit = values[PRECISION]
    if unit is not None:
        query["precision"] = unit
    if values[ACCEPT_PARTIAL]:
        query["accept_partial"] = "true"
    if values[NO_SYNC]:
        query["no_sync"] = "true"
    return query


def _compressed(chunk: bytes) -> bytes:
    import gzip

    return gzip.compress(chunk, mtime=0)


def _send_all(
    pieces: Iterable[bytes],
    send: Callable[[bytes], None],
    concurrent_max: int,
    progress: Progress,
) -> None:
    """Send one piece directly, and more from a pool, never holding more than `concurrent_max`."""
    remaining = iter(pieces)
    first = next(remaining, None)
    if first is None:
        return
    second = next(remaining, None)
    if second is None:
        send(first)
        progress.add(line_count(first), len(first))
        return
    _send_from_pool(_chain(first, second, remaining), send, concurrent_max, progress)


def _chain(first: bytes, second: bytes, remaining: Iterable[bytes]) -> Iterable[bytes]:
    yield first
    yield second
    yield from remaining


def _send_from_pool(
    pieces: Iterable[bytes],
    send: Callable[[bytes], None],
    concurrent_max: int,
    progress: Progress,
) -> None:
    from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

    running: dict[Future[None], tuple[int, int]] = {}

    def finish_some() -> None:
        for done in wait(running, return_when=FIRST_COMPLETED).done:
            lines, size_bytes = running.pop(done)
            done.result()
            progress.add(lines, size_bytes)

    with ThreadPoolExecutor(max_workers=concurrent_max) as pool:
        for piece in pieces:
            running[pool.submit(send, piece)] = (line_count(piece), len(piece))
            while len(running) >= concurrent_max:
                finish_some()
        while running:
            finish_some()


COMMAND = Command(
    name="write",
    aliases=("w",),
    about="Write line protocol, or one point",
    verb="Write",
    heading="Common Commands",
    run=run,
    check=_check,
    parameters=(
        LINES,
        FILE,
        PRECISION,
        ACCEPT_PARTIAL,
        NO_SYNC,
        GZIP,
        MAX_REQUEST_SIZE,
        MAX_CONCURRENT_REQUESTS,
        QUIET,
        TABLE,
        FIELD,
        TAG,
        TIME,
        *client.CONNECTION_AND_DATABASE,
        WRITE_HOST,
    ),
    details="Prints nothing on success but its progress, which goes to stderr.",
    examples=(
        "write -d sensors 'home,room=kitchen temp=21.5,hum=35i 1735689600'",
        "write -d sensors --precision ns --file home.lp",
        "cat home.lp | {program} write -d sensors --gzip",
        "write -d sensors --table home --tag room=kitchen --field temp=21.5",
    ),
)
