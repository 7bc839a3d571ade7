"""Dead letters are run again: with the plugin as it is now, one after the other.

A replay that is stopped commits nothing any more, whatever its run is doing.
"""

from dataclasses import dataclass, replace
from functools import partial

from influxpe.errors import NotFoundError, PluginError
from influxpe.plugin.engine_calls import Output
from influxpe.triggers.dead_letters import DeadLetters, Letter
from influxpe.triggers.runner import RunFailed, Runner, Work


@dataclass(frozen=True)
class Replayed:
    """How many letters were run again, how many wait still, and why the last one failed."""

    replayed: int
    waiting: int
    error: str | None = None


class Replay:
    """Runs the letters of one trigger."""

    def __init__(self, runner: Runner, letters: DeadLetters) -> None:
        self._runner = runner
        self._letters = letters
        self._stopped = False

    async def stop(self) -> None:
        """End, and with it what is running: the trigger is deleted."""
        self._stopped = True
        await self._runner.kill()

    async def run(self, letter_id: str | None) -> Replayed:
        """Run the letters that wait, or one of them, until one fails.

        Raises `NotFoundError` where that letter does not wait, `PluginError` without a plugin.
        """
        waiting = await self._letters.waiting(self._runner.trigger, letter_id)
        if letter_id is not None and not waiting:
            raise NotFoundError(f"there is no dead letter '{letter_id}' that waits")
        for done, letter in enumerate(waiting):
            try:
                await self._run(letter)
            except RunFailed as failure:
                self._runner.log.failure(str(failure), failure.traceback)
                return Replayed(done, len(waiting) - done, failure.error)
        return Replayed(len(waiting), 0)

    async def _run(self, letter: Letter) -> None:
        self._check()
        source = await self._runner.source()
        if source is None:
            filename = self._runner.trigger.plugin_filename
            raise PluginError(f"plugin {filename} cannot be read; see the log of the trigger")
        tables = await self._letters.tables(letter)
        if letter.given.rows and not tables:
            raise RunFailed(f"the rows of dead letter {letter.letter_id} are not kept any more")
        call_time_ns = letter.given.call_time_ns or 0
        work = Work(
            run=partial(self._runner.run_of, tables=tables, call_time_ns=call_time_ns),
            start_text=f"starting execution of dead letter {letter.letter_id}.",
            depth=letter.depth,
            given=letter.given,
            commit=partial(self._commit, letter),
        )
        await self._runner.once(source, work)

    async def _commit(self, letter: Letter, output: Output) -> None:
        self._check()
        line = self._letters.replayed(self._runner.trigger, letter)
        await self._runner.commit(replace(output, internal=line))

    def _check(self) -> None:
        if self._stopped:
            raise RunFailed("the trigger was deleted")
