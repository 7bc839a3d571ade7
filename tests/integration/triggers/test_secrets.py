"""Secrets of live triggers: plugins have them, and nothing that is shown or kept does."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from influxpe.triggers.options import TriggerOptions
from tests.integration.triggers.harness import REQUEST, WRITES, eventually, running

TOLD = f"""{REQUEST}
    influxdb3_local.info("token", args["token"])
    if query_parameters.get("fail"):
        raise ValueError("refused " + args["token"])
    return str(len(args["token"]))
"""
ARGUMENTS = {"token": "secret:KEY", "plain": "secret"}


def test_a_plugin_has_the_secret_and_its_log_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("INFLUXPE_SECRET_KEY", "hunter2")

    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger("t", "request:t", TOLD, arguments=ARGUMENTS)
            assert (await host.get("t")).body == b"7"
            assert host.info("t").arguments == ARGUMENTS
            assert "INFO: token ***" in host.logs("t")
            monkeypatch.setenv("INFLUXPE_SECRET_KEY", "changed to this")
            assert (await host.get("t")).body == b"15"

    asyncio.run(scenario())
    assert "hunter2" not in caplog.text
    assert "changed to this" not in caplog.text


def test_a_failure_shows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("INFLUXPE_SECRET_KEY", "hunter2")

    async def scenario() -> None:
        async with running(tmp_path) as host:
            failing = TOLD.replace('query_parameters.get("fail")', "True")
            await host.trigger("t", "request:t", failing, arguments=ARGUMENTS)
            answer = await host.get("t")
            assert answer.status == 500
            assert b"refused ***" in answer.body
            assert any("refused ***" in line for line in host.errors("t"))

    asyncio.run(scenario())
    assert "hunter2" not in caplog.text


def test_a_line_that_is_refused_shows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("INFLUXPE_SECRET_KEY", "hunter2")
    code = f"""{REQUEST}
    class Line:
        def build(self):
            return args["token"] + " bad"
    influxdb3_local.write(Line())
    return "done"
"""

    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger("t", "request:t", code, arguments=ARGUMENTS)
            answer = await host.get("t")
            assert answer.status == 500
            assert b"`*** bad`" in answer.body

    asyncio.run(scenario())
    assert "hunter2" not in caplog.text


def test_a_missing_secret_fails_the_run_with_its_name(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger("t", "request:t", TOLD, arguments={"token": "secret:GONE"})
            answer = await host.get("t")
            assert answer.status == 500
            assert b"secret 'GONE' is missing" in answer.body
            await host.wait_for_error("t", "secret 'GONE' is missing")

    asyncio.run(scenario())


def test_neither_the_history_nor_a_dead_letter_keeps_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUXPE_SECRET_KEY", "hunter2")
    code = WRITES + "    raise ValueError('refused ' + args['token'])\n"

    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger(
                "t",
                "table:m",
                code,
                arguments=ARGUMENTS,
                error_behavior="retry",
                options=TriggerOptions(max_attempts=1),
            )
            await host.write("m v=1i 1")
            for table in ("processing_engine_runs", "processing_engine_dead_letters"):
                sql = f"SELECT * FROM system.{table}"  # noqa: S608 - a name of the test
                rows = str(await eventually(partial(host.query, "db", sql)))
                assert "ValueError: refused ***" in rows
                assert "hunter2" not in rows

    asyncio.run(scenario())


def test_a_dry_run_has_the_secret_and_shows_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUXPE_SECRET_KEY", "hunter2")
    code = f"""{WRITES}
    influxdb3_local.info(args["token"], len(args["token"]))
    raise ValueError(args["token"])
"""

    async def dry_run(token: str) -> str:
        async with running(tmp_path) as host:
            (host.plugins / "dry.py").write_text(code)
            shown = await host.processing.test_wal(
                filename="dry.py",
                database="db",
                input_lp="m v=1i 1",
                input_arguments={"token": token},
            )
            return f"{shown['log_lines']} {shown['errors']}"

    shown = asyncio.run(dry_run("secret:KEY"))
    assert "INFO: *** 7" in shown
    assert "ValueError: ***" in shown
    assert "secret 'GONE' is missing" in asyncio.run(dry_run("secret:GONE"))
