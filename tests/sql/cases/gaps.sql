-- Bins of time, also those that nothing was written in.

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

## bins between the bounds
SELECT date_bin_gapfill(INTERVAL '1 minute', time) AS minute, count(*) AS n, avg(temperature) AS t FROM weather WHERE time >= '2023-11-14T22:12:00Z' AND time < '2023-11-14T22:17:00Z' GROUP BY minute ORDER BY minute
----
+---------------------+---+-------+
| minute              | n | t     |
+---------------------+---+-------+
| 2023-11-14T22:12:00 | 0 |       |
| 2023-11-14T22:13:00 | 2 | 5.5   |
| 2023-11-14T22:14:00 | 2 | 3.375 |
| 2023-11-14T22:15:00 | 1 |       |
| 2023-11-14T22:16:00 | 0 |       |
+---------------------+---+-------+

## within each series
SELECT date_bin_gapfill(INTERVAL '30 seconds', time) AS bin, host, count(*) AS n FROM weather WHERE time BETWEEN '2023-11-14T22:13:00Z' AND '2023-11-14T22:14:20Z' GROUP BY bin, host ORDER BY host, bin
----
+---------------------+------+---+
| bin                 | host | n |
+---------------------+------+---+
| 2023-11-14T22:13:00 | a    | 1 |
| 2023-11-14T22:13:30 | a    | 1 |
| 2023-11-14T22:14:00 | a    | 1 |
| 2023-11-14T22:13:00 | b    | 0 |
| 2023-11-14T22:13:30 | b    | 0 |
| 2023-11-14T22:14:00 | b    | 1 |
+---------------------+------+---+

## several ways to fill
SELECT date_bin_gapfill(INTERVAL '30 seconds', time) AS bin, avg(temperature) AS t, locf(avg(temperature)) AS last, interpolate(avg(temperature)) AS line, interpolate(sum(level)) AS level, locf(max(note)) AS note FROM weather WHERE host = 'a' AND time >= '2023-11-14T22:12:40Z' AND time < '2023-11-14T22:15:30Z' GROUP BY bin ORDER BY bin
----
+---------------------+------+------+------+-------+------+
| bin                 | t    | last | line | level | note |
+---------------------+------+------+------+-------+------+
| 2023-11-14T22:12:30 |      |      |      |       |      |
| 2023-11-14T22:13:00 | 1.25 | 1.25 | 1.25 | 3     | low  |
| 2023-11-14T22:13:30 | 9.75 | 9.75 | 9.75 | -2    | late |
| 2023-11-14T22:14:00 | 4.5  | 4.5  | 4.5  | -7    | late |
| 2023-11-14T22:14:30 |      | 4.5  |      |       | late |
| 2023-11-14T22:15:00 |      | 4.5  |      |       | late |
+---------------------+------+------+------+-------+------+

## selectors
SELECT date_bin_gapfill(INTERVAL '20 seconds', time) AS bin, interpolate(selector_last(temperature, time))['value'] AS line, locf(selector_last(temperature, time))['time'] AS at FROM weather WHERE host = 'a' AND time >= '2023-11-14T22:13:20Z' AND time <= '2023-11-14T22:14:40Z' GROUP BY bin ORDER BY bin
----
+---------------------+-------+---------------------+
| bin                 | line  | at                  |
+---------------------+-------+---------------------+
| 2023-11-14T22:13:20 | 1.25  | 2023-11-14T22:13:20 |
| 2023-11-14T22:13:40 | 9.75  | 2023-11-14T22:13:50 |
| 2023-11-14T22:14:00 | 7.125 | 2023-11-14T22:13:50 |
| 2023-11-14T22:14:20 | 4.5   | 2023-11-14T22:14:20 |
| 2023-11-14T22:14:40 |       | 2023-11-14T22:14:20 |
+---------------------+-------+---------------------+

## an origin
SELECT date_bin_gapfill(INTERVAL '2 minutes', time, '1970-01-01T00:00:30Z') AS bin, count(*) AS n FROM weather WHERE time >= '2023-11-14T22:12:00Z' AND time < '2023-11-14T22:17:00Z' GROUP BY bin ORDER BY bin
----
+---------------------+---+
| bin                 | n |
+---------------------+---+
| 2023-11-14T22:10:30 | 0 |
| 2023-11-14T22:12:30 | 4 |
| 2023-11-14T22:14:30 | 1 |
| 2023-11-14T22:16:30 | 0 |
+---------------------+---+

## days of a zone
SELECT date_bin_wallclock_gapfill(INTERVAL '1 day', tz(time, 'Europe/Rome')) AS day, count(*) AS n FROM weather WHERE time >= '2023-11-13T23:00:00Z' AND time < '2023-11-16T23:00:00Z' GROUP BY day ORDER BY day
----
+---------------------------+---+
| day                       | n |
+---------------------------+---+
| 2023-11-14T00:00:00+01:00 | 5 |
| 2023-11-15T00:00:00+01:00 | 2 |
| 2023-11-16T00:00:00+01:00 | 0 |
+---------------------------+---+

## clocks that are put back
SELECT date_bin_wallclock(INTERVAL '1 hour', tz(t, 'Europe/Rome')) AS hour, date_bin_wallclock(INTERVAL '2 hours', tz(t, 'Europe/Rome')) AS two FROM (VALUES (to_timestamp('2023-10-29T00:30:00Z')), (to_timestamp('2023-10-29T01:30:00Z'))) AS v(t) ORDER BY t
----
+---------------------------+---------------------------+
| hour                      | two                       |
+---------------------------+---------------------------+
| 2023-10-29T02:00:00+02:00 | 2023-10-29T02:00:00+02:00 |
| 2023-10-29T02:00:00+01:00 | 2023-10-29T02:00:00+02:00 |
+---------------------------+---------------------------+

## above the rows that were made
SELECT count(*) AS bins, count(t) AS known FROM (SELECT date_bin_gapfill(INTERVAL '10 seconds', time) AS bin, avg(temperature) AS t FROM weather WHERE time >= '2023-11-14T22:12:00Z' AND time < '2023-11-14T22:17:00Z' GROUP BY bin)
----
+------+-------+
| bins | known |
+------+-------+
| 30   | 3     |
+------+-------+

## having
SELECT date_bin_gapfill(INTERVAL '1 minute', time) AS bin, locf(max(level)) AS level FROM weather WHERE time >= '2023-11-14T22:12:00Z' AND time < '2023-11-14T22:17:00Z' GROUP BY bin HAVING count(*) = 0 ORDER BY bin
----
+---------------------+-------+
| bin                 | level |
+---------------------+-------+
| 2023-11-14T22:12:00 |       |
| 2023-11-14T22:16:00 | 12    |
+---------------------+-------+

## no rows
SELECT date_bin_gapfill(INTERVAL '1 minute', time) AS bin, count(*) AS n FROM weather WHERE time >= '2020-01-01' AND time < '2020-01-02' GROUP BY bin
----
++
++

## no bounds
SELECT date_bin_gapfill(INTERVAL '1 minute', time) AS bin, count(*) FROM weather GROUP BY bin
----
InvalidError: Error during planning: gap-filling query is missing both upper and lower time bounds

## no lower bound
SELECT date_bin_gapfill(INTERVAL '1 minute', time) AS bin, count(*) FROM weather WHERE time < now() GROUP BY bin
----
InvalidError: Error during planning: gap-filling query is missing lower time bound

## no upper bound
SELECT date_bin_gapfill(INTERVAL '1 minute', time) AS bin, count(*) FROM weather WHERE time > now() GROUP BY bin
----
InvalidError: Error during planning: gap-filling query is missing upper time bound

## without a group
SELECT date_bin_gapfill(INTERVAL '1 minute', time) FROM weather
----
InvalidError: Error during planning: date_bin_gapfill may only be used as a GROUP BY expression

## a fill without bins
SELECT locf(avg(temperature)) FROM weather
----
InvalidError: Error during planning: locf may only be used in the SELECT list of a gap-filling query

## months
SELECT date_bin_gapfill(INTERVAL '1 month', time) AS bin FROM weather WHERE time >= '2023-11-14T22:12:00Z' AND time < '2023-11-14T22:17:00Z' GROUP BY bin
----
InvalidError: Execution error: gap filling does not support month intervals
