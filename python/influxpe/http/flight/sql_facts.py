"""What the server is and what its SQL can do, by the numbers of `SqlInfo` in `FlightSql.proto`.

The facts about the server are those of InfluxDB 3. Drivers of JDBC fail on a number without one, so
that all are here that they ask for; 0 is a maximum that nobody knows.
"""

from __future__ import annotations

# As rust/limits.rs has it.
SQL_BYTES_MAX = 1_048_576
NO_TRANSACTIONS = 0
CASE_UNKNOWN, CASE_INSENSITIVE_LOWER = 0, 3
NULLS_SORTED_HIGH = 0


def _bits(*places: int) -> int:
    return sum(1 << place for place in places)


TEXTS: dict[int, str] = {
    0: "InfluxDB IOx",
    1: "2",
    2: "1.3",
    504: '"',
    513: "\\",  # escapes in patterns of the catalog
    514: "",  # characters of names without quotes
    529: "schema",
    530: "procedure",
    531: "catalog",
}
FLAGS: dict[int, bool] = {
    3: True,  # read only: nothing is changed by SQL
    4: True,  # SQL
    5: False,  # Substrait
    9: False,  # cancelling by a call; a client that leaves ends its query
    10: True,  # bulk ingestion
    11: False,  # and its transactions
    500: False,  # DDL of catalogs, of schemas, of tables
    501: False,
    502: False,
    506: True,  # all tables are selectable
    515: True,  # AS
    516: True,  # null + 1 is null
    518: True,  # names of tables in a statement, which may be those of other tables
    519: False,
    520: True,  # ORDER BY expressions, and what is not selected
    521: True,
    523: False,  # LIKE ... ESCAPE
    524: False,  # NOT NULL in definitions
    527: False,  # integrity
    532: True,  # catalogs stand first in full names
    536: False,  # SELECT FOR UPDATE
    537: False,  # procedures
    539: True,  # correlated subqueries
    556: False,  # the maximum of a row has large objects in it
    563: False,  # transactions
    565: False,
    566: False,
    572: False,  # batches of updates
    573: False,  # savepoints
    574: False,  # named parameters of procedures
    575: False,  # large objects are copied
    576: False,  # calls of functions as procedures
}
# Ordinals and masks of 32 bits.
SMALL: dict[int, int] = {
    8: NO_TRANSACTIONS,
    100: 0,  # handles and transactions do not time out
    101: 0,
    503: CASE_INSENSITIVE_LOWER,
    505: CASE_UNKNOWN,  # quoted names keep their case: there is no number for that
    507: NULLS_SORTED_HIGH,
    522: _bits(0, 1),  # GROUP BY what is not selected
    525: _bits(0, 1),  # grammar: minimum and core
    526: _bits(0),  # entry level of SQL-92
    528: _bits(1, 2),  # outer joins, limited and full: the driver of JDBC takes levels for bits
    533: 0,
    534: 0,
    535: 0,
    538: _bits(0, 1, 2),  # subqueries in comparisons, in EXISTS, in IN
    540: _bits(0, 1),  # UNION, UNION ALL
    564: _bits(NO_TRANSACTIONS),
    567: _bits(1),  # rows are read forward only, and not changed
    568: _bits(1),
    569: _bits(1),
    570: 0,
    571: 0,
}
STATEMENT_LENGTH_MAX = 557
# Maxima from 541 on; and the usual isolation, which the driver of JDBC takes for 64 bits.
LARGE: dict[int, int] = {
    **dict.fromkeys((*range(541, 556), *range(558, 562)), 0),
    STATEMENT_LENGTH_MAX: SQL_BYTES_MAX,
    562: NO_TRANSACTIONS,
}
KEYWORDS = "ANALYZE ANTI EXPLAIN ILIKE LIMIT OFFSET QUALIFY SEMI SHOW"
NUMERIC = (
    "abs acos asin atan atan2 ceil cos cot degrees exp floor gcd lcm ln log log10 log2 nanvl pi "
    "power radians random round signum sin sqrt tan trunc"
)
TEXT = (
    "ascii btrim char_length chr concat concat_ws contains ends_with initcap left length lower "
    "lpad ltrim md5 octet_length regexp_like regexp_match regexp_replace repeat replace reverse "
    "right rpad rtrim split_part starts_with strpos substr to_hex translate trim upper"
)
SYSTEM = "coalesce nullif nvl version"
TIMES = (
    "current_date current_time date_bin date_bin_gapfill date_part date_trunc from_unixtime "
    "make_date now to_date to_timestamp to_timestamp_micros to_timestamp_millis "
    "to_timestamp_nanos to_timestamp_seconds to_unixtime tz"
)
FUNCTIONS: dict[int, list[str]] = {
    509: NUMERIC.split(),
    510: TEXT.split(),
    511: SYSTEM.split(),
    512: TIMES.split(),
}
LISTS: dict[int, list[str]] = {508: KEYWORDS.split(), **FUNCTIONS}
# From types to types by the function CONVERT, which there is not.
MAPS: dict[int, list[tuple[int, list[int]]]] = {517: []}

Fact = str | bool | int | list[str] | list[tuple[int, list[int]]]
