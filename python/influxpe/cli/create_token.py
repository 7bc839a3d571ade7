"""`create token --admin`: the operator token, named admin tokens, and tokens made offline."""

import json
import os
import sys
from pathlib import Path

from influxpe.cli import client, terminal
from influxpe.cli.command import Command, CommandError, Values
from influxpe.cli.parameter import defaulted, flag, option
from influxpe.cli.usage import UsageError
from influxpe.cli.value_types import duration_ns, path
from influxpe.clock import SystemClock

TOKEN_PATH = "/api/v3/configure/token"  # noqa: S105 - a route, not a secret
TOKEN_BYTES = 64
OPERATOR_NAME = "_admin"
NS_PER_SECOND = 1_000_000_000
NS_PER_MS = 1_000_000
CONFIRM_REGENERATE = "Are you sure you want to regenerate admin token? Enter 'yes' to confirm"
NO_ADMIN = "Missing required subcommand. Use: influxdb3 create token --admin [OPTIONS]"
NOT_BOTH = "--regenerate cannot be used with --name, --regenerate only applies for operator token"
KEEP_IT = "Store this token securely, as it will not be shown again."

ADMIN = flag("admin", "Create an admin token: the operator token, or a named one with --name")
REGENERATE = flag("regenerate", "Replace the operator token; the old one is refused at once")
NAME = option("name", "NAME", "Name of a further admin token; needs the token of an admin", str)
EXPIRY = option("expiry", "DURATION", "How long a named token is valid, such as 30d", duration_ns)
FORMAT = defaulted(
    "format", "FORMAT", "How the token is printed", str, "text", choices=("json", "text")
)
OFFLINE = flag(
    "offline",
    "Make a token without a server, for its --admin-token-file",
    requires=("output-file",),
    conflicts=("regenerate",),
)
OUTPUT_FILE = option("output-file", "FILE", "Where an offline token is saved", path)


def run(values: Values) -> int:
    """Make a token and print it, once."""
    try:
        token = _offline(values) if values[OFFLINE] else _from_server(values)
    except client.ServerError as error:
        told = f"ApiError {{ code: {error.status}, message: {_debug(error.reply)}"
        return _failed(f"{told}, error_code: None }}", error.hint)
    except CommandError as error:
        return _failed(error.message, error.hint)
    terminal.say(_json_text(token) if values[FORMAT] == "json" else _text(token))
    return 0


def _check(values: Values) -> None:
    if not values[ADMIN]:
        raise UsageError(NO_ADMIN)
    if values[REGENERATE] and values[NAME] is not None:
        raise UsageError(NOT_BOTH)


def _failed(reason: str, hint: str | None) -> int:
    terminal.note(f"Failed to create token, error: {reason}")
    if hint:
        terminal.note(f"hint: {hint}")
    return 1


def _debug(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _from_server(values: Values) -> str:
    server = client.client_from(values)
    name, expiry_ns = values[NAME], values[EXPIRY]
    if values[REGENERATE]:
        if terminal.ask(CONFIRM_REGENERATE, sys.stdout) != "yes":
            raise CommandError("Cannot proceed without confirmation")
        reply = server.call("POST", f"{TOKEN_PATH}/admin/regenerate")
    elif name is None:
        reply = server.call("POST", f"{TOKEN_PATH}/admin")
    else:
        expiry_s = None if expiry_ns is None else expiry_ns // NS_PER_SECOND
        document = {"token_name": name, "expiry_secs": expiry_s}
        reply = server.call("POST", f"{TOKEN_PATH}/named_admin", document=document)
    return _token(reply)


def _token(reply: object) -> str:
    token = reply.get("token") if isinstance(reply, dict) else None
    if not isinstance(token, str):
        raise CommandError("the answer of the server holds no token")
    return token


def _offline(values: Values) -> str:
    """Make a token and save it, readable by its owner only."""
    token = _random_token()
    target, expiry_ns = values[OUTPUT_FILE] or Path(), values[EXPIRY]
    document: dict[str, object] = {"token": token, "name": values[NAME] or OPERATOR_NAME}
    if expiry_ns is not None and values[NAME] is not None:
        document["expiry_millis"] = (SystemClock().now_ns() + expiry_ns) // NS_PER_MS
    try:
        _save(target, json.dumps(document, indent=2) + "\n")
    except OSError as error:
        raise CommandError(f"cannot write {target}: {error.strerror}") from error
    terminal.say(f"Token saved to: {target}")
    return token


def _random_token() -> str:
    from base64 import urlsafe_b64encode
    from secrets import token_bytes

    return "apiv3_" + urlsafe_b64encode(token_bytes(TOKEN_BYTES)).decode().rstrip("=")


def _save(target: Path, text: str) -> None:
    """Replace a file in one step; whoever opens it sees the old text or the new."""
    temporary = target.with_name(f".{target.name}.tmp")
    temporary.unlink(missing_ok=True)
    with open(temporary, "x", encoding="utf-8", opener=_open_for_owner) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)


def _open_for_owner(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _text(token: str) -> str:
    def styled(text: str, style: str) -> str:
        return terminal.styled(text, style, sys.stdout)

    return "\n".join(
        [
            "",
            styled("New token created successfully!", terminal.UNDERLINE),
            "",
            f"{styled('Token:', terminal.BOLD)} {token}",
            f"{styled('HTTP Requests Header:', terminal.BOLD)} Authorization: Bearer {token}",
            "",
            f"{styled('IMPORTANT:', terminal.RED + terminal.BOLD)} {KEEP_IT}",
            "",
        ]
    )


def _json_text(token: str) -> str:
    message = f"{KEEP_IT} HTTP requests carry it in this header: Authorization: Bearer {token}"
    return json.dumps({"help_msg": message, "token": token}, indent=2)


COMMAND = Command(
    name="token",
    about="Create a new auth token",
    verb="Create",
    run=run,
    check=_check,
    parameters=(
        ADMIN,
        NAME,
        EXPIRY,
        REGENERATE,
        FORMAT,
        OFFLINE,
        OUTPUT_FILE,
        *client.CONNECTION,
    ),
    details=(
        "The first operator token is given to whoever asks first; it is printed once and cannot be "
        "read again. Keep it in INFLUXDB3_AUTH_TOKEN and every command uses it."
    ),
    examples=(
        "create token --admin",
        "create token --admin --name ci --expiry 90d --token apiv3_...",
        "create token --admin --offline --output-file admin-token.json",
    ),
)
