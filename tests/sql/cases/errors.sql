-- Mistakes, in the words that clients know.

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

## a database that is not there
-- database: nope
SELECT 1
----
NotFoundError: query error: database not found: nope

## a table that is not there
SELECT * FROM nope
----
InvalidError: Error during planning: table 'public.iox.nope' not found

## a table of another case
SELECT * FROM "Weather"
----
InvalidError: Error during planning: table 'public.iox.Weather' not found

## a column that is not there
SELECT nope FROM weather
----
InvalidError: Schema error: No field named nope. Did you mean 'weather.note'?
Valid fields are weather.host, weather.level, weather.note, weather.ok, weather.room, weather.seen, weather.temperature, weather.time.

## a column of another case
SELECT "Host" FROM weather
----
InvalidError: Schema error: No field named "Host". Did you mean 'weather.host'?
Column names are case sensitive. You can use double quotes to refer to the weather.host column or disable the datafusion.sql_parser.enable_ident_normalization configuration.
Valid fields are weather.host, weather.level, weather.note, weather.ok, weather.room, weather.seen, weather.temperature, weather.time.

## a function that is not there
SELECT nope(1)
----
InvalidError: Error during planning: Invalid function 'nope'…

## no statement
SELEC 1
----
InvalidError: SQL error: ParserError("Expected: an SQL statement, found: SELEC at Line: 1, Column: 1")

## half a statement
SELECT * FROM
----
InvalidError: SQL error: ParserError("Expected: identifier, found: EOF")

## a text without an end
SELECT 'a
----
InvalidError: SQL error: TokenizerError("Unterminated string literal at Line: 1, Column: 8")

## a column outside of its group
SELECT host FROM weather GROUP BY room
----
InvalidError: Error during planning: Column in SELECT must be in GROUP BY or an aggregate function: While expanding wildcard, column "weather.host" must appear in the GROUP BY clause or must be part of an aggregate function, currently only "weather.room" appears in the SELECT clause satisfies this requirement

## an aggregate in a condition
SELECT host FROM weather WHERE count(*) > 1
----
InvalidError: Error during planning: Aggregate functions are not allowed in the WHERE clause. Consider using HAVING instead

## types that do not compare
SELECT * FROM weather WHERE ok > 5
----
InvalidError: Error during planning: Cannot infer common argument type for comparison operation Boolean > Int64

## a time that is none
SELECT * FROM weather WHERE time > 'soon'
----
InvalidError: Arrow error: Parser error: Error parsing timestamp from 'soon': timestamp must contain at least 10 characters

## a cast of a tag
SELECT host::int FROM weather
----
InvalidError: Arrow error: Cast error: Cannot cast string 'a' to value of Int32 type

## too many rows of a subquery
SELECT (SELECT level FROM weather)
----
InvalidError: Execution error: Scalar subquery returned more than one row

## arguments that are too many
SELECT upper('a', 'b')
----
InvalidError: Error during planning: Function 'upper' expects 1 arguments but received 2. No function matches the given name and argument types 'upper(Utf8, Utf8)'. You might need to add explicit type casts.
	Candidate functions:
	upper(String)

## a union of different widths
SELECT 1 UNION SELECT 1, 2
----
InvalidError: Error during planning: UNION queries have different number of columns

## an ambiguous column
SELECT host FROM weather a JOIN weather b ON a.time = b.time
----
InvalidError: Schema error: Ambiguous reference to unqualified field host

## a placeholder without a value
SELECT * FROM weather WHERE host = $host
----
InvalidError: Error during planning: No value found for placeholder with name $host
