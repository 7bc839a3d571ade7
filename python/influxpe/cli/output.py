"""Results of queries and listings: the formats, and where the bytes go."""

import sys
from dataclasses import dataclass
from pathlib import Path

from influxpe.cli import terminal
from influxpe.cli.client import Client, Reply
from influxpe.cli.command import CommandError, Values
from influxpe.cli.parameter import defaulted, option
from influxpe.cli.value_types import path

FORMATS = ("pretty", "json", "jsonl", "csv", "parquet")
TERMINAL_REFUSED = "cannot write parquet to a terminal, use `--output <file>` or pipe the output"

FORMAT = defaulted(
    "format", "OUTPUT_FORMAT", "How the result is printed", str, "pretty", choices=FORMATS
)
OUTPUT = option("output", "OUTPUT_FILE_PATH", "Write the result to this file", path, short="o")


@dataclass(frozen=True)
class Output:
    """A format and, unless it is stdout, a file."""

    format: str
    file: Path | None = None

    @property
    def wire_format(self) -> str:
        """The name by which the server knows the format.

        Raises `CommandError` where bytes of Parquet would land on a terminal.
        """
        if self.format == "parquet" and self.file is None and terminal.is_terminal(sys.stdout):
            raise CommandError(TERMINAL_REFUSED)
        return "json_lines" if self.format == "jsonl" else self.format

    def deliver(self, reply: Reply) -> None:
        """Print a body, with a line end after text, or write it to the file as it is."""
        if self.file is not None:
            return _save(reply, self.file)
        stdout = terminal.output()
        reply.copy_to(stdout)
        if self.format != "parquet":
            stdout.write(b"\n")
        return stdout.flush()

    def query(
        self, client: Client, database: str, sql: str, params: dict[str, str] | None = None
    ) -> None:
        """Run a SQL query and deliver its result."""
        document = {"db": database, "q": sql, "format": self.wire_format, "params": params}
        with client.send("POST", "/api/v3/query_sql", document=document) as reply:
            self.deliver(reply)


def output_from(values: Values) -> Output:
    """Give what the options `--format` and `--output` describe."""
    return Output(values[FORMAT], values[OUTPUT])


def _save(reply: Reply, target: Path) -> None:
    try:
        with target.open("wb") as sink:
            reply.copy_to(sink)
    except OSError as error:
        raise CommandError(f"cannot write {target}: {error.strerror}") from error
