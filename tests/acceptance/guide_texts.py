"""Where the guides are: our own beside this file, the ones they stand for beside the project."""

import platform
from pathlib import Path

import pytest

from tests.acceptance.document import Document

OWN = Path(__file__).parent / "guides"
SEEDS = Path(__file__).parents[2].parent / "shared" / "seeds"
VARIANTS = ["own", "seeds"]

# What a plugin repository serves at the path that the guides name.
SYSTEM_METRICS_PATH = "examples/schedule/system_metrics/system_metrics.py"
SYSTEM_METRICS = f'''
import os

def process_scheduled_call(influxdb3_local, call_time, args=None):
    line = LineBuilder("system_load").tag("host", "{platform.node() or "here"}")
    line.float64_field("load1", os.getloadavg()[0])
    influxdb3_local.write(line)
'''


def guide(variant: str, own_name: str, seed_prefix: str) -> Document:
    """Read one guide; skips, saying why, where the seeds are not beside the project."""
    if variant == "own":
        return Document((OWN / own_name).read_text())
    found = sorted(SEEDS.glob(f"{seed_prefix}_*.txt"))
    if not found:
        pytest.skip(
            f"no document {seed_prefix}_*.txt in ../shared/seeds: only our own guide is run"
        )
    return Document(found[0].read_text(encoding="utf-8"))


def plugin_repository(folder: Path) -> Path:
    """Make a plugin repository in a folder, as a mirror would be."""
    plugin = folder / "plugin-repository" / SYSTEM_METRICS_PATH
    plugin.parent.mkdir(parents=True)
    plugin.write_text(SYSTEM_METRICS)
    return folder / "plugin-repository"
