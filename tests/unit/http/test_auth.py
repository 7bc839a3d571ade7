"""Credentials: how a header is read, and who passes the gate."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from starlette.types import Scope

from influxpe._engine import Engine
from influxpe.http.auth import MALFORMED, Gate, Tokens, token_from_header, token_hash
from influxpe.http.messages import Refusal

NOW_MS = 1_700_000_000_000
TOKEN = "apiv3_secret"  # noqa: S105 - made up
EXPIRED = "apiv3_expired"


@dataclass
class Clock:
    """A clock that stands still."""

    now_ms: int = NOW_MS

    def now_ns(self) -> int:
        """Give the time that was set."""
        return self.now_ms * 1_000_000


def engine_with(*tokens: tuple[str, int | None]) -> Engine:
    """Open an engine that keeps these tokens in memory: text and expiry in milliseconds."""
    engine = Engine.open(None, buffer_bytes_max=2**24, query_bytes_max=2**24, query_threads=1)
    for number, (token, expiry_ms) in enumerate(tokens):
        engine.create_token(
            f"t{number}", token_hash(token), created_at_ms=NOW_MS, expiry_ms=expiry_ms
        )
    return engine


def make_gate(*, without_auth: bool = False, open_routes: Sequence[str] = ()) -> Gate:
    engine = engine_with((TOKEN, None), (EXPIRED, NOW_MS))
    return Gate(Tokens(engine, Clock()), without_auth, frozenset(open_routes))


def scope(authorization: bytes | None = None, query: bytes = b"") -> Scope:
    headers = [] if authorization is None else [(b"authorization", authorization)]
    return {"type": "http", "headers": headers, "query_string": query}


def basic(text: str) -> bytes:
    return b"Basic " + base64.b64encode(text.encode())


@pytest.mark.parametrize(
    "value",
    [b"Bearer apiv3_secret", b"Token apiv3_secret", basic("user:apiv3_secret"), basic(":" + TOKEN)],
)
def test_three_schemes_carry_a_token(value: bytes) -> None:
    assert token_from_header(value) == TOKEN


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"apiv3_secret",
        b"bearer apiv3_secret",
        b"Bearer  apiv3_secret",
        b"Bearer apiv3_secret more",
        b"Digest apiv3_secret",
        b"Basic no-base64!",
        basic("no colon"),
        basic("a:b:token"),
    ],
)
def test_malformed_header_is_400_with_the_known_text(value: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        token_from_header(value)
    assert (refused.value.status, refused.value.body) == (400, MALFORMED)


def test_header_that_is_not_ascii_is_500() -> None:
    with pytest.raises(Refusal) as refused:
        token_from_header("Bearer ä".encode())
    assert refused.value.status == 500
    assert str(refused.value.body).startswith('{"error": "to str error: ')


def status_of(gate: Gate, path: str, asked: Scope) -> int:
    try:
        gate.check(path, asked)
    except Refusal as refusal:
        return refusal.status
    return 200


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (None, 401),
        (b"Bearer apiv3_secret", 200),
        (b"Bearer apiv3_other", 401),
        (b"Bearer apiv3_expired", 401),
        (b"Bearer ", 401),
        (b"Bearer", 400),
    ],
)
def test_gate_lets_living_tokens_pass(value: bytes | None, status: int) -> None:
    assert status_of(make_gate(), "/api/v3/query_sql", scope(value)) == status


def test_remembered_header_is_forgotten_with_its_token() -> None:
    engine = engine_with((TOKEN, None))
    tokens = Tokens(engine, Clock())
    assert tokens.accepts_header(b"Bearer " + TOKEN.encode())
    engine.delete_token("t0")
    tokens.reload()
    assert not tokens.accepts_header(b"Bearer " + TOKEN.encode())


def test_remembered_header_expires() -> None:
    clock = Clock()
    tokens = Tokens(engine_with((TOKEN, NOW_MS + 1)), clock)
    assert tokens.accepts_header(b"Bearer " + TOKEN.encode())
    clock.now_ms += 1
    assert not tokens.accepts_header(b"Bearer " + TOKEN.encode())


@pytest.mark.parametrize("path", ["/write", "/query"])
def test_token_in_the_url_wins_on_the_version_1_routes(path: str) -> None:
    gate = make_gate()
    wrong = b"Bearer nonsense and more"
    assert status_of(gate, path, scope(wrong, b"u=x&p=apiv3_secret")) == 200
    assert status_of(gate, path, scope(b"Bearer apiv3_secret", b"p=wrong")) == 401


def test_token_in_the_url_counts_nowhere_else() -> None:
    asked = scope(None, b"p=apiv3_secret")
    assert status_of(make_gate(), "/api/v3/write_lp", asked) == 401


def test_without_auth_still_refuses_a_malformed_header() -> None:
    gate = make_gate(without_auth=True)
    assert status_of(gate, "/health", scope()) == 200
    assert status_of(gate, "/health", scope(b"Bearer whatever")) == 200
    assert status_of(gate, "/health", scope(b"bearer whatever")) == 400


@pytest.mark.parametrize("path", ["/api/v3/configure/token", "/api/v3/configure/token/admin"])
def test_without_auth_token_routes_are_405(path: str) -> None:
    assert status_of(make_gate(without_auth=True), path, scope()) == 405


def test_open_routes_need_no_token() -> None:
    gate = make_gate(open_routes=["/health"])
    assert status_of(gate, "/health", scope()) == 200
    assert status_of(gate, "/ping", scope()) == 401
