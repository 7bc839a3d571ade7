"""The routes that make, renew and delete tokens. A token is shown once and stored as its hash."""

import base64
import secrets
from typing import Annotated

import msgspec
from starlette.responses import Response

from influxpe import errors
from influxpe._engine import TokenInfo
from influxpe.http.auth import MILLISECOND_NS, token_hash
from influxpe.http.messages import Call, Refusal, empty_response, json_bytes, succeeded
from influxpe.http.parameters import json_parameters, query_parameters
from influxpe.http.services import Services
from influxpe.http.times import milliseconds_text

ADMIN_NAME = "_admin"
TOKEN_PREFIX = "apiv3_"  # noqa: S105 - what every token begins with
TOKEN_RANDOM_BYTES = 64
SECOND_MS = 1000
# A little over 3,000 years: what a calendar date can still say.
EXPIRY_SECONDS_MAX = 100_000_000_000


class _NamedToken(msgspec.Struct):
    token_name: str
    expiry_secs: Annotated[int, msgspec.Meta(ge=0, le=EXPIRY_SECONDS_MAX)] | None = None


class _TokenName(msgspec.Struct):
    token_name: str


def new_token() -> str:
    """Give a fresh token: the prefix and 86 URL-safe characters."""
    secret = base64.urlsafe_b64encode(secrets.token_bytes(TOKEN_RANDOM_BYTES))
    return TOKEN_PREFIX + secret.decode().rstrip("=")


class TokenEndpoints:
    """Tokens of one engine."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._engine = services.engine

    async def create_admin(self, _: Call) -> Response:
        """Make the operator's token; open to everyone until it exists."""
        return await self._create(ADMIN_NAME, None)

    async def create_named(self, call: Call) -> Response:
        """Make another token with all rights."""
        given = json_parameters(_NamedToken, call, self._services.config.max_http_request_size)
        return await self._create(given.token_name, given.expiry_secs)

    async def regenerate_admin(self, _: Call) -> Response:
        """Give the operator a new token; the old one is dead at once."""
        token = new_token()
        now_ms = self._now_ms()
        try:
            info = await self._services.threads.catalog(
                lambda: self._engine.replace_token(
                    ADMIN_NAME, token_hash(token), created_at_ms=now_ms
                )
            )
        except errors.NotFoundError as error:
            raise Refusal(500, "missing admin token, cannot update") from error
        return self._created(token, info)

    async def delete(self, call: Call) -> Response:
        """Delete a token; the operator's stays."""
        name = query_parameters(_TokenName, call).token_name
        if name == ADMIN_NAME:
            raise Refusal(405, "cannot delete operator token")
        await self._services.threads.catalog(lambda: self._engine.delete_token(name))
        self._services.tokens.reload()
        return empty_response()

    def _now_ms(self) -> int:
        return self._services.clock.now_ns() // MILLISECOND_NS

    async def _create(self, name: str, expiry_s: int | None) -> Response:
        token = new_token()
        now_ms = self._now_ms()
        expiry_ms = None if expiry_s is None else now_ms + expiry_s * SECOND_MS
        info = await self._services.threads.catalog(
            lambda: self._engine.create_token(
                name, token_hash(token), created_at_ms=now_ms, expiry_ms=expiry_ms
            )
        )
        return self._created(token, info)

    def _created(self, token: str, info: TokenInfo) -> Response:
        self._services.tokens.reload()
        body = {
            "id": info.id,
            "name": info.name,
            "token": token,
            "hash": info.hash.hex(),
            "created_at": milliseconds_text(info.created_at_ms),
            "expiry": milliseconds_text(info.expiry_ms),
        }
        response = Response(json_bytes(body), 201, headers={"content-type": "json"})
        return succeeded(response)
