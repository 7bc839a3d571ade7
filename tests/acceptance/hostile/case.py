"""What a hostile plugin is, and what its user is to see of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import indent

WRITES = "def process_writes(influxdb3_local, table_batches, args=None):\n"
REQUEST = "def process_request(influxdb3_local, query_parameters, headers, body, args=None):\n"
LATE = "the run took longer than 1 s and was ended"


@dataclass(frozen=True)
class Case:
    """A plugin on rows: the body of its entry point, or with `whole` its file.

    `error` is a pattern for the history of runs; an empty one means that the run ends well. A run
    that failed is in the log with the same words; `log` is a pattern for a line that is there too.
    """

    code: str
    error: str = ""
    log: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    whole: bool = False

    @property
    def file(self) -> str:
        """The text of the plugin's file."""
        return self.code if self.whole else WRITES + indent(self.code, "    ") + "\n"


@dataclass(frozen=True)
class RequestCase:
    """A plugin that answers a request: the body of its entry point, and the answer."""

    code: str
    status: int
    answer: str
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The text of the plugin's file."""
        return REQUEST + indent(self.code, "    ") + "\n"


def late(code: str) -> Case:
    """Give a plugin that is ended by its limit of time."""
    return Case(code, LATE, settings={"time_limit": "1s"})


def ended(code: str, how: str) -> Case:
    """Give a plugin that ends its own process."""
    return Case(code, f"its process {how}")
