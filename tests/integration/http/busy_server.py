"""A server on which something of each kind has happened, so that each system table has rows."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from influxpe._engine import Engine
from tests.api_client import ApiClient
from tests.polling import eventually
from tests.server_process import ServerProcess, serve_command
from tests.sql.engines import write

DATABASE = "plant"
CONFIGURE = "/api/v3/configure"
# A file of each of its tables for each part; four of a table, none larger than all after it, are
# merged into one.
MERGED = (
    "weather,host=b,room=y ok=true 2000",
    "weather,host=c level=5i 2500",
    "weather,host=a,room=x level=4i 1000",
    'weather,host=a,room=x temperature=1.5,note="low" 1000\nweather,host=a,room=x seen=7u 3000',
)
STORED = ("weather,host=a,room=x temperature=3.5 3500\nmeter,host=a total=1i 4000",)
COPIES = """
def process_writes(influxdb3_local, table_batches, args=None):
    rows = [row for batch in table_batches for row in batch["rows"]]
    influxdb3_local.info("copied", len(rows), "rows to", args["target"])
    influxdb3_local.state.put("count", len(rows))
    for row in rows:
        line = LineBuilder(args["target"]).int64_field("v", row["v"])
        influxdb3_local.write(line.time_ns(row["time"]))
"""
FAILS = "def process_writes(influxdb3_local, table_batches, args=None):\n    1 / 0\n"
TICKS = "def process_scheduled_call(influxdb3_local, call_time, args=None):\n    pass\n"
RESTS = (
    "def process_request(influxdb3_local, query_parameters, headers, body, args=None):\n    pass\n"
)
PLUGINS = {"copies.py": COPIES, "fails.py": FAILS, "ticks.py": TICKS, "rests.py": RESTS}
# Of each trigger, whose plugin has its name: specification, arguments and settings.
TRIGGERS: dict[str, tuple[str, dict[str, str] | None, dict[str, object]]] = {
    "copies": ("table:m", {"target": "copy", "unit": "m"}, {"batch_rows": 500}),
    "fails": ("table:m", None, {"error_behavior": "retry", "max_attempts": 1}),
    "ticks": ("every:1s", None, {"run_async": True, "missed_runs": "once"}),
    "rests": ("request:rests", None, {"error_behavior": "disable"}),
}
# What shows that the triggers have run: each row comes after the run that it tells of.
WAITED_FOR = (
    "processing_engine_runs WHERE trigger_name = 'copies'",
    "processing_engine_runs WHERE trigger_name = 'fails'",
    "processing_engine_dead_letters",
    "processing_engine_logs WHERE log_text LIKE 'given up %'",
    "processing_engine_trigger_settings WHERE last_tick IS NOT NULL",
)
DEFAULTS = {"run_async": False, "error_behavior": "log"}


def store(data_dir: Path) -> None:
    """Make files of rows, as a server does by and by."""
    engine = Engine.open(
        str(data_dir), buffer_bytes_max=2**26, query_bytes_max=2**28, query_threads=1, node_id="n0"
    )
    try:
        for part in MERGED:
            persist(engine, part)
        engine.compact()
        for part in STORED:
            persist(engine, part)
    finally:
        engine.close()


def persist(engine: Engine, part: str) -> None:
    """Write lines, and store them."""
    write(engine, part, DATABASE)
    engine.persist()


def asks_for_tokens(data_dir: Path, plugins: Path) -> list[str]:
    """Compose a server with authentication."""
    command = serve_command(data_dir, "--plugin-dir", str(plugins))
    return [part for part in command if part != "--without-auth"]


class BusyServer:
    """The server and a client of it; `with` ends both."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened = ExitStack()
        self.client: ApiClient

    def __enter__(self) -> Self:
        with self._opened:
            self._start()
            self._opened = self._opened.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._opened.close()

    def _start(self) -> None:
        plugins = self._folder / "plugins"
        plugins.mkdir()
        for name, code in PLUGINS.items():
            (plugins / name).write_text(code)
        data_dir = self._folder / "data"
        store(data_dir)
        command = asks_for_tokens(data_dir, plugins)
        server = self._opened.enter_context(ServerProcess(self._folder, command))
        token = httpx.post(f"{server.url}{CONFIGURE}/token/admin").json()["token"]
        self.client = self._opened.enter_context(ApiClient(server.url, token=token))
        self._configure()
        self._run_triggers()
        self._ask()

    def _post(self, path: str, **members: object) -> None:
        answer = self.client.http.post(f"{CONFIGURE}/{path}", json=members)
        assert answer.status_code in {200, 201}, answer.text

    def _delete(self, path: str, **query: str) -> None:
        answer = self.client.http.delete(f"{CONFIGURE}/{path}", params=query)
        assert answer.status_code == 200, answer.text

    def _configure(self) -> None:
        self._post("token/named_admin", token_name="reader", expiry_secs=3600)  # noqa: S106
        self._post("database", db="short", retention_period="2h")
        self._post("database", db="gone")
        self._delete("database", db="gone", hard_delete_at="2199-01-02T03:04:05Z")
        fields = [{"name": "v", "type": "int64"}]
        self._post("table", db=DATABASE, table="old", tags=["t"], fields=fields)
        self._delete("table", db=DATABASE, table="old", hard_delete_at="never")
        which = {"db": DATABASE, "table": "weather"}
        self._post("last_cache", **which, name="newest", key_columns=["room"], count=3, ttl=60)
        self._post("last_cache", **which, name="some", value_columns=["level"])
        self._post("distinct_cache", **which, name="rooms", columns=["host", "room"], max_age=90)

    def _run_triggers(self) -> None:
        """Make the triggers, and wait until what was written has run and failed."""
        for name, (specification, arguments, settings) in TRIGGERS.items():
            made = self.client.create_trigger(
                DATABASE,
                name,
                specification=specification,
                plugin=f"{name}.py",
                arguments=arguments,
                settings=DEFAULTS | settings,
            )
            assert made.status_code == 200, made.text
        query = {"db": DATABASE, "trigger_name": "rests"}
        path = f"{CONFIGURE}/processing_engine_trigger/disable"
        assert self.client.http.post(path, params=query).status_code == 200
        self.client.write_all(DATABASE, "m v=1i 1000\nm v=2i 2000")
        for shown in WAITED_FOR:
            sql = f"SELECT 1 AS one FROM system.{shown}"  # noqa: S608 - of this file
            eventually(partial(self.client.rows, DATABASE, sql), bool)

    def _ask(self) -> None:
        """Ask what can be answered, what cannot, and in the other language."""
        for sql, status in [("SELECT total FROM meter", 200), ("SELECT nope FROM meter", 400)]:
            assert self.client.sql(DATABASE, sql).status_code == status
        body = {"db": DATABASE, "q": "SELECT max(total) FROM meter", "format": "json"}
        assert self.client.http.post("/api/v3/query_influxql", json=body).status_code == 200
