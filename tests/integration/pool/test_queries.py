"""`influxdb3_local.query`: parameters, rows, errors, from any thread."""

import pytest

from tests.integration.pool.arrow_streams import stream, tags, times
from tests.integration.pool.driver import Driver


def test_rows_come_as_dicts_with_python_values(driver: Driver) -> None:
    driver.host.tables["S"] = stream(host=tags("a", None), v=[1.5, None], time=times(7, 8))
    driver.body("influxdb3_local.info(influxdb3_local.query('S'))")
    rows = "[{'host': 'a', 'v': 1.5, 'time': 7}, {'host': None, 'v': None, 'time': 8}]"
    assert driver.host.texts == [rows]
    assert driver.host.queries == [("db", "S", {})]


def test_a_column_of_a_function_is_found_by_its_name(driver: Driver) -> None:
    driver.host.tables["S"] = stream(**{"now()": [7]})
    driver.body(
        "row = influxdb3_local.query('S')[0]\n"
        "influxdb3_local.info(row['now'], row, 'now' in row)\n"
        "row['count']"
    )
    assert driver.host.texts == ["7 {'now()': 7} False"]


def test_parameters_of_every_scalar_type_arrive_as_they_are(driver: Driver) -> None:
    driver.host.tables["S"] = stream(v=[1])
    result = driver.body(
        "import datetime, decimal\n"
        "influxdb3_local.query('S', args={'i': 1, 'f': 1.5, 's': 'x', 'b': True, 'n': None,\n"
        "    'd': datetime.date(2026, 1, 2), 'c': decimal.Decimal('0.5')}, database='other')"
    )
    assert result.error is None
    params = {"i": 1, "f": 1.5, "s": "x", "b": True, "n": None, "d": "2026-01-02", "c": 0.5}
    assert driver.host.queries == [("other", "S", params)]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("{'a': []}", "TypeError: query parameter 'a' must be a str, int, float, bool or None, "),
        ("{1: 2}", "TypeError: a query parameter's name must be a str, not int"),
        ("'a'", "TypeError: query args must be a dict, not str"),
        ("{'a': 2**64}", "ValueError: query parameter 'a' is out of range for 64 bits: "),
        ("{'a': float('nan')}", "ValueError: query parameter 'a' must be finite, not nan"),
    ],
)
def test_what_is_no_parameter_is_refused(driver: Driver, args: str, message: str) -> None:
    result = driver.body(f"influxdb3_local.query('S', {args})")
    assert str(result.error).startswith(message)
    assert driver.host.queries == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("query('S', database=7)", "TypeError: a database name must be a str, not int"),
        ("query(7)", "TypeError: a query must be a str, not int"),
        ("query(b'S')", "TypeError: a query must be a str, not bytes"),
    ],
)
def test_what_is_no_text_is_refused_and_the_process_goes_on(
    driver: Driver, call: str, message: str
) -> None:
    """It was sent to the server, which ended the process for it, and the runs beside."""
    result = driver.body(f"influxdb3_local.{call}")
    assert str(result.error) == message
    assert driver.host.queries == []


def test_a_failed_query_raises_an_error_that_plugins_can_catch(driver: Driver) -> None:
    text = (
        "error: error while planning query: table 'public.iox.not_here' not found "
        "executing query on foo: SELECT a FROM not_here"
    )
    sql = "influxdb3_local.query('SELECT a FROM not_here', database='foo')"
    assert str(driver.body(sql).error) == f"QueryError: {text}"
    for imports, name in (
        ("from influxdb3 import QueryError", "QueryError"),
        ("import influxdb3", "influxdb3.QueryError"),
    ):
        driver.body(
            f"{imports}\ntry:\n    {sql}\nexcept {name} as error:\n    influxdb3_local.info(error)"
        )
        assert driver.host.texts == [text]


def test_a_parameter_inside_quotes_is_warned_about(driver: Driver) -> None:
    sql = "SELECT * FROM home where room = '$room'"
    driver.host.tables[sql] = stream(v=[])
    driver.body(f'influxdb3_local.query("{sql}", {{"room": "Kitchen", "unused": "x"}})')
    assert driver.host.logs == [
        (
            "WARN",
            "query parameter room is unused: $room stands inside a string literal, "
            "where nothing is filled in; drop the quotes",
        )
    ]


def test_threads_of_a_plugin_may_query(driver: Driver) -> None:
    driver.host.tables["S"] = stream(v=[1])
    result = driver.body(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(8) as threads:\n"
        "    found = list(threads.map(lambda _: influxdb3_local.query('S'), range(40)))\n"
        "influxdb3_local.info(found == [[{'v': 1}]] * 40)"
    )
    assert result.error is None
    assert driver.host.texts == ["True"]


def test_after_its_run_a_thread_may_log_but_not_write_or_query(driver: Driver) -> None:
    driver.body("influxdb3_local.cache.put('old', influxdb3_local)")
    result = driver.body(
        "old = influxdb3_local.cache.get('old')\n"
        "old.info('late')\n"
        "for call in (lambda: old.write('m a=1'), lambda: old.query('S')):\n"
        "    try:\n        call()\n"
        "    except Exception as error:\n        influxdb3_local.info(type(error), error)"
    )
    assert result.error is None
    assert driver.host.texts[0] == "late"
    assert "RuntimeError" in driver.host.texts[1]
    assert "the run that asks has ended executing query on db: S" in driver.host.texts[2]


def test_a_fault_of_the_server_reaches_the_plugin_as_an_error(driver: Driver) -> None:
    driver.host.tables["S"] = None  # type: ignore[assignment] # the fault: no bytes at all
    result = driver.body("influxdb3_local.query('S')")
    assert result.error is not None
    assert "TypeError" in str(result.error)
