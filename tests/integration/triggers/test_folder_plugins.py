"""Folder plugins of live triggers: relative imports, reloads at the next run, equal names."""

import asyncio
from pathlib import Path

import pytest

from tests.integration.triggers.harness import REQUEST, Host, running

ENTRY = f"""import os
from .sub.word import WORD
{REQUEST}    return WORD + " " + str(os.getpid())
"""
WAITING = f"""import time
{REQUEST}
    open(args["began"], "w").close()
    while not os.path.exists(args["go"]):
        time.sleep(0.005)
    from .late import WORD
    return WORD
"""


def put(host: Host, name: str, text: str) -> None:
    """Save a file in the plugin folder."""
    path = host.plugins / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


async def answer(host: Host, path: str) -> list[str]:
    """Call a request trigger; gives the words of its answer."""
    return (await host.get(path)).body.decode().split()


@pytest.mark.parametrize("edited", ["sub/word.py", "data.json"])
def test_any_edited_file_leads_to_a_fresh_worker_at_the_next_run(
    tmp_path: Path, edited: str
) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            for name, text in (("__init__.py", ENTRY), ("sub/word.py", "WORD = 'aaa'")):
                put(host, f"many/{name}", text)
            put(host, "many/data.json", "{}")
            await host.trigger("t", "request:many", None, plugin_filename="many")
            first = await answer(host, "many")
            assert await answer(host, "many") == first
            put(host, f"many/{edited}", "WORD = 'bbb'")
            second = await answer(host, "many")
            assert second[1] != first[1]
            assert second[0] == ("bbb" if edited.endswith(".py") else "aaa")
            put(host, "many/sub/word.py", "WORD = 'ccc'")  # within the second, of the same size
            assert (await answer(host, "many"))[0] == "ccc"

    asyncio.run(scenario())


@pytest.mark.parametrize("run_async", [False, True])
def test_a_run_that_goes_on_imports_what_it_began_with(tmp_path: Path, run_async: bool) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            put(host, "many/__init__.py", "import os\n" + WAITING)
            put(host, "many/late.py", "WORD = 'old'")
            places = {"began": str(tmp_path / "began"), "go": str(tmp_path / "go")}
            await host.trigger(
                "t",
                "request:many",
                None,
                plugin_filename="many",
                arguments=places,
                run_async=run_async,
            )
            running_one = asyncio.create_task(answer(host, "many"))
            while not (tmp_path / "began").exists():  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.01)
            put(host, "many/late.py", "WORD = 'new'")
            next_one = asyncio.create_task(answer(host, "many"))
            (tmp_path / "began").unlink()
            while run_async and not (tmp_path / "began").exists():  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.01)
            (tmp_path / "go").touch()
            assert await running_one == ["old"]
            assert await next_one == ["new"]

    asyncio.run(scenario())


def test_two_folders_of_one_name_do_not_meet(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            for side in ("left", "right"):
                put(host, f"{side}/same/__init__.py", ENTRY)
                put(host, f"{side}/same/sub/word.py", f"WORD = '{side}'")
                await host.trigger(side, f"request:{side}", None, plugin_filename=f"{side}/same")
            for side in ("left", "right"):
                assert (await answer(host, side))[0] == side
                shown = await host.processing.test_wal(
                    filename=f"{side}/same", database="db", input_lp="m v=1i 1"
                )
                assert "process_writes function is not present" in str(shown["errors"])

    asyncio.run(scenario())
