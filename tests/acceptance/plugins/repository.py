"""The official plugins as tests use them: copied, and each file the one that is expected."""

import hashlib
import shutil
from pathlib import Path

WAL = "examples/wal_plugin/wal_plugin.py"
TRANSFORMATION = "influxdata/basic_transformation/basic_transformation.py"
DOWNSAMPLER = "influxdata/downsampler/downsampler.py"
GAPFILL = "influxdata/gapfill/gapfill.py"
NOTIFIER = "influxdata/notifier/notifier_plugin.py"
RESAMPLER = "influxdata/resampler/resampler.py"
VALIDATOR = "influxdata/schema_validator/schema_validator.py"
VALIDATOR_SCHEMA = "influxdata/schema_validator/schema_validator_config.json"
SIGNALS = "influxdata/signal_generator/signal_generator.py"
SYSTEM_METRICS = "influxdata/system_metrics/system_metrics.py"
THRESHOLD = "influxdata/threshold_deadman_checks/threshold_deadman_checks_plugin.py"

COMMIT = "ab59f95"
# What `git hash-object` says of the files of that commit.
HASHES = {
    WAL: "922613aee913e9511df3ebf970a97f3f5c0458b1",
    TRANSFORMATION: "323a031c3539fe1c3350de1dffbc694a8216ae99",
    DOWNSAMPLER: "fc833d4a484809a9bd7fb6f73935d8244e1b7927",
    GAPFILL: "f850a9fdfc79d45f948ff5f73a5c25d963986165",
    NOTIFIER: "182f538e44dad36b739cba451dd50606f8474422",
    RESAMPLER: "024b8bb87f288d1f96ea77f16f143016238a0831",
    VALIDATOR: "c0507980e189a89a5d57ea4a8e62ec2a19fcab92",
    VALIDATOR_SCHEMA: "d7a01fafbd803c4005766efe7f1c3281a46f6ecc",
    SIGNALS: "ec691924ca4bdc758286932fa6333aa38f850a67",
    SYSTEM_METRICS: "de3ab4de7d2c1f1b9ead79d35e8b602b572b724c",
    THRESHOLD: "edb109ba48112a2794c3af4b27d5f456820a1a6d",
}


class Repository:
    """A checkout of the plugins, which is only read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for path, expected in HASHES.items():
            found = _git_hash(folder / path)
            assert found == expected, f"{folder / path} is not the file of commit {COMMIT}"

    def copy_to(self, folder: Path) -> None:
        """Make a plugin folder of a copy; what git keeps beside the files stays behind."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns(".git", ".venv", "venv"))


def _git_hash(path: Path) -> str:
    content = path.read_bytes()
    header = f"blob {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
