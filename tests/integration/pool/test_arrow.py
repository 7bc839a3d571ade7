"""Arrow data from queries and to tables, without lines between."""

import pyarrow as pa
import pytest

from influxpe.plugin.pool import ArrowWrite
from influxpe.worker.wire import FRAME_BYTES_MAX
from tests.integration.pool.arrow_streams import stream, tags, times
from tests.integration.pool.driver import Driver

ROWS = stream(host=tags("a", "b", "a"), n=[1, 2, 3], time=times(1, 2, 3))
MAKES = "import pyarrow as pa\ntable = pa.table({'host': ['a', 'b'], 'n': [1, 2]})\n"


def read(write: ArrowWrite) -> pa.Table:
    with pa.ipc.open_stream(write.ipc) as reader:
        return reader.read_all()


def test_a_query_gives_an_arrow_table(driver: Driver) -> None:
    driver.host.tables = {"SELECT 1": ROWS}
    driver.body(
        "table = influxdb3_local.query('SELECT 1', format='arrow')\n"
        "influxdb3_local.info(type(table).__name__, table.num_rows, table['n'].to_pylist())\n"
        "influxdb3_local.info(influxdb3_local.query('SELECT 1', format='rows')[0]['n'])"
    )
    assert driver.host.texts == ["Table 3 [1, 2, 3]", "1"]


def test_another_format_is_refused(driver: Driver) -> None:
    result = driver.body("influxdb3_local.query('SELECT 1', format='csv')")
    assert str(result.error) == "ValueError: the format of a query is 'rows' or 'arrow', not 'csv'"
    assert driver.host.queries == []


def test_arrow_data_comes_with_the_result(driver: Driver) -> None:
    result = driver.body(
        f"{MAKES}"
        "influxdb3_local.write(table, table='one', tags=['host'])\n"
        "influxdb3_local.write('m f=1')\n"
        "influxdb3_local.write_to_db('other', table.to_batches()[0], table='two', tags=[])\n"
        "influxdb3_local.write(table.slice(0, 0), table='empty')\n"
        "influxdb3_local.write(table, 'three')"
    )
    assert result.error is None
    assert result.writes == (("db", "m f=1"),)
    assert [(one.database, one.table, one.tags) for one in result.tables] == [
        ("db", "one", ("host",)),
        ("other", "two", ()),
        ("db", "three", None),
    ]
    expected = pa.table({"host": ["a", "b"], "n": [1, 2]})
    assert all(read(one) == expected for one in result.tables)


def test_rows_of_a_batch_go_to_another_table_as_they_are(driver: Driver) -> None:
    body = (
        "for batch in table_batches:\n"
        "    influxdb3_local.write(batch['rows'], table=batch['table_name'] + '_copy')"
    )
    [write] = driver.body(body, ("cpu", ROWS)).tables
    assert (write.table, write.tags) == ("cpu_copy", None)
    with pa.ipc.open_stream(ROWS) as reader:
        assert read(write) == reader.read_all()


def test_many_megabytes_come_whole(driver: Driver) -> None:
    result = driver.body(
        "import pyarrow as pa\n"
        "for n in range(3):\n"
        "    influxdb3_local.write(pa.table({'n': range(n, 1_000_000)}), table='t')"
    )
    assert [read(one).num_rows for one in result.tables] == [1_000_000, 999_999, 999_998]


def test_a_failed_run_has_no_tables(driver: Driver) -> None:
    result = driver.body(f"{MAKES}influxdb3_local.write(table, table='t')\n1 / 0")
    assert result.error is not None
    assert result.tables == ()


def test_more_than_a_frame_may_have_is_an_error_where_it_is_written(driver: Driver) -> None:
    result = driver.body(
        "import pyarrow as pa\n"
        "zeros = [None, pa.py_buffer(bytes(140_000_000))]\n"
        "table = pa.table({'n': pa.Array.from_buffers(pa.int64(), 17_500_000, zeros)})\n"
        "for n in range(2):\n"
        "    influxdb3_local.write(table, table='t')  # here"
    )
    assert f"passes the maximum of {FRAME_BYTES_MAX} bytes of one run" in str(result.error)
    assert "table='t')  # here" in str(result.error and result.error.traceback)
    assert result.tables == ()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("write(table)", 'Arrow data needs the name of its table: write(data, table="name")'),
        ("write(table, table='')", "Arrow data needs the name of its table"),
        ("write(table, table='t', tags='host')", "tags must be a list of names, not str"),
        ("write('m f=1', table='t')", "table and tags are for Arrow data"),
        ("write_sync(table)", "Arrow data cannot be written at once; use write or write_to_db"),
    ],
)
def test_what_cannot_be_written_so_is_a_type_error(driver: Driver, call: str, message: str) -> None:
    result = driver.body(f"{MAKES}influxdb3_local.{call}")
    assert str(result.error).startswith(f"TypeError: {message}")


def test_a_dry_run_shows_arrow_data_as_lines_among_the_others(driver: Driver) -> None:
    result = driver.body(
        f"{MAKES}influxdb3_local.write('m f=1')\n"
        "influxdb3_local.write(table, table='t', tags=['host'])",
        collect_sync_writes=True,
    )
    assert result.collected == (("db", ("m f=1", "t,host=a n=1i\nt,host=b n=2i")),)
    assert result.tables == ()
