"""Follows the training guide from its first command to its last, and keeps what was printed."""

from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.acceptance.document import Document
from tests.acceptance.guide_texts import plugin_repository
from tests.acceptance.terminal import TOKEN, Finished, Terminal
from tests.api_client import ApiClient
from tests.polling import eventually

DATABASE = "my_awesome_db"
SCHEDULE_SECONDS_MAX = 75.0

USES_PANDAS = """
import pandas

def process_request(influxdb3_local, query_parameters, request_headers, request_body, args=None):
    frame = pandas.DataFrame({"value": [1, 2, 3]})
    return {"sum": int(frame["value"].sum())}
"""


@dataclass
class Training:
    """One reader of the guide: the terminal, the token, what commands and requests answered."""

    document: Document
    terminal: Terminal
    token: str = ""
    printed: dict[str, Finished] = field(default_factory=dict)
    answered: dict[str, httpx.Response] = field(default_factory=dict)

    @property
    def plugins(self) -> Path:
        """The folder that the guide tells to use."""
        return self.terminal.home / ".influxdb3" / "plugins"

    def run(self, name: str, text: str, **replaced: str) -> None:
        """Type a command and remember what it printed under a name."""
        self.printed[name] = self.terminal.run(text, **replaced)

    def connect(self) -> ApiClient:
        """Open a client with the token of the guide."""
        assert self.terminal.server is not None
        return ApiClient(self.terminal.server.url, token=self.token)


def follow(document: Document, folder: Path) -> Training:
    """Type the whole guide; nothing is asserted here."""
    repository = plugin_repository(folder)
    terminal = Terminal(folder, {"INFLUXDB3_PLUGIN_REPO": str(repository)})
    training = Training(document, terminal)
    _first_steps(training)
    _write_trigger(training)
    _schedule_trigger(training)
    _request_trigger(training)
    _packages(training)
    _wait_for_the_clock(training)
    _crash_and_webhook(training)
    return training


def _first_steps(training: Training) -> None:
    document = training.document
    training.run("mkdir", document.shell("mkdir plugins"))
    training.terminal.serve(document.shell("influxdb3 serve", "node0"))
    create_token = document.shell("create token --admin")
    training.run("token", create_token)
    found = TOKEN.search(training.printed["token"].output)
    training.token = found.group() if found else ""
    training.run("second token", create_token)
    create_database = document.shell("create database")
    training.run("no token", create_database)
    training.terminal.variables["INFLUXDB3_AUTH_TOKEN"] = training.token
    training.run("database", create_database)
    training.run("write", document.shell("--precision ns"), YOUR_TOKEN=training.token)
    training.run("query", document.shell("SELECT * FROM cpu"), YOUR_TOKEN=training.token)


def _write_trigger(training: Training) -> None:
    document = training.document
    training.run("early trigger", document.shell("hello_wal_trigger"))
    _save(training, "hello-wal.py", document.python("hello_summary", "process_writes"))
    write = document.shell("--table test_data")
    training.run("structured write", write)
    _wait_for_rows(training, "SELECT * FROM hello_summary WHERE \"table\" = 'test_data'", 1)
    # A second write, so that the output of the first run has had its turn to come back.
    training.run("structured write again", write)
    _wait_for_rows(training, "SELECT * FROM hello_summary WHERE \"table\" = 'test_data'", 2)
    training.run("summary", document.inline("SELECT * FROM hello_summary"))


def _schedule_trigger(training: Training) -> None:
    document = training.document
    training.run("schedule trigger", document.shell("hello_schedule_trigger"))
    _save(training, "hello-schedule.py", document.python("scheduler_heartbeat"))
    training.run("repository trigger", document.shell("gh:examples"))


def _request_trigger(training: Training) -> None:
    document = training.document
    training.run("request trigger", document.shell("request:hello"))
    _save(training, "hello-http.py", document.python("api_requests"))
    with training.connect() as client:
        training.answered["get"] = client.http.get("/api/v3/engine/hello?colour=blue")
        training.answered["post"] = client.http.post("/api/v3/engine/hello", json={"a": 1})
        training.answered["unknown path"] = client.http.post("/api/v3/engine/webhook")
    training.run("webhook with a locked door", document.shell("curl", "/engine/webhook"))


def _packages(training: Training) -> None:
    _save(training, "uses_pandas.py", USES_PANDAS)
    create = "influxdb3 create trigger --trigger-spec request:sum --plugin-filename uses_pandas.py"
    training.run("pandas trigger", f"{create} --database {DATABASE} uses_pandas")
    with training.connect() as client:
        training.answered["without pandas"] = client.http.get("/api/v3/engine/sum")
        training.run("install", training.document.inline("install package pandas"))
        training.answered["with pandas"] = client.http.get("/api/v3/engine/sum")


def _wait_for_the_clock(training: Training) -> None:
    for table in ("scheduler_heartbeat", "system_load"):
        _wait_for_rows(training, f"SELECT * FROM {table}", 1)  # noqa: S608 - names of this test


def _crash_and_webhook(training: Training) -> None:
    """Stop the server as the guide does (`kill -9`), start it with an open door, call again."""
    server = training.terminal.server
    assert server is not None
    server.kill()
    training.terminal.variables["INFLUXDB3_START_WITHOUT_AUTH"] = "true"
    training.terminal.serve(training.document.shell("influxdb3 serve", "node0"))
    curl = training.document.shell("curl", "/engine/webhook")
    training.run("webhook without a trigger", curl)
    create = training.document.shell("request:hello")
    training.run(
        "webhook trigger",
        create,
        **{"request:hello": "request:webhook", "hello_http_trigger": "webhook"},
    )
    training.run("webhook", curl)


def _save(training: Training, name: str, code: str) -> None:
    training.plugins.mkdir(parents=True, exist_ok=True)
    (training.plugins / name).write_text(code)


def _wait_for_rows(training: Training, query: str, count: int) -> None:
    with training.connect() as client:
        eventually(
            lambda: client.rows(DATABASE, query),
            lambda rows: len(rows) >= count,
            seconds=SCHEDULE_SECONDS_MAX,
        )
