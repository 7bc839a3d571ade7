"""The least that the web server can do: take a body, answer 204. Prints its port."""

import asyncio
import socket
import sys
from typing import cast

import uvloop
from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework, Scope


async def take_and_answer(scope: Scope, receive, send) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - ASGI
    """Drain the body and answer without one."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def main() -> None:
    """Serve on a free port until the process is ended."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        config = Config()
        config.bind = [f"fd://{listener.fileno()}"]
        config.keep_alive_max_requests = 1_000_000_000
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        await serve(cast(ASGIFramework, take_and_answer), config)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
