"""The options of `serve` that decide something. Defaults are those of `ServerConfig`."""

from dataclasses import replace

from influxpe.cli.parameter import (
    count,
    defaulted,
    flag,
    option,
    several,
)
from influxpe.cli.value_types import (
    byte_size,
    duration_ns,
    path,
    positive_number,
    socket_address,
)
from influxpe.config import memory_bytes

STORAGE, HTTP, ENGINE = "Storage", "HTTP and authentication", "Processing engine"
MEMORY, LOGGING = "Memory and queries", "Logging"

OBJECT_STORES = ("memory", "memory-throttled", "file", "s3", "google", "azure")
UNCHECKED = ("health", "ping", "metrics", "ready", "pprof", "node_stop")
TRIGGER_KINDS = ("wal", "wal_flush", "schedule", "request")
TLS_VERSIONS = ("tls-1.2", "tls-1.3")


def cluster_id(text: str) -> str:
    """Refuse the option of another product."""
    raise ValueError(
        f"a cluster id such as {text} belongs to InfluxDB 3 Enterprise; leave --cluster-id out"
    )


def unchecked_endpoints(text: str) -> frozenset[str]:
    """Read which endpoints answer without a token. Raises `ValueError`."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if len(names) > len(UNCHECKED):
        raise ValueError(f"--disable-authz cannot take more than {len(UNCHECKED)} items")
    if not set(names) <= set(UNCHECKED):
        raise ValueError(
            "invalid value passed in for --disable-authz, allowed values are health, ping, "
            "metrics, ready, pprof, and node_stop"
        )
    return frozenset(names)


def tls_version(text: str) -> str:
    """Read the oldest version of TLS that is spoken. Raises `ValueError`."""
    if text not in TLS_VERSIONS:
        raise ValueError("Valid minimum version strings are tls-1.2 and tls-1.3")
    return text


def flush_interval_s(text: str) -> float:
    """Read an interval above zero, in seconds. Raises `ValueError`."""
    interval_ns = duration_ns(text)
    if interval_ns <= 0:
        raise ValueError("the interval must be longer than 0s")
    return interval_ns / 1_000_000_000


def timeout_ms(text: str) -> int:
    """Read a time above zero, in milliseconds. Raises `ValueError`."""
    milliseconds = duration_ns(text) // 1_000_000
    if milliseconds <= 0:
        raise ValueError("the time must be 1ms at least")
    return milliseconds


NODE_ID = option(
    "node-id",
    "NODE_ID",
    "Name of this server, kept in its data; the default is <hostname>-node",
    str,
    aliases=("host-id",),
    environment=("INFLUXDB3_NODE_IDENTIFIER_PREFIX", "INFLUXDB3_NODE_ID"),
    conflicts=("node-id-from-env",),
    heading=STORAGE,
)
NODE_ID_FROM_ENV = option(
    "node-id-from-env",
    "VARIABLE",
    "Take the node id from this environment variable",
    str,
    environment=("INFLUXDB3_NODE_IDENTIFIER_FROM_ENV", "INFLUXDB3_NODE_ID_FROM_ENV"),
    heading=STORAGE,
    advanced=True,
)
CLUSTER_ID = option("cluster-id", "CLUSTER_ID", "Not for this product", cluster_id, hidden=True)
OBJECT_STORE = defaulted(
    "object-store",
    "OBJECT_STORE",
    "Where data is kept: file, s3 (the log stays in the data folder), or memory, which forgets all "
    "at the end",
    str,
    "file",
    choices=OBJECT_STORES,
    loose_case=True,
    environment=("INFLUXDB3_OBJECT_STORE",),
    heading=STORAGE,
)
DATA_DIR = option(
    "data-dir",
    "DIR",
    "Folder for the log, and for the data of the file store, made if missing "
    "[default: ~/.influxdb]",
    path,
    environment=("INFLUXDB3_DB_DIR", "INFLUXDB3_DATA_DIR"),
    heading=STORAGE,
)
WAL_FLUSH_INTERVAL = option(
    "wal-flush-interval",
    "DURATION",
    "How often triggers on writes are given new rows [default: 1s]. Writes are safe on disk "
    "before they are acknowledged, whatever this says",
    flush_interval_s,
    environment=("INFLUXDB3_WAL_FLUSH_INTERVAL",),
    heading=STORAGE,
)
MAX_DATABASES = option(
    "max-databases",
    "N",
    "Databases that there may be; those that exist stay [default: 1000]",
    positive_number,
    environment=("INFLUXDB3_MAX_DATABASES",),
    heading=STORAGE,
    advanced=True,
)
MAX_TABLES = option(
    "max-tables",
    "N",
    "Tables that there may be in all databases [default: 10000]",
    positive_number,
    environment=("INFLUXDB3_MAX_TABLES",),
    heading=STORAGE,
    advanced=True,
)
MAX_COLUMNS_PER_TABLE = option(
    "max-columns-per-table",
    "N",
    "Tags and fields that a table may have, up to 65535 [default: 500]",
    positive_number,
    environment=("INFLUXDB3_MAX_COLUMNS_PER_TABLE",),
    heading=STORAGE,
    advanced=True,
)
HTTP_BIND = option(
    "http-bind",
    "ADDRESS",
    "Address and port to listen on [default: 0.0.0.0:8181]; port 0 takes a free one",
    socket_address,
    environment=("INFLUXDB3_HTTP_BIND_ADDR",),
    heading=HTTP,
)
MAX_HTTP_REQUEST_SIZE = option(
    "max-http-request-size",
    "BYTES",
    "Largest body of a request, in bytes or as 10mb [default: 10485760]",
    byte_size("b"),
    environment=("INFLUXDB3_MAX_HTTP_REQUEST_SIZE",),
    heading=HTTP,
)
WITHOUT_AUTH = flag(
    "without-auth",
    "Answer everybody: no token is asked for",
    environment=("INFLUXDB3_START_WITHOUT_AUTH", "INFLUXDB3_WITHOUT_AUTH"),
    heading=HTTP,
)
DISABLE_AUTHZ = option(
    "disable-authz",
    "LIST",
    "Endpoints that answer without a token, separated by commas: health, ping, metrics",
    unchecked_endpoints,
    environment=("INFLUXDB3_DISABLE_AUTHZ",),
    heading=HTTP,
)
ADMIN_TOKEN_FILE = option(
    "admin-token-file",
    "FILE",
    "Token to know from the start, made by create token --admin --offline",
    path,
    environment=("INFLUXDB3_ADMIN_TOKEN_FILE",),
    heading=HTTP,
    advanced=True,
)
TCP_LISTENER_FILE = option(
    "tcp-listener-file-path",
    "FILE",
    "Write ip:port into this file once the server listens",
    path,
    environment=("INFLUXDB3_TCP_LISTINER_FILE_PATH", "INFLUXDB3_TCP_LISTENER_FILE_PATH"),
    heading=HTTP,
    hidden=True,
)
TLS_CERT = option(
    "tls-cert",
    "FILE",
    "Certificate chain (PEM) to serve https with",
    path,
    environment=("INFLUXDB3_TLS_CERT",),
    heading=HTTP,
)
TLS_KEY = option(
    "tls-key",
    "FILE",
    "Private key (PEM) of the certificate",
    path,
    environment=("INFLUXDB3_TLS_KEY",),
    heading=HTTP,
)
TLS_MINIMUM_VERSION = defaulted(
    "tls-minimum-version",
    "VERSION",
    "Oldest TLS that is spoken: tls-1.2 or tls-1.3",
    tls_version,
    "tls-1.2",
    environment=("INFLUXDB3_TLS_MINIMUM_VERSION",),
    heading=HTTP,
    advanced=True,
)
PLUGIN_DIR = option(
    "plugin-dir",
    "DIR",
    "Folder with the plugins, made if missing; without it ~/.influxdb3/plugins, if there is one",
    path,
    environment=("INFLUXDB3_PLUGIN_DIR",),
    heading=ENGINE,
)
VIRTUAL_ENV = option(
    "virtual-env-location",
    "DIR",
    "Python environment of the plugins [default: .venv in the plugin folder]",
    path,
    environment=("VIRTUAL_ENV",),
    heading=ENGINE,
)
PACKAGE_MANAGER = defaulted(
    "package-manager",
    "MANAGER",
    "What installs packages for plugins; disabled refuses to install any",
    str,
    "discover",
    choices=("discover", "pip", "uv", "disabled"),
    environment=("INFLUXDB3_PACKAGE_MANAGER",),
    heading=ENGINE,
    advanced=True,
)
WHEELS_DIR = option(
    "wheels-dir",
    "DIR",
    "Folder of wheels: packages for plugins come from there alone, without a network",
    path,
    environment=("INFLUXPE_WHEELS_DIR",),
    heading=ENGINE,
    advanced=True,
)
PLUGIN_SECRETS_DIR = option(
    "plugin-secrets-dir",
    "DIR",
    "Folder with a file per secret, which triggers name as secret:NAME; variables "
    "INFLUXPE_SECRET_<NAME> are secrets, too",
    path,
    environment=("INFLUXPE_PLUGIN_SECRETS_DIR",),
    heading=ENGINE,
    advanced=True,
)
PLUGIN_REPO = option(
    "plugin-repo",
    "URL",
    "Folder or URL that gh:<path> is read from [default: the public plugin repository]",
    str,
    environment=("INFLUXDB3_PLUGIN_REPO",),
    heading=ENGINE,
)
RESTRICT_TRIGGERS = several(
    "restrict-plugin-triggers-to",
    "KIND",
    "Allow only triggers of these kinds: wal, schedule, request",
    str,
    separators=", ",
    greedy=True,
    choices=TRIGGER_KINDS,
    environment=("INFLUXDB3_RESTRICT_PLUGIN_TRIGGERS_TO",),
    heading=ENGINE,
    advanced=True,
)
EXEC_MEM_POOL = option(
    "exec-mem-pool-bytes",
    "SIZE",
    "Memory for queries: megabytes, a size such as 2gb, or a share such as 20% [default: 20%]",
    byte_size("mb", memory_bytes),
    aliases=("exec-mem-pool-size",),
    environment=("INFLUXDB3_EXEC_MEM_POOL_BYTES", "INFLUXDB3_EXEC_MEM_POOL_SIZE"),
    heading=MEMORY,
)
BUFFER_SIZE = option(
    "force-snapshot-mem-threshold",
    "SIZE",
    "Memory for rows that are not in files yet, written like the memory for queries [default: 40%]",
    byte_size("mb", memory_bytes),
    aliases=("force-snapshot-mem-size",),
    environment=(
        "INFLUXDB3_FORCE_SNAPSHOT_MEM_THRESHOLD",
        "INFLUXDB3_FORCE_SNAPSHOT_MEM_SIZE",
    ),
    heading=MEMORY,
    advanced=True,
)
LAG_SIZE = option(
    "trigger-log-size",
    "SIZE",
    "Log that is kept for triggers which lag behind; past it they lose rows, and are told "
    "[default: 8gb]",
    byte_size("mb"),
    environment=("INFLUXPE_TRIGGER_LOG_SIZE",),
    heading=MEMORY,
    advanced=True,
)
QUERY_THREADS = option(
    "num-datafusion-threads",
    "N",
    "Threads for queries [default: one per core]",
    positive_number,
    aliases=("datafusion-num-threads",),
    environment=("INFLUXDB3_NUM_DATAFUSION_THREADS",),
    heading=MEMORY,
)
QUERIES_RUNNING = option(
    "max-concurrent-queries",
    "N",
    "Queries that run at once; the others wait, 64 at most, and a quarter is kept for those that "
    "read little [default: 4 per thread for queries]",
    positive_number,
    environment=("INFLUXDB3_MAX_CONCURRENT_QUERIES",),
    heading=MEMORY,
)
QUERY_TIMEOUT = option(
    "query-timeout",
    "DURATION",
    "How long a query may take, waiting and reading included, such as 30s [default: no end]",
    timeout_ms,
    environment=("INFLUXPE_QUERY_TIMEOUT",),
    heading=MEMORY,
)
QUERY_MEMORY = option(
    "query-memory-limit",
    "SIZE",
    "Memory of one query, written like that of all; what sorts and groups more goes to disk "
    "[default: a third of that of all]",
    byte_size("mb", memory_bytes),
    environment=("INFLUXPE_QUERY_MEMORY_LIMIT",),
    heading=MEMORY,
)
QUERY_SPILL = option(
    "query-spill-size",
    "SIZE",
    "Disk for what queries cannot hold in memory; 0 lets them fail instead [default: 8gb]",
    byte_size("mb"),
    environment=("INFLUXPE_QUERY_SPILL_SIZE",),
    heading=MEMORY,
)
COLUMN_CACHE = option(
    "parquet-mem-cache-size",
    "SIZE",
    "Memory for columns of files that are asked for again, written like that for queries; 0 keeps "
    "none [default: 20%]",
    byte_size("mb", memory_bytes),
    aliases=("file-cache-size",),
    environment=("INFLUXDB3_PARQUET_MEM_CACHE_SIZE", "INFLUXDB3_FILE_CACHE_SIZE"),
    heading=MEMORY,
)
NO_COLUMN_CACHE = flag(
    "disable-parquet-mem-cache",
    "Keep no columns of files in memory",
    aliases=("disable-file-cache", "disable-data-file-cache"),
    environment=(
        "INFLUXDB3_DISABLE_PARQUET_MEM_CACHE",
        "INFLUXDB3_DISABLE_FILE_CACHE",
        "INFLUXDB3_DISABLE_DATA_FILE_CACHE",
    ),
    heading=MEMORY,
)
LOG_FILTER = option(
    "log-filter",
    "DIRECTIVES",
    "What is logged: error, warn, info, debug or trace, and target=level for one part "
    "[default: info]",
    str,
    environment=("INFLUXDB3_LOG_FILTER",),
    heading=LOGGING,
)
VERBOSE = count(
    "verbose",
    "Log more, whatever --log-filter says: -v info, -vv debug, -vvv trace",
    short="v",
    heading=LOGGING,
)
LOG_DESTINATION = defaulted(
    "log-destination",
    "DESTINATION",
    "Where the log goes",
    str,
    "stdout",
    choices=("stdout", "stderr"),
    loose_case=True,
    environment=("INFLUXDB3_LOG_DESTINATION",),
    heading=LOGGING,
)
LOG_FORMAT = defaulted(
    "log-format",
    "FORMAT",
    "How log lines look",
    str,
    "full",
    choices=("full", "pretty", "json", "logfmt"),
    loose_case=True,
    environment=("INFLUXDB3_LOG_FORMAT",),
    heading=LOGGING,
)

EFFECTIVE = (
    NODE_ID,
    NODE_ID_FROM_ENV,
    CLUSTER_ID,
    OBJECT_STORE,
    DATA_DIR,
    WAL_FLUSH_INTERVAL,
    MAX_DATABASES,
    MAX_TABLES,
    MAX_COLUMNS_PER_TABLE,
    HTTP_BIND,
    MAX_HTTP_REQUEST_SIZE,
    WITHOUT_AUTH,
    DISABLE_AUTHZ,
    ADMIN_TOKEN_FILE,
    TCP_LISTENER_FILE,
    TLS_CERT,
    TLS_KEY,
    TLS_MINIMUM_VERSION,
    PLUGIN_DIR,
    VIRTUAL_ENV,
    PACKAGE_MANAGER,
    WHEELS_DIR,
    PLUGIN_SECRETS_DIR,
    PLUGIN_REPO,
    RESTRICT_TRIGGERS,
    EXEC_MEM_POOL,
    BUFFER_SIZE,
    LAG_SIZE,
    QUERY_THREADS,
    QUERIES_RUNNING,
    QUERY_TIMEOUT,
    QUERY_MEMORY,
    QUERY_SPILL,
    COLUMN_CACHE,
    NO_COLUMN_CACHE,
    LOG_FILTER,
    VERBOSE,
    LOG_DESTINATION,
    LOG_FORMAT,
)
# `install package` accepts these and ignores them: they are the server's business.
PLUGIN_OPTIONS = tuple(
    replace(parameter, hidden=True, environment=())
    for parameter in (PLUGIN_DIR, VIRTUAL_ENV, PACKAGE_MANAGER, PLUGIN_REPO, RESTRICT_TRIGGERS)
)
