"""The line after the start that tells a person where the data is and what to try next."""

from influxpe.config import ServerConfig

LINE = "cpu,host=server01 value=0.64"
QUERY = "SELECT * FROM cpu"


def next_steps(config: ServerConfig, address: str, *, has_tokens: bool) -> str:
    """Give one sentence about the data and one about the next command."""
    host = _host_option(config, address)
    if config.without_auth or has_tokens:
        step = f"influxpe write{host} -d mydb '{LINE}', then influxpe query{host} -d mydb '{QUERY}'"
    else:
        step = f"influxpe create token --admin{host}"
    return f"{_data(config)}; try next: {step}"


def _data(config: ServerConfig) -> str:
    if config.object_store == "memory" or config.data_dir is None:
        return "data is kept in memory only and goes with the server"
    return f"data is in {config.data_dir}"


def _host_option(config: ServerConfig, address: str) -> str:
    """Name the server where it is not where clients look by themselves."""
    scheme = "http" if config.tls_cert is None else "https"
    host, _, port = address.rpartition(":")
    if host in {"0.0.0.0", "[::]"}:  # noqa: S104 - what a client cannot connect to
        host = "127.0.0.1"
    url = f"{scheme}://{host}:{port}"
    return "" if url == "http://127.0.0.1:8181" else f" --host {url}"
