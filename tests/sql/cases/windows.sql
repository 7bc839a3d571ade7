-- Window functions: ranking, neighbours, running aggregates, changes.

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

## ranking
SELECT level, row_number() OVER w AS row, rank() OVER w AS rank, dense_rank() OVER w AS dense, ntile(2) OVER w AS half, round(percent_rank() OVER w, 3) AS percent, round(cume_dist() OVER w, 3) AS cume FROM weather WHERE level IS NOT NULL WINDOW w AS (ORDER BY level) ORDER BY level
----
+-------+-----+------+-------+------+---------+------+
| level | row | rank | dense | half | percent | cume |
+-------+-----+------+-------+------+---------+------+
| -7    | 1   | 1    | 1     | 1    | 0.0     | 0.2  |
| 1     | 2   | 2    | 2     | 1    | 0.25    | 0.4  |
| 3     | 3   | 3    | 3     | 1    | 0.5     | 0.6  |
| 5     | 4   | 4    | 4     | 2    | 0.75    | 0.8  |
| 12    | 5   | 5    | 5     | 2    | 1.0     | 1.0  |
+-------+-----+------+-------+------+---------+------+

## neighbours
SELECT level, lag(level) OVER w AS before, lead(level, 1, 0) OVER w AS after, first_value(level) OVER w AS first, last_value(level) OVER w AS last, nth_value(level, 2) OVER w AS second FROM weather WHERE level IS NOT NULL WINDOW w AS (ORDER BY level) ORDER BY level
----
+-------+--------+-------+-------+------+--------+
| level | before | after | first | last | second |
+-------+--------+-------+-------+------+--------+
| -7    |        | 1     | -7    | -7   |        |
| 1     | -7     | 3     | -7    | 1    | 1      |
| 3     | 1      | 5     | -7    | 3    | 1      |
| 5     | 3      | 12    | -7    | 5    | 1      |
| 12    | 5      | 0     | -7    | 12   | 1      |
+-------+--------+-------+-------+------+--------+

## running
SELECT host, time, sum(level) OVER (PARTITION BY host ORDER BY time) AS sum, count(*) OVER (PARTITION BY host) AS n FROM weather ORDER BY host, time
----
+------+---------------------+-----+---+
| host | time                | sum | n |
+------+---------------------+-----+---+
| a    | 2023-11-14T22:13:20 | 3   | 3 |
| a    | 2023-11-14T22:13:50 | 3   | 3 |
| a    | 2023-11-14T22:14:20 | -4  | 3 |
| b    | 2023-11-14T22:14:20 |     | 2 |
| b    | 2023-11-14T22:15:20 | 12  | 2 |
| c    | 2023-11-14T23:13:20 | 5   | 1 |
|      | 2023-11-15T22:13:20 | 1   | 1 |
+------+---------------------+-----+---+

## frames
SELECT level, sum(level) OVER (ORDER BY level ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS near, min(level) OVER (ORDER BY level RANGE BETWEEN 3 PRECEDING AND CURRENT ROW) AS low FROM weather WHERE level IS NOT NULL ORDER BY level
----
+-------+------+-----+
| level | near | low |
+-------+------+-----+
| -7    | -6   | -7  |
| 1     | -3   | 1   |
| 3     | 9    | 1   |
| 5     | 20   | 3   |
| 12    | 17   | 12  |
+-------+------+-----+

## times as a frame
SELECT time, count(*) OVER (ORDER BY time RANGE BETWEEN INTERVAL '1 minute' PRECEDING AND CURRENT ROW) AS n FROM weather ORDER BY time
----
+---------------------+---+
| time                | n |
+---------------------+---+
| 2023-11-14T22:13:20 | 1 |
| 2023-11-14T22:13:50 | 2 |
| 2023-11-14T22:14:20 | 4 |
| 2023-11-14T22:14:20 | 4 |
| 2023-11-14T22:15:20 | 3 |
| 2023-11-14T23:13:20 | 1 |
| 2023-11-15T22:13:20 | 1 |
+---------------------+---+

## derivative
SELECT host, time, derivative(temperature, time) OVER w AS second, derivative(temperature, time, INTERVAL '1 minute') OVER w AS minute, non_negative_derivative(temperature, time, INTERVAL '1 minute') OVER w AS kept FROM weather WHERE host = 'a' WINDOW w AS (PARTITION BY host ORDER BY time) ORDER BY time
----
+------+---------------------+--------------------+--------+------+
| host | time                | second             | minute | kept |
+------+---------------------+--------------------+--------+------+
| a    | 2023-11-14T22:13:20 |                    |        |      |
| a    | 2023-11-14T22:13:50 | 0.2833333333333333 | 17.0   | 17.0 |
| a    | 2023-11-14T22:14:20 | -0.175             | -10.5  |      |
+------+---------------------+--------------------+--------+------+

## difference
SELECT host, level, difference(level) OVER w AS up, non_negative_difference(level) OVER w AS kept, difference(temperature) OVER w AS t FROM weather WINDOW w AS (PARTITION BY host ORDER BY time) ORDER BY host, time
----
+------+-------+-----+------+-------+
| host | level | up  | kept | t     |
+------+-------+-----+------+-------+
| a    | 3     |     |      |       |
| a    |       |     |      | 8.5   |
| a    | -7    | -10 |      | -5.25 |
| b    |       |     |      |       |
| b    | 12    |     |      |       |
| c    | 5     |     |      |       |
|      | 1     |     |      |       |
+------+-------+-----+------+-------+

## difference of unsigned integers
SELECT seen, non_negative_difference(seen) OVER (ORDER BY time) AS up, arrow_typeof(difference(seen) OVER (ORDER BY time)) AS t FROM weather WHERE seen < 100 ORDER BY time
----
+------+----+-------+
| seen | up | t     |
+------+----+-------+
| 4    |    | Int64 |
| 9    | 5  | Int64 |
+------+----+-------+

## a difference that does not fit
SELECT difference(seen) OVER (ORDER BY time) FROM weather
----
InvalidError: Arrow error: Arithmetic overflow: Overflow happened on: 18446744073709551615 - 9

## difference of aggregates
SELECT date_bin(INTERVAL '1 minute', time) AS minute, avg(temperature) AS t, difference(avg(temperature)) OVER (ORDER BY date_bin(INTERVAL '1 minute', time)) AS up FROM weather WHERE host = 'a' GROUP BY minute ORDER BY minute
----
+---------------------+-----+------+
| minute              | t   | up   |
+---------------------+-----+------+
| 2023-11-14T22:13:00 | 5.5 |      |
| 2023-11-14T22:14:00 | 4.5 | -1.0 |
+---------------------+-----+------+

## without a window
SELECT difference(level) FROM weather
----
InvalidError: Error during planning: Invalid function 'difference'…

## a unit that is no literal
SELECT derivative(level, time, level) OVER (ORDER BY time) FROM weather
----
InvalidError: Error during planning: derivative requires a literal as its unit, got level@0

## a difference of tags
SELECT difference(host) OVER (ORDER BY time) FROM weather
----
InvalidError: Error during planning: difference requires a number as argument 1, got Dictionary(Int32, Utf8)
