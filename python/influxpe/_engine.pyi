"""The storage engine: line protocol, write-ahead log, buffer and SQL, in Rust.

Every method that touches the disk or runs a query releases the interpreter lock while it works and
may be called from any thread. Times are integers: nanoseconds since the Unix epoch, UTC, unless a
name says otherwise. Every error is a subclass of `EngineError` and says what the caller must do.
"""

import builtins
from collections.abc import Mapping, Sequence
from typing import Literal, final

from influxpe.engine_types import (
    Epoch,
    Format,
    Language,
    Precision,
    Scalar,
    SeriesSpelling,
)

__all__ = [
    "Backup",
    "BusyError",
    "CacheInfo",
    "Cancellation",
    "CancelledError",
    "ClosedError",
    "ConflictError",
    "CorruptError",
    "DatabaseInfo",
    "Engine",
    "EngineError",
    "EngineStats",
    "Feed",
    "FeedRead",
    "FeedTable",
    "InfluxqlStatement",
    "InternalError",
    "InvalidError",
    "LineError",
    "ManifestInfo",
    "NotFoundError",
    "ObjectStore",
    "QueryStream",
    "SegmentInfo",
    "SeriesFormat",
    "StoredObject",
    "TimedOutError",
    "TokenInfo",
    "TooLargeError",
    "TriggerInfo",
    "UnsupportedError",
    "WriteTicket",
    "check_database_name",
    "check_namespace",
    "influxql_statements",
    "read_manifest",
    "read_segment",
]

def check_database_name(name: str) -> None:
    """Raises `InvalidError` where no database may have this name."""

def check_namespace(name: str) -> None:
    """The same for the v1 and v2 write routes, where a name has up to 64 bytes."""

class EngineError(Exception):
    """Base of all errors of the engine; its text is the message for the user."""

class InvalidError(EngineError):
    """The request is wrong: change it before sending it again."""

class NotFoundError(EngineError):
    """The named thing does not exist."""

class ConflictError(EngineError):
    """The named thing exists already, or its state forbids the change."""

class TooLargeError(EngineError):
    """A named maximum would be passed."""

class BusyError(EngineError):
    """A limit on memory or work is reached for now: try again later."""

class TimedOutError(EngineError):
    """The query took longer than it may: ask for less."""

class CancelledError(EngineError):
    """Somebody ended the query: leave it, or ask them."""

class UnsupportedError(EngineError):
    """The query asks for something this engine does not do."""

class ClosedError(EngineError):
    """The engine is closed, or a sync has failed: nothing can be written any more."""

class CorruptError(EngineError):
    """Stored bytes are not what was written."""

class InternalError(EngineError):
    """A fault of the engine or of the machine below it."""

@final
class LineError:
    """One refused line of a write."""

    @property
    def message(self) -> str:
        """Why the line was refused, in the words of InfluxDB 3."""
    @property
    def line_number(self) -> int:
        """Where the line begins in the body, from 1, as an editor shows it."""
    @property
    def original_line(self) -> str:
        """The first 20 bytes of the line."""

@final
class WriteTicket:
    """A write that waits for the disk: it is durable and visible once `committed() >= sequence`."""

    @property
    def sequence(self) -> int:
        """Place in the order of writes, from 1; 0 where nothing had to be written."""
    @property
    def rows(self) -> int:
        """Lines that were taken."""
    @property
    def rows_refused(self) -> int:
        """Lines or rows that were refused."""
    @property
    def errors(self) -> list[LineError]:
        """Lines that were refused, in their order; of Arrow rows their ranges."""

@final
class DatabaseInfo:
    """One database of the catalog."""

    @property
    def name(self) -> str:
        """Its name; a deleted one carries the time of its deletion."""
    @property
    def retention_ns(self) -> int | None:
        """How long rows are kept; `None` keeps them for ever."""
    @property
    def deleted(self) -> bool:
        """Whether it is marked for deletion."""

@final
class TokenInfo:
    """One token of the catalog; the token itself is never stored."""

    @property
    def id(self) -> int:
        """Number, from 0."""
    @property
    def name(self) -> str:
        """Unique name; the operator's is `_admin`."""
    @property
    def hash(self) -> bytes:
        """SHA-512 of the whole token, prefix included: 64 bytes."""
    @property
    def created_at_ms(self) -> int:
        """Milliseconds since the epoch."""
    @property
    def expiry_ms(self) -> int | None:
        """Milliseconds since the epoch; `None` never expires."""

@final
class CacheInfo:
    """A cache that was made."""

    @property
    def database_id(self) -> int:
        """Number of its database."""
    @property
    def table_id(self) -> int:
        """Number of its table."""
    @property
    def id(self) -> int:
        """Number among the caches of its table and kind."""
    @property
    def name(self) -> str:
        """Name, the one that was made where none was given."""
    @property
    def position(self) -> int:
        """Position in the log at which it is durable."""
    @property
    def key_columns(self) -> list[tuple[bool, int]]:
        """For each key column whether it is a tag, and which of the tags or of the fields."""
    @property
    def value_columns(self) -> list[tuple[bool, int]] | None:
        """The same of the values that were named; `None` where they were not."""

@final
class TriggerInfo:
    """One trigger of the catalog."""

    @property
    def id(self) -> int:
        """Number, unique for the life of the data directory."""
    @property
    def database(self) -> str:
        """Name of the database that the trigger belongs to."""
    @property
    def name(self) -> str:
        """Name, unique in its database."""
    @property
    def plugin_filename(self) -> str:
        """Path below the plugin directory, or `gh:` and a path of the plugin repository."""
    @property
    def specification(self) -> str:
        """Canonical text, such as `every:1m`."""
    @property
    def arguments(self) -> dict[str, str] | None:
        """Arguments for the plugin; `None` where none were given."""
    @property
    def run_async(self) -> bool:
        """Whether runs may overlap."""
    @property
    def error_behavior(self) -> str:
        """`log`, `retry` or `disable`."""
    @property
    def disabled(self) -> bool:
        """Whether the trigger rests."""
    @property
    def cursor(self) -> int:
        """Log position up to which the trigger has been served, durably."""
    @property
    def options(self) -> str:
        """What it was told beyond the reference, as JSON; empty for nothing."""
    @property
    def tick_ns(self) -> int | None:
        """The last tick of its schedule that was served since it was made or enabled, durably."""

@final
class FeedTable:
    """New rows of one table for one run of a trigger."""

    @property
    def name(self) -> str:
        """Name of the table."""
    @property
    def rows(self) -> int:
        """Number of rows."""
    def ipc(self) -> bytes:
        """The rows as an Arrow IPC stream: tags (dictionaries), fields, `time` (in ns) last."""

@final
class FeedRead:
    """What one read of a feed found; `position` is where the next one starts."""

    @property
    def position(self) -> int:
        """The cursor to commit with the run."""
    @property
    def depth(self) -> int:
        """Greatest number of triggers in a row behind these rows."""
    @property
    def rows_cut(self) -> int:
        """Rows left out because their chain of triggers was too deep."""
    @property
    def tables(self) -> list[FeedTable]:
        """One entry per table that has rows, in order of first appearance."""

@final
class Feed:
    """Reads the log for one trigger, from its durable cursor onwards."""

    @property
    def position(self) -> int:
        """Where the next read starts."""
    def read(self, *, rows_max: int, bytes_max: int = ...) -> FeedRead:
        """Reads on to the end of the log, or to the first whole frame with which there is enough.

        Enough are `rows_max` rows, or `bytes_max` bytes of rows as the log has them.
        """

@final
class InfluxqlStatement:
    """One statement of InfluxQL and what must be known of it before it runs."""

    @property
    def text(self) -> str:
        """The statement alone, as it was written."""
    @property
    def kind(
        self,
    ) -> Literal["select", "show", "show_databases", "show_retention_policies", "unsupported"]:
        """`Engine.query` runs `select` (`EXPLAIN` too) and `show`, the catalog answers others."""
    @property
    def name(self) -> str:
        """The first words of an `unsupported` one, such as `DROP MEASUREMENT`; else empty."""
    @property
    def database(self) -> str | None:
        """The database that it names, a retention policy as `DATABASE/POLICY`."""

def influxql_statements(text: str) -> list[InfluxqlStatement]:
    """The statements of InfluxQL in a text, in order; none in an empty one.

    Raises `InvalidError` with the position for what is no InfluxQL, and for several databases in
    one statement.
    """

@final
class SeriesFormat:
    """An answer as the series of InfluxDB 1: what one statement gives to a document of `/query`."""

    def __new__(
        cls,
        spelling: SeriesSpelling,
        *,
        epoch: Epoch | None = None,
        chunk_rows: int | None = None,
        statement_id: int = 0,
    ) -> SeriesFormat:
        """Times are numbers of `epoch`, or text. Without rows there are no bytes.

        In JSON the bytes are `,"series":[` and the list without the end of its last series and of
        itself, so that a failure can be told behind it; in MessagePack the name and the list; in
        CSV a header and lines. With `chunk_rows` they are whole documents of at most so many rows,
        whose statement has the number `statement_id`. Raises `InvalidError` for unknown names.

        Reading the rows raises `InvalidError` (`json: unsupported value: +Inf`) for an infinite
        number in JSON; what comes before an error is whole rows.
        """

@final
class QueryStream:
    """The encoded answer of a query, in chunks, computed as it is read."""

    def next_chunk(self) -> bytes | None:
        """The next bytes, or `None` at the end. Raises what the execution raises.

        That is `BusyError` where too many queries wait or its memory does not suffice,
        `TimedOutError` and `CancelledError` where the query was ended.
        """
    def poll(self) -> tuple[bool, bytes | None]:
        """Whether there is something by now, and then what `next_chunk` gives. Never blocks."""
    def has_plan(self) -> bool:
        """Whether `poll` has found a plan; what it raises before that is about the text."""

@final
class Cancellation:
    """Ends a query from another thread than the one that waits for it."""

    def __new__(cls) -> Cancellation: ...
    def cancel(self) -> None:
        """Ends the query that it was given to last, or at once the one that it is given to next.

        Whoever waits for the query gets `CancelledError`. One that has ended is left as it is.
        """

@final
class EngineStats:
    """Counters since the start, and sizes now."""

    @property
    def rows_written(self) -> int: ...
    @property
    def lines_rejected(self) -> int: ...
    @property
    def bytes_written(self) -> int:
        """Bytes of line protocol taken."""
    @property
    def wal_syncs(self) -> int: ...
    @property
    def wal_bytes(self) -> int:
        """Bytes of log segments in use."""
    @property
    def buffer_bytes(self) -> int:
        """Bytes of rows in memory."""
    @property
    def stored_files(self) -> int:
        """Parquet files that hold rows."""
    @property
    def stored_bytes(self) -> int:
        """Bytes of these files."""
    @property
    def stored_position(self) -> int:
        """The newest log position up to which all rows are in files."""
    @property
    def position(self) -> int:
        """The newest log position that is durable and visible."""

@final
class StoredObject:
    """One file of a backup."""

    @property
    def name(self) -> str:
        """Its place in a data directory: `store/<node>/...` or `wal/<20 digits>.wal`."""
    @property
    def bytes(self) -> int:
        """Its length."""
    @property
    def crc32(self) -> int | None:
        """CRC-32 of a Parquet file, as `zlib.crc32`; manifests and segments check themselves."""

@final
class Backup:
    """What an engine was at one moment; its files and its log stay readable until `close`."""

    @property
    def position(self) -> int:
        """The newest position that is in it."""
    @property
    def manifest(self) -> str | None:
        """Name of the manifest; `None` where nothing was ever stored."""
    def objects(self) -> list[StoredObject]:
        """Everything that is to be copied, the manifest last."""
    def read(self, name: str, offset: int, length: int) -> bytes:
        """Bytes of an object from `offset` on, at most `length`; none behind its end.

        Raises `NotFoundError` for a name that is not in it, `InternalError` where it cannot be
        read, `ClosedError` after `close`.
        """
    def close(self) -> None:
        """Lets files and log go."""

@final
class ManifestInfo:
    """What a manifest says."""

    @property
    def sequence(self) -> int:
        """Its number."""
    @property
    def uuid(self) -> str:
        """Identity of the data directory."""
    @property
    def position(self) -> int:
        """The rows of all frames up to here are in the files."""
    @property
    def files(self) -> list[StoredObject]:
        """All files of rows."""

def read_manifest(data: bytes) -> ManifestInfo:
    """Reads a manifest. Raises `CorruptError`, `UnsupportedError` for one of a later version."""

@final
class SegmentInfo:
    """What counts of a log segment."""

    @property
    def number(self) -> int:
        """Place among the segments, from 1."""
    @property
    def first(self) -> int:
        """Position of its first frame."""
    @property
    def last(self) -> int:
        """Position of the last frame that counts; `first - 1` where none does."""
    @property
    def end(self) -> int:
        """Bytes up to behind that frame."""
    @property
    def last_s(self) -> int | None:
        """When that frame was written, in seconds since the epoch; 0 where that is not known."""

def read_segment(
    data: bytes, *, position_max: int | None = None, time_s_max: int | None = None
) -> SegmentInfo:
    """Reads the frames of a segment, up to the first that is not sound or lies behind a limit.

    Raises `CorruptError` where these are no bytes of a segment.
    """

@final
class ObjectStore:
    """The objects of a bucket."""

    @staticmethod
    def open(s3: Mapping[str, str]) -> ObjectStore:
        """Opens a bucket, with the keys of `Engine.open`. Nothing is sent yet."""
    def list(self, prefix: str) -> builtins.list[tuple[str, int]]:
        """Names and lengths of the objects in a folder and below; `""` for all."""
    def get(self, name: str) -> bytes:
        """A whole object. Raises `NotFoundError`, `InternalError` where there is no answer."""
    def put(self, name: str, data: bytes) -> None:
        """Makes an object, or replaces it; durable on return."""

@final
class Engine:
    """The database. One process may open a data directory at a time."""

    @staticmethod
    def open(
        data_dir: str | None,
        *,
        buffer_bytes_max: int,
        query_bytes_max: int,
        query_threads: int,
        node_id: str = "node0",
        s3: Mapping[str, str] | None = None,
        lag_bytes_max: int | None = None,
        databases_max: int | None = None,
        tables_max: int | None = None,
        columns_per_table_max: int | None = None,
        one_query_bytes_max: int | None = None,
        spill_bytes_max: int | None = None,
        queries_running_max: int | None = None,
        query_timeout_ms: int | None = None,
        column_cache_bytes_max: int | None = None,
    ) -> Engine:
        """Opens (or creates) a data directory and replays its log; `None` keeps all in memory.

        Rows are stored as Parquet files in the data directory, or with `s3` in a bucket, below the
        name of the node. Its keys: `bucket`, `region`, `endpoint`, `access_key_id`,
        `secret_access_key`, `session_token`, and `allow_http` and `skip_signature` with the value
        `true`.

        All queries together hold `query_bytes_max` in memory, and `spill_bytes_max` (8 GiB) in a
        folder of the data directory; each of them `one_query_bytes_max` (a third) in memory.
        `queries_running_max` of them (four per thread) run at once. One that is not done in
        `query_timeout_ms` is ended; `None` never does. Columns of files that are read again are
        kept in `column_cache_bytes_max` (64 MiB; 0 keeps none).

        Raises `ConflictError` where another process has it open, `CorruptError` with the file, the
        offset and the remedy, `InternalError` where the directory cannot be used.
        """
    def close(self) -> None:
        """Waits for queued writes to be durable, then ends. Later calls raise `ClosedError`."""
    def persist(self) -> None:
        """Stores what is committed by now, and lets the log go; stored, durably, on return.

        Raises `InternalError` where the store does not answer; it is then tried again by itself.
        """
    def compact(self) -> None:
        """Merges the files of all tables as far as that is due. Raises as `persist` does."""
    def cluster_uuid(self) -> str:
        """Identity of this data directory, made at its creation."""
    def write(
        self,
        database: str,
        body: bytes,
        *,
        precision: Precision,
        accept_partial: bool,
        no_sync: bool,
        now_ns: int,
    ) -> WriteTicket:
        """Parses line protocol and queues it for the log; creates what it names.

        Returns before the sync. With `accept_partial=False` one bad line refuses all: `errors` then
        has that line alone and `sequence` is 0. Raises `InvalidError` for a bad database name, bad
        UTF-8 or an empty body, `BusyError` when the buffer or the queue is full.
        """
    def write_arrow(
        self,
        database: str,
        table: str,
        body: bytes,
        *,
        tags: Sequence[str] | None,
        time: str,
        precision: Precision,
        accept_partial: bool,
        no_sync: bool,
        now_ns: int,
        bytes_max: int,
    ) -> WriteTicket:
        """Takes the rows of an Arrow IPC stream and queues them, as `write` does with lines.

        `tags=None` leaves it to the stream and to the table which columns are tags. Errors stand
        for ranges of rows. Raises `InvalidError` where the bytes are no stream of supported
        columns, `TooLargeError` where it unpacks to more than `bytes_max` bytes.
        """
    def commit_run(
        self,
        trigger_id: int,
        writes: Sequence[tuple[str, str]],
        *,
        cursor: int | None,
        depth: int,
        now_ns: int,
        tick_ns: int | None = None,
        state: Sequence[tuple[str, bytes | None]] = ...,
        tables: Sequence[tuple[str, str, Sequence[str] | None, bytes]] = ...,
        record: tuple[str, int] | None = None,
        internal: str = ...,
    ) -> WriteTicket:
        """Queues what a run leaves behind as one frame: it is there as a whole, or not at all.

        `writes` are (database, line protocol) pairs, `tables` Arrow IPC streams with database,
        table and tags (`None`: as `write_arrow` finds them), `state` keys of the trigger's state
        with their new values (`None` forgets one), `cursor` and `tick_ns` what is served with it,
        `record` a line for `_internal` up to its time, and the time: the field `rows_out` is added
        to it, `internal` further lines for `_internal`. The ticket counts the rows but those.

        Any bad line raises `InvalidError` that names the database and the line, and so does a state
        of more than 1 MiB, a value of more than 64 KiB or a key of more than 1 KiB.
        """
    def trigger_state(self, trigger_id: int, key: str) -> bytes | None:
        """A value of a trigger's state, as of the newest run that was committed."""
    def trigger_state_keys(self, trigger_id: int) -> list[str]:
        """The keys of a trigger's state, sorted."""
    @staticmethod
    def check_condition(condition: str) -> None:
        """Raises `InvalidError` for what is no condition in SQL, whatever its columns."""
    def committed(self) -> int:
        """Sequence of the newest write that is durable and visible to queries."""
    def commit_descriptor(self) -> int:
        """Readable after every group commit, for an event loop to watch; what it reads is empty."""
    def check_writable(self) -> None:
        """Raises `ClosedError` with the reason where nothing can be written any more."""
    def warning(self) -> str | None:
        """What whoever opened it should be told, such as that there was no log."""
    def store_failure(self) -> str | None:
        """Why rows could not be stored, for as long as they cannot; it is tried each second."""
    def log_first(self) -> int:
        """The first position that is still in the log."""
    def begin_backup(self) -> Backup:
        """Begins a consistent copy of all that is durable now. Raises `InternalError`."""
    def wait(self, sequence: int) -> None:
        """Blocks until `committed() >= sequence`. Raises `ClosedError` if that cannot happen."""
    def query(
        self,
        database: str,
        text: str,
        *,
        params: Mapping[str, Scalar] | None = None,
        format: Format = "json",
        series: SeriesFormat | None = None,
        language: Language = "sql",
        cancellation: Cancellation | None = None,
        number: int | None = None,
    ) -> QueryStream:
        """Plans a query over a snapshot taken now. `params` fill `$name` placeholders.

        In InfluxQL `text` is one statement; the metadata of the Arrow schema of its answer names
        the columns that are tags of its series (`iox::influxql::group_key::metadata`). `series`
        asks for those instead of rows in `format`.
        Raises `NotFoundError` (`query error: database not found: NAME`), `InvalidError` for text
        that does not plan, `UnsupportedError` for what this engine does not do, `TimedOutError`
        and `CancelledError` for a query that was ended meanwhile.

        With a `number` it returns at once: `ready_queries` gives that number when there is
        something to `poll`, which then raises all of these but the first.
        """
    def query_descriptor(self) -> int:
        """Readable once there are `ready_queries`, for an event loop to watch."""
    def ready_queries(self) -> list[int]:
        """Numbers of queries that have something to `poll`, given since the last call."""
    def parameters(self, database: str, sql: str) -> bytes:
        """What the placeholders of a statement in SQL take, as the schema of an Arrow stream.

        The n-th field is `$n` or the n-th `?`; names come after all numbers, in their order. A type
        that the statement does not tell is text. Raises `NotFoundError`, `InvalidError` and
        `UnsupportedError` as `query` does.
        """
    def cancel_query(self, id: int) -> None:
        """Ends a running query, by its id in `system.queries`; whoever waits for it is told.

        Raises `NotFoundError` where no such query runs.
        """
    def parse_lines(self, lines: str, *, now_ns: int) -> list[FeedTable]:
        """Line protocol as a trigger would receive it; nothing is stored.

        Raises `InvalidError` at the first bad line.
        """
    def check_lines(self, database: str, lines: str, *, now_ns: int) -> list[LineError]:
        """The errors that writing these lines would meet; nothing is stored."""
    def create_database(self, name: str, *, retention_ns: int | None = None) -> None:
        """Durable on return, as is every change of the catalog below."""
    def set_retention(self, name: str, retention_ns: int | None) -> None: ...
    def delete_database(self, name: str, *, now_ns: int, hard_delete_at_ns: int | None) -> None:
        """Renames it to `NAME-YYYYMMDDTHHMMSS`; past `hard_delete_at_ns` its rows go for good."""
    def databases(self) -> list[DatabaseInfo]:
        """All databases, deleted ones and `_internal` included."""
    def create_table(
        self,
        database: str,
        table: str,
        *,
        tags: Sequence[str],
        fields: Sequence[tuple[str, str]],
        retention_ns: int | None = None,
    ) -> None:
        """Creates a table (and its database); field types `utf8 int64 uint64 float64 bool`.

        Its rows are kept for `retention_ns`, or as long as its database says.
        """
    def set_table_retention(self, database: str, table: str, retention_ns: int | None) -> None:
        """Sets how long rows of a table are kept; `None` leaves it to its database."""
    def delete_rows(
        self,
        database: str,
        table: str,
        *,
        first_ns: int,
        last_ns: int,
        tags: Sequence[tuple[str, Sequence[str | None]]],
    ) -> None:
        """Deletes the rows from `first_ns` to `last_ns`, both included, that have these tags.

        Each tag must be one of its values; `None` stands for a row without the tag. Only what is
        committed by now goes. Durable, and gone for every later query, on return. Raises
        `InvalidError` for a name that is no tag, `NotFoundError`, `ConflictError` where the table
        is marked for deletion, `BusyError` where too many deletions wait to reach the files.
        """
    def delete_table(
        self, database: str, table: str, *, now_ns: int, hard_delete_at_ns: int | None
    ) -> None: ...
    def create_last_cache(
        self,
        database: str,
        table: str,
        *,
        name: str | None,
        key_columns: Sequence[str] | None,
        value_columns: Sequence[str] | None,
        count: int,
        ttl_s: int,
        now_ns: int,
    ) -> CacheInfo:
        """Makes a cache of the newest rows of each key; durable on return.

        `InvalidError` for columns and numbers that it cannot have, `NotFoundError`, `ConflictError`
        where the name is taken, `TooLargeError` where the database has too many caches.
        """
    def create_distinct_cache(
        self,
        database: str,
        table: str,
        *,
        name: str | None,
        columns: Sequence[str],
        max_cardinality: int,
        max_age_s: int,
        now_ns: int,
    ) -> CacheInfo:
        """Makes a cache of the values that columns have together. Raises as `create_last_cache`."""
    def delete_last_cache(self, database: str, table: str, name: str) -> None: ...
    def delete_distinct_cache(self, database: str, table: str, name: str) -> None: ...
    def purge(self, *, now_ns: int) -> int:
        """Removes what is past its hard deletion; returns how many databases and tables went."""
    def create_token(
        self, name: str, hash: bytes, *, created_at_ms: int, expiry_ms: int | None
    ) -> TokenInfo:
        """Raises `ConflictError` (`token name already exists, NAME`)."""
    def replace_token(self, name: str, hash: bytes, *, created_at_ms: int) -> TokenInfo:
        """Gives a token a new hash; the old one is dead on return."""
    def delete_token(self, name: str) -> None: ...
    def tokens(self) -> list[TokenInfo]: ...
    def create_trigger(
        self,
        database: str,
        name: str,
        *,
        plugin_filename: str,
        specification: str,
        specification_json: str,
        arguments: Mapping[str, str] | None,
        run_async: bool,
        error_behavior: str,
        disabled: bool,
        options: str = ...,
    ) -> TriggerInfo:
        """Its cursor is the newest position: a trigger sees what is written after it was made."""
    def set_trigger_disabled(self, database: str, name: str, *, disabled: bool) -> TriggerInfo:
        """Enabling moves the cursor to the newest position."""
    def delete_trigger(self, database: str, name: str) -> None: ...
    def triggers(self) -> list[TriggerInfo]: ...
    def feed(
        self,
        trigger_id: int,
        *,
        table: str | None,
        own_output: bool = False,
        columns: Sequence[str] | None = None,
        condition: str | None = None,
    ) -> Feed:
        """Rows of a trigger's database, or of one table of it, from its cursor on.

        `columns` are those that the rows have beside `time`; rows that `condition` (SQL) is not
        true for are left out. A read raises `InvalidError` where it cannot be evaluated.
        """
    def log(self, *, time_ns: int, trigger_name: str, level: str, text: str) -> None:
        """Adds a line to `system.processing_engine_logs` (a ring of 10,000 lines, in memory)."""
    def set_plugin_files(self, rows: Sequence[tuple[str, str, str, int, int]]) -> None:
        """Sets `system.plugin_files`: plugin, file, path, size (bytes), last change (epoch, ms)."""
    def stats(self) -> EngineStats: ...
