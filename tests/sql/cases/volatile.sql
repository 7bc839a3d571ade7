-- Functions whose answers change: their types, their bounds and what they have in common.

## data
weather,host=a,room=x temperature=1.5 1700000000000000000
weather,host=a,room=y temperature=4.5 1700000060000000000

## random numbers are from 0 to 1
SELECT count(*) AS n, min(r) >= 0 AND max(r) < 1 AS bounded, count(DISTINCT r) > 1 AS differ, count(r) = count(*) AS filled FROM (SELECT random() AS r FROM weather UNION ALL SELECT rand() FROM weather)
----
+---+---------+--------+--------+
| n | bounded | differ | filled |
+---+---------+--------+--------+
| 4 | true    | true   | true   |
+---+---------+--------+--------+

## types of random numbers
SELECT arrow_typeof(random()) AS random, arrow_typeof(rand()) AS rand, arrow_typeof(uuid()) AS uuid, length(uuid()) AS n
----
+---------+---------+------+----+
| random  | rand    | uuid | n  |
+---------+---------+------+----+
| Float64 | Float64 | Utf8 | 36 |
+---------+---------+------+----+

## the moment of a statement is one
SELECT now() = current_timestamp AS stamp, now() = current_timestamp() AS called, today() = current_date() AS day, now()::date = today() AS same, current_time() = now()::time AS time
----
+-------+--------+------+------+------+
| stamp | called | day  | same | time |
+-------+--------+------+------+------+
| true  | true   | true | true | true |
+-------+--------+------+------+------+

## types of the moment
SELECT arrow_typeof(now()) AS now, arrow_typeof(current_timestamp()) AS stamp, arrow_typeof(today()) AS today, arrow_typeof(current_date()) AS day, arrow_typeof(current_time()) AS time
----
+-------------------------+-------------------------+--------+--------+------------+
| now                     | stamp                   | today  | day    | time       |
+-------------------------+-------------------------+--------+--------+------------+
| Timestamp(ns, "+00:00") | Timestamp(ns, "+00:00") | Date32 | Date32 | Time64(ns) |
+-------------------------+-------------------------+--------+--------+------------+

## the moment is later than what was written
SELECT count(*) AS n FROM weather WHERE time < now() AND time < current_timestamp()
----
+---+
| n |
+---+
| 2 |
+---+

## the file of a row is not told
SELECT input_file_name() FROM weather
----
InvalidError: Execution error: input_file_name() is source dependent and cannot be evaluated directly

## the place of a row in its file is not told
SELECT file_row_index() FROM weather
----
InvalidError: Execution error: file_row_index() is source dependent and cannot be evaluated directly

## sleep is not there
SELECT sleep(1)
----
InvalidError: Error during planning: Invalid function 'sleep'…

## sleep for an interval is not there
SELECT sleep(INTERVAL '1 second'), host FROM weather
----
InvalidError: Error during planning: Invalid function 'sleep'…

## bounds of windows are not there
SELECT influx_window_bounds(time, INTERVAL '1 minute') FROM weather
----
InvalidError: Error during planning: Invalid function 'influx_window_bounds'…

## tag values are not there
SELECT * FROM tag_values()
----
InvalidError: Error during planning: table function 'tag_values' not found
