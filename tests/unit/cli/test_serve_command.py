"""`serve`: every option and variable is taken, and becomes the configuration that it describes."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from influxpe.cli.command import CommandError
from influxpe.cli.parameter import Parameter
from influxpe.cli.parse import parse
from influxpe.cli.program import ROOT
from influxpe.cli.serve import COMMAND, server_config
from influxpe.config import ServerConfig, memory_bytes
from tests.unit.cli.conftest import CommandLine

HOST_NODE = f"{os.uname().nodename}-node"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def configured(*words: str, **environment: str) -> ServerConfig:
    notes: list[str] = []
    return server_config(parse(ROOT, "influxdb3", words, environment, notes).values)


def test_nothing_given_is_the_quick_start(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert configured() == replace(ServerConfig(), node_id=HOST_NODE)
    assert capsys.readouterr().err == (
        f"Using auto-generated node id: {HOST_NODE}. "
        "For production deployments, explicitly set --node-id\n"
    )
    assert ServerConfig().data_dir == home / ".influxdb"


def test_serve_alone_is_the_quick_start_too() -> None:
    assert configured("serve") == configured()


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        (["--node-id", "n"], {}),
        (["--NODE_ID", "n"], {}),
        (["--Node_Id=n"], {}),
        (["--host-id", "n"], {}),
        (["--object-store", "Memory"], {"object_store": "memory", "data_dir": None}),
        (["--data-dir", "d"], {"data_dir": Path("d")}),
        (["--http-bind", "127.0.0.1:99"], {"http_host": "127.0.0.1", "http_port": 99}),
        (["--tcp-listener-file-path", "f"], {"tcp_listener_file": Path("f")}),
        (["--max-http-request-size", "20"], {"max_http_request_size": 20}),
        (["--max-http-request-size", "2mb"], {"max_http_request_size": 2 * 1024 * 1024}),
        (["--without-auth"], {"without_auth": True}),
        (["--disable-authz", "health,ping"], {"disable_authz": frozenset({"health", "ping"})}),
        (["--admin-token-file", "t"], {"admin_token_file": Path("t")}),
        (
            ["--tls-cert", "c", "--tls-key", "k", "--tls-minimum-version", "tls-1.3"],
            {"tls_cert": Path("c"), "tls_key": Path("k"), "tls_minimum_version": "tls-1.3"},
        ),
        (["--plugin-dir", "p"], {"plugin_dir": Path("p")}),
        (["--virtual-env-location", "v"], {"virtual_env": Path("v")}),
        (["--plugin-repo", "http://x/"], {"plugin_repo": "http://x/"}),
        (["--package-manager", "disabled"], {"package_manager": "disabled"}),
        (["--wheels-dir", "w"], {"wheels_dir": Path("w")}),
        (["--plugin-secrets-dir", "s"], {"plugin_secrets_dir": Path("s")}),
        (
            ["--restrict-plugin-triggers-to", "wal_flush", "schedule,request"],
            {"restrict_plugin_triggers_to": frozenset({"wal", "schedule", "request"})},
        ),
        (["--wal-flush-interval", "10ms"], {"wal_flush_interval_s": 0.01}),
        (["--max-databases", "5"], {"databases_max": 5}),
        (["--max-tables", "2000"], {"tables_max": 2000}),
        (["--max-columns-per-table", "100"], {"columns_per_table_max": 100}),
        (["--exec-mem-pool-bytes", "100"], {"exec_mem_pool_bytes": 100 * 1024 * 1024}),
        (["--exec-mem-pool-size", "10%"], {"exec_mem_pool_bytes": memory_bytes() * 10 // 100}),
        (["--force-snapshot-mem-size", "1gb"], {"buffer_bytes_max": 1024**3}),
        (["--datafusion-num-threads", "3"], {"query_threads": 3}),
        (["--max-concurrent-queries", "7"], {"max_concurrent_queries": 7}),
        (["--query-timeout", "1m30s"], {"query_timeout_ms": 90_000}),
        (["--query-memory-limit", "64"], {"query_memory_bytes": 64 * 1024 * 1024}),
        (["--query-spill-size", "0"], {"query_spill_bytes": 0}),
        (["--parquet-mem-cache-size", "64"], {"column_cache_bytes": 64 * 1024 * 1024}),
        (["--file-cache-size", "0"], {"column_cache_bytes": 0}),
        (["--disable-parquet-mem-cache"], {"column_cache_bytes": 0}),
        (["--log-filter", "debug"], {"log_filter": "debug"}),
        (["-vv"], {"verbose": 2}),
        (["--log-destination", "STDERR"], {"log_destination": "stderr"}),
        (["--log-format", "logfmt"], {"log_format": "logfmt"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_options_become_configuration(words: list[str], changes: dict[str, Any]) -> None:
    named = (
        []
        if words[0].lower() in {"--node-id", "--node_id", "--node_id=n", "--host-id"}
        else [
            "--node-id",
            "n",
        ]
    )
    assert configured("serve", *named, *words) == replace(ServerConfig(), node_id="n", **changes)


def test_options_are_taken_without_the_word_serve() -> None:
    config = configured("--object-store", "memory", "--node-id", "n", "-v")
    assert (config.object_store, config.node_id, config.verbose) == ("memory", "n", 1)


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("INFLUXDB3_NODE_IDENTIFIER_PREFIX", "e", "node_id", "e"),
        ("INFLUXDB3_NODE_ID", "e", "node_id", "e"),
        ("INFLUXDB3_DB_DIR", "e", "data_dir", Path("e")),
        ("INFLUXDB3_DATA_DIR", "e", "data_dir", Path("e")),
        ("INFLUXDB3_HTTP_BIND_ADDR", "127.0.0.1:0", "http_port", 0),
        ("INFLUXDB3_TCP_LISTINER_FILE_PATH", "f", "tcp_listener_file", Path("f")),
        ("INFLUXDB3_TCP_LISTENER_FILE_PATH", "f", "tcp_listener_file", Path("f")),
        ("INFLUXDB3_START_WITHOUT_AUTH", "true", "without_auth", True),
        ("INFLUXDB3_WITHOUT_AUTH", "1", "without_auth", True),
        ("INFLUXDB3_START_WITHOUT_AUTH", "", "without_auth", False),
        ("INFLUXDB3_PLUGIN_DIR", "p", "plugin_dir", Path("p")),
        ("INFLUXDB3_PLUGIN_DIR", "", "plugin_dir", None),
        ("VIRTUAL_ENV", "v", "virtual_env", Path("v")),
        ("VIRTUAL_ENV", sys.prefix, "virtual_env", None),
        ("INFLUXDB3_MAX_DATABASES", "5", "databases_max", 5),
        ("INFLUXDB3_MAX_TABLES", "2000", "tables_max", 2000),
        ("INFLUXDB3_MAX_COLUMNS_PER_TABLE", "", "columns_per_table_max", None),
        ("INFLUXDB3_MAX_COLUMNS_PER_TABLE", "100", "columns_per_table_max", 100),
        ("INFLUXDB3_LOG_FORMAT", "JSON", "log_format", "json"),
        ("INFLUXDB3_RESTRICT_PLUGIN_TRIGGERS_TO", "wal", "restrict_plugin_triggers_to", {"wal"}),
    ],
)
def test_variables_become_configuration(
    variable: str, text: str, field: str, value: object
) -> None:
    assert getattr(configured("serve", **{variable: text}), field) == value


def test_the_node_id_may_come_from_a_named_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NAME", "pod-7")
    assert configured("serve", "--node-id-from-env", "POD_NAME").node_id == "pod-7"


def test_the_plugin_folder_of_the_guide_is_found(home: Path) -> None:
    assert configured().plugin_dir is None
    (home / ".influxdb3" / "plugins").mkdir(parents=True)
    assert configured().plugin_dir == home / ".influxdb3" / "plugins"
    assert configured("--plugin-dir", "own").plugin_dir == Path("own")


def test_the_pasted_command_of_the_guide_starts() -> None:
    assert configured("serve", "--node-id", "node0", " ").node_id == "node0"
    words = ["--node-id", "node0", " ", "#", "Node", "identifier"]
    assert configured("serve", *words).node_id == "node0"


def test_a_data_directory_for_memory_is_not_used(capsys: pytest.CaptureFixture[str]) -> None:
    config = configured("--node-id", "n", "--object-store", "memory", "--data-dir", "d")
    assert config.data_dir is None
    assert "--data-dir is not used" in capsys.readouterr().err


@pytest.mark.parametrize("store", ["google", "azure", "memory-throttled"])
def test_a_store_that_is_not_there_is_refused(store: str) -> None:
    with pytest.raises(CommandError, match=f"object store '{store.lower()}' is not available"):
        configured("serve", "--object-store", store)


@pytest.mark.parametrize("option", ["--tls-cert", "--tls-key"])
def test_half_a_certificate_is_refused(option: str) -> None:
    with pytest.raises(CommandError, match="tls requires both a cert and a key file"):
        configured("serve", "--node-id", "n", option, "x")


def test_an_unset_variable_for_the_node_id_is_refused() -> None:
    with pytest.raises(CommandError, match="Must set INFLUXDB3_NODE_IDENTIFIER_PREFIX=NOT_SET to"):
        configured("serve", "--node-id-from-env", "NOT_SET")


def test_a_failed_start_is_one_line(run: CommandLine) -> None:
    done = run("serve", "--node-id", "n", "--object-store", "azure")
    assert (done.status, done.output) == (1, "")
    assert done.errors == (
        "Serve command failed: the object store 'azure' is not available in this version: "
        "choose 'file', 's3' or 'memory'\n"
    )


def test_s3_needs_a_bucket() -> None:
    with pytest.raises(CommandError, match="the object store 's3' needs the name of a bucket"):
        configured("serve", "--node-id", "n", "--object-store", "s3")


def test_options_of_s3_become_a_store(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    file.write_text('{"aws_access_key_id": "k", "aws_secret_access_key": "s"}')
    words = ["--bucket", "b", "--aws-endpoint", "http://x", "--aws-allow-http"]
    config = configured(
        "serve",
        "--object-store",
        "s3",
        *words,
        AWS_CREDENTIALS_FILE=str(file),
        AWS_ACCESS_KEY_ID="e",
    )
    assert config.s3 is not None
    assert config.s3.options() == {
        "bucket": "b",
        "region": "us-east-1",
        "endpoint": "http://x",
        "access_key_id": "e",
        "secret_access_key": "s",
        "allow_http": "true",
    }
    assert "secret_access_key" not in repr(config)


@pytest.mark.parametrize("text", ["no json", "[]"])
def test_a_bad_credentials_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(text)
    words = ["serve", "--object-store", "s3", "--bucket", "b", "--aws-credentials-file", str(file)]
    with pytest.raises(CommandError, match=f"cannot read the credentials file {file}"):
        configured(*words)


SAMPLES = {
    "DURATION": "10s",
    "N": "3",
    "SIZE": "10mb",
    "BYTES": "10",
    "ADDRESS": "127.0.0.1:0",
    "FRACTION": "0.5",
    "KEY:VALUE,...": "a:1,b:2",
    "KEY=VALUE": "a=1,b=2",
    "LIST": "health",
    "VERSION": "tls-1.2",
}
OPTIONS = [p for p in COMMAND.parameters if p.long != "cluster-id"]


def sample(parameter: Parameter[Any]) -> str:
    return parameter.choices[0] if parameter.choices else SAMPLES.get(parameter.value_name, "text")


@pytest.mark.parametrize("parameter", OPTIONS, ids=lambda p: str(p.long))
def test_every_option_is_taken_by_flag_and_variable(parameter: Parameter[Any]) -> None:
    value = sample(parameter)
    given = [] if parameter.takes == "nothing" else [value]
    for name in parameter.names:
        values = parse(ROOT, "influxdb3", ["serve", f"--{name}", *given], {}, []).values
        assert values.given(parameter)
    text = "true" if parameter.takes == "nothing" else value
    for variable in parameter.environment:
        values = parse(ROOT, "influxdb3", ["serve"], {variable: text}, []).values
        assert values.given(parameter)


def test_thread_options_are_taken_before_and_after_serve() -> None:
    for words in (["--num-io-threads", "4", "serve"], ["serve", "--num-threads", "4"]):
        assert parse(ROOT, "influxdb3", words, {}, []).command is COMMAND


def test_the_options_of_the_reference_are_known() -> None:
    assert len(COMMAND.parameters) > 100
