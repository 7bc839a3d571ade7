-- Functions of time.

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

## to_timestamp
SELECT to_timestamp(1700000000000000001) AS ns, to_timestamp('2023-11-14T22:13:20+01:00') AS text, to_timestamp('14.11.2023 10:00:00', '%d.%m.%Y %H:%M:%S') AS format, arrow_typeof(to_timestamp(1)) AS type
----
+-------------------------------+---------------------+---------------------+---------------+
| ns                            | text                | format              | type          |
+-------------------------------+---------------------+---------------------+---------------+
| 2023-11-14T22:13:20.000000001 | 2023-11-14T21:13:20 | 2023-11-14T10:00:00 | Timestamp(ns) |
+-------------------------------+---------------------+---------------------+---------------+

## to_timestamp of a float
SELECT to_timestamp(1.5)
----
InvalidError: Error during planning: Unsupported data type Float64 for function to_timestamp: it takes Int64 in nanoseconds, Timestamp and Utf8

## to_timestamp of nothing
SELECT to_timestamp()
----
InvalidError: Error during planning: 'to_timestamp' does not support zero arguments. No function matches the given name and argument types 'to_timestamp()'. You might need to add explicit type casts.
	Candidate functions:
	to_timestamp(Any, .., Any)

## to_timestamp of no time
SELECT to_timestamp('yesterday')
----
InvalidError: Arrow error: Parser error: Error parsing timestamp from 'yesterday': timestamp must contain at least 10 characters

## units
SELECT to_timestamp_seconds(1700000000) AS s, to_timestamp_millis(1700000000001) AS ms, to_timestamp_micros(1700000000000001) AS us, to_timestamp_nanos(1700000000000000001) AS ns, from_unixtime(1700000000) AS f, to_unixtime('2023-11-14T22:13:20Z') AS u
----
+---------------------+-------------------------+----------------------------+-------------------------------+---------------------+------------+
| s                   | ms                      | us                         | ns                            | f                   | u          |
+---------------------+-------------------------+----------------------------+-------------------------------+---------------------+------------+
| 2023-11-14T22:13:20 | 2023-11-14T22:13:20.001 | 2023-11-14T22:13:20.000001 | 2023-11-14T22:13:20.000000001 | 2023-11-14T22:13:20 | 1700000000 |
+---------------------+-------------------------+----------------------------+-------------------------------+---------------------+------------+

## date_bin
SELECT DISTINCT date_bin(INTERVAL '1 hour', time) AS hour, date_bin(INTERVAL '7 minutes', time, TIMESTAMP '2023-11-14T22:10:00') AS offset_bin FROM weather ORDER BY 1, 2
----
+---------------------+---------------------+
| hour                | offset_bin          |
+---------------------+---------------------+
| 2023-11-14T22:00:00 | 2023-11-14T22:10:00 |
| 2023-11-14T23:00:00 | 2023-11-14T23:13:00 |
| 2023-11-15T22:00:00 | 2023-11-15T22:12:00 |
+---------------------+---------------------+

## date_bin by months
SELECT DISTINCT date_bin(INTERVAL '1 month', time) AS month FROM weather
----
+---------------------+
| month               |
+---------------------+
| 2023-11-01T00:00:00 |
+---------------------+

## date_trunc
SELECT DISTINCT date_trunc('hour', time) AS hour, date_trunc('week', time) AS week FROM weather ORDER BY 1
----
+---------------------+---------------------+
| hour                | week                |
+---------------------+---------------------+
| 2023-11-14T22:00:00 | 2023-11-13T00:00:00 |
| 2023-11-14T23:00:00 | 2023-11-13T00:00:00 |
| 2023-11-15T22:00:00 | 2023-11-13T00:00:00 |
+---------------------+---------------------+

## date_part
SELECT DISTINCT date_part('year', time) AS y, extract(month FROM time) AS mo, extract(dow FROM time) AS dow, date_part('hour', time) AS h, datepart('minute', time) AS mi FROM weather ORDER BY h, mi, dow
----
+------+----+-----+----+----+
| y    | mo | dow | h  | mi |
+------+----+-----+----+----+
| 2023 | 11 | 2   | 22 | 13 |
| 2023 | 11 | 3   | 22 | 13 |
| 2023 | 11 | 2   | 22 | 14 |
| 2023 | 11 | 2   | 22 | 15 |
| 2023 | 11 | 2   | 23 | 13 |
+------+----+-----+----+----+

## formats
SELECT to_char(time, '%Y-%m-%d %H:%M') AS c, date_format(time, '%j') AS d FROM weather WHERE level = 3
----
+------------------+-----+
| c                | d   |
+------------------+-----+
| 2023-11-14 22:13 | 318 |
+------------------+-----+

## dates
SELECT make_date(2024, 2, 29) AS m, to_date('2024-02-29') AS t, time::date AS d, DATE '2024-02-29' + INTERVAL '1 year' AS later FROM weather WHERE level = 3
----
+------------+------------+------------+------------+
| m          | t          | d          | later      |
+------------+------------+------------+------------+
| 2024-02-29 | 2024-02-29 | 2023-11-14 | 2025-02-28 |
+------------+------------+------------+------------+

## zones
SELECT tz(time) AS utc, tz(time, 'Europe/Rome') AS rome, to_local_time(tz(time, 'Europe/Rome')) AS local, arrow_typeof(tz(time, 'Europe/Rome')) AS type FROM weather WHERE level = 3
----
+----------------------+---------------------------+---------------------+------------------------------+
| utc                  | rome                      | local               | type                         |
+----------------------+---------------------------+---------------------+------------------------------+
| 2023-11-14T22:13:20Z | 2023-11-14T23:13:20+01:00 | 2023-11-14T23:13:20 | Timestamp(ns, "Europe/Rome") |
+----------------------+---------------------------+---------------------+------------------------------+

## a zone that is none
SELECT tz(time, 'Europe/Nowhere') FROM weather
----
InvalidError: Error during planning: TZ requires a valid timezone string, got "Europe/Nowhere"

## at time zone
SELECT time AT TIME ZONE 'Europe/Rome' AS rome FROM weather WHERE level = 3
----
+---------------------------+
| rome                      |
+---------------------------+
| 2023-11-14T22:13:20+01:00 |
+---------------------------+

## intervals
SELECT time + INTERVAL '1 day 2 hours' AS later, time - TIMESTAMP '2023-11-14T22:00:00Z' AS since FROM weather WHERE level = 3
----
+---------------------+--------+
| later               | since  |
+---------------------+--------+
| 2023-11-16T00:13:20 | PT800S |
+---------------------+--------+

## now is one instant
SELECT now() = now() AS same, current_date() = current_date() AS date, now() > TIMESTAMP '2020-01-01' AS later, arrow_typeof(now()) AS type
----
+------+------+-------+-------------------------+
| same | date | later | type                    |
+------+------+-------+-------------------------+
| true | true | true  | Timestamp(ns, "+00:00") |
+------+------+-------+-------------------------+

## conditions with intervals
SELECT count(*) AS n FROM weather WHERE time >= TIMESTAMP '2023-11-15T22:13:20Z' - INTERVAL '1 day'
----
+---+
| n |
+---+
| 7 |
+---+
