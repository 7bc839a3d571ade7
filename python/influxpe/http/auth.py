"""Who may ask: credentials of a request against the tokens of the catalog.

Only hashes are stored, so a token is looked up by its hash; there is nothing whose comparison
could take longer for a better guess. Credentials that were found once are remembered by their raw
header until any token changes.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.types import Scope

from influxpe._engine import Engine
from influxpe.clock import Clock
from influxpe.config import ServerConfig
from influxpe.http.messages import Refusal, header

TOKEN_ROUTES = "/api/v3/configure/token"  # noqa: S105 - a path
ADMIN_TOKEN_ROUTE = "/api/v3/configure/token/admin"  # noqa: S105 - a path
# The routes where version 1 clients put the token into the URL.
URL_TOKEN_ROUTES = {"/query", "/write"}
AUTHZ_ROUTES = {
    "health": ("/health", "/api/v1/health"),
    "ping": ("/ping",),
    "metrics": ("/metrics",),
    "ready": ("/ready",),
    "pprof": ("/debug/pprof/heap",),
    "node_stop": ("/api/v3/configure/node/stop",),
}
REMEMBERED_HEADERS_MAX = 1024

MALFORMED = (
    '{"error": "Authorization header was malformed, the request was not in the form of '
    "'Authorization: <auth-scheme> <token>', supported auth-schemes are Bearer, Token and Basic\"}"
)
UNAUTHENTICATED = '{"error": "the request was not authenticated"}'
STARTED_WITHOUT_AUTH = "endpoint disabled, started without auth"
MILLISECOND_NS = 1_000_000


def token_hash(token: str) -> bytes:
    """Give the SHA-512 of a whole token, prefix included: 64 bytes."""
    return hashlib.sha512(token.encode()).digest()


def token_from_header(value: bytes) -> str:
    """Give the token of an `Authorization` header. Raises `Refusal` (400, 500) if malformed."""
    try:
        text = value.decode("ascii")
    except UnicodeDecodeError as error:
        message = f'{{"error": "to str error: {error.reason} at byte {error.start}"}}'
        raise Refusal(500, message) from error
    parts = text.split(" ")
    if len(parts) != 2:
        raise Refusal(400, MALFORMED)
    scheme, credentials = parts
    if scheme in {"Bearer", "Token"}:
        return credentials
    if scheme == "Basic":
        return _basic_password(credentials)
    raise Refusal(400, MALFORMED)


def _basic_password(credentials: str) -> str:
    """Give what stands behind the last colon; the user in front of it has none itself."""
    try:
        decoded = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refusal(400, MALFORMED) from error
    user, colon, token = decoded.rpartition(":")
    if not colon or ":" in user:
        raise Refusal(400, MALFORMED)
    return token


class Tokens:
    """The tokens of the catalog by their hash; `reload` after every change."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._expiry_ms: dict[bytes, int | None] = {}
        self._remembered: dict[bytes, bytes] = {}
        self.reload()

    def reload(self) -> None:
        """Take over what the catalog holds now."""
        self._expiry_ms = {token.hash: token.expiry_ms for token in self._engine.tokens()}
        self._remembered.clear()

    def __len__(self) -> int:
        return len(self._expiry_ms)

    def accepts(self, token: str) -> bool:
        """Tell whether a token exists and has not expired."""
        return self._lives(token_hash(token))

    def knows(self, token: str) -> bool:
        """Tell whether a token exists, be it expired."""
        return token_hash(token) in self._expiry_ms

    def accepts_header(self, value: bytes) -> bool:
        """Do the same for an `Authorization` header. Raises `Refusal` where it is malformed."""
        digest = self._remembered.get(value)
        if digest is None:
            digest = token_hash(token_from_header(value))
            if digest in self._expiry_ms and len(self._remembered) < REMEMBERED_HEADERS_MAX:
                self._remembered[value] = digest
        return self._lives(digest)

    def _lives(self, digest: bytes) -> bool:
        if digest not in self._expiry_ms:
            return False
        expiry_ms = self._expiry_ms[digest]
        return expiry_ms is None or expiry_ms > self._clock.now_ns() // MILLISECOND_NS


@dataclass(frozen=True)
class Gate:
    """Decides whether a request may go on to its route."""

    tokens: Tokens
    without_auth: bool
    open_routes: frozenset[str]

    @classmethod
    def from_config(cls, config: ServerConfig, tokens: Tokens) -> "Gate":
        """Build the gate that the flags ask for."""
        routes = {route for name in config.disable_authz for route in AUTHZ_ROUTES[name]}
        return cls(tokens, config.without_auth, frozenset(routes | {ADMIN_TOKEN_ROUTE}))

    def check(self, path: str, scope: Scope) -> None:
        """Raise `Refusal` (400, 401, 405) where the request may not go on."""
        if self.without_auth and path.startswith(TOKEN_ROUTES):
            raise Refusal(405, STARTED_WITHOUT_AUTH)
        if path in self.open_routes:
            return
        if path in URL_TOKEN_ROUTES and (token := _url_token(scope)) is not None:
            accepted = self.without_auth or self.tokens.accepts(token)
        else:
            accepted = self._accepts_header(header(scope, b"authorization"))
        if not accepted:
            raise Refusal(401, UNAUTHENTICATED)

    def _accepts_header(self, value: bytes | None) -> bool:
        if not self.without_auth:
            return value is not None and self.tokens.accepts_header(value)
        if value is not None:
            token_from_header(value)
        return True


def _url_token(scope: Scope) -> str | None:
    query_string: bytes = scope["query_string"]
    if b"p=" not in query_string:
        return None
    pairs = parse_qsl(query_string.decode("utf-8", "replace"), keep_blank_values=True)
    return next((value for name, value in pairs if name == "p"), None)


def preflight() -> Response:
    """Answer `OPTIONS`: any origin may send anything."""
    allowed = {"Origin": "*", "Methods": "*", "Headers": "*"}
    headers = {f"Access-Control-Allow-{name}": value for name, value in allowed.items()}
    return Response(status_code=204, headers=headers | {"Access-Control-Max-Age": "86400"})
