"""The file of `--admin-token-file`: an operator's token that is known before the first start."""

import logging
from pathlib import Path

import msgspec

from influxpe import errors
from influxpe._engine import Engine
from influxpe.clock import Clock
from influxpe.errors import StartFailed
from influxpe.http.auth import MILLISECOND_NS, token_hash
from influxpe.http.tokens import TOKEN_PREFIX

logger = logging.getLogger(__name__)

FILE_MODE_MAX = 0o600


class AdminToken(msgspec.Struct):
    """What the file holds, as `influxpe create token --admin --offline` writes it."""

    token: str
    name: str
    expiry_millis: int | None = None


def read_token_file(path: Path) -> AdminToken:
    """Read and check the file. Raises `StartFailed`; only warns where others may read it too."""
    try:
        given = msgspec.json.decode(path.read_bytes(), type=AdminToken)
        mode = path.stat().st_mode & 0o777
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StartFailed(f"cannot use the admin token file {path}: {error}") from error
    if not given.token.startswith(TOKEN_PREFIX):
        raise StartFailed(f"the token in {path} does not start with {TOKEN_PREFIX}")
    if mode & ~FILE_MODE_MAX:
        fields = {"path": path, "mode": f"{mode:o}"}
        logger.warning("others may read the admin token file", extra={"fields": fields})
    return given


def load_token_file(path: Path, engine: Engine, clock: Clock) -> None:
    """Store the token of the file, unless its name is taken. Raises `StartFailed`."""
    given = read_token_file(path)
    try:
        engine.create_token(
            given.name,
            token_hash(given.token),
            created_at_ms=clock.now_ns() // MILLISECOND_NS,
            expiry_ms=given.expiry_millis,
        )
    except errors.ConflictError:
        fields = {"name": given.name}
        logger.info("a token of this name exists: the file is skipped", extra={"fields": fields})
