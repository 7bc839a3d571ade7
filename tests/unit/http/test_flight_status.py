"""How calls of Flight end, and what their headers say."""

import base64

import pytest
from starlette.types import Scope

from influxpe import errors
from influxpe._engine import Engine
from influxpe.http.auth import Tokens, token_hash
from influxpe.http.flight import metadata
from influxpe.http.flight.status import (
    MESSAGE_BYTES_MAX,
    TABLE,
    CallFailed,
    Code,
    failure,
    trailers,
)

NOW_MS = 1_700_000_000_000


class Clock:
    """A clock that stands still."""

    def now_ns(self) -> int:
        """Give always the same time."""
        return NOW_MS * 1_000_000


def scope(**headers: str) -> Scope:
    spelled = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return {"type": "http", "headers": spelled}


def test_every_kind_of_error_has_a_code() -> None:
    kinds = {kind for kind in errors.EngineError.__subclasses__()}
    assert kinds - set(TABLE) == set()
    for kind in kinds:
        found = failure(kind("why"))
        assert (found.code, found.message) == (TABLE[kind], "why")


def test_what_is_not_in_the_table_is_a_fault_of_the_server() -> None:
    found = failure(RuntimeError("why"))
    assert (found.code, found.message) == (
        Code.INTERNAL,
        "internal error: RuntimeError: why",
    )


def test_a_message_is_spelled_in_ascii_and_cut() -> None:
    assert trailers(Code.OK) == [(b"grpc-status", b"0")]
    assert trailers(Code.INTERNAL, "50% é\n")[1] == (b"grpc-message", b"50%25 %C3%A9%0A")
    assert trailers(Code.INTERNAL, "x" * 3_000)[1][1] == b"x" * MESSAGE_BYTES_MAX
    assert trailers(Code.INTERNAL, "x" + "é" * 1_000)[1][1] == b"x" + b"%C3%A9" * 999


@pytest.mark.parametrize("name", metadata.DATABASE_HEADERS)
def test_the_database_has_four_headers(name: str) -> None:
    assert metadata.database_header({"headers": [(name.encode(), b"d")]}) == "d"


def test_headers_that_agree_are_fine() -> None:
    assert metadata.database_header(scope(database="d", bucket="d", bucket_name="")) == "d"
    with pytest.raises(CallFailed, match="more than one database"):
        metadata.database_header(scope(database="d", bucket="e"))
    with pytest.raises(CallFailed, match="no 'database' header in request"):
        metadata.required_database(scope())


@pytest.mark.parametrize(
    ("text", "seconds"), [("2H", 7200.0), ("3M", 180.0), ("4S", 4.0), ("5m", 0.005), ("6u", 6e-6)]
)
def test_timeouts_have_units(text: str, seconds: float) -> None:
    assert metadata.timeout_s(scope(grpc_timeout=text)) == seconds
    assert metadata.timeout_s(scope()) is None


def test_tokens_are_unknown_expired_or_good() -> None:
    engine = Engine.open(None, buffer_bytes_max=2**24, query_bytes_max=2**24, query_threads=1)
    for name, expiry_ms in (("good", None), ("old", NOW_MS)):
        engine.create_token(name, token_hash(name), created_at_ms=NOW_MS, expiry_ms=expiry_ms)
    tokens = Tokens(engine, Clock())

    def code(**headers: str) -> Code:
        try:
            metadata.check_token(scope(**headers), tokens, without_auth=False)
        except CallFailed as error:
            return error.code
        return Code.OK

    basic = base64.b64encode(b"user:good").decode()
    for good in ("Bearer good", "Token good", f"Basic {basic}"):
        assert code(authorization=good) == Code.OK
    for unknown in ("Bearer bad", "bearer good", "Basic x", "good"):
        assert code(authorization=unknown) == Code.UNAUTHENTICATED
    assert code() == Code.UNAUTHENTICATED
    assert code(authorization="Bearer old") == Code.PERMISSION_DENIED
