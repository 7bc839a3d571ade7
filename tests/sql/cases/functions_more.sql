-- Functions with two names, of types and of times of a day.

## data
weather,host=a,room=x temperature=1.5,level=3i 1700000000000000000
weather,host=a,room=y temperature=4.5,level=-7i 1700000060000000000

## data
weather,host=b,room=x temperature=2.25,level=12i 1700000120000000000

## hyperbolic functions
SELECT round(cosh(1.0), 6) AS cosh, round(tanh(1.0), 6) AS tanh, round(asinh(1.0), 6) AS asinh, round(acosh(2.0), 6) AS acosh, round(atanh(0.5), 6) AS atanh, pow(2, 3) AS pow
----
+----------+----------+----------+----------+----------+-----+
| cosh     | tanh     | asinh    | acosh    | atanh    | pow |
+----------+----------+----------+----------+----------+-----+
| 1.543081 | 0.761594 | 0.881374 | 1.316958 | 0.549306 | 8.0 |
+----------+----------+----------+----------+----------+-----+

## more hashes
SELECT encode(sha224('a'), 'hex') AS sha224, left(encode(sha384('a'), 'hex'), 32) AS sha384, left(encode(sha512('a'), 'hex'), 32) AS sha512, length(encode(sha384('a'), 'hex')) AS n384, length(encode(sha512('a'), 'hex')) AS n512
----
+----------------------------------------------------------+----------------------------------+----------------------------------+------+------+
| sha224                                                   | sha384                           | sha512                           | n384 | n512 |
+----------------------------------------------------------+----------------------------------+----------------------------------+------+------+
| abd37534c7d9a2efb9465de931cd7055ffdb8879563ae98078d6d6d5 | 54a59b9f22b0b80880d8427e548b7c23 | 1f40fc92da241694750979ee6cf582f2 | 96   | 128  |
+----------------------------------------------------------+----------------------------------+----------------------------------+------+------+

## other names of functions of texts
SELECT char_length('añb') AS n, character_length('añb') AS m, substring_index('a.b.c', '.', 2) AS i
----
+---+---+-----+
| n | m | i   |
+---+---+-----+
| 3 | 3 | a.b |
+---+---+-----+

## other names of aggregates
SELECT round(stddev_samp(level), 6) AS deviation, round(var_samp(level), 6) AS v, round(var_sample(level), 6) AS w, round(var_population(level), 6) AS p, round(covar(level, temperature), 6) AS c, quantile_cont(0.5) WITHIN GROUP (ORDER BY temperature) AS q FROM weather
----
+-----------+-----------+-----------+-----------+-------+------+
| deviation | v         | w         | p         | c     | q    |
+-----------+-----------+-----------+-----------+-------+------+
| 9.504385  | 90.333333 | 90.333333 | 60.222222 | -11.0 | 2.25 |
+-----------+-----------+-----------+-----------+-------+------+

## counts of different values
SELECT approx_distinct(level) AS levels, approx_distinct(arrow_cast(host, 'Utf8')) AS hosts, count(DISTINCT host) AS exact, approx_distinct(temperature > 100) AS flags FROM weather
----
+--------+-------+-------+-------+
| levels | hosts | exact | flags |
+--------+-------+-------+-------+
| 3      | 2     | 2     | 1     |
+--------+-------+-------+-------+

## times of a day
SELECT make_time(13, 5, 59) AS made, to_time('13:05:59') AS read, to_time('13|05', '%H|%M') AS format, datetrunc('hour', to_time('13:05:59')) AS hour
----
+----------+----------+----------+----------+
| made     | read     | format   | hour     |
+----------+----------+----------+----------+
| 13:05:59 | 13:05:59 | 13:05:00 | 13:00:00 |
+----------+----------+----------+----------+

## times of a day that are none
SELECT make_time(25, 0, 0)
----
InvalidError: Execution error: Hour value '25' is out of range

## another name of date_trunc
SELECT datetrunc('hour', time) AS hour, count(*) AS n FROM weather GROUP BY 1 ORDER BY 1
----
+---------------------+---+
| hour                | n |
+---------------------+---+
| 2023-11-14T22:00:00 | 3 |
+---------------------+---+

## maps
SELECT map('a', 1) AS one, map(['a', 'b'], [1, 2]) AS two, map_entries(MAP {'a': 1}) AS entries, element_at(MAP {'a': 1}, 'a') AS at, element_at(MAP {'a': 1}, 'b') AS missing, row(1, 'a') AS row
----
+--------+--------------+----------------------+-----+---------+----------------+
| one    | two          | entries              | at  | missing | row            |
+--------+--------------+----------------------+-----+---------+----------------+
| {a: 1} | {a: 1, b: 2} | [{key: a, value: 1}] | [1] | []      | {c0: 1, c1: a} |
+--------+--------------+----------------------+-----+---------+----------------+

## a map with a key twice
SELECT map(['a', 'a'], [1, 2])
----
InvalidError: Execution error: map key must be unique, duplicate key found: a

## casts by name and by example
SELECT arrow_try_cast('x', 'Int64') AS none, arrow_try_cast('7', 'Int64') AS seven, cast_to_type('7', 1) AS like_int, try_cast_to_type('x', 1) AS unlike_int, arrow_typeof(cast_to_type('7', 1)) AS type
----
+------+-------+----------+------------+-------+
| none | seven | like_int | unlike_int | type  |
+------+-------+----------+------------+-------+
|      | 7     | 7        |            | Int64 |
+------+-------+----------+------------+-------+

## a cast by example that fails
SELECT cast_to_type('x', 1)
----
InvalidError: Arrow error: Cast error: Cannot cast string 'x' to value of Int64 type

## fields
SELECT arrow_field(level) AS field, arrow_metadata(level) AS kind, arrow_metadata(with_metadata(level, 'unit', 'm'), 'unit') AS unit FROM weather LIMIT 1
----
+------------------------------------------------------------------------------------------------------------------+-------------------------------------------------------+------+
| field                                                                                                            | kind                                                  | unit |
+------------------------------------------------------------------------------------------------------------------+-------------------------------------------------------+------+
| {name: level, data_type: Int64, nullable: true, metadata: {iox::column::type: iox::column_type::field::integer}} | {iox::column::type: iox::column_type::field::integer} | m    |
+------------------------------------------------------------------------------------------------------------------+-------------------------------------------------------+------+

## unions are of tables that have them
SELECT union_tag(1)
----
InvalidError: Execution error: union_tag only support unions, got Int64

## parts of unions are of tables that have them
SELECT union_extract(1, 'a')
----
InvalidError: Execution error: union_extract first argument must be a union, got Int64 instead
