"""Answers what the plugins of one worker ask: queries, writes at once, the cache, the state.

In come the calls of a worker, out go replies with the same number, in whatever order they are
ready. What fails is a text for the plugin; no call is left without a reply while its run lasts.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from influxpe.plugin.global_cache import GlobalCache
from influxpe.plugin.protocol import QueryFailed, RunHost, WriteFailed
from influxpe.worker import wire

Reply = Callable[[wire.Reply, bytes], None]

_RUN_ENDED: Final = "the run that asks has ended"


class PluginCalls:
    """The calls of one worker. All methods belong to the event loop."""

    def __init__(
        self, cache: GlobalCache, host_of: Callable[[int], RunHost | None], reply: Reply
    ) -> None:
        """`host_of` gives the server as a run sees it, while the run lasts."""
        self._cache = cache
        self._host_of = host_of
        self._reply = reply
        self._waiting: set[asyncio.Task[None]] = set()

    def take(self, message: wire.Call) -> None:
        """Answer a call, now or when the answer is there."""
        if isinstance(message, wire.CacheCall):
            self._answer_cache(message)
            return
        host = self._host_of(message.run)
        if host is None:
            self._reply(wire.Reply(message.call, _RUN_ENDED), b"")
        elif isinstance(message, wire.Query):
            self._answer(message.call, _query(host, message))
        elif isinstance(message, wire.WriteSync):
            self._answer(message.call, _write_sync(host, message))
        else:
            self._answer_state(host, message)

    def cancel(self) -> None:
        """Answer nothing any more."""
        for task in self._waiting:
            task.cancel()

    def _answer(self, call: int, asked: Awaitable[tuple[wire.Reply, bytes]]) -> None:
        """Send the reply of a call when it is there, without holding up anything else."""

        async def answer() -> None:
            try:
                self._reply(*await asked)
            except Exception as error:  # the plugin must not wait for ever
                self._reply(_fault(call, error), b"")

        task = asyncio.get_running_loop().create_task(answer(), name=f"plugin call {call}")
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def _answer_state(self, host: RunHost, message: wire.StateCall) -> None:
        """Read the state of the run's trigger."""
        call = message.call
        try:
            if isinstance(message, wire.StateGet):
                value = host.state(message.key)
                self._reply(wire.Reply(call, found=value is not None), value or b"")
            else:
                self._reply(wire.Reply(call), msgspec.msgpack.encode(host.state_keys()))
        except Exception as error:  # as above
            self._reply(_fault(call, error), b"")

    def _answer_cache(self, message: wire.CacheCall) -> None:
        """Use the global cache for a plugin."""
        name, key, call = message.cache_name, message.key, message.call
        if isinstance(message, wire.CacheGet):
            value = self._cache.get(name, key)
            self._reply(wire.Reply(call, found=value is not None), value or b"")
        elif isinstance(message, wire.CacheDelete):
            self._reply(wire.Reply(call, found=self._cache.delete(name, key)), b"")
        else:
            try:
                self._cache.put(name, key, message.value, message.ttl_s)
                self._reply(wire.Reply(call), b"")
            except ValueError as error:
                self._reply(wire.Reply(call, str(error)), b"")


def _fault(call: int, error: Exception) -> wire.Reply:
    return wire.Reply(call, f"{type(error).__name__}: {error}")


async def _query(host: RunHost, message: wire.Query) -> tuple[wire.Reply, bytes]:
    try:
        stream = await host.query(message.database, message.sql, message.params)
    except QueryFailed as error:
        return wire.Reply(message.call, str(error)), b""
    return wire.Reply(message.call), stream


async def _write_sync(host: RunHost, message: wire.WriteSync) -> tuple[wire.Reply, bytes]:
    try:
        await host.write_sync(message.database, message.lines, no_sync=message.no_sync)
    except WriteFailed as error:
        return wire.Reply(message.call, str(error)), b""
    return wire.Reply(message.call), b""
