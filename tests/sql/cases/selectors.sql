-- Selectors: a value with its time.

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

## first and last
SELECT host, selector_first(temperature, time) AS first, selector_last(temperature, time) AS last FROM weather GROUP BY host ORDER BY host
----
+------+------------------------------------------+------------------------------------------+
| host | first                                    | last                                     |
+------+------------------------------------------+------------------------------------------+
| a    | {value: 1.25, time: 2023-11-14T22:13:20} | {value: 4.5, time: 2023-11-14T22:14:20}  |
| b    | {value: 2.25, time: 2023-11-14T22:14:20} | {value: 2.25, time: 2023-11-14T22:14:20} |
| c    | {value: -0.5, time: 2023-11-14T23:13:20} | {value: -0.5, time: 2023-11-14T23:13:20} |
|      | {value: 3.0, time: 2023-11-15T22:13:20}  | {value: 3.0, time: 2023-11-15T22:13:20}  |
+------+------------------------------------------+------------------------------------------+

## min and max
SELECT room, selector_min(level, time) AS low, selector_max(level, time) AS high FROM weather GROUP BY room ORDER BY room
----
+------+----------------------------------------+----------------------------------------+
| room | low                                    | high                                   |
+------+----------------------------------------+----------------------------------------+
| x    | {value: 3, time: 2023-11-14T22:13:20}  | {value: 3, time: 2023-11-14T22:13:20}  |
| y    | {value: -7, time: 2023-11-14T22:14:20} | {value: 12, time: 2023-11-14T22:15:20} |
| z    | {value: 1, time: 2023-11-15T22:13:20}  | {value: 1, time: 2023-11-15T22:13:20}  |
|      | {value: 5, time: 2023-11-14T23:13:20}  | {value: 5, time: 2023-11-14T23:13:20}  |
+------+----------------------------------------+----------------------------------------+

## fields
SELECT selector_last(temperature, time)['value'] AS value, selector_last(temperature, time)['time'] AS time FROM weather WHERE host = 'a'
----
+-------+---------------------+
| value | time                |
+-------+---------------------+
| 4.5   | 2023-11-14T22:14:20 |
+-------+---------------------+

## texts, tags, booleans, unsigned
SELECT selector_last(note, time)['value'] AS note, selector_first(room, time)['value'] AS room, selector_last(ok, time)['value'] AS ok, selector_max(seen, time)['value'] AS seen FROM weather
----
+-----------+------+------+----------------------+
| note      | room | ok   | seen                 |
+-----------+------+------+----------------------+
| high "up" | x    | true | 18446744073709551615 |
+-----------+------+------+----------------------+

## types
SELECT arrow_typeof(selector_last(level, time)) AS t, arrow_typeof(selector_last(level, time)['time']) AS time FROM weather
----
+-----------------------------------------------+---------------+
| t                                             | time          |
+-----------------------------------------------+---------------+
| Struct("value": Int64, "time": Timestamp(ns)) | Timestamp(ns) |
+-----------------------------------------------+---------------+

## of no values
SELECT selector_last(level, time) AS none FROM weather WHERE level IS NULL
----
+-------------------+
| none              |
+-------------------+
| {value: , time: } |
+-------------------+

## over a subquery
SELECT selector_max(t, time)['value'] AS top FROM (SELECT time, temperature * 2 AS t FROM weather)
----
+------+
| top  |
+------+
| 19.5 |
+------+

## in a window
SELECT time, selector_max(temperature, time) OVER (ORDER BY time, host)['value'] AS top FROM weather ORDER BY time, host
----
+---------------------+------+
| time                | top  |
+---------------------+------+
| 2023-11-14T22:13:20 | 1.25 |
| 2023-11-14T22:13:50 | 9.75 |
| 2023-11-14T22:14:20 | 9.75 |
| 2023-11-14T22:14:20 | 9.75 |
| 2023-11-14T22:15:20 | 9.75 |
| 2023-11-14T23:13:20 | 9.75 |
| 2023-11-15T22:13:20 | 9.75 |
+---------------------+------+

## filtered
SELECT selector_first(level, time) FILTER (WHERE host = 'b') AS first FROM weather
----
+----------------------------------------+
| first                                  |
+----------------------------------------+
| {value: 12, time: 2023-11-14T22:15:20} |
+----------------------------------------+

## no time
SELECT selector_first(level, level) FROM weather
----
InvalidError: Error during planning: selector_first requires a timestamp as argument 2, got Int64

## one argument
SELECT selector_first(level) FROM weather
----
InvalidError: Error during planning: The function 'selector_first' expected 2 arguments but received 1. No function matches the given name and argument types 'selector_first(Int64)'. You might need to add explicit type casts.
	Candidate functions:
	selector_first(Any, Any)
