"""`serve`: from options and environment to a `ServerConfig`, and into the server."""

import os
import sys
from pathlib import Path
from typing import TypeVar

from influxpe import config
from influxpe.cli import s3_options, serve_accepted
from influxpe.cli import serve_options as options
from influxpe.cli.command import Command, CommandError, Values
from influxpe.cli.terminal import note
from influxpe.config import ServerConfig

Given = TypeVar("Given")

DEFAULT_PLUGIN_DIR = "~/.influxdb3/plugins"
GENERATED_NODE_ID = (
    "Using auto-generated node id: {node_id}. For production deployments, explicitly set --node-id"
)
UNSET_VARIABLE = (
    "Must set INFLUXDB3_NODE_IDENTIFIER_PREFIX={name} to a valid env var value for the node id"
)
HALF_TLS = "tls requires both a cert and a key file to be passed in to work"
NOT_AVAILABLE = (
    "the object store '{store}' is not available in this version: choose 'file', 's3' or 'memory'"
)
DATA_DIR_UNUSED = "warning: --data-dir is not used: the object store 'memory' keeps no files"
NO_ENGINE = "the engine is not built, 'make build' makes it: {cause}"

LOG_FORMATS: dict[str, config.LogFormat] = {
    "full": "full",
    "pretty": "pretty",
    "json": "json",
    "logfmt": "logfmt",
}


def run(values: Values) -> int:
    """Run the server until it is told to stop; returns its exit code."""
    configuration = server_config(values)
    try:
        from influxpe import server
    except ModuleNotFoundError as error:
        if error.name == "influxpe._engine":
            raise CommandError(NO_ENGINE.format(cause=error)) from error
        raise
    return server.run(configuration)


def server_config(values: Values) -> ServerConfig:
    """Give the configuration that the options describe. Raises `CommandError`."""
    base = ServerConfig()
    host, port = values[options.HTTP_BIND] or (base.http_host, base.http_port)
    _check_tls(values)
    store = _object_store(values)
    return ServerConfig(
        node_id=_node_id(values),
        object_store=store,
        data_dir=None if store == "memory" else values[options.DATA_DIR] or base.data_dir,
        s3=s3_options.s3_store(values) if store == "s3" else None,
        http_host=host,
        http_port=port,
        tcp_listener_file=values[options.TCP_LISTENER_FILE],
        max_http_request_size=_or(
            values[options.MAX_HTTP_REQUEST_SIZE], base.max_http_request_size
        ),
        tls_cert=values[options.TLS_CERT],
        tls_key=values[options.TLS_KEY],
        tls_minimum_version=(
            "tls-1.3" if values[options.TLS_MINIMUM_VERSION] == "tls-1.3" else "tls-1.2"
        ),
        without_auth=values[options.WITHOUT_AUTH],
        disable_authz=_or(values[options.DISABLE_AUTHZ], base.disable_authz),
        admin_token_file=values[options.ADMIN_TOKEN_FILE],
        plugin_dir=_plugin_dir(values),
        virtual_env=_virtual_env(values),
        plugin_repo=values[options.PLUGIN_REPO] or base.plugin_repo,
        package_manager=values[options.PACKAGE_MANAGER],
        wheels_dir=values[options.WHEELS_DIR],
        plugin_secrets_dir=values[options.PLUGIN_SECRETS_DIR],
        restrict_plugin_triggers_to=_trigger_kinds(values),
        wal_flush_interval_s=values[options.WAL_FLUSH_INTERVAL] or base.wal_flush_interval_s,
        databases_max=values[options.MAX_DATABASES],
        tables_max=values[options.MAX_TABLES],
        columns_per_table_max=values[options.MAX_COLUMNS_PER_TABLE],
        exec_mem_pool_bytes=_or(values[options.EXEC_MEM_POOL], base.exec_mem_pool_bytes),
        buffer_bytes_max=_or(values[options.BUFFER_SIZE], base.buffer_bytes_max),
        lag_bytes_max=_or(values[options.LAG_SIZE], base.lag_bytes_max),
        query_threads=values[options.QUERY_THREADS] or base.query_threads,
        query_memory_bytes=values[options.QUERY_MEMORY],
        query_spill_bytes=values[options.QUERY_SPILL],
        column_cache_bytes=_column_cache_bytes(values, base),
        max_concurrent_queries=values[options.QUERIES_RUNNING],
        query_timeout_ms=values[options.QUERY_TIMEOUT],
        log_filter=values[options.LOG_FILTER] or base.log_filter,
        log_destination="stderr" if values[options.LOG_DESTINATION] == "stderr" else "stdout",
        log_format=LOG_FORMATS[values[options.LOG_FORMAT]],
        verbose=values[options.VERBOSE],
    )


def _or(value: Given | None, default: Given) -> Given:
    return default if value is None else value


def _column_cache_bytes(values: Values, base: ServerConfig) -> int:
    if values[options.NO_COLUMN_CACHE]:
        return 0
    return _or(values[options.COLUMN_CACHE], base.column_cache_bytes)


def _node_id(values: Values) -> str:
    """Give the node id: as given, from the named variable, or made from the host name."""
    given, variable = values[options.NODE_ID], values[options.NODE_ID_FROM_ENV]
    if given is not None:
        return given
    if variable is not None:
        node_id = os.environ.get(variable)
        if not node_id:
            raise CommandError(UNSET_VARIABLE.format(name=variable))
        return node_id
    node_id = f"{os.uname().nodename or 'primary'}-node"
    note(GENERATED_NODE_ID.format(node_id=node_id))
    return node_id


def _object_store(values: Values) -> config.ObjectStore:
    store = values[options.OBJECT_STORE]
    if store == "file":
        return "file"
    if store == "s3":
        return "s3"
    if store != "memory":
        raise CommandError(NOT_AVAILABLE.format(store=store))
    if values[options.DATA_DIR] is not None:
        note(DATA_DIR_UNUSED)
    return "memory"


def _check_tls(values: Values) -> None:
    if (values[options.TLS_CERT] is None) != (values[options.TLS_KEY] is None):
        raise CommandError(HALF_TLS)


def _plugin_dir(values: Values) -> Path | None:
    """Give the plugin folder; the one of the training guide is found where it exists."""
    default = Path(DEFAULT_PLUGIN_DIR).expanduser()
    return values[options.PLUGIN_DIR] or (default if default.is_dir() else None)


def _virtual_env(values: Values) -> Path | None:
    """Give the plugins' environment, never the one that the server itself runs in.

    `VIRTUAL_ENV` names it whenever someone starts the server from an activated environment.
    """
    folder = values[options.VIRTUAL_ENV]
    if folder is not None and folder.resolve() == Path(sys.prefix).resolve():
        return None
    return folder


def _trigger_kinds(values: Values) -> frozenset[str]:
    return frozenset("wal" if k == "wal_flush" else k for k in values[options.RESTRICT_TRIGGERS])


COMMAND = Command(
    name="serve",
    about="Run the server",
    verb="Serve",
    heading="Common Commands",
    run=run,
    parameters=(*options.EFFECTIVE, *s3_options.OPTIONS, *serve_accepted.ACCEPTED),
    loose_names=True,
    details=(
        "Everything has a default: data in ~/.influxdb, port 8181, a token is asked for. "
        "--help-all lists all options. Variables may also stand in a .env file, in this folder "
        "or above."
    ),
    examples=(
        "serve --node-id node0 --object-store file --plugin-dir ~/.influxdb3/plugins",
        "serve --node-id try --object-store memory --without-auth",
    ),
)
