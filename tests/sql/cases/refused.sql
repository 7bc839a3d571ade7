-- Statements that would change something, and those that are not implemented.

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

## CREATE TABLE x (a int)
CREATE TABLE x (a int)
----
InvalidError: Error during planning: DDL not supported: CreateMemoryTable

## CREATE TABLE x AS SELECT 1
CREATE TABLE x AS SELECT 1
----
InvalidError: Error during planning: DDL not supported: CreateMemoryTable

## CREATE VIEW x AS SELECT 1
CREATE VIEW x AS SELECT 1
----
InvalidError: Error during planning: DDL not supported: CreateView

## CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION 'x'
CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION 'x'
----
InvalidError: Error during planning: DDL not supported: CreateExternalTable

## CREATE SCHEMA x
CREATE SCHEMA x
----
InvalidError: Error during planning: DDL not supported: CreateCatalogSchema

## CREATE DATABASE x
CREATE DATABASE x
----
InvalidError: Error during planning: DDL not supported: CreateCatalog

## CREATE INDEX x ON weather (host)
CREATE INDEX x ON weather (host)
----
InvalidError: Error during planning: DDL not supported: CreateIndex

## CREATE FUNCTION f(int) RETURNS int RETURN $1
CREATE FUNCTION f(int) RETURNS int RETURN $1
----
InvalidError: Error during planning: DDL not supported: CreateFunction

## DROP TABLE weather
DROP TABLE weather
----
InvalidError: Error during planning: DDL not supported: DropTable

## DROP VIEW weather
DROP VIEW weather
----
InvalidError: Error during planning: DDL not supported: DropView

## DROP SCHEMA x
DROP SCHEMA x
----
InvalidError: Error during planning: DDL not supported: DropCatalogSchema

## DROP FUNCTION f
DROP FUNCTION f
----
InvalidError: Error during planning: DDL not supported: DropFunction

## INSERT INTO weather SELECT * FROM weather
INSERT INTO weather SELECT * FROM weather
----
InvalidError: Error during planning: DML not supported: Insert Into

## INSERT OVERWRITE weather SELECT * FROM weather
INSERT OVERWRITE weather SELECT * FROM weather
----
InvalidError: Error during planning: DML not supported: Insert Overwrite

## INSERT INTO weather VALUES (1)
INSERT INTO weather VALUES (1)
----
InvalidError: Error during planning: DML not supported: Insert Into

## REPLACE INTO weather SELECT * FROM weather
REPLACE INTO weather SELECT * FROM weather
----
InvalidError: Error during planning: DML not supported: Replace Into

## DELETE FROM weather
DELETE FROM weather
----
InvalidError: Error during planning: DML not supported: Delete

## UPDATE weather SET level = 1
UPDATE weather SET level = 1
----
InvalidError: Error during planning: DML not supported: Update

## COPY weather TO 'x.parquet'
COPY weather TO 'x.parquet'
----
InvalidError: Error during planning: DML not supported: COPY

## SET x = 1
SET x = 1
----
InvalidError: Error during planning: Statement not supported: SetVariable

## PREPARE p AS SELECT $1
PREPARE p AS SELECT $1
----
InvalidError: Error during planning: Statement not supported: Prepare

## EXECUTE p
EXECUTE p
----
InvalidError: Error during planning: Statement not supported: Execute

## DEALLOCATE p
DEALLOCATE p
----
InvalidError: Error during planning: Statement not supported: Deallocate

## START TRANSACTION
START TRANSACTION
----
InvalidError: Error during planning: Statement not supported: TransactionStart

## COMMIT
COMMIT
----
InvalidError: Error during planning: Statement not supported: TransactionEnd

## ROLLBACK
ROLLBACK
----
InvalidError: Error during planning: Statement not supported: TransactionEnd

## BEGIN
BEGIN
----
UnsupportedError: This feature is not implemented: Unsupported SQL statement: BEGIN

## BEGIN TRANSACTION
BEGIN TRANSACTION
----
UnsupportedError: This feature is not implemented: Unsupported SQL statement: BEGIN TRANSACTION

## ALTER TABLE weather ADD COLUMN x int
ALTER TABLE weather ADD COLUMN x int
----
UnsupportedError: This feature is not implemented: Unsupported SQL statement: ALTER TABLE weather ADD COLUMN x INT

## TRUNCATE TABLE weather
TRUNCATE TABLE weather
----
InvalidError: Error during planning: DML not supported: Truncate

## GRANT SELECT ON weather TO x
GRANT SELECT ON weather TO x
----
UnsupportedError: This feature is not implemented: Unsupported SQL statement: GRANT SELECT ON weather TO x

## EXPLAIN DROP TABLE weather
EXPLAIN DROP TABLE weather
----
InvalidError: Error during planning: DDL not supported: DropTable

## SELECT 1; SELECT 2
SELECT 1; SELECT 2
----
UnsupportedError: This feature is not implemented: The context currently only supports a single SQL statement

## an empty statement
;
----
InvalidError: Error during planning: No SQL statements were provided in the query string

## a comment
-- nothing
----
InvalidError: Error during planning: No SQL statements were provided in the query string
