-- What a database tells of itself.

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

## tables
SHOW TABLES
----
+---------------+--------------------+-------------------------------------+------------+
| table_catalog | table_schema       | table_name                          | table_type |
+---------------+--------------------+-------------------------------------+------------+
| public        | iox                | weather                             | BASE TABLE |
| public        | system             | distinct_caches                     | BASE TABLE |
| public        | system             | influxdb_schema                     | BASE TABLE |
| public        | system             | last_caches                         | BASE TABLE |
| public        | system             | parquet_files                       | BASE TABLE |
| public        | system             | processing_engine_dead_letters      | BASE TABLE |
| public        | system             | processing_engine_logs              | BASE TABLE |
| public        | system             | processing_engine_runs              | BASE TABLE |
| public        | system             | processing_engine_trigger_arguments | BASE TABLE |
| public        | system             | processing_engine_trigger_settings  | BASE TABLE |
| public        | system             | processing_engine_triggers          | BASE TABLE |
| public        | system             | queries                             | BASE TABLE |
| public        | information_schema | tables                              | VIEW       |
| public        | information_schema | views                               | VIEW       |
| public        | information_schema | columns                             | VIEW       |
| public        | information_schema | df_settings                         | VIEW       |
| public        | information_schema | schemata                            | VIEW       |
| public        | information_schema | routines                            | VIEW       |
| public        | information_schema | parameters                          | VIEW       |
+---------------+--------------------+-------------------------------------+------------+

## columns
SHOW COLUMNS FROM weather
----
+---------------+--------------+------------+-------------+-------------------------+-------------+
| table_catalog | table_schema | table_name | column_name | data_type               | is_nullable |
+---------------+--------------+------------+-------------+-------------------------+-------------+
| public        | iox          | weather    | host        | Dictionary(Int32, Utf8) | YES         |
| public        | iox          | weather    | level       | Int64                   | YES         |
| public        | iox          | weather    | note        | Utf8                    | YES         |
| public        | iox          | weather    | ok          | Boolean                 | YES         |
| public        | iox          | weather    | room        | Dictionary(Int32, Utf8) | YES         |
| public        | iox          | weather    | seen        | UInt64                  | YES         |
| public        | iox          | weather    | temperature | Float64                 | YES         |
| public        | iox          | weather    | time        | Timestamp(ns)           | NO          |
+---------------+--------------+------------+-------------+-------------------------+-------------+

## columns in
SHOW COLUMNS IN weather
----
+---------------+--------------+------------+-------------+-------------------------+-------------+
| table_catalog | table_schema | table_name | column_name | data_type               | is_nullable |
+---------------+--------------+------------+-------------+-------------------------+-------------+
| public        | iox          | weather    | host        | Dictionary(Int32, Utf8) | YES         |
| public        | iox          | weather    | level       | Int64                   | YES         |
| public        | iox          | weather    | note        | Utf8                    | YES         |
| public        | iox          | weather    | ok          | Boolean                 | YES         |
| public        | iox          | weather    | room        | Dictionary(Int32, Utf8) | YES         |
| public        | iox          | weather    | seen        | UInt64                  | YES         |
| public        | iox          | weather    | temperature | Float64                 | YES         |
| public        | iox          | weather    | time        | Timestamp(ns)           | NO          |
+---------------+--------------+------------+-------------+-------------------------+-------------+

## describe
DESCRIBE weather
----
+-------------+-------------------------+-------------+
| column_name | data_type               | is_nullable |
+-------------+-------------------------+-------------+
| host        | Dictionary(Int32, Utf8) | YES         |
| level       | Int64                   | YES         |
| note        | Utf8                    | YES         |
| ok          | Boolean                 | YES         |
| room        | Dictionary(Int32, Utf8) | YES         |
| seen        | UInt64                  | YES         |
| temperature | Float64                 | YES         |
| time        | Timestamp(ns)           | NO          |
+-------------+-------------------------+-------------+

## describe a query
DESCRIBE SELECT time, host, temperature + 1 AS t FROM weather
----
+-------------+-------------------------+-------------+
| column_name | data_type               | is_nullable |
+-------------+-------------------------+-------------+
| time        | Timestamp(ns)           | NO          |
| host        | Dictionary(Int32, Utf8) | YES         |
| t           | Float64                 | YES         |
+-------------+-------------------------+-------------+

## create table
SHOW CREATE TABLE weather
----
+---------------+--------------+------------+------------+
| table_catalog | table_schema | table_name | definition |
+---------------+--------------+------------+------------+
| public        | iox          | weather    |            |
+---------------+--------------+------------+------------+

## a setting
SHOW datafusion.execution.batch_size
----
+---------------------------------+-------+
| name                            | value |
+---------------------------------+-------+
| datafusion.execution.batch_size | 8192  |
+---------------------------------+-------+

## settings verbose
SHOW datafusion.catalog.default_schema VERBOSE
----
+-----------------------------------+-------+------------------------------------------------------------------------------+
| name                              | value | description                                                                  |
+-----------------------------------+-------+------------------------------------------------------------------------------+
| datafusion.catalog.default_schema | iox   | The default schema name - this impacts what SQL queries use if not specified |
+-----------------------------------+-------+------------------------------------------------------------------------------+

## a function
SHOW FUNCTIONS LIKE 'chr'
----
+---------------+-------------+--------------+-----------------+---------------+------------------------------------------------------------------------------------+-----------------+
| function_name | return_type | parameters   | parameter_types | function_type | description                                                                        | syntax_example  |
+---------------+-------------+--------------+-----------------+---------------+------------------------------------------------------------------------------------+-----------------+
| chr           | String      | [expression] | [Int64]         | SCALAR        | Returns a string containing the character with the specified Unicode scalar value. | chr(expression) |
+---------------+-------------+--------------+-----------------+---------------+------------------------------------------------------------------------------------+-----------------+

## explain
EXPLAIN SELECT 1 AS one
----
+---------------+---------------------------------+
| plan_type     | plan                            |
+---------------+---------------------------------+
| logical_plan  | Projection: Int64(1) AS one     |
|               |   EmptyRelation: rows=1         |
| physical_plan | ProjectionExec: expr=[1 as one] |
|               |   PlaceholderRowExec            |
|               |                                 |
+---------------+---------------------------------+

## schemata
SELECT * FROM information_schema.schemata
----
+--------------+-------------+--------------+-------------------------------+------------------------------+----------------------------+----------+
| catalog_name | schema_name | schema_owner | default_character_set_catalog | default_character_set_schema | default_character_set_name | sql_path |
+--------------+-------------+--------------+-------------------------------+------------------------------+----------------------------+----------+
| public       | iox         |              |                               |                              |                            |          |
| public       | system      |              |                               |                              |                            |          |
+--------------+-------------+--------------+-------------------------------+------------------------------+----------------------------+----------+

## information_schema.tables
SELECT * FROM information_schema.tables WHERE table_schema = 'iox'
----
+---------------+--------------+------------+------------+
| table_catalog | table_schema | table_name | table_type |
+---------------+--------------+------------+------------+
| public        | iox          | weather    | BASE TABLE |
+---------------+--------------+------------+------------+

## information_schema.columns
SELECT * FROM information_schema.columns WHERE table_name = 'weather' ORDER BY ordinal_position
----
+---------------+--------------+------------+-------------+------------------+----------------+-------------+-------------------------+--------------------------+------------------------+-------------------+-------------------------+---------------+--------------------+---------------+
| table_catalog | table_schema | table_name | column_name | ordinal_position | column_default | is_nullable | data_type               | character_maximum_length | character_octet_length | numeric_precision | numeric_precision_radix | numeric_scale | datetime_precision | interval_type |
+---------------+--------------+------------+-------------+------------------+----------------+-------------+-------------------------+--------------------------+------------------------+-------------------+-------------------------+---------------+--------------------+---------------+
| public        | iox          | weather    | host        | 0                |                | YES         | Dictionary(Int32, Utf8) |                          |                        |                   |                         |               |                    |               |
| public        | iox          | weather    | level       | 1                |                | YES         | Int64                   |                          |                        |                   |                         |               |                    |               |
| public        | iox          | weather    | note        | 2                |                | YES         | Utf8                    |                          | 2147483647             |                   |                         |               |                    |               |
| public        | iox          | weather    | ok          | 3                |                | YES         | Boolean                 |                          |                        |                   |                         |               |                    |               |
| public        | iox          | weather    | room        | 4                |                | YES         | Dictionary(Int32, Utf8) |                          |                        |                   |                         |               |                    |               |
| public        | iox          | weather    | seen        | 5                |                | YES         | UInt64                  |                          |                        |                   |                         |               |                    |               |
| public        | iox          | weather    | temperature | 6                |                | YES         | Float64                 |                          |                        | 24                | 2                       |               |                    |               |
| public        | iox          | weather    | time        | 7                |                | NO          | Timestamp(ns)           |                          |                        |                   |                         |               |                    |               |
+---------------+--------------+------------+-------------+------------------+----------------+-------------+-------------------------+--------------------------+------------------------+-------------------+-------------------------+---------------+--------------------+---------------+

## information_schema.views
SELECT * FROM information_schema.views
----
+---------------+--------------+-------------------------------------+------------+
| table_catalog | table_schema | table_name                          | definition |
+---------------+--------------+-------------------------------------+------------+
| public        | iox          | weather                             |            |
| public        | system       | distinct_caches                     |            |
| public        | system       | influxdb_schema                     |            |
| public        | system       | last_caches                         |            |
| public        | system       | parquet_files                       |            |
| public        | system       | processing_engine_dead_letters      |            |
| public        | system       | processing_engine_logs              |            |
| public        | system       | processing_engine_runs              |            |
| public        | system       | processing_engine_trigger_arguments |            |
| public        | system       | processing_engine_trigger_settings  |            |
| public        | system       | processing_engine_triggers          |            |
| public        | system       | queries                             |            |
+---------------+--------------+-------------------------------------+------------+

## information_schema.df_settings
SELECT name, value FROM information_schema.df_settings WHERE name LIKE 'datafusion.catalog.%schema'
----
+------------------------------------------------------+-------+
| name                                                 | value |
+------------------------------------------------------+-------+
| datafusion.catalog.create_default_catalog_and_schema | false |
| datafusion.catalog.default_schema                    | iox   |
| datafusion.catalog.information_schema                | true  |
+------------------------------------------------------+-------+

## information_schema.routines
SELECT DISTINCT routine_name, function_type FROM information_schema.routines WHERE routine_name IN ('selector_last', 'difference', 'tz', 'to_timestamp') ORDER BY 1
----
+---------------+---------------+
| routine_name  | function_type |
+---------------+---------------+
| difference    | WINDOW        |
| selector_last | AGGREGATE     |
| to_timestamp  | SCALAR        |
| tz            | SCALAR        |
+---------------+---------------+

## describe tables
DESCRIBE information_schema.tables
----
+---------------+-----------+-------------+
| column_name   | data_type | is_nullable |
+---------------+-----------+-------------+
| table_catalog | Utf8      | NO          |
| table_schema  | Utf8      | NO          |
| table_name    | Utf8      | NO          |
| table_type    | Utf8      | NO          |
+---------------+-----------+-------------+

## describe views
DESCRIBE information_schema.views
----
+---------------+-----------+-------------+
| column_name   | data_type | is_nullable |
+---------------+-----------+-------------+
| table_catalog | Utf8      | NO          |
| table_schema  | Utf8      | NO          |
| table_name    | Utf8      | NO          |
| definition    | Utf8      | YES         |
+---------------+-----------+-------------+

## describe columns
DESCRIBE information_schema.columns
----
+--------------------------+-----------+-------------+
| column_name              | data_type | is_nullable |
+--------------------------+-----------+-------------+
| table_catalog            | Utf8      | NO          |
| table_schema             | Utf8      | NO          |
| table_name               | Utf8      | NO          |
| column_name              | Utf8      | NO          |
| ordinal_position         | UInt64    | NO          |
| column_default           | Utf8      | YES         |
| is_nullable              | Utf8      | NO          |
| data_type                | Utf8      | NO          |
| character_maximum_length | UInt64    | YES         |
| character_octet_length   | UInt64    | YES         |
| numeric_precision        | UInt64    | YES         |
| numeric_precision_radix  | UInt64    | YES         |
| numeric_scale            | UInt64    | YES         |
| datetime_precision       | UInt64    | YES         |
| interval_type            | Utf8      | YES         |
+--------------------------+-----------+-------------+

## describe df_settings
DESCRIBE information_schema.df_settings
----
+-------------+-----------+-------------+
| column_name | data_type | is_nullable |
+-------------+-----------+-------------+
| name        | Utf8      | NO          |
| value       | Utf8      | YES         |
| description | Utf8      | YES         |
+-------------+-----------+-------------+

## describe schemata
DESCRIBE information_schema.schemata
----
+-------------------------------+-----------+-------------+
| column_name                   | data_type | is_nullable |
+-------------------------------+-----------+-------------+
| catalog_name                  | Utf8      | NO          |
| schema_name                   | Utf8      | NO          |
| schema_owner                  | Utf8      | YES         |
| default_character_set_catalog | Utf8      | YES         |
| default_character_set_schema  | Utf8      | YES         |
| default_character_set_name    | Utf8      | YES         |
| sql_path                      | Utf8      | YES         |
+-------------------------------+-----------+-------------+

## describe routines
DESCRIBE information_schema.routines
----
+------------------+-----------+-------------+
| column_name      | data_type | is_nullable |
+------------------+-----------+-------------+
| specific_catalog | Utf8      | NO          |
| specific_schema  | Utf8      | NO          |
| specific_name    | Utf8      | NO          |
| routine_catalog  | Utf8      | NO          |
| routine_schema   | Utf8      | NO          |
| routine_name     | Utf8      | NO          |
| routine_type     | Utf8      | NO          |
| is_deterministic | Boolean   | YES         |
| data_type        | Utf8      | YES         |
| function_type    | Utf8      | YES         |
| description      | Utf8      | YES         |
| syntax_example   | Utf8      | YES         |
+------------------+-----------+-------------+

## describe parameters
DESCRIBE information_schema.parameters
----
+-------------------+-----------+-------------+
| column_name       | data_type | is_nullable |
+-------------------+-----------+-------------+
| specific_catalog  | Utf8      | NO          |
| specific_schema   | Utf8      | NO          |
| specific_name     | Utf8      | NO          |
| ordinal_position  | UInt64    | NO          |
| parameter_mode    | Utf8      | NO          |
| parameter_name    | Utf8      | YES         |
| data_type         | Utf8      | NO          |
| parameter_default | Utf8      | YES         |
| is_variadic       | Boolean   | NO          |
| rid               | UInt8     | NO          |
+-------------------+-----------+-------------+

## tables like
SHOW TABLES LIKE 'w%'
----
UnsupportedError: This feature is not implemented: SHOW TABLES FILTER not supported

## columns of no table
SHOW COLUMNS FROM nope
----
InvalidError: Error during planning: table 'public.iox.nope' not found
