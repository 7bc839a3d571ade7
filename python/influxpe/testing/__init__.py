"""For authors of plugins: run a plugin in a test, on a real engine in a temporary folder.

from influxpe.testing import PluginEngine

with PluginEngine() as engine:
    report = engine.run_writes("check.py", "home,room=hall temp=35")
    report.raise_for_error()
    assert report.writes["test"][0]["fields"] == {"temp": 35.0}

With pytest the fixture `plugin_engine` is such an engine, one per test. What stands behind a name
is loaded when it is first used: pytest reads this module in every run.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from influxpe.testing.capture import Captured as Captured
    from influxpe.testing.clock import ManualClock as ManualClock
    from influxpe.testing.engine import PluginEngine as PluginEngine
    from influxpe.testing.fixtures import plugin_engine as plugin_engine
    from influxpe.testing.report import LogLine as LogLine
    from influxpe.testing.report import PluginFailed as PluginFailed
    from influxpe.testing.report import PluginResponse as PluginResponse
    from influxpe.testing.report import RunFailure as RunFailure
    from influxpe.testing.report import RunReport as RunReport
    from influxpe.testing.report import WrittenRow as WrittenRow
    from influxpe.testing.report import WrittenTable as WrittenTable

_PLACES = {
    "Captured": "capture",
    "LogLine": "report",
    "ManualClock": "clock",
    "PluginEngine": "engine",
    "PluginFailed": "report",
    "PluginResponse": "report",
    "RunFailure": "report",
    "RunReport": "report",
    "WrittenRow": "report",
    "WrittenTable": "report",
    "plugin_engine": "fixtures",
}

__all__ = [
    "Captured",
    "LogLine",
    "ManualClock",
    "PluginEngine",
    "PluginFailed",
    "PluginResponse",
    "RunFailure",
    "RunReport",
    "WrittenRow",
    "WrittenTable",
    "plugin_engine",
]


def __getattr__(name: str) -> object:
    """Load what a public name stands for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
