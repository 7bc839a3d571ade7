"""The templates of a pool: one per environment of Python, started when it is first needed."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from influxpe.errors import EngineError
from influxpe.plugin.protocol import WorkerDied
from influxpe.plugin.template_process import TemplateProcess

PythonOf = Callable[[str | None], Path]


class Templates:
    """The templates that take new workers, and those that only end what they have begun."""

    def __init__(self, python_of: PythonOf, plugin_dir: Path | None, memory_bytes_max: int) -> None:
        """`python_of` gives the interpreter of an environment; it may raise an `EngineError`."""
        self._python_of = python_of
        self._plugin_dir = plugin_dir
        self._memory_bytes_max = memory_bytes_max
        self._current: dict[str | None, TemplateProcess] = {}
        self._retired: set[TemplateProcess] = set()
        self._starting = asyncio.Lock()
        self._closed = False

    async def running(self, environment: str | None) -> TemplateProcess:
        """Give a template, started if it never was or has died. Raises `WorkerDied`."""
        async with self._starting:
            if self._closed:
                raise WorkerDied("no plugin is started any more: the server stops")
            template = self._current.get(environment)
            if template is None or not template.is_running:
                template = await self._start(environment)
                self._current[environment] = template
            return template

    def is_current(self, template: TemplateProcess) -> bool:
        """Whether new workers may come from it."""
        return template in self._current.values()

    async def retire(self, environment: str | None) -> None:
        """Let the template of an environment end when its workers have."""
        async with self._starting:
            template = self._current.pop(environment, None)
            self._retired = {one for one in self._retired if one.is_running}
            if template is not None:
                self._retired.add(template)
                template.retire()

    async def tidy(self) -> None:
        """End the templates of named environments that have no workers: each takes memory."""
        named = [(name, one) for name, one in self._current.items() if name is not None]
        for name, template in named:
            if not template.has_workers:
                await self.retire(name)

    async def close(self) -> None:
        """End all of them."""
        self._closed = True
        async with self._starting:  # one that is just being started belongs to them
            templates = [*self._current.values(), *self._retired]
            self._current.clear()
            self._retired.clear()
        await asyncio.gather(*(template.close() for template in templates))

    async def _start(self, environment: str | None) -> TemplateProcess:
        try:
            python = self._python_of(environment)
        except EngineError as error:
            raise WorkerDied(f"cannot start plugin processes: {error}") from error
        template = TemplateProcess(python, self._plugin_dir, self._memory_bytes_max)
        await template.start()
        return template
