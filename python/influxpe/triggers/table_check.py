"""Whether the columns that a trigger names are in its table, where that exists already.

A table that is not there yet may get any columns, and so may those of a trigger on all tables.
"""

import pyarrow.ipc

from influxpe.engine_types import Scalar
from influxpe.errors import InvalidError
from influxpe.plugin.engine_calls import EngineCalls
from influxpe.plugin.protocol import QueryFailed
from influxpe.triggers.options import TriggerOptions
from influxpe.triggers.spec import Spec, TableSpec

COLUMNS = (
    "SELECT column_name FROM information_schema.columns "
    "WHERE table_schema = 'iox' AND table_name = $table ORDER BY column_name"
)


async def check_table(
    calls: EngineCalls, database: str, spec: Spec, options: TriggerOptions
) -> None:
    """Raise `InvalidError` where its table cannot give a trigger what its options name."""
    if not isinstance(spec, TableSpec) or (options.columns is None and options.where is None):
        return
    table = spec.table_name
    there = await _columns(calls, database, table)
    if not there:
        return
    for name in options.columns or ():
        if name not in there:
            raise InvalidError(f"table '{table}' has no column '{name}': it has {', '.join(there)}")
    if options.where is not None:
        await _check_condition(calls, database, table, options.where)


async def _columns(calls: EngineCalls, database: str, table: str) -> list[str]:
    params: dict[str, Scalar] = {"table": table}
    try:
        stream = await calls.query(database, COLUMNS, params)
    except QueryFailed:  # there is no such database, which is told in its turn
        return []
    names = pyarrow.ipc.open_stream(stream).read_all().column("column_name")
    return [str(name) for name in names.to_pylist()]


async def _check_condition(calls: EngineCalls, database: str, table: str, condition: str) -> None:
    quoted = table.replace('"', '""')
    # It has been read as one condition: it cannot be more than that here.
    sql = f'SELECT 1 FROM "{quoted}" WHERE (\n{condition}\n) LIMIT 0'  # noqa: S608 - as said
    try:
        await calls.query(database, sql, {})
    except QueryFailed as error:
        if isinstance(error.__cause__, InvalidError):
            raise InvalidError(
                f"the condition `{condition}` does not fit table '{table}': {error}"
            ) from error
