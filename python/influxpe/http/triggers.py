"""The routes that create, delete, enable and disable triggers."""

from dataclasses import asdict

import msgspec
from starlette.responses import Response

from influxpe.http.messages import Call, empty_response, json_response
from influxpe.http.parameters import (
    Argument,
    Flag,
    argument_texts,
    json_parameters,
    query_parameters,
)
from influxpe.http.services import Services
from influxpe.triggers.duration import NS_PER_SECOND, DurationError, parse_duration
from influxpe.triggers.options import ATTEMPTS_MAX_DEFAULT, MissedRuns, TriggerOptions
from influxpe.triggers.processing_engine import CreatedTrigger, CreateTrigger

ERROR_BEHAVIORS = ("log", "retry", "disable")


class _Settings(msgspec.Struct):
    run_async: bool = False
    error_behavior: str = "log"
    time_limit: str | None = None
    memory_limit_bytes: int | None = None
    max_attempts: int = ATTEMPTS_MAX_DEFAULT
    missed_runs: MissedRuns = "skip"
    time_zone: str = "UTC"
    own_output: bool = False
    batch_rows: int | None = None
    batch_interval: str | None = None
    columns: tuple[str, ...] | None = None
    where: str | None = None
    environment: str | None = None
    variables: dict[str, str] = {}

    def options(self) -> TriggerOptions:
        """Give what goes beyond the reference. Raises `ValueError`."""
        options = TriggerOptions(
            time_limit_s=_seconds(self.time_limit),
            memory_limit_bytes=self.memory_limit_bytes,
            max_attempts=self.max_attempts,
            missed_runs=self.missed_runs,
            time_zone=self.time_zone,
            own_output=self.own_output,
            batch_rows=self.batch_rows,
            batch_interval_s=_seconds(self.batch_interval) or 0.0,
            columns=self.columns,
            where=self.where,
            environment=self.environment,
            variables=self.variables,
        )
        options.check()
        return options

    def __post_init__(self) -> None:
        """Take any case of the three words; the decoder reports the `ValueError`."""
        given, self.error_behavior = self.error_behavior, self.error_behavior.lower()
        if self.error_behavior not in ERROR_BEHAVIORS:
            expected = ", ".join(f"`{word}`" for word in ERROR_BEHAVIORS)
            raise ValueError(f"unknown variant `{given}`, expected one of {expected}")
        self.options()


class _Create(msgspec.Struct):
    db: str
    plugin_filename: str
    trigger_name: str
    trigger_specification: str
    trigger_settings: _Settings | None = None
    trigger_arguments: dict[str, Argument] | None = None
    disabled: bool | None = None


class _Delete(msgspec.Struct):
    db: str
    trigger_name: str
    force: bool | None = None


class _DeleteByUrl(msgspec.Struct):
    db: str
    trigger_name: str
    force: Flag = "false"


class _Name(msgspec.Struct):
    db: str
    trigger_name: str


class _Replay(msgspec.Struct):
    db: str
    trigger_name: str
    letter_id: str | None = None


class TriggerEndpoints:
    """Triggers of one processing engine."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._bytes_max = services.config.max_http_request_size

    async def create(self, call: Call) -> Response:
        """Create a trigger; it runs on return unless it was asked for disabled."""
        given = json_parameters(_Create, call, self._bytes_max)
        settings = given.trigger_settings or _Settings()
        request = CreateTrigger(
            database=given.db,
            name=given.trigger_name,
            plugin_filename=given.plugin_filename,
            specification=given.trigger_specification,
            arguments=argument_texts(given.trigger_arguments),
            run_async=settings.run_async,
            error_behavior=settings.error_behavior,
            disabled=bool(given.disabled),
            options=settings.options(),
        )
        return _created(await self._services.processing.create_trigger(request))

    async def delete(self, call: Call) -> Response:
        """Delete a trigger, named in the query string or in a JSON body."""
        if call.query_string:
            named = query_parameters(_DeleteByUrl, call)
            database, name, force = named.db, named.trigger_name, named.force == "true"
        else:
            given = json_parameters(_Delete, call, self._bytes_max)
            database, name, force = given.db, given.trigger_name, bool(given.force)
        await self._services.processing.delete_trigger(database, name, force=force)
        return empty_response()

    async def replay(self, call: Call) -> Response:
        """Run what a trigger was given and gave up again; answers how many runs went well."""
        given = query_parameters(_Replay, call)
        done = await self._services.processing.replay(given.db, given.trigger_name, given.letter_id)
        return json_response(asdict(done))

    async def enable(self, call: Call) -> Response:
        """Let a trigger run again; nothing changes where it runs already."""
        given = query_parameters(_Name, call)
        await self._services.processing.enable_trigger(given.db, given.trigger_name)
        return empty_response()

    async def disable(self, call: Call) -> Response:
        """Let a trigger rest; nothing changes where it rests already."""
        given = query_parameters(_Name, call)
        await self._services.processing.disable_trigger(given.db, given.trigger_name)
        return empty_response()


def _seconds(duration: str | None) -> float | None:
    if duration is None:
        return None
    try:
        return parse_duration(duration) / NS_PER_SECOND
    except DurationError as error:
        raise ValueError(f"invalid duration '{duration}': {error}") from error


def _created(trigger: CreatedTrigger) -> Response:
    """Answer with what the user should know about the new trigger, if there is anything."""
    told = {"warnings": list(trigger.warnings), "notes": list(trigger.notes)}
    return json_response(told) if any(told.values()) else empty_response()
