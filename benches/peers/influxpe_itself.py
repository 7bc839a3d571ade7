"""influxpe as a system that is measured: durable writes, SQL."""

import json
import shutil
from pathlib import Path

from pyarrow import parquet

from benches.peers import sql
from benches.peers.disk import bytes_below, wait_until_quiet
from benches.peers.questions import Answer, Question
from benches.peers.system import Request, System
from influxpe._engine import Engine
from tests.server_process import environment_for

# Of so many bodies one is new, and one that is stored is written again, late.
BODIES_PER_LATE = 33


class Influxpe(System):
    """One server without authentication, its data in files."""

    name = "influxpe in buffer"
    promise = "synced to disk"
    write_path = "/api/v3/write_lp?db=bench&precision=nanosecond"

    def command(self) -> list[str]:
        """Start it as a user would."""
        options = {"node-id": "node0", "object-store": "file", "data-dir": str(self.data)}
        options |= {"http-bind": self.address}
        spelled = [part for key, value in options.items() for part in (f"--{key}", value)]
        return [str(self.program), "serve", "--without-auth", *spelled]

    def environment(self) -> dict[str, str]:
        """Leave the settings of other servers out."""
        return environment_for(self.folder / "home")

    def answers(self) -> bool:
        """Ask for its health."""
        return self.send("GET", "/health")[0] == 200

    def request(self, question: Question) -> Request:
        """Ask in SQL."""
        asked = {"db": "bench", "q": sql.spelled(question), "format": "json"}
        return Request("POST", "/api/v3/query_sql", json.dumps(asked).encode())

    def read(self, body: bytes) -> Answer:
        """Read an array of objects."""
        return summed(json.loads(body))

    def settle(self) -> None:
        """Wait: it persists and compacts by itself, once it holds enough."""
        wait_until_quiet(lambda: bytes_below(self.data))

    def store_all(self) -> None:
        """Bring all rows into files, while the server is down."""
        self.stop()
        store_and_merge(self.data)
        self.start()

    def stored(self, rows: int) -> tuple[float, str]:
        """Weigh the files that a copy of its data stores and merges: it would do so in minutes."""
        copy = self.folder / "copy"
        shutil.copytree(self.data, copy)
        try:
            store_and_merge(copy)
            return weighed(copy, rows)
        finally:
            shutil.rmtree(copy)


def store_and_merge(data: Path) -> None:
    """Bring all rows of a data directory into files."""
    engine = Engine.open(str(data), buffer_bytes_max=2**33, query_bytes_max=2**28, query_threads=1)
    try:
        engine.persist()
        engine.compact()
    finally:
        engine.close()


def weighed(data: Path, rows: int) -> tuple[float, str]:
    """Give the bytes per row of the Parquet files, which must have all rows."""
    files = sorted(data.rglob("*.parquet"))
    stored = sum(parquet.read_metadata(path).num_rows for path in files)
    assert stored >= rows, f"{stored:,} of {rows:,} rows are in files"
    return sum(path.stat().st_size for path in files) / stored, "Parquet"


def summed(rows: list[dict[str, object]]) -> Answer:
    """Count the rows and add up their numbers; tags and times are texts."""
    numbers = (v for row in rows for v in row.values() if isinstance(v, int | float))
    return Answer(len(rows), sum(numbers))
