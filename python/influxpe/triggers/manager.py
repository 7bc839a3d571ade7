"""The triggers of one server: created, deleted, enabled and disabled, and what runs for them.

What exists is in the engine's catalog; here is what runs. At the start every enabled trigger goes
on from its cursor, and one that cannot is logged and stops nobody else.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from influxpe._engine import TriggerInfo
from influxpe.errors import (
    ConflictError,
    EngineError,
    InvalidError,
    NotFoundError,
    PluginError,
    RestrictedTrigger,
    RunningTrigger,
)
from influxpe.plugin.engine_calls import EngineCalls
from influxpe.plugin.pool import Source, WorkerPool
from influxpe.plugin.secrets import Secrets
from influxpe.plugin.source import PluginMissing, PluginSources
from influxpe.triggers.dead_letters import DeadLetters
from influxpe.triggers.dispatcher import WalTask
from influxpe.triggers.entry_point import check_entry_point
from influxpe.triggers.history import History
from influxpe.triggers.options import TriggerOptions
from influxpe.triggers.pacer import Pacer
from influxpe.triggers.policy import UnknownErrorBehavior, parse_error_behavior
from influxpe.triggers.registry import Registry, Trigger, trigger_of
from influxpe.triggers.replay import Replay, Replayed
from influxpe.triggers.request_task import RequestTask
from influxpe.triggers.runner import Runner, Tools
from influxpe.triggers.schedule import next_times, schedule_of
from influxpe.triggers.scheduler import ScheduleTask
from influxpe.triggers.spec import (
    LABELS,
    RESTRICTION_NAMES,
    CronSpec,
    EverySpec,
    RequestSpec,
    Spec,
    SpecError,
    parse,
)
from influxpe.triggers.table_check import check_table
from influxpe.triggers.task import TriggerTask
from influxpe.triggers.zoned import check_zone

logger = logging.getLogger(__name__)

# A stop of the server: runs may finish for a moment, then all workers end.
CLOSE_GRACE_SECONDS_MAX = 0.5
NO_PLUGINS = "Node not configured with plugin directory"


@dataclass(frozen=True)
class CreateTrigger:
    """What a user asks for; texts are as they were given."""

    database: str
    name: str
    plugin_filename: str
    specification: str
    arguments: Mapping[str, object] | None = None
    run_async: bool = False
    error_behavior: str = "log"
    disabled: bool = False
    options: TriggerOptions = field(default_factory=TriggerOptions)


@dataclass(frozen=True)
class CreatedTrigger:
    """A trigger that exists now: what may surprise about it, and when it will run."""

    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class TriggerManager:
    """All triggers of one server; without a pool none can be made, and none runs."""

    def __init__(
        self,
        calls: EngineCalls,
        sources: PluginSources,
        pool: WorkerPool | None,
        *,
        flush_interval_s: float,
        restrict_to: frozenset[str],
        secrets: Secrets,
    ) -> None:
        self.registry: Registry[TriggerTask] = Registry()
        self._calls = calls
        self._engine = calls.engine
        self._sources = sources
        self._pool = pool
        self._secrets = secrets
        self._history = History(calls)
        self._dead_letters = DeadLetters(calls)
        self._pacer = Pacer(calls, flush_interval_s, self._drop_what_is_gone)
        self._allowed = frozenset(RESTRICTION_NAMES[name] for name in restrict_to)
        self._changing = asyncio.Lock()
        self._replays: dict[int, Replay] = {}
        self._background: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Run every enabled trigger of the catalog."""
        for info in await self._calls.work(self._engine.triggers):
            if not info.disabled:
                self._start_kept(info)
        self._background += [
            asyncio.create_task(self._pacer.run()),
            asyncio.create_task(self._history.run()),
        ]

    async def close(self) -> None:
        """Stop all triggers, and start none any more."""
        self._pool = None
        for background in self._background:
            background.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        stops = [task.stop(CLOSE_GRACE_SECONDS_MAX) for task in self.registry.all()]
        await asyncio.gather(*stops, return_exceptions=True)
        await self._history.flush()

    async def create(self, request: CreateTrigger) -> CreatedTrigger:
        """Create a trigger, which runs on return unless it was asked for disabled.

        Raises `RestrictedTrigger`, `PluginError`, `SpecError`, `InvalidError` for what could not
        run, `NotFoundError` for the database and `ConflictError` for a name or a request path that
        is taken, in this order.
        """
        spec, refused = _parse(request.specification)
        if spec is not None and self._allowed and spec.kind not in self._allowed:
            raise RestrictedTrigger(
                "invalid request: server is configured to reject "
                f"{LABELS[spec.kind]} plugin triggers"
            )
        source, warnings = await self._check_plugin(request.plugin_filename)
        if spec is None:
            raise SpecError(str(refused))
        _check_name(request.name)
        check_zone(request.options.time_zone)
        if request.options.where is not None:
            self._engine.check_condition(request.options.where)
        if source is not None:
            others = [text for _, text in source.files]
            filename = request.plugin_filename
            await asyncio.to_thread(check_entry_point, filename, source.code, others, spec)
        await check_table(self._calls, request.database, spec, request.options)
        async with self._changing:
            await self._create(request, spec)
        return CreatedTrigger(warnings, self._notes(spec, request.options))

    async def _create(self, request: CreateTrigger, spec: Spec) -> None:
        if isinstance(spec, RequestSpec) and not request.disabled:
            self.registry.check_path(spec.path)
        create = partial(
            self._engine.create_trigger,
            request.database,
            request.name,
            plugin_filename=request.plugin_filename,
            specification=spec.canonical,
            specification_json=spec.json,
            arguments=_arguments(request.arguments),
            run_async=request.run_async,
            error_behavior=_behavior(request.error_behavior),
            disabled=request.disabled,
            options=request.options.to_json(),
        )
        info = await self._calls.work(create)
        if not request.disabled:
            self._start(info)

    async def _check_plugin(self, filename: str) -> tuple[Source | None, tuple[str, ...]]:
        """Read the plugin; one that is missing or empty is worth a warning, else it raises."""
        if self._pool is None:
            raise PluginError(NO_PLUGINS)
        try:
            source = await self._sources.fetch(filename)
        except PluginMissing as error:
            return None, (f"{error}; the trigger runs as soon as the file is there",)
        if not source.code.strip():
            return None, (f"plugin {filename} is empty: runs fail until it is not",)
        return source, ()

    def _notes(self, spec: Spec, options: TriggerOptions) -> tuple[str, ...]:
        if not isinstance(spec, EverySpec | CronSpec):
            return ()
        times = ", ".join(next_times(spec, options, self._calls.clock.now_ns()))
        schedule = schedule_of(spec, options.time_zone)
        return (f"runs {schedule.describe()}", f"next runs: {times or 'never'}")

    async def delete(self, database: str, name: str, *, force: bool) -> None:
        """Delete a trigger; one that is enabled only with `force`. Raises `RunningTrigger`."""
        async with self._changing:
            info = await self._find(database, name)
            if info is not None and not info.disabled and not force:
                raise RunningTrigger(
                    f"Cannot delete running plugin {name}. Disable it first or use --force."
                )
            await self._calls.work(partial(self._engine.delete_trigger, database, name))
            if info is not None:
                await self._stop(info.id)
            if info is not None and (replay := self._replays.get(info.id)) is not None:
                await replay.stop()

    async def enable(self, database: str, name: str) -> None:
        """Let a trigger run, from what is written from now on."""
        await self._fetch_again(await self._find(database, name))
        async with self._changing:
            info = await self._find(database, name)
            if info is not None and self.registry.get(info.id) is not None:
                return
            if info is not None and isinstance(spec := parse(info.specification), RequestSpec):
                self.registry.check_path(spec.path)
            set_enabled = partial(self._engine.set_trigger_disabled, database, name, disabled=False)
            self._start(await self._calls.work(set_enabled))

    async def _fetch_again(self, info: TriggerInfo | None) -> None:
        """Get the newest text of a repository's plugin; without an answer the old one is used."""
        if info is None or self.registry.get(info.id) is not None:
            return
        try:
            await self._sources.fetch(info.plugin_filename)
        except PluginError as error:
            logger.warning("trigger %s: %s", info.name, error)

    async def disable(self, database: str, name: str) -> None:
        """Let a trigger rest; a run that hangs is ended within a second."""
        async with self._changing:
            set_disabled = partial(self._engine.set_trigger_disabled, database, name, disabled=True)
            await self._stop((await self._calls.work(set_disabled)).id)

    async def _find(self, database: str, name: str) -> TriggerInfo | None:
        infos = await self._calls.work(self._engine.triggers)
        return next((one for one in infos if (one.database, one.name) == (database, name)), None)

    def _start_kept(self, info: TriggerInfo) -> None:
        try:
            self._start(info)
        except Exception:
            logger.exception("trigger %s of database %s does not run", info.name, info.database)

    def _start(self, info: TriggerInfo) -> None:
        if self._pool is None:
            return
        task = self._task_for(self._runner(trigger_of(info), self._pool))
        self.registry.add(task)
        task.start()

    def _runner(self, trigger: Trigger, pool: WorkerPool) -> Runner:
        tools = Tools(
            self._calls, self._sources, pool, self._history, self._dead_letters, self._secrets
        )
        return Runner(trigger, tools)

    async def replay(self, database: str, name: str, letter_id: str | None) -> Replayed:
        """Run what was given up again, the oldest first, until a run fails.

        Raises `NotFoundError` for the trigger, or a letter that does not wait, `PluginError`, and
        `ConflictError` while another replay of this trigger goes on.
        """
        if self._pool is None:
            raise PluginError(NO_PLUGINS)
        info = await self._find(database, name)
        if info is None:
            raise NotFoundError(f"the requested resource was not found: {name}")
        if info.id in self._replays:
            raise ConflictError(f"a replay of trigger '{name}' is going on already")
        task = self.registry.get(info.id)
        runner = self._runner(trigger_of(info), self._pool) if task is None else task.runner
        replay = self._replays[info.id] = Replay(runner, self._dead_letters)
        try:
            return await replay.run(letter_id)
        finally:
            del self._replays[info.id]
            if self.registry.get(info.id) is None:  # also where it was disabled meanwhile
                await runner.kill()

    def _task_for(self, runner: Runner) -> TriggerTask:
        trigger = runner.trigger
        if trigger.spec.kind == "wal":
            return WalTask(runner, self._disable_for_error, self._calls, self._pacer)
        if trigger.spec.kind == "schedule":
            return ScheduleTask(runner, self._disable_for_error, self._calls.clock)
        return RequestTask(runner, self._disable_for_error, self._sources)

    async def _stop(self, trigger_id: int) -> None:
        task = self.registry.remove(trigger_id)
        if task is not None:
            await task.stop()

    async def _disable_for_error(self, task: TriggerTask) -> None:
        """Switch a trigger off for good, from within its own task."""
        async with self._changing:
            if self.registry.get(task.trigger.id) is task:
                await self._switch_off(task)
        await task.kill()

    async def _switch_off(self, task: TriggerTask) -> None:
        trigger = task.trigger
        set_disabled = partial(
            self._engine.set_trigger_disabled, trigger.database, trigger.name, disabled=True
        )
        try:
            await self._calls.work(set_disabled)
        except EngineError as error:
            task.log.failure(f"the trigger rests until the next start only: {error}")
        else:
            task.log.warn("the trigger is disabled because of this error")
        self.registry.remove(trigger.id)

    async def _drop_what_is_gone(self) -> None:
        """Stop triggers whose database was deleted."""
        infos = await self._calls.work(self._engine.triggers)
        databases = {info.id: info.database for info in infos if not info.disabled}
        for task in self.registry.all():
            if databases.get(task.trigger.id) == task.trigger.database:
                continue
            async with self._changing:
                if not await self._is_enabled(task.trigger):
                    await self._stop(task.trigger.id)

    async def _is_enabled(self, trigger: Trigger) -> bool:
        info = await self._find(trigger.database, trigger.name)
        return info is not None and info.id == trigger.id and not info.disabled


def _parse(text: str) -> tuple[Spec | None, SpecError | None]:
    """Read a specification; an error is kept for when its turn in the checks comes."""
    try:
        return parse(text), None
    except SpecError as error:
        return None, error


def _check_name(name: str) -> None:
    """Refuse a name that the history could not have as a tag. Raises `InvalidError`."""
    if name.endswith("\\") or any(character < " " for character in name):
        raise InvalidError(
            f"the name of a trigger has no control characters and no backslash at its end: {name!r}"
        )


def _arguments(arguments: Mapping[str, object] | None) -> dict[str, str] | None:
    """Take arguments as they are, all texts. Raises `InvalidError` in the words of serde."""
    if arguments is None:
        return None
    for value in arguments.values():
        if not isinstance(value, str):
            message = f"invalid type: {_serde_type(value)}, expected a string"
            raise InvalidError(f"serde json error: {message}")
    return {key: str(value) for key, value in arguments.items()}


def _serde_type(value: object) -> str:
    if isinstance(value, bool):
        return f"boolean `{str(value).lower()}`"
    if isinstance(value, int):
        return f"integer `{value}`"
    if isinstance(value, float):
        return f"floating point `{value}`"
    return "null" if value is None else "sequence" if isinstance(value, list) else "map"


def _behavior(text: str) -> str:
    try:
        return parse_error_behavior(text)
    except UnknownErrorBehavior as error:
        raise InvalidError(f"serde json error: {error}") from None
