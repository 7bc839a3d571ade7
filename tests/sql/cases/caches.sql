-- Caches: what the tables of the system tell of them, and what they answer.

## data
weather,host=a,room=x temperature=1.5,level=3i,note="low" 1700000000000000000
weather,host=a,room=y temperature=4.5,level=-7i 1700000060000000000
weather,host=b,room=x temperature=2.25,note="" 1700000060000000000

## data
weather,host=b,room=y level=12i,note="high" 1700000120000000000
weather,host=c temperature=-0.5,level=5i 1700003600000000000

## data
weather,host=a,room=x temperature=9.75,note="late" 1700000030000000000

## cache
{"last": "newest", "table": "weather"}

## cache
{"last": "pairs", "table": "weather", "key_columns": ["host"], "value_columns": ["temperature", "time"], "count": 2, "ttl_s": 3600}

## cache
{"distinct": "rooms", "table": "weather", "columns": ["host", "room"], "max_cardinality": 50, "max_age_s": 9000000000}

## cache
{"distinct": "notes", "table": "weather", "columns": ["note"], "max_age_s": 9000000001}

## last caches
SELECT * FROM system.last_caches ORDER BY name
----
+---------+--------+----------------+------------------+------------------+--------------------+-------+-------+
| table   | name   | key_column_ids | key_column_names | value_column_ids | value_column_names | count | ttl   |
+---------+--------+----------------+------------------+------------------+--------------------+-------+-------+
| weather | newest | [0, 1]         | [host, room]     |                  |                    | 1     | 14400 |
| weather | pairs  | [0]            | [host]           | [2]              | [temperature]      | 2     | 3600  |
+---------+--------+----------------+------------------+------------------+--------------------+-------+-------+

## distinct caches
SELECT * FROM system.distinct_caches ORDER BY name
----
+---------+-------+------------+--------------+-----------------+-----------------+
| table   | name  | column_ids | column_names | max_cardinality | max_age_seconds |
+---------+-------+------------+--------------+-----------------+-----------------+
| weather | notes | [4]        | [note]       | 100000          | 9000000001      |
| weather | rooms | [0, 1]     | [host, room] | 50              | 9000000000      |
+---------+-------+------------+--------------+-----------------+-----------------+

## caches of tables
-- database: _internal
SELECT table_name, last_cache_count, distinct_cache_count FROM system.tables WHERE database_name = 'sensors'
----
+------------+------------------+----------------------+
| table_name | last_cache_count | distinct_cache_count |
+------------+------------------+----------------------+
| weather    | 2                | 2                    |
+------------+------------------+----------------------+

## the newest rows of each series
SELECT * FROM last_cache('weather', 'newest') ORDER BY host, room
----
+------+------+-------+------+-------------+---------------------+
| host | room | level | note | temperature | time                |
+------+------+-------+------+-------------+---------------------+
| a    | x    |       | late | 9.75        | 2023-11-14T22:13:50 |
| a    | y    | -7    |      | 4.5         | 2023-11-14T22:14:20 |
| b    | x    |       |      | 2.25        | 2023-11-14T22:14:20 |
| b    | y    | 12    | high |             | 2023-11-14T22:15:20 |
+------+------+-------+------+-------------+---------------------+

## two rows of each key
SELECT * FROM last_cache('weather', 'pairs') ORDER BY host, time
----
+------+-------------+---------------------+
| host | temperature | time                |
+------+-------------+---------------------+
| a    | 9.75        | 2023-11-14T22:13:50 |
| a    | 4.5         | 2023-11-14T22:14:20 |
| b    | 2.25        | 2023-11-14T22:14:20 |
| b    |             | 2023-11-14T22:15:20 |
| c    | -0.5        | 2023-11-14T23:13:20 |
+------+-------------+---------------------+

## a key of a last cache
SELECT temperature, time FROM last_cache('weather', 'pairs') WHERE host = 'b' ORDER BY time
----
+-------------+---------------------+
| temperature | time                |
+-------------+---------------------+
| 2.25        | 2023-11-14T22:14:20 |
|             | 2023-11-14T22:15:20 |
+-------------+---------------------+

## keys of a last cache
SELECT host, count(*) AS n FROM last_cache('weather', 'pairs') WHERE host IN ('a', 'c', 'nobody') GROUP BY host ORDER BY host
----
+------+---+
| host | n |
+------+---+
| a    | 2 |
| c    | 1 |
+------+---+

## a last cache among many
SELECT * FROM last_cache('weather')
----
InvalidError: Error during planning: could not find cache for the given arguments

## a last cache that is not there
SELECT * FROM last_cache('weather', 'nope')
----
InvalidError: Error during planning: could not find cache for the given arguments

## a table without a last cache
SELECT * FROM last_cache('nope')
----
InvalidError: Error during planning: provided table name is invalid

## values that columns have together
SELECT * FROM distinct_cache('weather', 'rooms') ORDER BY host, room
----
+------+------+
| host | room |
+------+------+
| a    | x    |
| a    | y    |
| b    | x    |
| b    | y    |
| c    |      |
+------+------+

## values of one column
SELECT * FROM distinct_cache('weather', 'notes') ORDER BY note
----
+------+
| note |
+------+
|      |
| high |
| late |
| low  |
|      |
+------+

## values of a column where another has one
SELECT room FROM distinct_cache('weather', 'rooms') WHERE host = 'a' ORDER BY room
----
+------+
| room |
+------+
| x    |
| y    |
+------+

## a distinct cache among many
SELECT * FROM distinct_cache('weather')
----
InvalidError: Error during planning: could not find distinct value cache for the given arguments

## a cache joined with its table
SELECT w.host, w.level FROM weather w JOIN last_cache('weather', 'pairs') c ON w.host = c.host AND w.time = c.time ORDER BY w.host, w.time
----
+------+-------+
| host | level |
+------+-------+
| a    |       |
| a    | -7    |
| b    |       |
| b    | 12    |
| c    | 5     |
+------+-------+
