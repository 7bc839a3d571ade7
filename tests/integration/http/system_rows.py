"""What each system table shows of a busy server, in the columns that are the same each time.

Of the others a statement shows what holds for them: a size that is not 0, a time that is now.
"""

from typing import Any, NamedTuple

Rows = list[dict[str, Any]]


class Shown(NamedTuple):
    """One question to one system table, and its rows."""

    table: str
    sql: str
    rows: Rows
    database: str = "plant"


# Nothing fills it: there are no generations.
ALWAYS_EMPTY = {"generation_durations"}

# A name of what is deleted ends in the time of the deletion.
DATABASES: Rows = [
    {"name": "_internal", "retention_period_ns": 604_800_000_000_000, "deleted": False},
    {"name": "gone-TIME", "deleted": True, "hard_deletion_time": "2199-01-02T03:04:05Z"},
    {"name": "plant", "deleted": False},
    {"name": "short", "retention_period_ns": 7_200_000_000_000, "deleted": False},
]


def table_row(name: str, columns: int, key: str, *caches: int, deleted: bool = False) -> Rows:
    """Give a row of `tables`; `caches` are last and distinct ones."""
    last, distinct = caches or (0, 0)
    return [
        {
            "name": name,
            "column_count": columns,
            "series_key_columns": key,
            "last_cache_count": last,
            "distinct_cache_count": distinct,
            "deleted": deleted,
        }
    ]


CATALOG = [
    Shown(
        "databases",
        "SELECT regexp_replace(database_name, '-[0-9T]+$', '-TIME') AS name, "
        "retention_period_ns, deleted, hard_deletion_time FROM system.databases ORDER BY name",
        DATABASES,
        "_internal",
    ),
    Shown(
        "tables",
        "SELECT regexp_replace(table_name, '-[0-9T]+$', '-TIME') AS name, column_count, "
        "series_key_columns, last_cache_count, distinct_cache_count, deleted, hard_deletion_time "
        "FROM system.tables WHERE database_name = 'plant' ORDER BY name",
        [
            *table_row("copy", 2, ""),
            *table_row("m", 2, ""),
            *table_row("meter", 3, "host"),
            *table_row("old-TIME", 3, "t", deleted=True),
            *table_row("weather", 8, "host, room", 2, 1),
        ],
        "_internal",
    ),
    Shown(
        "tokens",
        "SELECT token_id, name, length(hash) AS hash, description, permissions, "
        "created_at > now() - INTERVAL '1 hour' AND created_at <= now() AS fresh, "
        "expiry - created_at = INTERVAL '1 hour' AS an_hour, updated_at "
        "FROM system.tokens ORDER BY token_id",
        [
            {"token_id": 0, "name": "_admin", "hash": 16, "permissions": "*:*:*", "fresh": True},
            {
                "token_id": 1,
                "name": "reader",
                "hash": 16,
                "permissions": "*:*:*",
                "fresh": True,
                "an_hour": True,
            },
        ],
        "_internal",
    ),
    Shown(
        "nodes",
        "SELECT node_id, node_catalog_id, mode, state, cli_params, core_count > 0 AS works, "
        "instance_id LIKE '%-%-4%-%-%' AS named, "
        "updated_at > now() - INTERVAL '1 hour' AND updated_at <= now() AS fresh "
        "FROM system.nodes",
        [
            {"node_id": "n0", "node_catalog_id": 0, "mode": ["core"], "state": "running"}
            | {"works": True, "named": True, "fresh": True}
        ],
        "_internal",
    ),
    Shown(
        "last_caches",
        "SELECT * FROM system.last_caches ORDER BY name",
        [
            {
                "table": "weather",
                "name": "newest",
                "key_column_ids": [1],
                "key_column_names": ["room"],
                "count": 3,
                "ttl": 60,
            },
            {
                "table": "weather",
                "name": "some",
                "key_column_ids": [0, 1],
                "key_column_names": ["host", "room"],
                "value_column_ids": [3],
                "value_column_names": ["level"],
                "count": 1,
                "ttl": 14_400,
            },
        ],
    ),
    Shown(
        "distinct_caches",
        "SELECT * FROM system.distinct_caches",
        [
            {
                "table": "weather",
                "name": "rooms",
                "column_ids": [0, 1],
                "column_names": ["host", "room"],
                "max_cardinality": 100_000,
                "max_age_seconds": 90,
            }
        ],
    ),
    Shown(
        "influxdb_schema",
        "SELECT key, data_type FROM system.influxdb_schema WHERE measurement = 'weather'",
        [
            {"key": "host", "data_type": "tag"},
            {"key": "level", "data_type": "integer"},
            {"key": "note", "data_type": "string"},
            {"key": "ok", "data_type": "boolean"},
            {"key": "room", "data_type": "tag"},
            {"key": "seen", "data_type": "uinteger"},
            {"key": "temperature", "data_type": "float"},
            {"key": "time", "data_type": "time"},
        ],
    ),
]

STORED = [
    Shown(
        "parquet_files",
        "SELECT table_name, row_count, min_time, max_time, size_bytes > 1000 AS sized, "
        "path LIKE 'n0/dbs/%/1970-01-01/%.parquet' AS placed "
        "FROM system.parquet_files ORDER BY min_time",
        [
            {"table_name": name, "row_count": rows, "min_time": first, "max_time": last}
            | {"sized": True, "placed": True}
            for name, rows, first, last in [
                ("weather", 4, 1000, 3000),
                ("weather", 1, 3500, 3500),
                ("meter", 1, 4000, 4000),
            ]
        ],
    ),
    Shown(
        "queries",
        "SELECT phase, query_type, query_text, success, running, cancelled, "
        "plan_duration IS NOT NULL AS planned, end2end_duration IS NOT NULL AS ended, "
        "max_memory >= 0 AS measured FROM system.queries WHERE query_text LIKE '% FROM meter' "
        "ORDER BY issue_time, id",
        [
            {
                "phase": phase,
                "query_type": kind,
                "query_text": text,
                "success": phase == "success",
                "running": False,
                "cancelled": False,
                "planned": phase == "success",
                "ended": True,
                "measured": True,
            }
            for phase, kind, text in [
                ("success", "sql", "SELECT total FROM meter"),
                ("fail", "sql", "SELECT nope FROM meter"),
                ("success", "influxql", "SELECT max(total) FROM meter"),
            ]
        ],
    ),
]


def trigger_row(name: str, specification: str, behavior: str, *, disabled: bool = False) -> Rows:
    """Give a row of `processing_engine_triggers`."""
    return [
        {
            "trigger_name": name,
            "plugin_filename": f"{name}.py",
            "trigger_specification": specification,
            "disabled": disabled,
            "error_behavior": behavior,
        }
    ]


WRITES = '{"single_table_wal_write":{"table_name":"m"}}'
FAILED = "ZeroDivisionError: division by zero"

TRIGGERS = [
    Shown(
        "processing_engine_triggers",
        "SELECT * FROM system.processing_engine_triggers ORDER BY trigger_name",
        [
            *trigger_row("copies", WRITES, "log"),
            *trigger_row("fails", WRITES, "retry"),
            *trigger_row("rests", '{"request_path":{"path":"rests"}}', "disable", disabled=True),
            *trigger_row("ticks", '{"every":{"duration":{"secs":1,"nanos":0}}}', "log"),
        ],
    ),
    Shown(
        "processing_engine_trigger_arguments",
        "SELECT * FROM system.processing_engine_trigger_arguments ORDER BY argument_key",
        [
            {"trigger_name": "copies", "argument_key": "target", "argument_value": "copy"},
            {"trigger_name": "copies", "argument_key": "unit", "argument_value": "m"},
        ],
    ),
    Shown(
        "processing_engine_trigger_settings",
        "SELECT trigger_name, run_async, options, cursor > 0 AS served, state_bytes > 0 AS keeps, "
        "last_tick > now() - INTERVAL '1 hour' AND last_tick <= now() AS ticked "
        "FROM system.processing_engine_trigger_settings ORDER BY trigger_name",
        [
            {"trigger_name": name, "run_async": name == "ticks", "options": options}
            | {"served": True, "keeps": name == "copies"}
            | ({"ticked": True} if name == "ticks" else {})
            for name, options in [
                ("copies", '{"batch_rows":500}'),
                ("fails", '{"max_attempts":1}'),
                ("rests", ""),
                ("ticks", '{"missed_runs":"once"}'),
            ]
        ],
    ),
    Shown(
        "processing_engine_logs",
        "SELECT trigger_name, log_level, log_text, event_time > now() - INTERVAL '1 hour' AS fresh "
        "FROM system.processing_engine_logs WHERE trigger_name = 'fails' "
        "OR log_text LIKE 'copied %' ORDER BY trigger_name, event_time",
        [
            {"trigger_name": name, "log_level": level, "log_text": text, "fresh": True}
            for name, level, text in [
                ("copies", "INFO", "copied 2 rows to copy"),
                ("fails", "INFO", "starting execution of wal plugin."),
                ("fails", "ERROR", f"error executing wal plugin: {FAILED}"),
                (
                    "fails",
                    "ERROR",
                    "given up after 1 attempt: it waits among the dead letters; "
                    "`influxpe replay` runs it again",
                ),
            ]
        ],
    ),
    Shown(
        "processing_engine_runs",
        "SELECT database, trigger_name, trigger_type, status, attempt, rows_in, rows_out, error, "
        "first_position <= last_position AS placed, duration_ns > 0 AS timed, "
        "length(code_hash) AS hash, traceback LIKE '%1 / 0%' AS traced "
        "FROM system.processing_engine_runs WHERE trigger_type = 'wal' ORDER BY trigger_name",
        [
            {
                "database": "plant",
                "trigger_name": name,
                "trigger_type": "wal",
                "status": status,
                "attempt": 1,
                "rows_in": 2,
                "rows_out": rows_out,
                "error": error,
                "placed": True,
                "timed": True,
                "hash": 32,
                "traced": error != "",
            }
            for name, status, rows_out, error in [
                ("copies", "ok", 2, ""),
                ("fails", "failed", 0, FAILED),
            ]
        ],
    ),
    Shown(
        "processing_engine_dead_letters",
        "SELECT database, trigger_name, trigger_type, status, attempts, rows_in, sample, error, "
        "first_position <= last_position AS placed, letter_id <> '' AS named, "
        "traceback LIKE '%1 / 0%' AS traced FROM system.processing_engine_dead_letters",
        [
            {
                "database": "plant",
                "trigger_name": "fails",
                "trigger_type": "wal",
                "status": "waiting",
                "attempts": 1,
                "rows_in": 2,
                "sample": 'm: [{"v": 1, "time": 1000}, {"v": 2, "time": 2000}]',
                "error": FAILED,
                "placed": True,
                "named": True,
                "traced": True,
            }
        ],
    ),
    Shown(
        "plugin_files",
        "SELECT plugin_name, file_name, file_path LIKE '%/plugins/' || file_name AS placed, "
        "size_bytes > 0 AS sized, last_modified > 1700000000000 AS dated "
        "FROM system.plugin_files ORDER BY plugin_name",
        [
            {"plugin_name": name, "file_name": f"{name}.py"}
            | {"placed": True, "sized": True, "dated": True}
            for name in ("copies", "fails", "rests", "ticks")
        ],
        "_internal",
    ),
]

SHOWN = [*CATALOG, *STORED, *TRIGGERS]
