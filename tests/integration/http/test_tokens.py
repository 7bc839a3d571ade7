"""Tokens over HTTP: who may do what, before and after they exist, and over restarts."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api_client import ApiClient
from tests.server_process import ServerProcess, serve_command

TOKEN = "/api/v3/configure/token"  # noqa: S105 - a path
UNAUTHENTICATED = '{"error": "the request was not authenticated"}'

Connect = Callable[..., ApiClient]


def command(data_dir: Path, *arguments: str) -> list[str]:
    """Compose a server with authentication."""
    parts = serve_command(data_dir, *arguments)
    return [part for part in parts if part != "--without-auth"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """Start a fresh server with authentication."""
    with ServerProcess(tmp_path, command(tmp_path / "data")) as running:
        yield running


def make_admin(server: ServerProcess) -> dict[str, Any]:
    answer = httpx.post(f"{server.url}{TOKEN}/admin")
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"] == "json"
    document: dict[str, Any] = answer.json()
    return document


def test_everything_but_the_first_token_needs_a_token(server: ServerProcess) -> None:
    for path in ("/health", "/ping", "/metrics", "/api/v3/query_sql", "/nowhere", f"{TOKEN}/x"):
        answer = httpx.get(f"{server.url}{path}")
        assert (answer.status_code, answer.text) == (401, UNAUTHENTICATED), path
        assert "cluster-uuid" in answer.headers
        assert "access-control-allow-origin" not in answer.headers


def test_the_first_token_is_made_once_and_shown_once(server: ServerProcess) -> None:
    made = make_admin(server)
    assert list(made) == ["id", "name", "token", "hash", "created_at", "expiry"]
    assert (made["id"], made["name"], made["expiry"]) == (0, "_admin", None)
    assert re.fullmatch(r"apiv3_[A-Za-z0-9_-]{86}", made["token"])
    assert made["hash"] == hashlib.sha512(made["token"].encode()).hexdigest()
    again = httpx.post(f"{server.url}{TOKEN}/admin")
    assert (again.status_code, again.text) == (409, "token name already exists, _admin")


def test_a_token_opens_everything_in_each_scheme(server: ServerProcess) -> None:
    token = make_admin(server)["token"]
    for value in (f"Bearer {token}", f"Token {token}"):
        answer = httpx.get(f"{server.url}/ping", headers={"Authorization": value})
        assert answer.status_code == 200
    assert httpx.get(f"{server.url}/ping", auth=("anyone", token)).status_code == 200
    parameters = {"db": "a", "p": token}
    answer = httpx.post(f"{server.url}/write", params=parameters, content="cpu value=1 1")
    assert answer.status_code == 204


@pytest.mark.parametrize("path", ["/api/v3/write_lp?db=a", "/api/v2/write?bucket=a", "/write?db=a"])
def test_the_write_routes_take_a_token_in_each_form(server: ServerProcess, path: str) -> None:
    token = make_admin(server)["token"]

    def write(authorization: str | None, more: str = "") -> tuple[int, str]:
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = httpx.post(f"{server.url}{path}{more}", content="m f=1", headers=headers)
        return answer.status_code, answer.text

    basic = base64.b64encode(f"anybody:{token}".encode()).decode()
    for form in (f"Bearer {token}", f"Token {token}", f"Basic {basic}"):
        assert write(form) == (204, "")
    for refused in (None, "Bearer apiv3_other"):
        assert write(refused) == (401, UNAUTHENTICATED)
    assert write(f"bearer {token}")[0] == 400
    in_url = 204 if path.startswith("/write") else 401
    assert write(None, f"&u=anybody&p={token}")[0] == in_url


def test_a_regenerated_token_replaces_the_old_one_at_once(
    server: ServerProcess, connect: Connect
) -> None:
    old = make_admin(server)["token"]
    client = connect(server.url, token=old)
    assert client.http.get("/ping").status_code == 200
    answer = client.http.post(f"{TOKEN}/admin/regenerate")
    assert answer.status_code == 201
    assert client.http.get("/ping").status_code == 401
    new = connect(server.url, token=answer.json()["token"])
    assert new.http.get("/ping").status_code == 200


def test_named_tokens_live_until_they_are_deleted(server: ServerProcess, connect: Connect) -> None:
    admin = connect(server.url, token=make_admin(server)["token"])
    made = admin.http.post(f"{TOKEN}/named_admin", json={"token_name": "ci", "expiry_secs": 3600})
    assert made.status_code == 201
    assert re.fullmatch(r"\d{4}-.*\.\d{3}Z", made.json()["expiry"])
    again = admin.http.post(f"{TOKEN}/named_admin", json={"token_name": "ci"})
    assert (again.status_code, again.text) == (409, "token name already exists, ci")
    named = connect(server.url, token=made.json()["token"])
    assert named.http.get("/ping").status_code == 200
    assert admin.http.delete(TOKEN, params={"token_name": "ci"}).status_code == 200
    assert named.http.get("/ping").status_code == 401
    assert admin.http.delete(TOKEN, params={"token_name": "ci"}).status_code == 404


def test_the_operator_token_cannot_be_deleted(server: ServerProcess, connect: Connect) -> None:
    admin = connect(server.url, token=make_admin(server)["token"])
    answer = admin.http.delete(TOKEN, params={"token_name": "_admin"})
    assert (answer.status_code, answer.text) == (405, "cannot delete operator token")


def test_tokens_survive_a_restart(server: ServerProcess, connect: Connect) -> None:
    token = make_admin(server)["token"]
    server.kill()
    server.start()
    assert connect(server.url, token=token).http.get("/ping").status_code == 200


def test_disable_authz_opens_what_it_names(tmp_path: Path) -> None:
    arguments = command(tmp_path / "data", "--disable-authz", "health,ping")
    with ServerProcess(tmp_path, arguments) as server:
        assert httpx.get(f"{server.url}/health").status_code == 200
        assert httpx.get(f"{server.url}/api/v1/health").status_code == 200
        assert httpx.get(f"{server.url}/ping").status_code == 200
        assert httpx.get(f"{server.url}/metrics").status_code == 401


def test_version_1_takes_the_token_in_the_url_or_in_a_header(server: ServerProcess) -> None:
    token = make_admin(server)["token"]
    url, query = f"{server.url}/query", {"q": "SHOW DATABASES"}

    def status(headers: dict[str, str] | None = None, **more: str) -> int:
        return httpx.get(url, params=query | more, headers=headers).status_code

    assert status(p=token, u="anybody") == 200
    basic = base64.b64encode(f"anybody:{token}".encode()).decode()
    for spelled in (f"Bearer {token}", f"Token {token}", f"Basic {basic}"):
        assert status({"Authorization": spelled}) == 200
    assert (status(), status(p="nobody"), status({"Authorization": "Token nobody"})) == (401,) * 3
    form = httpx.post(url, data=query | {"p": token})
    assert (form.status_code, form.text) == (401, UNAUTHENTICATED)


def test_an_admin_token_file_is_loaded(tmp_path: Path, connect: Connect) -> None:
    token = "apiv3_" + "x" * 86
    file = tmp_path / "token.json"
    file.write_text(json.dumps({"token": token, "name": "_admin"}))
    file.chmod(0o600)
    arguments = command(tmp_path / "data", "--admin-token-file", str(file))
    with ServerProcess(tmp_path, arguments) as server:
        assert connect(server.url, token=token).http.get("/ping").status_code == 200


def test_without_auth_token_routes_are_405(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, serve_command(None)) as server:
        answer = httpx.post(f"{server.url}{TOKEN}/admin")
        assert (answer.status_code, answer.text) == (
            405,
            "endpoint disabled, started without auth",
        )
