-- Scalar functions of each family.

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

## math
SELECT abs(-2) AS abs, ceil(1.2) AS ceil, floor(-1.2) AS floor, round(2.567, 1) AS round, trunc(-1.9) AS trunc, sqrt(9.0) AS sqrt, cbrt(27.0) AS cbrt, power(2, 10) AS power, exp(0.0) AS exp, ln(1.0) AS ln, round(log(10, 1000), 6) AS log, log2(8) AS log2, log10(100) AS log10, signum(-3.5) AS sign, gcd(12, 18) AS gcd, lcm(4, 6) AS lcm, factorial(5) AS f, 7 % 3 AS rem, nanvl(1.0, 2.0) AS nanvl
----
+-----+------+-------+-------+-------+------+------+--------+-----+-----+-----+------+-------+------+-----+-----+-----+-----+-------+
| abs | ceil | floor | round | trunc | sqrt | cbrt | power  | exp | ln  | log | log2 | log10 | sign | gcd | lcm | f   | rem | nanvl |
+-----+------+-------+-------+-------+------+------+--------+-----+-----+-----+------+-------+------+-----+-----+-----+-----+-------+
| 2   | 2.0  | -2.0  | 2.6   | -1.0  | 3.0  | 3.0  | 1024.0 | 1.0 | 0.0 | 3.0 | 3.0  | 2.0   | -1.0 | 6   | 12  | 120 | 1   | 1.0   |
+-----+------+-------+-------+-------+------+------+--------+-----+-----+-----+------+-------+------+-----+-----+-----+-----+-------+

## trigonometry
SELECT round(sin(1.0), 6) AS sin, round(cos(1.0), 6) AS cos, round(tan(1.0), 6) AS tan, round(asin(0.5), 6) AS asin, round(acos(0.5), 6) AS acos, round(atan(1.0), 6) AS atan, round(atan2(1.0, 2.0), 6) AS atan2, round(sinh(1.0), 6) AS sinh, round(degrees(pi()), 3) AS deg, round(radians(180.0), 6) AS rad, round(cot(1.0), 6) AS cot, iszero(0.0) AS zero, isnan(1.0) AS nan
----
+----------+----------+----------+----------+----------+----------+----------+----------+-------+----------+----------+------+-------+
| sin      | cos      | tan      | asin     | acos     | atan     | atan2    | sinh     | deg   | rad      | cot      | zero | nan   |
+----------+----------+----------+----------+----------+----------+----------+----------+-------+----------+----------+------+-------+
| 0.841471 | 0.540302 | 1.557408 | 0.523599 | 1.047198 | 0.785398 | 0.463648 | 1.175201 | 180.0 | 3.141593 | 0.642093 | true | false |
+----------+----------+----------+----------+----------+----------+----------+----------+-------+----------+----------+------+-------+

## integers overflow
SELECT 9223372036854775807 + 1 AS wrapped, 2147483647 * 2 AS wide
----
+----------------------+------------+
| wrapped              | wide       |
+----------------------+------------+
| -9223372036854775808 | 4294967294 |
+----------------------+------------+

## division
SELECT 7 / 2 AS int, 7 / 2.0 AS float, -7 / 2 AS negative, 7.0 / 0 AS infinite
----
+-----+-------+----------+----------+
| int | float | negative | infinite |
+-----+-------+----------+----------+
| 3   | 3.5   | -3       | inf      |
+-----+-------+----------+----------+

## division by zero
SELECT 1 / 0
----
InvalidError: Arrow error: Divide by zero error

## conditions
SELECT coalesce(NULL, 1) AS c, nullif(1, 1) AS n, nvl(NULL, 2) AS v, nvl2(NULL, 1, 2) AS v2, greatest(1, 3, 2) AS g, least(1, 3, 2) AS l, ifnull(NULL, 3) AS i
----
+---+---+---+----+---+---+---+
| c | n | v | v2 | g | l | i |
+---+---+---+----+---+---+---+
| 1 |   | 2 | 2  | 3 | 1 | 3 |
+---+---+---+----+---+---+---+

## texts
SELECT upper('ab') AS upper, lower('AB') AS lower, initcap('ab cd') AS cap, length('añb') AS chars, octet_length('añb') AS bytes, bit_length('a') AS bits, reverse('abc') AS rev, repeat('ab', 2) AS rep, concat('a', NULL, 'b') AS con, concat_ws('-', 'a', 'b') AS ws, 'a' || 'b' AS op
----
+-------+-------+-------+-------+-------+------+-----+------+-----+-----+----+
| upper | lower | cap   | chars | bytes | bits | rev | rep  | con | ws  | op |
+-------+-------+-------+-------+-------+------+-----+------+-----+-----+----+
| AB    | ab    | Ab Cd | 3     | 4     | 8    | cba | abab | ab  | a-b | ab |
+-------+-------+-------+-------+-------+------+-----+------+-----+-----+----+

## parts of texts
SELECT left('abc', 2) AS l, right('abc', 2) AS r, substr('abcdef', 2, 3) AS s, substring('abcdef' FROM 2 FOR 2) AS sf, split_part('a,b,c', ',', 2) AS p, strpos('abc', 'c') AS pos, position('b' IN 'abc') AS pin, instr('abc', 'b') AS ins, substr_index('a.b.c', '.', 2) AS idx, find_in_set('b', 'a,b') AS f
----
+----+----+-----+----+---+-----+-----+-----+-----+---+
| l  | r  | s   | sf | p | pos | pin | ins | idx | f |
+----+----+-----+----+---+-----+-----+-----+-----+---+
| ab | bc | bcd | bc | b | 3   | 2   | 2   | a.b | 2 |
+----+----+-----+----+---+-----+-----+-----+-----+---+

## changed texts
SELECT trim('  a ') AS t, ltrim('xxa', 'x') AS l, rtrim('axx', 'x') AS r, btrim('xax', 'x') AS b, replace('abc', 'b', 'z') AS re, translate('abc', 'ac', 'xy') AS tr, lpad('a', 3, '-') AS lp, rpad('a', 3, '-') AS rp, overlay('abcd' PLACING 'xx' FROM 2 FOR 2) AS o, chr(65) AS c, ascii('A') AS a, to_hex(255) AS h
----
+---+---+---+---+-----+-----+-----+-----+------+---+----+----+
| t | l | r | b | re  | tr  | lp  | rp  | o    | c | a  | h  |
+---+---+---+---+-----+-----+-----+-----+------+---+----+----+
| a | a | a | a | azc | xby | --a | a-- | axxd | A | 65 | ff |
+---+---+---+---+-----+-----+-----+-----+------+---+----+----+

## tests of texts
SELECT starts_with('abc', 'a') AS s, ends_with('abc', 'c') AS e, contains('abc', 'b') AS c, levenshtein('ab', 'abc') AS l, uuid() IS NOT NULL AS u
----
+------+------+------+---+------+
| s    | e    | c    | l | u    |
+------+------+------+---+------+
| true | true | true | 1 | true |
+------+------+------+---+------+

## regular expressions
SELECT regexp_like('abc', 'B', 'i') AS l, regexp_match('abc', '(b)(c)') AS m, regexp_replace('abcb', 'b', 'x', 'g') AS r, regexp_count('abab', 'a') AS c, regexp_instr('abc', 'c') AS i, influx_regex_match('abc', '^a') AS im, influx_regex_not_match('abc', '^a') AS inm
----
+------+--------+------+---+---+------+-------+
| l    | m      | r    | c | i | im   | inm   |
+------+--------+------+---+---+------+-------+
| true | [b, c] | axcx | 2 | 3 | true | false |
+------+--------+------+---+---+------+-------+

## an expression that does not compile
SELECT influx_regex_match(host, '(') FROM weather
----
InvalidError: Error during planning: influx_regex_match: the pattern "(": Compute error: Regular expression did not compile: Syntax(
~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
regex parse error:
    (
    ^
error: unclosed group
~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
)

## an expression that is a column
SELECT influx_regex_match(host, room) FROM weather
----
InvalidError: Error during planning: influx_regex_match requires a text literal as its pattern

## expressions over tags
SELECT host, influx_regex_match(host, '[ab]') AS ab, influx_regex_not_match(host, '[ab]') AS no, upper(host) AS u, host || '/' || room AS path FROM weather ORDER BY time, host
----
+------+-------+-------+---+------+
| host | ab    | no    | u | path |
+------+-------+-------+---+------+
| a    | true  | false | A | a/x  |
| a    | true  | false | A | a/x  |
| a    | true  | false | A | a/y  |
| b    | true  | false | B | b/x  |
| b    | true  | false | B | b/y  |
| c    | false | true  | C |      |
|      |       |       |   |      |
+------+-------+-------+---+------+

## hashes
SELECT md5('a') AS md5, encode(sha256('a'), 'hex') AS sha, encode('abc', 'base64') AS b64, decode('YWJj', 'base64')::varchar AS back, encode(digest('a', 'md5'), 'hex') AS digest
----
+----------------------------------+------------------------------------------------------------------+------+------+----------------------------------+
| md5                              | sha                                                              | b64  | back | digest                           |
+----------------------------------+------------------------------------------------------------------+------+------+----------------------------------+
| 0cc175b9c0f1b6a831c399e269772661 | ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb | YWJj | abc  | 0cc175b9c0f1b6a831c399e269772661 |
+----------------------------------+------------------------------------------------------------------+------+------+----------------------------------+

## lists
SELECT make_array(1, 2) AS m, [1, 2][1] AS first, array_length([1, 2]) AS n, array_append([1], 2) AS app, array_prepend(0, [1]) AS pre, array_concat([1], [2]) AS con, array_has([1, 2], 2) AS has, array_position([1, 2], 2) AS pos, array_distinct([1, 1]) AS dis, array_sort([2, 1]) AS sort, array_slice([1, 2, 3], 2, 3) AS slice, array_to_string([1, 2], '-') AS text
----
+--------+-------+---+--------+--------+--------+------+-----+-----+--------+--------+------+
| m      | first | n | app    | pre    | con    | has  | pos | dis | sort   | slice  | text |
+--------+-------+---+--------+--------+--------+------+-----+-----+--------+--------+------+
| [1, 2] | 1     | 2 | [1, 2] | [0, 1] | [1, 2] | true | 2   | [1] | [1, 2] | [2, 3] | 1-2  |
+--------+-------+---+--------+--------+--------+------+-----+-----+--------+--------+------+

## more of lists
SELECT list_sort([2, 1]) AS l, cardinality([1, 2]) AS c, flatten([[1], [2]]) AS f, range(0, 3) AS r, generate_series(1, 3) AS g, array_remove([1, 2, 1], 1) AS rm, array_union([1], [2]) AS u, array_intersect([1, 2], [2]) AS i, array_except([1, 2], [2]) AS e, array_reverse([1, 2]) AS rev, array_repeat(1, 2) AS rep, string_to_array('a,b', ',') AS s, empty([]) AS em, array_max([1, 3]) AS mx
----
+--------+---+--------+-----------+-----------+--------+--------+-----+-----+--------+--------+--------+------+----+
| l      | c | f      | r         | g         | rm     | u      | i   | e   | rev    | rep    | s      | em   | mx |
+--------+---+--------+-----------+-----------+--------+--------+-----+-----+--------+--------+--------+------+----+
| [1, 2] | 2 | [1, 2] | [0, 1, 2] | [1, 2, 3] | [2, 1] | [1, 2] | [2] | [1] | [2, 1] | [1, 1] | [a, b] | true | 3  |
+--------+---+--------+-----------+-----------+--------+--------+-----+-----+--------+--------+--------+------+----+

## structs and maps
SELECT struct(1, 'a') AS s, named_struct('a', 1)['a'] AS f, get_field(named_struct('a', 1), 'a') AS g, MAP {'a': 1}['a'] AS m, map_keys(MAP {'a': 1}) AS k, map_values(MAP {'a': 1}) AS v, map_extract(MAP {'a': 1}, 'a') AS e
----
+----------------+---+---+---+-----+-----+-----+
| s              | f | g | m | k   | v   | e   |
+----------------+---+---+---+-----+-----+-----+
| {c0: 1, c1: a} | 1 | 1 | 1 | [a] | [1] | [1] |
+----------------+---+---+---+-----+-----+-----+

## casts
SELECT '12'::int AS i, 1.9::bigint AS b, true::int AS t, arrow_cast(1, 'UInt8') AS u, arrow_typeof(arrow_cast(1, 'UInt8')) AS ty, try_cast('x' AS int) AS none, cast(1 AS varchar) AS s
----
+----+---+---+---+-------+------+---+
| i  | b | t | u | ty    | none | s |
+----+---+---+---+-------+------+---+
| 12 | 1 | 1 | 1 | UInt8 |      | 1 |
+----+---+---+---+-------+------+---+

## a cast that fails
SELECT 'x'::int
----
InvalidError: Arrow error: Cast error: Cannot cast string 'x' to value of Int32 type

## version
SELECT version() LIKE '%DataFusion%' AS v
----
+------+
| v    |
+------+
| true |
+------+

## a result that is too large
SELECT repeat('x', 1000000000)
----
InvalidError: Execution error: repeat would make 1000000000 bytes of one batch: the maximum is 268435456 bytes
