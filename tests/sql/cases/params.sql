-- Placeholders.

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

## values of every type
-- params: {"n": null, "b": true, "i": -1, "u": 18446744073709551615, "f": 0.5, "s": "x"}
SELECT $n AS n, $b AS b, $i AS i, $u AS u, $f AS f, $s AS s
----
+---+------+----+----------------------+-----+---+
| n | b    | i  | u                    | f   | s |
+---+------+----+----------------------+-----+---+
|   | true | -1 | 18446744073709551615 | 0.5 | x |
+---+------+----+----------------------+-----+---+

## a tag
-- params: {"host": "a"}
SELECT count(*) AS n FROM weather WHERE host = $host
----
+---+
| n |
+---+
| 3 |
+---+

## a time needs a cast
-- params: {"since": "2023-11-14T22:15:00Z"}
SELECT count(*) AS n FROM weather WHERE time >= $since::timestamp
----
+---+
| n |
+---+
| 3 |
+---+

## a name that has no value
-- params: {"host": "a"}
SELECT * FROM weather WHERE host = $other
----
InvalidError: Error during planning: No value found for placeholder with name $other

## question marks in the order of the text
-- params: {"1": "?", "2": "a"}
SELECT count(*) AS n, ? AS "?" /* ? */ FROM weather WHERE host = ? GROUP BY '?'
----
+---+---+
| n | ? |
+---+---+
| 3 | ? |
+---+---+

## question marks beside a name
-- params: {"1": "a", "host": "a"}
SELECT count(*) AS n FROM weather WHERE host = ? AND host = $host
----
InvalidError: a statement has either ? or numbered and named placeholders: found ? and $host

## a limit
-- params: {"n": 2}
SELECT level FROM weather ORDER BY level LIMIT $n
----
+-------+
| level |
+-------+
| -7    |
| 1     |
+-------+

## text is no SQL
-- params: {"host": "a' OR 1=1 --"}
SELECT count(*) AS n FROM weather WHERE host = $host
----
+---+
| n |
+---+
| 0 |
+---+

## values that no placeholder names
-- params: {"a": 1}
SELECT 1 AS one
----
+-----+
| one |
+-----+
| 1   |
+-----+
