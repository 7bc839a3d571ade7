"""The server's end of one worker: starts runs, answers what plugins ask, notices the end."""

import asyncio
import contextlib
import itertools
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from influxpe.plugin.global_cache import GlobalCache
from influxpe.plugin.plugin_calls import PluginCalls
from influxpe.plugin.protocol import (
    ArrowWrite,
    Response,
    Run,
    RunError,
    RunHost,
    RunResult,
    RunTooLong,
    WorkerDied,
)
from influxpe.plugin.stack import Place, frames_of, place_of
from influxpe.plugin.stack_pipe import StackPipe
from influxpe.plugin.template_process import TemplateProcess
from influxpe.worker import wire

# A batch of rows goes through in one piece; the kernel may give less.
SOCKET_BUFFER_BYTES: Final = 4 * 1024 * 1024
# After so many log lines at once a worker has to wait a moment: others use this event loop too.
LOGS_AT_ONCE_MAX: Final = 200
LOG_PAUSE_SECONDS: Final = 0.01
# Between the end of a socket and the news how its process ended.
EXIT_SECONDS_MAX: Final = 0.2
END_SECONDS_MAX: Final = 1.0


@dataclass(frozen=True)
class Surroundings:
    """What a worker has from its start on, and keeps: one for other runs is another worker.

    Without `memory_limit_bytes` it has what its template gives.
    """

    memory_limit_bytes: int | None = None
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, run: Run) -> "Surroundings":
        """Give what a run asks for. Raises `WorkerDied` for what no process can have."""
        for name, text in run.variables.items():
            if not name or "=" in name or "\0" in name + text:
                raise WorkerDied(
                    f"trigger {run.trigger_name}: the environment variable '{name}' cannot be set"
                )
        return cls(run.memory_limit_bytes, dict(run.variables))


@dataclass
class Active:
    """A run that has not ended."""

    run: Run
    host: RunHost
    done: asyncio.Future[RunResult]
    thread_of: int
    """The run whose thread it goes in: 0 for all that do not overlap."""


@dataclass(frozen=True)
class Times:
    """When a run counts as stuck, which is logged, and when it is ended; seconds."""

    stuck_after_s: float
    limit_s: float | None = None


Later: TypeAlias = Callable[[Active, Times], Coroutine[None, None, None]]


class WorkerProcess(asyncio.Protocol):
    """One worker. All methods belong to the event loop."""

    def __init__(
        self, template: TemplateProcess, cache: GlobalCache, surroundings: Surroundings
    ) -> None:
        self.template = template
        self._surroundings = surroundings
        self._number = 0
        self._stacks = StackPipe()
        self._reports: set[asyncio.Task[None]] = set()
        self._transport: asyncio.Transport | None = None
        self._reader = wire.FrameReader()
        self._runs = itertools.count(1)
        self._active: dict[int, Active] = {}
        self._newest_host: RunHost | None = None
        self._digests: set[str] = set()
        self._calls = PluginCalls(cache, self._host_of, self._reply)
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reason: str | None = None

    @property
    def has_ended(self) -> bool:
        """Whether it takes no more runs: told to end, or gone, or out of reach."""
        return self._is_ending or self._transport is None

    @property
    def _is_ending(self) -> bool:
        return self._reason is not None or self._ended.done()

    @property
    def is_idle(self) -> bool:
        """Whether no run is going on."""
        return not self._active

    def suits(self, template: TemplateProcess, surroundings: Surroundings) -> bool:
        """Whether it is from this template and has these surroundings."""
        return self.template is template and self._surroundings == surroundings

    async def start(self) -> None:
        """Have the process forked and connect to it. Raises `WorkerDied`."""
        surroundings = self._surroundings
        mine, its = socket.socketpair()
        with its:
            for end in (mine, its):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
            try:
                self._number = await self.template.fork(
                    (its.fileno(), self._stacks.writing),
                    self._exited,
                    memory_bytes_max=surroundings.memory_limit_bytes,
                )
                self._stacks.given()
                loop = asyncio.get_running_loop()
                await loop.create_unix_connection(lambda: self, sock=mine)
            except BaseException:
                mine.close()  # a worker whose socket closes ends itself
                self._stacks.close()
                raise
        if surroundings.variables and self._transport is not None:
            prepare = wire.Prepare(dict(surroundings.variables))
            self._transport.write(wire.encode_frame(prepare))

    async def run(self, run: Run, host: RunHost, *, overlap: bool, times: Times) -> RunResult:
        """Run a plugin to its end. Raises `WorkerDied`, `RunTooLong` with where it was."""
        number = next(self._runs)
        done: asyncio.Future[RunResult] = asyncio.get_running_loop().create_future()
        try:
            frame = self._start_frame(number, run, overlap)
        except (wire.FrameTooLargeError, UnicodeEncodeError) as error:
            return RunResult((), RunError(type(error).__name__, str(error), ""), None)
        if self.has_ended or self._transport is None:
            raise WorkerDied(f"trigger {run.trigger_name}: {self._why()}")
        active = self._active[number] = Active(run, host, done, 0 if not overlap else number)
        self._newest_host = host
        self._transport.writelines([frame, *_payload(run)])  # in one system call
        self._digests.add(run.source.digest)
        timers = self._timers(active, times)
        try:
            return await done
        finally:
            for timer in timers:
                timer.cancel()
            self._active.pop(number, None)

    def _timers(self, active: Active, times: Times) -> list[asyncio.TimerHandle]:
        """Set when it is logged where a run is, and when it is given up."""
        loop = asyncio.get_running_loop()
        timers = [loop.call_later(times.stuck_after_s, self._begin, self._report, active, times)]
        if times.limit_s is not None:
            timers.append(loop.call_later(times.limit_s, self._begin, self._give_up, active, times))
        return timers

    def _begin(self, work: Later, active: Active, times: Times) -> None:
        task = asyncio.get_running_loop().create_task(work(active, times))
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    async def _give_up(self, active: Active, times: Times) -> None:
        """Fail a run that has passed its limit, unless it ends while it is asked where it is."""
        place = await self.place(active)
        if active.done.done():
            return
        where = "" if place is None else f"; it was at {place.text}"
        reason = f"the run took longer than {times.limit_s:g} s and was ended{where}"
        text = f"trigger {active.run.trigger_name}: {reason}"
        active.done.set_exception(RunTooLong(text, "" if place is None else place.traceback))

    async def _report(self, active: Active, times: Times) -> None:
        """Log where a run is that takes long."""
        place = await self.place(active)
        if active.done.done():
            return
        where = "where it is cannot be told" if place is None else f"it is at {place.text}"
        stack = "" if place is None else f"\n{place.traceback.rstrip()}"
        text = f"the run takes more than {times.stuck_after_s:g} s; {where}{stack}"
        self._log(active.host, wire.Log(0, "WARN", text))

    async def place(self, active: Active) -> Place | None:
        """Find out where a run is; `None` where its worker does not say so in time."""
        if self.has_ended:
            return None
        try:
            text = await self._stacks.ask(
                lambda: self.template.show_stack(self._number, active.thread_of)
            )
        except WorkerDied:
            return None
        return place_of(frames_of(text), active.run.source)

    def kill(self, reason: str) -> None:
        """End the process; its runs fail, with this reason."""
        if self._is_ending:
            return
        self._reason = reason
        self.template.kill(self._number)
        self._finish(reason)

    async def wait_ended(self) -> None:
        """Wait until the process has ended, at most `END_SECONDS_MAX`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS_MAX):
                await asyncio.shield(self._ended)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (asyncio's callback)."""
        self._transport = transport  # type: ignore[assignment] # a stream socket has this one

    def data_received(self, data: bytes) -> None:
        """Take in what the worker sends (asyncio's callback)."""
        logs = 0
        try:
            for message, payload in self._reader.feed(data):
                logs += isinstance(message, wire.Log)
                self._take(message, payload)
        except wire.BrokenFrameError as error:
            self.kill(f"its process sent what is no message: {error}")
        transport = self._transport
        if logs > LOGS_AT_ONCE_MAX and transport is not None and not transport.is_closing():
            transport.pause_reading()
            asyncio.get_running_loop().call_later(LOG_PAUSE_SECONDS, self._go_on_reading)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait a moment for the news how the process ended (asyncio's callback)."""
        self._transport = None
        if self._ended.done():
            self._finish(self._ended.result())
        else:
            asyncio.get_running_loop().call_later(EXIT_SECONDS_MAX, self._lost)

    def _go_on_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _lost(self) -> None:
        """The socket is closed, and the process goes on."""
        self.kill("its process closed its connection to the server")

    def _exited(self, status: int | None) -> None:
        """The process has ended, says the template; what it sent before is still to be read.

        The end of the socket may not come: something that the plugin has started may hold it.
        """
        self._ended.set_result(_describe(status))
        if self._transport is None:
            self._finish(self._ended.result())
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(EXIT_SECONDS_MAX, self._finish, self._ended.result())

    def _finish(self, reason: str) -> None:
        """Fail what goes on, and let go of the socket."""
        self._reason = self._reason or reason
        for active in self._active.values():
            if not active.done.done():
                error = WorkerDied(f"trigger {active.run.trigger_name}: {self._reason}")
                active.done.set_exception(error)
        self._calls.cancel()
        for report in self._reports:
            report.cancel()
        self._stacks.close()
        if self._transport is not None:
            self._transport.abort()

    def _host_of(self, run: int) -> RunHost | None:
        active = self._active.get(run)
        return None if active is None else active.host

    def _why(self) -> str:
        return self._reason or "its process has ended"

    def _start_frame(self, number: int, run: Run, overlap: bool) -> bytes:
        """The frame of a run, but for its payload, which follows as it is."""
        source, request = run.source, run.request
        text = wire.SourceText(
            source.digest, source.filename, source.path, source.code, source.files
        )
        parts = None
        if request is not None:
            parts = wire.RequestParts(request.query_parameters, request.headers)
        start = wire.Start(
            run=number,
            kind=run.kind,
            database=run.database,
            trigger_name=run.trigger_name,
            digest=source.digest,
            source=None if source.digest in self._digests else text,
            arguments=run.arguments,
            tables=[(name, len(stream)) for name, stream in run.tables],
            call_time_ns=run.call_time_ns,
            request=parts,
            cache_name=run.cache_name,
            collect_sync_writes=run.collect_sync_writes,
            overlap=overlap,
        )
        return wire.encode_frame(start, sum(map(len, _payload(run))))

    def _take(self, message: wire.ToHost, payload: bytes) -> None:
        """Do what one message says."""
        if isinstance(message, wire.Done):
            active = self._active.get(message.run)
            if active is not None and not active.done.done():
                active.done.set_result(_result(message, payload))
        elif isinstance(message, wire.Log):
            active = self._active.get(message.run)
            host = active.host if active is not None else self._newest_host
            if host is not None:  # a thread of the plugin may log when its run has ended
                self._log(host, message)
        else:
            self._calls.take(message)

    def _log(self, host: RunHost, message: wire.Log) -> None:
        """Log a line; a log that fails is no reason to lose the worker."""
        try:
            host.log(message.level, message.text)
        except Exception as error:
            context = {"message": "the log of a plugin failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)

    def _reply(self, reply: wire.Reply, payload: bytes) -> None:
        """Send a reply; one that is too large becomes an error for the plugin."""
        try:
            frame = wire.encode_frame(reply, len(payload))
        except wire.FrameTooLargeError as error:
            frame, payload = wire.encode_frame(wire.Reply(reply.call, str(error))), b""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)
            if payload:
                self._transport.write(payload)


def _payload(run: Run) -> list[bytes]:
    """What goes to the worker uncopied: the body of a request, or rows."""
    if run.request is not None:
        return [run.request.body]
    return [stream for _, stream in run.tables]


def _result(done: wire.Done, payload: bytes) -> RunResult:
    """What a worker's last message of a run says."""
    error, response = done.error, done.response
    return RunResult(
        writes=tuple(done.writes),
        error=None if error is None else RunError(error.name, error.message, error.traceback),
        response=None
        if response is None
        else Response(response.status, tuple(response.headers), response.body),
        collected=tuple((database, tuple(texts)) for database, texts in done.collected),
        state=tuple(done.state),
        tables=tuple(_tables(done, payload)),
        peak_memory_bytes=done.peak_memory_bytes,
    )


def _tables(done: wire.Done, payload: bytes) -> Iterator[ArrowWrite]:
    """Cut the payload of a run's end into the rows of its tables."""
    start = 0
    for one in done.tables:
        end = start + one.size_bytes
        tags = None if one.tags is None else tuple(one.tags)
        yield ArrowWrite(one.database, one.table, tags, payload[start:end])
        start = end


def _describe(status: int | None) -> str:
    """How a process ended, for people."""
    if status is None:
        return "its process ended with the process that starts plugins"
    if status == wire.EXIT_CONNECTION_LOST:
        return "its process lost its connection to the server: the plugin closed it"
    if status >= 0:
        return f"its process ended with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = "unknown"
    return f"its process was killed by signal {-status} ({name})"
