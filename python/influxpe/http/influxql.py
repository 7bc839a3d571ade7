"""`/api/v3/query_influxql`: one statement of InfluxQL in, rows out, as `query.py` sends them.

What the catalog answers (`SHOW DATABASES`, `SHOW RETENTION POLICIES`) is SQL over its system table,
so that it has every format too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from influxpe import errors
from influxpe._engine import DatabaseInfo, Engine, InfluxqlStatement, influxql_statements
from influxpe.http.messages import Answer, Call
from influxpe.http.names import INTERNAL_DATABASE
from influxpe.http.query import QueryDoor, answer_query

if TYPE_CHECKING:
    from influxpe.engine_types import Format, Scalar

ONE_STATEMENT = "must provide only one InfluxQl statement per query"
NO_DATABASE = "must specify a 'db' parameter, or provide the database in the InfluxQL query"

SHOW_DATABASES = """
SELECT database_name AS "iox::database", deleted FROM system.databases
ORDER BY deleted, database_name
"""

# The seconds `s` as Go prints durations: 168h0m0s, 30m0s, 0s for none.
DURATION = """
  concat(CASE WHEN s >= 3600 THEN concat(s / 3600, 'h') ELSE '' END,
    CASE WHEN s >= 60 THEN concat((s % 3600) / 60, 'm') ELSE '' END, s % 60, 's')
"""

SHOW_RETENTION_POLICIES = f"""
WITH periods AS (
  SELECT database_name, strpos(database_name, '/') AS slash,
    CAST(coalesce(retention_period_ns, 0) AS BIGINT) / 1000000000 AS s
  FROM system.databases
  WHERE NOT deleted AND (database_name = coalesce($db, database_name)
    OR starts_with(database_name, concat($db, '/')))
)
SELECT split_part(database_name, '/', 1) AS "iox::database",
  CASE WHEN slash > 0 THEN substr(database_name, slash + 1) ELSE 'autogen' END AS name,
  {DURATION} AS duration
FROM periods ORDER BY database_name
"""  # noqa: S608 - constants of this file


class InfluxqlEndpoints(QueryDoor):
    """`/api/v3/query_influxql` over one engine."""

    async def _run(
        self,
        call: Call,
        database: str | None,
        text: str,
        params: dict[str, Scalar] | None,
        form: Format,
    ) -> Answer:
        services = self._services
        statement = await services.threads.query(lambda: one_statement(text))
        sql = catalog_query(statement)
        if sql is None:
            asked = target(database, statement.database)
        else:
            engine = services.engine
            params = await services.threads.catalog(
                lambda: catalog_parameters(engine, statement, database)
            )
            asked = INTERNAL_DATABASE
        return await answer_query(
            services,
            call,
            asked,
            statement.text if sql is None else sql,
            params=params,
            form=form,
            language="influxql" if sql is None else "sql",
        )


def one_statement(text: str) -> InfluxqlStatement:
    """Give the only statement of a text. Raises `InvalidError`, `UnsupportedError`."""
    statements = influxql_statements(text)
    if len(statements) != 1:
        raise errors.InvalidError(ONE_STATEMENT)
    return statements[0]


def catalog_query(statement: InfluxqlStatement) -> str | None:
    """Give the SQL over `_internal` that answers a statement; `None` where the engine does.

    Raises `UnsupportedError` for what is not done.
    """
    match statement.kind:
        case "show_databases":
            return SHOW_DATABASES
        case "show_retention_policies":
            return SHOW_RETENTION_POLICIES
        case "unsupported":
            raise errors.UnsupportedError(f"This feature is not implemented: {statement.name}")
        case _:
            return None


def catalog_parameters(
    engine: Engine, statement: InfluxqlStatement, parameter: str | None
) -> dict[str, Scalar] | None:
    """Give the values of the placeholders of `catalog_query`. Raises what `target` does.

    Raises `NotFoundError` for a database that does not exist.
    """
    if statement.kind == "show_databases":
        return None
    if not parameter and not statement.database:
        return {"db": None}
    database = target(parameter, statement.database)
    if all(database != info.name for info in live_databases(engine)):
        raise errors.NotFoundError(f"query error: database not found: {database}")
    return {"db": database}


def live_databases(engine: Engine) -> list[DatabaseInfo]:
    """Give the databases that are not deleted, `_internal` among them."""
    return [info for info in engine.databases() if not info.deleted]


def target(parameter: str | None, named: str | None) -> str:
    """Give the database of a query: of its parameters and its text one, or both the same.

    Raises `InvalidError`.
    """
    if parameter and named and parameter != named:
        raise errors.InvalidError(
            f"provided a database in both the parameters ({parameter}) and query string ({named}) "
            "that do not match, if providing a query that specifies the database, you can omit "
            "the 'database' parameter from your request"
        )
    database = named or parameter
    if not database:
        raise errors.InvalidError(NO_DATABASE)
    return database
