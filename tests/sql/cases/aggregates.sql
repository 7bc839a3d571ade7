-- Aggregate functions, over numbers, tags, texts and times.

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

## counts
SELECT count(*) AS rows, count(level) AS level, count(DISTINCT host) AS hosts, approx_distinct(room) AS rooms FROM weather
----
UnsupportedError: This feature is not implemented: Support for 'approx_distinct' for data type Dictionary(Int32, Utf8) is not implemented

## sums and means
SELECT sum(level) AS sum, avg(level) AS avg, mean(level) AS mean, sum(seen) FILTER (WHERE seen < 100) AS seen, min(temperature) AS low, max(temperature) AS high FROM weather
----
+-----+-----+------+------+------+------+
| sum | avg | mean | seen | low  | high |
+-----+-----+------+------+------+------+
| 14  | 2.8 | 2.8  | 13   | -0.5 | 9.75 |
+-----+-----+------+------+------+------+

## extremes of tags, texts and times
SELECT min(host) AS tag, max(note) AS note, min(time) AS first, max(time) AS last, max(ok) AS ok FROM weather
----
+-----+------+---------------------+---------------------+------+
| tag | note | first               | last                | ok   |
+-----+------+---------------------+---------------------+------+
| a   | low  | 2023-11-14T22:13:20 | 2023-11-15T22:13:20 | true |
+-----+------+---------------------+---------------------+------+

## spread
SELECT round(stddev(temperature), 6) AS s, round(stddev_pop(temperature), 6) AS sp, round(var(temperature), 6) AS v, round(var_pop(temperature), 6) AS vp FROM weather
----
+----------+---------+----------+-----------+
| s        | sp      | v        | vp        |
+----------+---------+----------+-----------+
| 3.545243 | 3.23635 | 12.56875 | 10.473958 |
+----------+---------+----------+-----------+

## two columns
SELECT round(corr(temperature, level), 6) AS corr, round(covar_samp(temperature, level), 6) AS cs, round(covar_pop(temperature, level), 6) AS cp FROM weather
----
+-----------+------------+----------+
| corr      | cs         | cp       |
+-----------+------------+----------+
| -0.918872 | -10.458333 | -7.84375 |
+-----------+------------+----------+

## regression
SELECT round(regr_slope(temperature, level), 6) AS slope, round(regr_intercept(temperature, level), 6) AS i, regr_count(temperature, level) AS n, round(regr_r2(temperature, level), 6) AS r2, round(regr_avgx(temperature, level), 6) AS ax, round(regr_avgy(temperature, level), 6) AS ay, round(regr_sxx(temperature, level), 6) AS sxx, round(regr_syy(temperature, level), 6) AS syy, round(regr_sxy(temperature, level), 6) AS sxy FROM weather
----
+-----------+----------+---+----------+-----+--------+------+-----------+---------+
| slope     | i        | n | r2       | ax  | ay     | sxx  | syy       | sxy     |
+-----------+----------+---+----------+-----+--------+------+-----------+---------+
| -0.378012 | 2.251506 | 4 | 0.844325 | 0.5 | 2.0625 | 83.0 | 14.046875 | -31.375 |
+-----------+----------+---+----------+-----+--------+------+-----------+---------+

## quantiles
SELECT median(temperature) AS median, approx_median(level) AS am, approx_percentile_cont(0.5) WITHIN GROUP (ORDER BY level) AS ap, percentile_cont(0.5) WITHIN GROUP (ORDER BY temperature) AS p, approx_percentile_cont_with_weight(1, 0.5) WITHIN GROUP (ORDER BY level) AS aw FROM weather
----
+--------+-----+-----+-------+-----+
| median | am  | ap  | p     | aw  |
+--------+-----+-----+-------+-----+
| 2.625  | 3.0 | 3.0 | 2.625 | 3.0 |
+--------+-----+-----+-------+-----+

## first, last, nth
SELECT first_value(level ORDER BY time) AS first, last_value(level ORDER BY time) AS last, nth_value(level, 2 ORDER BY time, host) AS second FROM weather WHERE level IS NOT NULL
----
+-------+------+--------+
| first | last | second |
+-------+------+--------+
| 3     | 1    | -7     |
+-------+------+--------+

## lists and texts
SELECT array_agg(level ORDER BY level) AS list, string_agg(room, '|' ORDER BY time, room) AS rooms, any_value(1) AS any FROM weather
----
+-----------------------+-------------+-----+
| list                  | rooms       | any |
+-----------------------+-------------+-----+
| [-7, 1, 3, 5, 12, , ] | x|x|x|y|y|z | 1   |
+-----------------------+-------------+-----+

## bits and truth
SELECT bit_and(level) AS a, bit_or(level) AS o, bit_xor(level) AS x, bool_and(ok) AS ba, bool_or(ok) AS bo FROM weather
----
+---+----+-----+-------+------+
| a | o  | x   | ba    | bo   |
+---+----+-----+-------+------+
| 0 | -1 | -14 | false | true |
+---+----+-----+-------+------+

## of no rows
SELECT count(*) AS n, sum(level) AS sum, avg(level) AS avg, max(host) AS host, array_agg(level) AS list FROM weather WHERE false
----
+---+-----+-----+------+------+
| n | sum | avg | host | list |
+---+-----+-----+------+------+
| 0 |     |     |      |      |
+---+-----+-----+------+------+

## grouping
SELECT host, grouping(host) AS g, count(*) AS n FROM weather GROUP BY ROLLUP (host) ORDER BY g, host
----
+------+---+---+
| host | g | n |
+------+---+---+
| a    | 0 | 3 |
| b    | 0 | 2 |
| c    | 0 | 1 |
|      | 0 | 1 |
|      | 1 | 7 |
+------+---+---+

## by time and tag
SELECT date_bin(INTERVAL '1 minute', time) AS minute, host, sum(level) AS sum FROM weather WHERE time < '2023-11-15' GROUP BY minute, host ORDER BY minute, host
----
+---------------------+------+-----+
| minute              | host | sum |
+---------------------+------+-----+
| 2023-11-14T22:13:00 | a    | 3   |
| 2023-11-14T22:14:00 | a    | -7  |
| 2023-11-14T22:14:00 | b    |     |
| 2023-11-14T22:15:00 | b    | 12  |
| 2023-11-14T23:13:00 | c    | 5   |
+---------------------+------+-----+

## an aggregate of text
SELECT sum(note) FROM weather
----
InvalidError: Error during planning: …
