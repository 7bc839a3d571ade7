-- System tables: their columns and types, and the rows that are the same everywhere.

## data
weather,host=a,room=x temperature=1.5,level=3i,seen=4u,ok=true,note="low" 1700000000000000000
weather,host=a,room=y temperature=4.5,level=-7i 1700000060000000000
weather,host=b,room=x temperature=2.25,seen=9u,ok=false,note="" 1700000060000000000

## data
weather,host=b,room=y level=12i,note="high \"up\"" 1700000120000000000
weather,host=c temperature=-0.5,level=5i,ok=true 1700003600000000000
weather,host=a,room=x temperature=9.75,note="late" 1700000030000000000

## data
weather,room=z temperature=3.0,level=1i,seen=18446744073709551615u 1700086400000000000
weather,host=a,room=x temperature=1.25 1700000000000000000

## describe queries
DESCRIBE system.queries
----
+------------------+---------------+-------------+
| column_name      | data_type     | is_nullable |
+------------------+---------------+-------------+
| id               | Utf8          | NO          |
| phase            | Utf8          | NO          |
| issue_time       | Timestamp(ns) | NO          |
| query_type       | Utf8          | NO          |
| query_text       | Utf8          | NO          |
| partitions       | Int64         | YES         |
| parquet_files    | Int64         | YES         |
| plan_duration    | Duration(ns)  | YES         |
| permit_duration  | Duration(ns)  | YES         |
| execute_duration | Duration(ns)  | YES         |
| end2end_duration | Duration(ns)  | YES         |
| compute_duration | Duration(ns)  | YES         |
| max_memory       | Int64         | YES         |
| success          | Boolean       | NO          |
| running          | Boolean       | NO          |
| cancelled        | Boolean       | NO          |
| trace_id         | Utf8          | YES         |
+------------------+---------------+-------------+

## describe last_caches
DESCRIBE system.last_caches
----
+--------------------+----------------+-------------+
| column_name        | data_type      | is_nullable |
+--------------------+----------------+-------------+
| table              | Utf8View       | NO          |
| name               | Utf8View       | NO          |
| key_column_ids     | List(UInt16)   | NO          |
| key_column_names   | List(Utf8View) | NO          |
| value_column_ids   | List(UInt16)   | YES         |
| value_column_names | List(Utf8View) | YES         |
| count              | UInt64         | NO          |
| ttl                | UInt64         | NO          |
+--------------------+----------------+-------------+

## describe distinct_caches
DESCRIBE system.distinct_caches
----
+-----------------+----------------+-------------+
| column_name     | data_type      | is_nullable |
+-----------------+----------------+-------------+
| table           | Utf8View       | NO          |
| name            | Utf8View       | NO          |
| column_ids      | List(UInt16)   | NO          |
| column_names    | List(Utf8View) | NO          |
| max_cardinality | UInt64         | NO          |
| max_age_seconds | UInt64         | NO          |
+-----------------+----------------+-------------+

## describe parquet_files
DESCRIBE system.parquet_files
----
+-------------+-----------+-------------+
| column_name | data_type | is_nullable |
+-------------+-----------+-------------+
| table_name  | Utf8      | NO          |
| path        | Utf8      | NO          |
| size_bytes  | UInt64    | NO          |
| row_count   | UInt64    | NO          |
| min_time    | Int64     | NO          |
| max_time    | Int64     | NO          |
+-------------+-----------+-------------+

## describe influxdb_schema
DESCRIBE system.influxdb_schema
----
+-------------+-----------+-------------+
| column_name | data_type | is_nullable |
+-------------+-----------+-------------+
| measurement | Utf8View  | NO          |
| key         | Utf8View  | NO          |
| data_type   | Utf8View  | NO          |
+-------------+-----------+-------------+

## describe processing_engine_triggers
DESCRIBE system.processing_engine_triggers
----
+-----------------------+-----------+-------------+
| column_name           | data_type | is_nullable |
+-----------------------+-----------+-------------+
| trigger_name          | Utf8      | NO          |
| plugin_filename       | Utf8      | NO          |
| trigger_specification | Utf8      | NO          |
| disabled              | Boolean   | NO          |
| error_behavior        | Utf8      | NO          |
+-----------------------+-----------+-------------+

## describe processing_engine_trigger_arguments
DESCRIBE system.processing_engine_trigger_arguments
----
+----------------+-----------+-------------+
| column_name    | data_type | is_nullable |
+----------------+-----------+-------------+
| trigger_name   | Utf8      | NO          |
| argument_key   | Utf8      | NO          |
| argument_value | Utf8      | NO          |
+----------------+-----------+-------------+

## describe processing_engine_logs
DESCRIBE system.processing_engine_logs
----
+--------------+---------------+-------------+
| column_name  | data_type     | is_nullable |
+--------------+---------------+-------------+
| event_time   | Timestamp(ns) | NO          |
| trigger_name | Utf8          | NO          |
| log_level    | Utf8          | NO          |
| log_text     | Utf8          | NO          |
+--------------+---------------+-------------+

## describe processing_engine_trigger_settings
DESCRIBE system.processing_engine_trigger_settings
----
+--------------+---------------+-------------+
| column_name  | data_type     | is_nullable |
+--------------+---------------+-------------+
| trigger_name | Utf8          | NO          |
| run_async    | Boolean       | NO          |
| options      | Utf8          | NO          |
| cursor       | UInt64        | NO          |
| last_tick    | Timestamp(ns) | YES         |
| state_bytes  | UInt64        | NO          |
+--------------+---------------+-------------+

## describe processing_engine_dead_letters
DESCRIBE system.processing_engine_dead_letters
----
+----------------+---------------+-------------+
| column_name    | data_type     | is_nullable |
+----------------+---------------+-------------+
| time           | Timestamp(ns) | YES         |
| database       | Utf8          | YES         |
| trigger_name   | Utf8          | YES         |
| letter_id      | Utf8          | YES         |
| trigger_type   | Utf8          | YES         |
| status         | Utf8          | YES         |
| attempts       | Int64         | YES         |
| rows_in        | Int64         | YES         |
| first_position | Int64         | YES         |
| last_position  | Int64         | YES         |
| call_time      | Timestamp(ns) | YES         |
| sample         | Utf8          | YES         |
| error          | Utf8          | YES         |
| traceback      | Utf8          | YES         |
+----------------+---------------+-------------+

## describe processing_engine_runs
DESCRIBE system.processing_engine_runs
----
+-------------------+---------------+-------------+
| column_name       | data_type     | is_nullable |
+-------------------+---------------+-------------+
| time              | Timestamp(ns) | YES         |
| database          | Utf8          | YES         |
| trigger_name      | Utf8          | YES         |
| trigger_type      | Utf8          | YES         |
| status            | Utf8          | YES         |
| attempt           | Int64         | YES         |
| rows_in           | Int64         | YES         |
| rows_out          | Int64         | YES         |
| first_position    | Int64         | YES         |
| last_position     | Int64         | YES         |
| call_time         | Timestamp(ns) | YES         |
| duration_ns       | Int64         | YES         |
| peak_memory_bytes | Int64         | YES         |
| code_hash         | Utf8          | YES         |
| error             | Utf8          | YES         |
| traceback         | Utf8          | YES         |
+-------------------+---------------+-------------+

## describe _internal databases
-- database: _internal
DESCRIBE system.databases
----
+---------------------+---------------------+-------------+
| column_name         | data_type           | is_nullable |
+---------------------+---------------------+-------------+
| database_name       | Utf8View            | NO          |
| retention_period_ns | UInt64              | YES         |
| deleted             | Boolean             | NO          |
| hard_deletion_time  | Timestamp(s, "UTC") | YES         |
+---------------------+---------------------+-------------+

## describe _internal tables
-- database: _internal
DESCRIBE system.tables
----
+----------------------+---------------------+-------------+
| column_name          | data_type           | is_nullable |
+----------------------+---------------------+-------------+
| database_name        | Utf8View            | NO          |
| table_name           | Utf8View            | NO          |
| column_count         | UInt64              | NO          |
| series_key_columns   | Utf8View            | NO          |
| last_cache_count     | UInt64              | NO          |
| distinct_cache_count | UInt64              | NO          |
| deleted              | Boolean             | NO          |
| hard_deletion_time   | Timestamp(s, "UTC") | YES         |
+----------------------+---------------------+-------------+

## describe _internal tokens
-- database: _internal
DESCRIBE system.tokens
----
+---------------------+---------------+-------------+
| column_name         | data_type     | is_nullable |
+---------------------+---------------+-------------+
| token_id            | UInt64        | NO          |
| name                | Utf8View      | NO          |
| hash                | Utf8View      | NO          |
| created_at          | Timestamp(ms) | NO          |
| description         | Utf8View      | YES         |
| created_by_token_id | UInt64        | YES         |
| updated_at          | Timestamp(ms) | YES         |
| updated_by_token_id | UInt64        | YES         |
| expiry              | Timestamp(ms) | YES         |
| permissions         | Utf8View      | NO          |
+---------------------+---------------+-------------+

## describe _internal nodes
-- database: _internal
DESCRIBE system.nodes
----
+-----------------+----------------+-------------+
| column_name     | data_type      | is_nullable |
+-----------------+----------------+-------------+
| node_id         | Utf8View       | NO          |
| node_catalog_id | UInt32         | NO          |
| instance_id     | Utf8View       | NO          |
| mode            | List(Utf8View) | NO          |
| core_count      | UInt64         | NO          |
| state           | Utf8View       | NO          |
| updated_at      | Timestamp(ms)  | YES         |
| cli_params      | Utf8View       | YES         |
+-----------------+----------------+-------------+

## describe _internal generation_durations
-- database: _internal
DESCRIBE system.generation_durations
----
+------------------+-----------+-------------+
| column_name      | data_type | is_nullable |
+------------------+-----------+-------------+
| level            | UInt8     | NO          |
| duration_seconds | UInt64    | NO          |
+------------------+-----------+-------------+

## describe _internal plugin_files
-- database: _internal
DESCRIBE system.plugin_files
----
+---------------+-----------+-------------+
| column_name   | data_type | is_nullable |
+---------------+-----------+-------------+
| plugin_name   | Utf8      | NO          |
| file_name     | Utf8      | NO          |
| file_path     | Utf8      | NO          |
| size_bytes    | Int64     | NO          |
| last_modified | Int64     | NO          |
+---------------+-----------+-------------+

## _internal tables are of _internal
SELECT * FROM system.databases
----
InvalidError: Error during planning: table 'public.system.databases' not found

## schema
SELECT * FROM system.influxdb_schema ORDER BY measurement, key
----
+-------------+-------------+-----------+
| measurement | key         | data_type |
+-------------+-------------+-----------+
| weather     | host        | tag       |
| weather     | level       | integer   |
| weather     | note        | string    |
| weather     | ok          | boolean   |
| weather     | room        | tag       |
| weather     | seen        | uinteger  |
| weather     | temperature | float     |
| weather     | time        | time      |
+-------------+-------------+-----------+

## no caches
SELECT * FROM system.last_caches
----
+-------+------+----------------+------------------+------------------+--------------------+-------+-----+
| table | name | key_column_ids | key_column_names | value_column_ids | value_column_names | count | ttl |
+-------+------+----------------+------------------+------------------+--------------------+-------+-----+
+-------+------+----------------+------------------+------------------+--------------------+-------+-----+

## no distinct caches
SELECT * FROM system.distinct_caches
----
+-------+------+------------+--------------+-----------------+-----------------+
| table | name | column_ids | column_names | max_cardinality | max_age_seconds |
+-------+------+------------+--------------+-----------------+-----------------+
+-------+------+------------+--------------+-----------------+-----------------+

## no triggers
SELECT * FROM system.processing_engine_triggers
----
+--------------+-----------------+-----------------------+----------+----------------+
| trigger_name | plugin_filename | trigger_specification | disabled | error_behavior |
+--------------+-----------------+-----------------------+----------+----------------+
+--------------+-----------------+-----------------------+----------+----------------+

## no arguments
SELECT * FROM system.processing_engine_trigger_arguments
----
+--------------+--------------+----------------+
| trigger_name | argument_key | argument_value |
+--------------+--------------+----------------+
+--------------+--------------+----------------+

## no logs
SELECT * FROM system.processing_engine_logs
----
+------------+--------------+-----------+----------+
| event_time | trigger_name | log_level | log_text |
+------------+--------------+-----------+----------+
+------------+--------------+-----------+----------+

## no settings of triggers
SELECT * FROM system.processing_engine_trigger_settings
----
+--------------+-----------+---------+--------+-----------+-------------+
| trigger_name | run_async | options | cursor | last_tick | state_bytes |
+--------------+-----------+---------+--------+-----------+-------------+
+--------------+-----------+---------+--------+-----------+-------------+

## no runs
SELECT * FROM system.processing_engine_runs
----
++
++

## no dead letters
SELECT * FROM system.processing_engine_dead_letters
----
++
++

## no tokens
-- database: _internal
SELECT * FROM system.tokens
----
+----------+------+------+------------+-------------+---------------------+------------+---------------------+--------+-------------+
| token_id | name | hash | created_at | description | created_by_token_id | updated_at | updated_by_token_id | expiry | permissions |
+----------+------+------+------------+-------------+---------------------+------------+---------------------+--------+-------------+
+----------+------+------+------------+-------------+---------------------+------------+---------------------+--------+-------------+

## no files of plugins
-- database: _internal
SELECT * FROM system.plugin_files
----
+-------------+-----------+-----------+------------+---------------+
| plugin_name | file_name | file_path | size_bytes | last_modified |
+-------------+-----------+-----------+------------+---------------+
+-------------+-----------+-----------+------------+---------------+

## the node itself
-- database: _internal
SELECT node_id, node_catalog_id, length(instance_id) AS instance, mode, core_count > 0 AS works, state, updated_at IS NULL AS undated, cli_params FROM system.nodes
----
+---------+-----------------+----------+--------+-------+---------+---------+------------+
| node_id | node_catalog_id | instance | mode   | works | state   | undated | cli_params |
+---------+-----------------+----------+--------+-------+---------+---------+------------+
| node0   | 0               | 36       | [core] | true  | running | false   |            |
+---------+-----------------+----------+--------+-------+---------+---------+------------+

## nodes among others
-- database: _internal
SELECT d.database_name, n.node_id FROM system.databases d LEFT JOIN system.nodes n ON n.state = 'running' ORDER BY d.database_name
----
+---------------+---------+
| database_name | node_id |
+---------------+---------+
| _internal     | node0   |
| sensors       | node0   |
+---------------+---------+

## this query
SELECT query_type, query_text, phase, success, running, cancelled FROM system.queries WHERE query_text LIKE '%this very text%'
----
+------------+--------------------------------------------------------------------------------------------------------------------------------+-------------------+---------+---------+-----------+
| query_type | query_text                                                                                                                     | phase             | success | running | cancelled |
+------------+--------------------------------------------------------------------------------------------------------------------------------+-------------------+---------+---------+-----------+
| sql        | SELECT query_type, query_text, phase, success, running, cancelled FROM system.queries WHERE query_text LIKE '%this very text%' | logically_planned | false   | true    | false     |
+------------+--------------------------------------------------------------------------------------------------------------------------------+-------------------+---------+---------+-----------+

## databases
-- database: _internal
SELECT * FROM system.databases ORDER BY database_name
----
+---------------+---------------------+---------+--------------------+
| database_name | retention_period_ns | deleted | hard_deletion_time |
+---------------+---------------------+---------+--------------------+
| _internal     | 604800000000000     | false   |                    |
| sensors       |                     | false   |                    |
+---------------+---------------------+---------+--------------------+

## tables
-- database: _internal
SELECT * FROM system.tables WHERE database_name = 'sensors'
----
+---------------+------------+--------------+--------------------+------------------+----------------------+---------+--------------------+
| database_name | table_name | column_count | series_key_columns | last_cache_count | distinct_cache_count | deleted | hard_deletion_time |
+---------------+------------+--------------+--------------------+------------------+----------------------+---------+--------------------+
| sensors       | weather    | 8            | host, room         | 0                | 0                    | false   |                    |
+---------------+------------+--------------+--------------------+------------------+----------------------+---------+--------------------+

## generations
-- database: _internal
SELECT * FROM system.generation_durations
----
+-------+------------------+
| level | duration_seconds |
+-------+------------------+
+-------+------------------+

## files are bytes and rows
SELECT count(*) FILTER (WHERE size_bytes = 0 OR row_count = 0 OR min_time > max_time) AS wrong FROM system.parquet_files WHERE table_name = 'weather'
----
+-------+
| wrong |
+-------+
| 0     |
+-------+

## no system table
SELECT * FROM system.nope
----
InvalidError: Error during planning: table 'public.system.nope' not found
