"""Options of `serve` that existing scripts and images give and that change nothing here yet.

They are read, so that a misspelt value is told, and then left alone. Each row of the tables is
(option, what InfluxDB 3 uses it for); its variable is its name in capitals behind `INFLUXDB3_`
unless a third column says otherwise.
"""

from collections.abc import Callable, Iterator
from typing import Any

from influxpe.cli.parameter import Parameter, defaulted, flag, option, optional_value, several
from influxpe.cli.value_types import (
    duration_ns,
    fraction,
    key_value,
    positive_number,
    signed_number,
    whole_number,
)

HEADING = "Accepted without effect"
REMOTE_STORES = "Accepted without effect: remote object stores"
RUNTIME = "Accepted without effect: threads"

Row = tuple[str, ...]
Convert = Callable[[str], Any]


def datafusion_settings(text: str) -> dict[str, str]:
    """Read `key:value,key:value`. Raises `ValueError`."""
    settings: dict[str, str] = {}
    for pair in filter(None, text.split(",")):
        key, colon, value = pair.partition(":")
        if not colon:
            raise ValueError(f"Invalid key value pair - expected 'KEY:VALUE' got '{pair}'")
        if key in settings:
            raise ValueError(f"key '{key}' passed in more than once")
        settings[key] = value
    return settings


DURATIONS: tuple[Row, ...] = (
    ("checkpoint-interval", "Time between checkpoints"),
    ("gen1-lookback-duration", "How far back small files are loaded at the start"),
    ("retention-check-interval", "Time between checks for rows that are too old"),
    ("delete-grace-period", "How long deleted data can be recovered"),
    ("hard-delete-default-duration", "When deleted data is removed by default"),
    ("last-cache-eviction-interval", "Time between evictions from last-value caches"),
    ("distinct-cache-eviction-interval", "Time between evictions from distinct-value caches"),
    ("parquet-mem-cache-prune-interval", "Time between checks of the file cache"),
    (
        "parquet-mem-cache-query-path-duration",
        "How recent a file must be to be cached by queries",
        "INFLUXDB3_PARQUET_MEM_CACHE_QUERY_PATH_DURATION INFLUXDB3_FILE_CACHE_RECENCY",
        "file-cache-recency",
    ),
    ("preemptive-cache-age", "How recent a file must be to be cached at once"),
    ("shutdown-timeout", "How long open requests may take at the end"),
)
NUMBERS: tuple[Row, ...] = (
    (
        "wal-snapshot-size",
        "Log files between snapshots",
        "INFLUXDB3_WAL_SNAPSHOT_SIZE INFLUXDB3_WAL_FILES_PER_SNAPSHOT",
        "wal-files-per-snapshot",
    ),
    (
        "wal-max-write-buffer-size",
        "Write requests that may wait",
        "INFLUXDB3_WAL_MAX_WRITE_BUFFER_SIZE INFLUXDB3_WAL_MAX_BUFFERED_WRITES",
        "wal-max-buffered-writes",
    ),
    (
        "snapshotted-wal-files-to-keep",
        "Log files kept after a snapshot",
        "INFLUXDB3_NUM_WAL_FILES_TO_KEEP INFLUXDB3_SNAPSHOTTED_WAL_FILES_TO_KEEP",
    ),
    ("wal-replay-concurrency-limit", "Log files that are read at a time at the start"),
    ("snapshot-concurrency-limit", "Snapshots that are made at a time"),
    ("table-index-cache-max-entries", "Table indexes that are cached"),
    ("table-index-cache-concurrency-limit", "Table indexes that are loaded at a time"),
    ("query-file-limit", "Files that one query may read"),
    (
        "query-log-size",
        "Queries that system.queries remembers",
        "INFLUXDB3_QUERY_LOG_SIZE INFLUXDB3_QUERY_LOG_MAX_ENTRIES",
        "query-log-max-entries",
    ),
    ("datafusion-max-parquet-fanout", "Files that one plan reads side by side"),
    ("traces-exporter-jaeger-agent-port", "Port of the agent for traces"),
    ("traces-jaeger-max-msgs-per-second", "Traces sent in a second"),
)
CONCURRENCY: tuple[Row, ...] = (
    ("async-trigger-concurrency-limit", "Runs of asynchronous triggers at a time"),
)
TEXTS: tuple[Row, ...] = (
    ("traces-exporter-jaeger-agent-host", "Host of the agent for traces"),
    ("traces-exporter-jaeger-service-name", "Name of this service in traces"),
    ("traces-exporter-jaeger-trace-context-header-name", "Header that carries a trace"),
    (
        "traces-jaeger-debug-name",
        "Header that asks for a trace",
        "INFLUXDB3_TRACES_EXPORTER_JAEGER_DEBUG_NAME",
    ),
)
SWITCHES: tuple[Row, ...] = (
    ("wal-replay-fail-on-error", "End the start where the log has a fault"),
    ("datafusion-use-cached-parquet-loader", "Read files through the cache"),
    ("disable-log-filter-noise-reduction", "Log all parts in debug and trace"),
    ("disable-package-management", "Refuse to install packages"),
)
HIDDEN_SWITCHES: tuple[Row, ...] = (
    ("tokio-console-enabled", "Serve a console for tasks", "TOKIO_CONSOLE_ENABLED"),
    ("test-mode", "For tests of InfluxDB 3", ""),
    (
        "disable-telemetry-upload",
        "Nothing is ever sent from here anyway",
        "INFLUXDB3_TELEMETRY_DISABLE_UPLOAD INFLUXDB3_DISABLE_TELEMETRY_UPLOAD",
    ),
)
HIDDEN_TEXTS: tuple[Row, ...] = (
    ("telemetry-endpoint", "Nothing is ever sent from here"),
    ("serve-invocation-method", "Who has started the server"),
    (
        "admin-token-recovery-tcp-listener-file-path",
        "Write the address of token recovery into this file",
    ),
    (
        "tokio-console-event-buffer-capacity",
        "Events kept for the console",
        "TOKIO_CONSOLE_EVENT_BUFFER_CAPACITY",
    ),
    (
        "tokio-console-client-buffer-capacity",
        "Events kept for each client of the console",
        "TOKIO_CONSOLE_CLIENT_BUFFER_CAPACITY",
    ),
)
STORE_TEXTS: tuple[Row, ...] = (
    ("google-service-account", "Credentials for Google Cloud Storage", "GOOGLE_SERVICE_ACCOUNT"),
    ("azure-storage-account", "Account of Azure storage", "AZURE_STORAGE_ACCOUNT"),
    ("azure-storage-access-key", "Credentials for Azure storage", "AZURE_STORAGE_ACCESS_KEY"),
    ("azure-endpoint", "URL of Azure storage", "AZURE_ENDPOINT"),
    ("object-store-cache-endpoint", "URL of a cache before the store"),
    ("object-store-tls-ca", "Certificate that the store's must descend from"),
)
STORE_NUMBERS: tuple[Row, ...] = (
    ("object-store-connection-limit", "Connections to the store"),
    ("object-store-http2-max-frame-size", "Largest frame of HTTP/2"),
    ("object-store-max-retries", "Attempts for one request"),
)
STORE_DURATIONS: tuple[Row, ...] = (
    ("object-store-request-timeout", "How long one request may take"),
    ("object-store-retry-timeout", "How long a request is repeated"),
)
STORE_SWITCHES: tuple[Row, ...] = (
    ("azure-allow-http", "Speak to Azure without TLS", "AZURE_ALLOW_HTTP"),
    ("object-store-http2-only", "Speak HTTP/2 to the store"),
    ("object-store-tls-allow-insecure", "Trust any certificate of the store"),
)


def _names(row: Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the variables and the other spellings of a row."""
    variables = row[2] if len(row) > 2 else f"INFLUXDB3_{row[0].upper().replace('-', '_')}"
    return tuple(variables.split()), tuple(row[3].split()) if len(row) > 3 else ()


def _options(
    rows: tuple[Row, ...], value_name: str, convert: Convert, heading: str, *, hidden: bool = False
) -> Iterator[Parameter[Any]]:
    for row in rows:
        environment, aliases = _names(row)
        yield option(
            row[0],
            value_name,
            row[1],
            convert,
            environment=environment,
            aliases=aliases,
            heading=heading,
            hidden=hidden,
            advanced=True,
        )


def _flags(
    rows: tuple[Row, ...], heading: str, *, hidden: bool = False
) -> Iterator[Parameter[Any]]:
    for row in rows:
        environment, aliases = _names(row)
        yield flag(
            row[0],
            row[1],
            environment=environment,
            aliases=aliases,
            heading=heading,
            hidden=hidden,
            advanced=True,
        )


def _runtime(prefix: str) -> Iterator[Parameter[Any]]:
    """Give the options about the threads of one part of InfluxDB 3."""
    yield option(
        f"{prefix}-type",
        "TYPE",
        "Kind of threads",
        str,
        choices=("multi-thread", "multi-thread-alt"),
        environment=_variable(f"{prefix}-type"),
        heading=RUNTIME,
        advanced=True,
    )
    yield option(
        f"{prefix}-disable-lifo-slot",
        "BOOL",
        "Order of tasks",
        str,
        choices=("true", "false"),
        environment=_variable(f"{prefix}-disable-lifo-slot"),
        heading=RUNTIME,
        advanced=True,
    )
    numbers = (
        "event-interval",
        "global-queue-interval",
        "max-blocking-threads",
        "max-io-events-per-tick",
    )
    rows = tuple((f"{prefix}-{name}", "Pace and number of threads") for name in numbers)
    yield from _options(rows, "N", whole_number, RUNTIME)
    alive = ((f"{prefix}-thread-keep-alive", "How long idle threads live"),)
    yield from _options(alive, "DURATION", duration_ns, RUNTIME)
    priority = ((f"{prefix}-thread-priority", "Priority of threads"),)
    yield from _options(priority, "N", signed_number, RUNTIME)


def _variable(name: str) -> tuple[str, ...]:
    return (f"INFLUXDB3_{name.upper().replace('-', '_')}",)


IO_THREADS: tuple[Parameter[Any], ...] = (
    option(
        "num-io-threads",
        "N",
        "Threads for input and output",
        positive_number,
        aliases=("num-threads",),
        environment=("INFLUXDB3_NUM_IO_THREADS",),
        heading=RUNTIME,
        advanced=True,
    ),
    *_runtime("io-runtime"),
)
PARTICULAR: tuple[Parameter[Any], ...] = (
    defaulted(
        "gen1-duration",
        "DURATION",
        "Span of time in one small file",
        str,
        "10m",
        choices=("1m", "5m", "10m"),
        environment=_variable("gen1-duration"),
        heading=HEADING,
        advanced=True,
    ),
    option(
        "parquet-mem-cache-prune-percentage",
        "FRACTION",
        "Part of the cache that is given up at a time",
        fraction,
        environment=_variable("parquet-mem-cache-prune-percentage"),
        heading=HEADING,
        advanced=True,
    ),
    option(
        "datafusion-config",
        "KEY:VALUE,...",
        "Settings of the query engine",
        datafusion_settings,
        environment=_variable("datafusion-config"),
        heading=HEADING,
        advanced=True,
    ),
    option(
        "traces-exporter",
        "EXPORTER",
        "Where traces go",
        str,
        choices=("none", "jaeger"),
        environment=_variable("traces-exporter"),
        heading=HEADING,
        advanced=True,
    ),
    several(
        "traces-jaeger-tags",
        "KEY=VALUE",
        "Labels of all traces",
        key_value,
        environment=("INFLUXDB3_TRACES_EXPORTER_JAEGER_TAGS",),
        heading=HEADING,
        advanced=True,
    ),
    optional_value(
        "admin-token-recovery-http-bind",
        "ADDRESS",
        "Listen for the regeneration of the operator token",
        "127.0.0.1:8182",
        environment=(
            "INFLUXDB3_ADMIN_TOKEN_RECOVERY_HTTP_BIND_ADDR",
            "INFLUXDB3_ADMIN_TOKEN_RECOVERY_HTTP_BIND",
        ),
        heading=HEADING,
        advanced=True,
    ),
)

ACCEPTED: tuple[Parameter[Any], ...] = (
    *_options(DURATIONS, "DURATION", duration_ns, HEADING),
    *_options(NUMBERS, "N", whole_number, HEADING),
    *_options(CONCURRENCY, "N", positive_number, HEADING),
    *_options(TEXTS, "TEXT", str, HEADING),
    *_flags(SWITCHES, HEADING),
    *PARTICULAR,
    *_flags(HIDDEN_SWITCHES, HEADING, hidden=True),
    *_options(HIDDEN_TEXTS, "TEXT", str, HEADING, hidden=True),
    *_options(STORE_TEXTS, "TEXT", str, REMOTE_STORES),
    *_options(STORE_NUMBERS, "N", whole_number, REMOTE_STORES),
    *_options(STORE_DURATIONS, "DURATION", duration_ns, REMOTE_STORES),
    *_flags(STORE_SWITCHES, REMOTE_STORES),
    *IO_THREADS,
    *_runtime("datafusion-runtime"),
)
