-- Rows, conditions, order, joins: a later write of the same series and time wins by field.

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

## all rows
SELECT * FROM weather ORDER BY time, host, room
----
+------+-------+-----------+-------+------+----------------------+-------------+---------------------+
| host | level | note      | ok    | room | seen                 | temperature | time                |
+------+-------+-----------+-------+------+----------------------+-------------+---------------------+
| a    | 3     | low       | true  | x    | 4                    | 1.25        | 2023-11-14T22:13:20 |
| a    |       | late      |       | x    |                      | 9.75        | 2023-11-14T22:13:50 |
| a    | -7    |           |       | y    |                      | 4.5         | 2023-11-14T22:14:20 |
| b    |       |           | false | x    | 9                    | 2.25        | 2023-11-14T22:14:20 |
| b    | 12    | high "up" |       | y    |                      |             | 2023-11-14T22:15:20 |
| c    | 5     |           | true  |      |                      | -0.5        | 2023-11-14T23:13:20 |
|      | 1     |           |       | z    | 18446744073709551615 | 3.0         | 2023-11-15T22:13:20 |
+------+-------+-----------+-------+------+----------------------+-------------+---------------------+

## one series
SELECT time, temperature FROM weather WHERE host = 'a' AND room = 'x' ORDER BY time
----
+---------------------+-------------+
| time                | temperature |
+---------------------+-------------+
| 2023-11-14T22:13:20 | 1.25        |
| 2023-11-14T22:13:50 | 9.75        |
+---------------------+-------------+

## a range of times
SELECT host, level FROM weather WHERE time >= '2023-11-14T22:14:20Z' AND time < '2023-11-14T23:00:00Z' ORDER BY time, host
----
+------+-------+
| host | level |
+------+-------+
| a    | -7    |
| b    |       |
| b    | 12    |
+------+-------+

## a contradictory range
SELECT * FROM weather WHERE time > '2024-01-01' AND time < '2023-01-01'
----
++
++

## tags that are not there
SELECT room, host IS NULL AS none FROM weather WHERE host IS NULL
----
+------+------+
| room | none |
+------+------+
| z    | true |
+------+------+

## an empty text is not null
SELECT host, note, length(note) AS n FROM weather WHERE note = '' OR note IS NULL ORDER BY host, time
----
+------+------+---+
| host | note | n |
+------+------+---+
| a    |      |   |
| b    |      | 0 |
| c    |      |   |
|      |      |   |
+------+------+---+

## in and not in
SELECT DISTINCT host FROM weather WHERE host IN ('a', 'c') OR room NOT IN ('x', 'y') ORDER BY host
----
+------+
| host |
+------+
| a    |
| c    |
|      |
+------+

## between
SELECT level FROM weather WHERE level BETWEEN -7 AND 5 ORDER BY level
----
+-------+
| level |
+-------+
| -7    |
| 1     |
| 3     |
| 5     |
+-------+

## like and regular expressions
SELECT count(*) AS n, count(*) FILTER (WHERE note LIKE 'l%') AS l, count(*) FILTER (WHERE note ILIKE 'HI%') AS h, count(*) FILTER (WHERE host ~ '^[ab]$') AS ab, count(*) FILTER (WHERE host !~ 'a') AS not_a, count(*) FILTER (WHERE note ~* 'LA') AS la, count(*) FILTER (WHERE note !~* 'LA') AS not_la FROM weather
----
+---+---+---+----+-------+----+--------+
| n | l | h | ab | not_a | la | not_la |
+---+---+---+----+-------+----+--------+
| 7 | 2 | 1 | 5  | 3     | 1  | 3      |
+---+---+---+----+-------+----+--------+

## order with nulls
SELECT host, level FROM weather ORDER BY level DESC NULLS LAST, host LIMIT 4 OFFSET 1
----
+------+-------+
| host | level |
+------+-------+
| c    | 5     |
| a    | 3     |
|      | 1     |
| a    | -7    |
+------+-------+

## distinct
SELECT DISTINCT room FROM weather ORDER BY room
----
+------+
| room |
+------+
| x    |
| y    |
| z    |
|      |
+------+

## group, having
SELECT host, count(*) AS n, avg(temperature) AS mean FROM weather GROUP BY host HAVING count(*) > 1 ORDER BY host
----
+------+---+-------------------+
| host | n | mean              |
+------+---+-------------------+
| a    | 3 | 5.166666666666667 |
| b    | 2 | 2.25              |
+------+---+-------------------+

## grouping sets
SELECT host, room, count(*) AS n FROM weather GROUP BY ROLLUP (host, room) ORDER BY host, room, n
----
+------+------+---+
| host | room | n |
+------+------+---+
| a    | x    | 2 |
| a    | y    | 1 |
| a    |      | 3 |
| b    | x    | 1 |
| b    | y    | 1 |
| b    |      | 2 |
| c    |      | 1 |
| c    |      | 1 |
|      | z    | 1 |
|      |      | 1 |
|      |      | 7 |
+------+------+---+

## a join with itself
SELECT l.host AS left_host, r.host AS right_host, l.time FROM weather l JOIN weather r ON l.time = r.time AND l.host < r.host
----
+-----------+------------+---------------------+
| left_host | right_host | time                |
+-----------+------------+---------------------+
| a         | b          | 2023-11-14T22:14:20 |
+-----------+------------+---------------------+

## left join of values
SELECT w.host, v.name FROM (SELECT DISTINCT host FROM weather) w LEFT JOIN (VALUES ('a', 'first'), ('x', 'none')) AS v(host, name) ON w.host = v.host ORDER BY w.host
----
+------+-------+
| host | name  |
+------+-------+
| a    | first |
| b    |       |
| c    |       |
|      |       |
+------+-------+

## a common table
WITH hot AS (SELECT * FROM weather WHERE temperature > 2) SELECT count(*) AS n, max(temperature) AS top FROM hot
----
+---+------+
| n | top  |
+---+------+
| 4 | 9.75 |
+---+------+

## a recursive table
WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT sum(i) AS total FROM n
----
+-------+
| total |
+-------+
| 10    |
+-------+

## a subquery as a value
SELECT host, temperature FROM weather WHERE temperature = (SELECT max(temperature) FROM weather)
----
+------+-------------+
| host | temperature |
+------+-------------+
| a    | 9.75        |
+------+-------------+

## exists
SELECT DISTINCT host FROM weather w WHERE EXISTS (SELECT 1 FROM weather o WHERE o.host = w.host AND o.level > 10)
----
+------+
| host |
+------+
| b    |
+------+

## union
SELECT host FROM weather WHERE level > 4 UNION SELECT room FROM weather WHERE level > 4 ORDER BY 1
----
+------+
| host |
+------+
| b    |
| c    |
| y    |
|      |
+------+

## except and intersect
(SELECT host FROM weather EXCEPT SELECT 'a') INTERSECT SELECT 'c'
----
+------+
| host |
+------+
| c    |
+------+

## case and coalesce
SELECT DISTINCT CASE WHEN level > 4 THEN 'high' WHEN level IS NULL THEN 'none' ELSE 'low' END AS class, coalesce(room, '-') AS room FROM weather ORDER BY 1, 2
----
+-------+------+
| class | room |
+-------+------+
| high  | -    |
| high  | y    |
| low   | x    |
| low   | y    |
| low   | z    |
| none  | x    |
+-------+------+

## the widest unsigned integer
SELECT seen FROM weather WHERE seen > 9223372036854775807
----
+----------------------+
| seen                 |
+----------------------+
| 18446744073709551615 |
+----------------------+

## unnest
SELECT unnest([1, 2, 3]) AS i
----
+---+
| i |
+---+
| 1 |
| 2 |
| 3 |
+---+

## lateral
SELECT h.host, l.n FROM (SELECT DISTINCT host FROM weather) h, LATERAL (SELECT count(*) AS n FROM weather w WHERE w.host = h.host) l ORDER BY h.host
----
+------+---+
| host | n |
+------+---+
| a    | 3 |
| b    | 2 |
| c    | 1 |
|      | 0 |
+------+---+

## types of columns
SELECT arrow_typeof(time) AS time, arrow_typeof(host) AS tag, arrow_typeof(note) AS text, arrow_typeof(temperature) AS float, arrow_typeof(level) AS int, arrow_typeof(seen) AS uint, arrow_typeof(ok) AS bool FROM weather LIMIT 1
----
+---------------+-------------------------+------+---------+-------+--------+---------+
| time          | tag                     | text | float   | int   | uint   | bool    |
+---------------+-------------------------+------+---------+-------+--------+---------+
| Timestamp(ns) | Dictionary(Int32, Utf8) | Utf8 | Float64 | Int64 | UInt64 | Boolean |
+---------------+-------------------------+------+---------+-------+--------+---------+
