"""Everything that can be set for one run of the server, with its defaults and its maxima.

The command line builds a `ServerConfig`; nothing else reads flags or environment variables.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

ObjectStore = Literal["file", "memory", "s3"]
LogFormat = Literal["full", "pretty", "json", "logfmt"]
LogDestination = Literal["stdout", "stderr"]
TlsVersion = Literal["tls-1.2", "tls-1.3"]

# Clients and scripts of InfluxDB 3 look for this name; the revision says whose it really is.
PRODUCT_NAME = "InfluxDB 3 Core"
REVISION = "influxpe"

DEFAULT_PLUGIN_REPO = "https://raw.githubusercontent.com/influxdata/influxdb3_plugins/main/"
# What one request may send, on the wire and decompressed: as much as InfluxDB 3 takes.
HTTP_REQUEST_BYTES_MAX = 10 * 1024 * 1024
# What a query may hold at once, and what rows may hold before writes are turned away: shares of
# the machine's memory that leave room for the workers of plugins.
QUERY_MEMORY_SHARE = 0.20
COLUMN_MEMORY_SHARE = 0.20
BUFFER_MEMORY_SHARE = 0.40
# Queries that run at once, for each of their threads: some wait for their readers.
QUERIES_PER_THREAD = 4
# Log kept for triggers that lag behind what is stored: one that hangs must not fill the disk.
LAG_BYTES_KEPT = 8 * 1024**3

# Backups that may be open at a time: each keeps files and log that would otherwise go.
BACKUPS_OPEN_MAX = 4
# How long a backup may stay open while nobody asks for any of it: a copy that was killed is over,
# one that waits for a slow network is not.
BACKUP_IDLE_SECONDS_MAX = 600
# What is held of an object while it is handed out: a few times what a disk or S3 gives at once.
BACKUP_READ_BYTES_MAX = 4 * 1024 * 1024
# Files of the plugin folder in a backup, and their bytes, which are read when it is opened: far
# more than plugins have, and far less than a folder that was named by mistake.
BACKUP_PLUGIN_FILES_MAX = 10_000
BACKUP_PLUGIN_BYTES_MAX = 1024 * 1024 * 1024


def memory_bytes() -> int:
    """Give the memory that this process may use: the limit of its control group, or the machine."""
    machine_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return machine_bytes
    return min(machine_bytes, int(limit)) if limit.isdigit() else machine_bytes


def _share(part: float) -> int:
    return int(memory_bytes() * part)


@dataclass(frozen=True)
class S3Store:
    """A bucket of a service that speaks S3, and how to speak to it."""

    bucket: str
    region: str = "us-east-1"
    endpoint: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    allow_http: bool = False
    skip_signature: bool = False

    def options(self) -> dict[str, str]:
        """Give what is set, as `Engine.open` takes it."""
        texts = {
            "bucket": self.bucket,
            "region": self.region,
            "endpoint": self.endpoint,
            "access_key_id": self.access_key_id,
            "secret_access_key": self.secret_access_key,
            "session_token": self.session_token,
            "allow_http": "true" if self.allow_http else None,
            "skip_signature": "true" if self.skip_signature else None,
        }
        return {name: text for name, text in texts.items() if text is not None}


@dataclass(frozen=True)
class ServerConfig:
    """One run of the server. Sizes are bytes, durations seconds, as their names say."""

    node_id: str = "node0"
    object_store: ObjectStore = "file"
    data_dir: Path | None = field(default_factory=lambda: Path("~/.influxdb").expanduser())
    s3: S3Store | None = None

    http_host: str = "0.0.0.0"  # noqa: S104 - the documented default; authentication is on
    http_port: int = 8181
    tcp_listener_file: Path | None = None
    max_http_request_size: int = HTTP_REQUEST_BYTES_MAX
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_minimum_version: TlsVersion = "tls-1.2"

    without_auth: bool = False
    disable_authz: frozenset[str] = frozenset()
    admin_token_file: Path | None = None

    plugin_dir: Path | None = None
    virtual_env: Path | None = None
    plugin_repo: str = DEFAULT_PLUGIN_REPO
    package_manager: str = "discover"
    wheels_dir: Path | None = None
    plugin_secrets_dir: Path | None = None
    restrict_plugin_triggers_to: frozenset[str] = frozenset()
    wal_flush_interval_s: float = 1.0

    # How far the catalog may grow; `None` leaves it to the engine (rust/limits.rs).
    databases_max: int | None = None
    tables_max: int | None = None
    columns_per_table_max: int | None = None

    exec_mem_pool_bytes: int = field(default_factory=lambda: _share(QUERY_MEMORY_SHARE))
    buffer_bytes_max: int = field(default_factory=lambda: _share(BUFFER_MEMORY_SHARE))
    # Decoded columns of files, for queries that come again; 0 keeps none.
    column_cache_bytes: int = field(default_factory=lambda: _share(COLUMN_MEMORY_SHARE))
    lag_bytes_max: int = LAG_BYTES_KEPT
    query_threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    # `None`: a third of the pool, four queries per thread, 8 GiB (rust/query/govern), no end.
    query_memory_bytes: int | None = None
    query_spill_bytes: int | None = None
    max_concurrent_queries: int | None = None
    query_timeout_ms: int | None = None

    log_filter: str = "info"
    log_destination: LogDestination = "stdout"
    log_format: LogFormat = "full"
    verbose: int = 0

    def queries_running_max(self) -> int:
        """Give how many queries run at once."""
        return self.max_concurrent_queries or self.query_threads * QUERIES_PER_THREAD
