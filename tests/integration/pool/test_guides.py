"""The Python samples of the guides, word for word, in real workers."""

import pytest

from influxpe.plugin.pool import Request, RunResult
from tests.acceptance.document import Document
from tests.acceptance.guide_texts import VARIANTS, guide
from tests.integration.pool.arrow_streams import stream, tags, times
from tests.integration.pool.driver import Driver

CALL_NS = 1_767_225_600_123_456_000
WRITTEN = stream(tag1=tags("asdf"), f1=[1.0], time=times(123))
HOUR = "SELECT * FROM metrics WHERE time > now() - INTERVAL '1 hour'"


@pytest.fixture(params=VARIANTS)
def training(request: pytest.FixtureRequest) -> Document:
    return guide(request.param, "training.md", "000")


@pytest.fixture(params=VARIANTS)
def overview(request: pytest.FixtureRequest) -> Document:
    return guide(request.param, "overview.md", "002")


@pytest.fixture(params=VARIANTS)
def getting_started(request: pytest.FixtureRequest) -> Document:
    return guide(request.param, "getting_started.md", "004")


def well(result: RunResult) -> RunResult:
    assert result.error is None, result.error.traceback
    return result


def test_the_wal_sample_of_the_training(driver: Driver, training: Document) -> None:
    code = training.python("process_writes")
    result = well(driver.run(driver.wal(code, ("cpu", WRITTEN), name="hello-wal.py")))
    line = "hello_summary,source=wal_plugin,table=cpu row_count=1i"
    assert result.writes == (("db", line),)
    assert driver.host.texts == ["Hello from WAL plugin!", "Received 1 rows from table cpu"]


def test_the_schedule_sample_of_the_training(driver: Driver, training: Document) -> None:
    driver.host.tables["SELECT count(*) FROM hello_summary"] = stream(**{"count(*)": [1]})
    code = training.python("process_scheduled_call")
    result = well(driver.run(driver.made("schedule", code, call_time_ns=CALL_NS)))
    line = f'scheduler_heartbeat,source=schedule_plugin status="running" {CALL_NS}'
    assert result.writes == (("db", line),)
    assert "2026-01-01 00:00:00.123456" in driver.host.texts[0]


def test_the_request_sample_of_the_training(driver: Driver, training: Document) -> None:
    driver.host.tables["SELECT now()"] = stream(**{"now()": times(5)})
    code = training.python("process_request")
    run = driver.made("request", code, request=Request({"a": "b"}, {}, b""))
    result = well(driver.run(run))
    assert result.response is not None
    assert b'"timestamp": 5}' in result.response.body
    assert result.writes == (("db", "api_requests,endpoint=hello received=1i"),)


def test_the_wal_sample_of_the_overview(driver: Driver, overview: Document) -> None:
    code = overview.python("process_writes")
    result = well(driver.run(driver.wal(code, ("cpu", WRITTEN), ("mem", WRITTEN))))
    lines = [f"processed_data,source_table={table} row_count=1i" for table in ("cpu", "mem")]
    assert result.writes == (("db", "\n".join(lines)),)


@pytest.mark.parametrize(("values", "level"), [([1], "INFO"), ([], "WARN")])
def test_the_schedule_sample_of_the_overview(
    driver: Driver, overview: Document, values: list[int], level: str
) -> None:
    driver.host.tables[HOUR] = stream(v=values)
    well(driver.run(driver.made("schedule", overview.python("INTERVAL"), call_time_ns=CALL_NS)))
    assert [found for found, _ in driver.host.logs] == [level]


@pytest.mark.parametrize("body", [b"", b'{"a": 1}'])
def test_the_request_sample_of_the_overview(
    driver: Driver, overview: Document, body: bytes
) -> None:
    code = overview.python("process_request")
    result = well(driver.run(driver.made("request", code, request=Request({}, {}, body))))
    assert result.response is not None
    assert b'"status": "success"' in result.response.body
    assert len(driver.host.texts) == 1 + bool(body)


def test_the_arguments_sample_of_the_overview(driver: Driver, overview: Document) -> None:
    code = overview.python("notify_email")
    arguments = {"threshold": "90", "notify_email": "admin@example.com"}
    well(driver.run(driver.made("schedule", code, arguments=arguments)))
    assert driver.host.texts == ["Threshold: 90.0, notify: admin@example.com"]
    result = driver.run(driver.made("schedule", code))
    assert str(result.error) == "AttributeError: 'NoneType' object has no attribute 'get'"


def test_the_sample_of_getting_started(driver: Driver, getting_started: Document) -> None:
    driver.host.tables["SELECT * FROM home where room = '$room'"] = stream(v=[])
    result = well(
        driver.run(
            driver.wal(
                getting_started.python("process_writes"),
                ("my_measure", WRITTEN),
                arguments={"arg1": "hello", "arg2": "world"},
                collect_sync_writes=True,
            )
        )
    )
    assert [text for level, text in driver.host.logs if level == "INFO"] == [
        "arg1: hello",
        "query result: []",
        "table: my_measure",
        "row: {'tag1': 'asdf', 'f1': 1.0, 'time': 123}",
        "done",
    ]
    some = 'some_table,tag1=tag1_value,tag2=tag2_value field1=1i,field2=2.0,field3="number three"'
    other = "other_table other_field=1i,other_field2=3.14 1302"
    assert result.collected == (("db", (some,)), ("mytestdb", (other,)))
