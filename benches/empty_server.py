"""The least that our HTTP/1.1 can do: take a body, answer 204. Prints its port."""

import asyncio
import socket
import sys

import uvloop
from hypercorn.config import Config
from starlette.types import Receive, Scope, Send

from influxpe.clock import SystemClock
from influxpe.http import hypercorn_glue


async def take_and_answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Drain the body and answer without one."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def for_ever() -> None:
    """Wait for what does not come."""
    await asyncio.Event().wait()


async def main() -> None:
    """Serve on a free port until the process is ended."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        config = Config()
        config.bind = [f"fd://{listener.fileno()}"]
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        await hypercorn_glue.serve(take_and_answer, config, SystemClock(), until=for_ever)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
