"""Plugins that fail: the server gets the reason, and the next run works."""

import pytest

from influxpe.plugin.pool import RunResult
from influxpe.worker.wire import FRAME_BYTES_MAX, Kind
from tests.integration.pool.driver import Driver, writes

FAILING = {
    "raise ValueError('boom')": "ValueError: boom",
    "raise SystemExit(3)": "SystemExit: 3",
    "import sys; sys.exit('bye')": "SystemExit: bye",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
    "import no_such_module": "ModuleNotFoundError: No module named 'no_such_module'",
    "influxdb3_local.write(3)": "AttributeError: 'int' object has no attribute 'build'",
    "influxdb3_local.write_to_db(3, 'm a=1')": "TypeError: a database name must be a str, not int",
    "influxdb3_local.write('m a=\\ud800')": "UnicodeEncodeError: ",
    "bytearray(1 << 62)": "MemoryError",
    "process_writes(influxdb3_local, table_batches)": "RecursionError: ",
    "class E(Exception):\n    def __str__(self): raise KeyError\nraise E": "E: <exception str()",
}


@pytest.mark.parametrize("body", FAILING)
def test_the_reason_is_the_type_and_the_message(driver: Driver, body: str) -> None:
    assert str(driver.body(body).error).startswith(FAILING[body])
    assert driver.body("influxdb3_local.info('well')").error is None
    assert driver.host.texts == ["well"]


def failed(driver: Driver, code: str, **settings: object) -> RunResult:
    result = driver.run(driver.wal(code, **settings))
    assert result.error is not None
    return result


def test_a_traceback_shows_the_file_of_the_plugin_and_its_line(driver: Driver) -> None:
    result = failed(driver, writes("number = 0\nprint(1 / number)"), name="division.py")
    assert result.error is not None
    path = driver.folder / "division.py"
    lines = result.error.traceback.splitlines()
    assert lines[1] == f'  File "{path}", line 3, in process_writes'
    assert lines[2].strip() == "print(1 / number)"
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert "invoke.py" not in result.error.traceback


def test_a_syntax_error_names_file_and_line(driver: Driver) -> None:
    result = failed(driver, "x = 1\ndef process_writes(:\n", name="typo.py")
    assert str(result.error) == "SyntaxError: invalid syntax (typo.py, line 2)"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("wal", "process_writes(influxdb3_local, table_batches, args=None)"),
        ("schedule", "process_scheduled_call(influxdb3_local, call_time, args=None)"),
        (
            "request",
            "process_request(influxdb3_local, query_parameters, request_headers, request_body, "
            "args=None) -> Tuple[str, Optional[Dict[str, str]]]",
        ),
    ],
)
def test_a_missing_entry_point_is_described(driver: Driver, kind: Kind, text: str) -> None:
    result = driver.run(driver.made(kind, "x = 1\n"))
    name = text.partition("(")[0]
    assert str(result.error) == (
        f"the {name} function is not present in the plugin. Should be defined as: {text}"
    )


def test_too_few_parameters_are_a_type_error(driver: Driver) -> None:
    result = failed(driver, "def process_writes(influxdb3_local, table_batches):\n    pass\n")
    text = "TypeError: process_writes() takes 2 positional arguments but 3 were given"
    assert str(result.error) == text


def test_null_bytes_in_the_code_are_named(driver: Driver) -> None:
    result = failed(driver, "x = 1\0\n")
    assert str(result.error) == "plugin code contains null bytes"


def test_a_response_that_is_none_is_an_error(driver: Driver) -> None:
    result = driver.request("return None")
    assert str(result.error) == "Unsupported return type from Python function"
    result = driver.request("return 200, {'a': 'b'}, 'body'")
    assert str(result.error) == "expected a dictionary in header item"


def test_a_message_that_is_too_large_is_refused(driver: Driver) -> None:
    result = driver.body(f"influxdb3_local.write('m a=1 ' + '0' * {FRAME_BYTES_MAX})")
    assert result.error is not None
    assert f"passes the maximum of {FRAME_BYTES_MAX} bytes" in str(result.error)
    assert driver.body("pass").error is None


def test_rows_that_are_too_many_are_refused(driver: Driver) -> None:
    half = bytes(FRAME_BYTES_MAX // 2 + 1)
    result = driver.body("pass", ("a", half), ("b", half))
    assert f"passes the maximum of {FRAME_BYTES_MAX} bytes" in str(result.error)


def test_a_result_that_is_too_large_is_refused(driver: Driver) -> None:
    driver.host.tables["S"] = bytes(FRAME_BYTES_MAX + 1)
    result = driver.body("influxdb3_local.query('S')")
    assert f"passes the maximum of {FRAME_BYTES_MAX} bytes" in str(result.error)


def test_a_flood_of_logs_arrives_whole(driver: Driver) -> None:
    driver.body("for i in range(3000): influxdb3_local.info(i)")
    assert driver.host.texts == [str(i) for i in range(3000)]
