"""The routes around plugins: packages, dry runs, files."""

import msgspec
from starlette.responses import Response

from influxpe.errors import PluginError
from influxpe.http.messages import Call, Refusal, empty_response, json_response
from influxpe.http.parameters import json_parameters, query_parameters
from influxpe.http.services import Services
from influxpe.plugin import source
from influxpe.plugin.repository import PREFIX as REPOSITORY_PREFIX


class _Packages(msgspec.Struct):
    packages: list[str]


class _Requirements(msgspec.Struct):
    requirements_location: str


class _TestWal(msgspec.Struct):
    filename: str
    database: str
    input_lp: str
    cache_name: str | None = None
    input_arguments: dict[str, str] | None = None


class _TestSchedule(msgspec.Struct):
    filename: str
    database: str
    schedule: str | None = None
    cache_name: str | None = None
    input_arguments: dict[str, str] | None = None


class _Where(msgspec.Struct):
    db: str | None = None


class _File(msgspec.Struct):
    plugin_name: str
    content: str


class PluginEndpoints:
    """Plugins of one processing engine."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._processing = services.processing
        self._bytes_max = services.config.max_http_request_size

    async def install_packages(self, call: Call) -> Response:
        """Install packages by name; returns once they can be imported."""
        given = json_parameters(_Packages, call, self._bytes_max)
        await self._processing.install_packages(given.packages)
        return empty_response()

    async def install_requirements(self, call: Call) -> Response:
        """Install what a requirements file on the server lists."""
        if call.query_string:
            given = query_parameters(_Requirements, call)
        else:
            given = json_parameters(_Requirements, call, self._bytes_max)
        await self._processing.install_requirements(given.requirements_location)
        return empty_response()

    async def test_wal(self, call: Call) -> Response:
        """Run a plugin over given lines; its writes are shown, not stored."""
        given = json_parameters(_TestWal, call, self._bytes_max)
        outcome = await self._processing.test_wal(
            filename=given.filename,
            database=given.database,
            input_lp=given.input_lp,
            cache_name=given.cache_name,
            input_arguments=given.input_arguments,
        )
        return json_response(outcome)

    async def test_schedule(self, call: Call) -> Response:
        """Run a plugin as its schedule would; its writes are shown, not stored."""
        given = json_parameters(_TestSchedule, call, self._bytes_max)
        outcome = await self._processing.test_schedule(
            filename=given.filename,
            database=given.database,
            schedule=given.schedule,
            cache_name=given.cache_name,
            input_arguments=given.input_arguments,
        )
        return json_response(outcome)

    async def create_file(self, call: Call) -> Response:
        """Write a file below the plugin directory; `plugin_name` is its path there."""
        given = json_parameters(_File, call, self._bytes_max)
        await self._write(given.plugin_name, given.content)
        return empty_response()

    async def replace_file(self, call: Call) -> Response:
        """Write the file of a trigger; `plugin_name` is the name of the trigger."""
        given = json_parameters(_File, call, self._bytes_max)
        database = query_parameters(_Where, call).db
        triggers = await self._services.threads.catalog(self._services.engine.triggers)
        names = [
            trigger.plugin_filename
            for trigger in triggers
            if trigger.name == given.plugin_name and database in {None, trigger.database}
        ]
        if not names or names[0].startswith(REPOSITORY_PREFIX):
            raise _refused(f"Plugin not found: {given.plugin_name}")
        await self._write(names[0], given.content)
        return empty_response()

    async def _write(self, filename: str, content: str) -> None:
        directory = self._services.config.plugin_dir
        if directory is None:
            raise _refused("No plugin directory configured")
        try:
            await self._services.threads.catalog(lambda: source.write(directory, filename, content))
        except (PluginError, OSError) as error:
            raise _refused(str(error)) from error


def _refused(message: str) -> Refusal:
    return Refusal(500, f"Processing engine error: plugin error: {message}")
