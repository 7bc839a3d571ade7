"""A server under hostile plugins, a healthy trigger beside them, and a client that writes on."""

import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.acceptance.hostile.case import WRITES, Case, RequestCase
from tests.api_client import ApiClient
from tests.polling import eventually
from tests.server_process import ServerProcess

DATABASE = "arena"
TRIGGERS = "/api/v3/configure/processing_engine_trigger"
PAUSE_SECONDS = 0.02
# For a trigger to be served, on a machine that is busy with hostile ones.
SECONDS_MAX = 30.0
RUNS = "system.processing_engine_runs"
# No timestamps: a row that is served twice leaves two points.
COPY = f"""{WRITES}
    for batch in table_batches:
        for row in batch["rows"]:
            line = LineBuilder(args["into"]).tag("row", str(row["n"])).int64_field("n", row["n"])
            influxdb3_local.write(line)
"""


class Numbers:
    """Writes numbers, one after the other, in a thread; each of them must be acknowledged."""

    def __init__(self, url: str) -> None:
        self.acknowledged = 0
        self.refused: list[str] = []
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Let the last one be answered."""
        self._stop.set()
        with suppress(RuntimeError):  # it was never started
            self._thread.join()

    def _write(self) -> None:
        with ApiClient(self._url) as client:
            while not self._stop.wait(PAUSE_SECONDS):
                answer = client.write(DATABASE, f"numbers n={self.acknowledged + 1}i")
                if answer.status_code != 204:
                    self.refused.append(answer.text)
                    return
                self.acknowledged += 1


class Arena:
    """One server; each trigger has a table of its own, named as the trigger."""

    def __init__(self, server: ServerProcess, client: ApiClient, plugins: Path) -> None:
        self.server = server
        self.client = client
        self.numbers = Numbers(server.url)
        self._plugins = plugins
        self._begun: set[str] = set()

    def open(self) -> None:
        """Make the healthy trigger, and keep it busy."""
        self.client.write_all(DATABASE, "other v=1i")
        (self._plugins / "healthy.py").write_text(COPY)
        self._trigger("healthy", "table:numbers", "delivered")
        self.numbers.start()

    def begin(self, name: str, case: Case) -> None:
        """Make a hostile trigger and give it a row, if that is not done yet."""
        if name not in self._begun:
            self._begun.add(name)
            self._save(name, case.file)
            self._trigger(name, f"table:{name}", f"{name}_mended", case.settings)
            self.client.write_all(DATABASE, f"{name} n=1i")

    def begin_request(self, name: str, case: RequestCase) -> None:
        """Make a hostile trigger that answers requests."""
        self._begun.add(name)
        self._save(name, case.file)
        self._trigger(name, f"request:{name}", "", case.settings)

    def first_run(self, name: str) -> dict[str, str]:
        """Wait for the first run to end; gives its status and error."""
        query = f"SELECT status, error FROM {RUNS} WHERE trigger_name = '{name}' ORDER BY time"  # noqa: S608 - names of the tests themselves
        runs = eventually(lambda: self.client.rows(DATABASE, query), bool, seconds=SECONDS_MAX)
        first: dict[str, str] = runs[0]
        return first

    def mend(self, name: str) -> None:
        """Replace the plugin by a good one, which must be served then."""
        self._save(name, COPY)
        self.client.write_all(DATABASE, f"{name} n=2i")
        query = f'SELECT n FROM "{name}_mended" WHERE n = 2'  # noqa: S608 - as above
        eventually(lambda: self.client.rows(DATABASE, query), bool, seconds=SECONDS_MAX)

    def replace(self, name: str, code: str) -> None:
        """Save another text of a plugin."""
        self._save(name, code)

    def end(self, name: str) -> None:
        """Delete a trigger, whatever it is at."""
        parameters = {"db": DATABASE, "trigger_name": name, "force": "true"}
        answer = self.client.http.delete(TRIGGERS, params=parameters)
        assert answer.status_code == 200, answer.text
        self._begun.discard(name)

    def end_all(self) -> None:
        """Delete all hostile triggers that are left."""
        for name in list(self._begun):
            self.end(name)

    def delivered(self) -> Counter[int]:
        """Count the points that the healthy trigger wrote for each number."""
        return Counter(row["n"] for row in self.client.rows(DATABASE, "SELECT n FROM delivered"))

    def check_neighbour(self) -> None:
        """Find what was written so far delivered, each row once, and the server alive."""
        assert self.server.running()
        assert self.numbers.refused == []
        wanted = range(1, self.numbers.acknowledged + 1)
        found = eventually(
            self.delivered, lambda found: set(wanted) <= found.keys(), seconds=SECONDS_MAX
        )
        assert [n for n, count in found.items() if count != 1] == []

    def _save(self, name: str, code: str) -> None:
        (self._plugins / f"{name}.py").write_text(code)

    def _trigger(
        self, name: str, specification: str, into: str, settings: object | None = None
    ) -> None:
        answer = self.client.create_trigger(
            DATABASE,
            name,
            specification=specification,
            plugin=f"{name}.py",
            arguments={"into": into},
            settings={"run_async": False, "error_behavior": "log"} | dict(settings or {}),  # type: ignore[call-overload]
        )
        assert answer.status_code == 200, answer.text
