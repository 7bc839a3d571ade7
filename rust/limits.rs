//! Every maximum of the engine, with its unit and its reason. A test crosses each of them.

/// Databases, `_internal` not counted, unless `--max-databases` says otherwise. InfluxDB 3 Core
/// stops at 5; memory, not licence, is ours.
pub const DATABASES_MAX: usize = 1_000;
/// Tables over all databases, unless `--max-tables` says otherwise. InfluxDB 3 Core stops at 2,000.
pub const TABLES_MAX: usize = 10_000;
/// Tags and fields of one table, `time` not counted (as InfluxDB 3 Core), unless
/// `--max-columns-per-table` says otherwise.
pub const COLUMNS_PER_TABLE_MAX: usize = 500;
/// The most that `--max-columns-per-table` can say: the number of a column has 16 bits.
pub const COLUMNS_PER_TABLE_CEILING: usize = 65_535;
/// Tags of one table (as InfluxDB 3 Core): each adds to the key of every series.
pub const TAGS_PER_TABLE_MAX: usize = 4_096;
/// Bytes of a database name (as InfluxDB 3 Core).
pub const DATABASE_NAME_BYTES_MAX: usize = 511;
/// Bytes of a database name on the v1 and v2 write routes (as InfluxDB 3 Core).
pub const NAMESPACE_BYTES_MAX: usize = 64;
/// Bytes of one name, tag value or string value in line protocol (as InfluxDB 3 Core).
pub const LINE_TEXT_BYTES_MAX: usize = 1_048_576;
/// Bytes of `original_line` in a line error (as InfluxDB 3 Core).
pub const ORIGINAL_LINE_BYTES_MAX: usize = 20;
/// Cells (rows x columns) of one table in one request: a body of the largest size stays far below,
/// unless each of its lines names another of many fields.
pub const BATCH_CELLS_MAX: usize = 16 * 1_024 * 1_024;
/// Bytes of the texts of one table in one Arrow request, tag sets and strings: a dictionary may
/// repeat a long value in every row. Half of a frame.
pub const BATCH_TEXT_BYTES_MAX: usize = 128 * 1_024 * 1_024;
/// Ranges of refused rows that one answer lists: every other row of a large request may be bad.
pub const REFUSED_RANGES_MAX: usize = 1_000;
/// Bytes of one SQL text: planning takes stack and time in proportion to it.
pub const SQL_BYTES_MAX: usize = 1_048_576;
/// Numbers of placeholders in one statement: its clients are told a type of each, also where a
/// short text has only the last.
pub const SQL_PARAMETERS_MAX: usize = 65_535;
/// Bytes of one InfluxQL text, as of SQL.
pub const INFLUXQL_BYTES_MAX: usize = SQL_BYTES_MAX;
/// Statements of one InfluxQL text: each becomes a query and a part of the answer.
pub const STATEMENTS_MAX: usize = 1_000;
/// Levels of parentheses, calls, signs and subqueries in InfluxQL: the parser calls itself for
/// each.
pub const NESTING_MAX: usize = 100;
/// Nodes from the root of an InfluxQL expression to its deepest leaf, such as operands of `OR` in a
/// row: what walks it calls itself for each.
pub const EXPRESSION_DEPTH_MAX: usize = 2_000;
/// Bytes of the condition of a trigger: it is compiled for every table and batch.
pub const CONDITION_BYTES_MAX: usize = 4_096;
/// Rows of one buffer block: a batch for DataFusion, and the most that a snapshot copies per table.
pub const BLOCK_ROWS_MAX: usize = 8_192;
/// Bytes of the rows that gap filling makes at once, about, where each repeats the longest texts of
/// a series.
pub const GAP_BATCH_BYTES_MAX: usize = 8 * 1_024 * 1_024;
/// Groups by tags and bins that one thread of a query holds before it hands them on: what is held
/// is looked up for each run of rows, and should stay in the caches of a core.
pub const GROUPS_HELD_MAX: usize = 65_536;
/// Bytes of one log segment; a frame that is larger gets a segment of its own size.
pub const SEGMENT_BYTES: u64 = 64 * 1_024 * 1_024;
/// Bytes of one frame: a request body of the largest size that can be configured stays below it.
pub const FRAME_BYTES_MAX: usize = 256 * 1_024 * 1_024;
/// Bytes of frames that wait for the disk before writers are answered `Busy`.
pub const QUEUE_BYTES_MAX: usize = 256 * 1_024 * 1_024;
/// Plugin log lines kept in memory for `system.processing_engine_logs` (as InfluxDB 3 Core).
pub const LOG_LINES_MAX: usize = 10_000;
/// Of those, the lines of one trigger: ten that flood fit in, and a thousand lines show a fault.
pub const LOG_LINES_PER_TRIGGER_MAX: usize = 1_000;
/// Triggers in a row that may set each other off before the chain is cut.
pub const TRIGGER_DEPTH_MAX: u8 = 8;
/// Bytes of a key of the state of a trigger: it is a name, not a value.
pub const STATE_KEY_BYTES_MAX: usize = 1_024;
/// Bytes of one value of the state of a trigger: each change of it is written to the log.
pub const STATE_VALUE_BYTES_MAX: usize = 65_536;
/// Bytes of the state of one trigger, keys and values: it stays in memory, and manifests have it.
pub const STATE_BYTES_MAX: usize = 1_048_576;
/// Nanoseconds that rows of `_internal` are kept: seven days (as InfluxDB 3).
pub const INTERNAL_RETENTION_NS: i64 = 7 * 24 * 3_600 * 1_000_000_000;
/// Rows of one row group of a Parquet file: what a reader of one series skips, and what a writer
/// holds in memory.
pub const ROW_GROUP_ROWS_MAX: usize = 131_072;
/// Part of the buffer that is filled when it is stored: the rest takes what is written meanwhile.
pub const PERSIST_SHARE: usize = 4;
/// Bytes of rows at which the buffer is stored, however large it may be: what is stored at once is
/// sorted in memory.
pub const PERSIST_BYTES_MAX: usize = 256 * 1_024 * 1_024;
/// Milliseconds until a background thread repeats work that failed, such as storing the buffer.
pub const BACKGROUND_RETRY_MS: u64 = 1_000;
/// Ranges of times of one table that a query merges: past it, neighbouring ones are taken together.
pub const OVERLAPS_MAX: usize = 64;
/// Rows of one Parquet file that a merge makes: a merge of larger files moves most of them as they
/// are, and a query of some hours opens few.
pub const FILE_ROWS_MAX: u64 = 4_194_304;
/// Bytes of one Parquet file that a merge makes, about: it is made, and checked, in memory.
pub const FILE_BYTES_MAX: u64 = 256 * 1_024 * 1_024;
/// Rows from which a file that overlaps no other is not merged again.
pub const FILE_ROWS_SETTLED: u64 = FILE_ROWS_MAX / 4;
/// Layers of similar size at which they are merged into one.
pub const SIMILAR_LAYERS_MAX: usize = 4;
/// Rows of one page of a Parquet file: the least that a query reads of a column.
pub const PAGE_ROWS_MAX: usize = 8_192;
/// Bytes of objects of a service that are kept in memory, so that a query does not fetch them
/// again.
pub const OBJECT_CACHE_BYTES_MAX: usize = 256 * 1_024 * 1_024;
/// Bytes of the footers of stored files and of the lists of their series that are kept in memory,
/// so that a query does not decode them again: about a megabyte per full file of twenty columns.
pub const OPENED_FILES_BYTES_MAX: usize = 256 * 1_024 * 1_024;
/// Series that one file lists, and newest rows that a query takes from all parts of a table: where
/// there are more, a list of them is about as long as the rows, which are then read instead.
pub const LISTED_SERIES_MAX: usize = 262_144;
/// Manifests that stay in the store, the newest among them: enough to go back by hand.
pub const MANIFESTS_KEPT: u64 = 8;
/// Deletions of rows that have not reached the files: every query of their table applies them.
pub const TOMBSTONES_MAX: usize = 1_000;
/// Tag values that one deletion of rows names, over all its tags: each is compared with the tags of
/// every row in its times.
pub const DELETION_VALUES_MAX: usize = 10_000;
/// Last-value and distinct-value caches of one database: each takes memory and a part of every
/// write to its table.
pub const CACHES_PER_DATABASE_MAX: usize = 100;
/// Rows that a last-value cache keeps of one key: it is read whole, and what is more is a query.
pub const LAST_CACHE_COUNT_MAX: u64 = 1_000;
/// Keys of one last-value cache; past it those that were not written for longest are let go.
pub const LAST_CACHE_KEYS_MAX: usize = 500_000;
/// Combinations that a distinct-value cache may be told to keep, ten times what it keeps unless it
/// is told otherwise (as InfluxDB 3).
pub const DISTINCT_CARDINALITY_MAX: u64 = 1_000_000;
/// Bytes of one cache, about; past it what was not written for longest is let go.
pub const CACHE_BYTES_MAX: usize = 256 * 1_024 * 1_024;
