//! Tables in memory for the tests of queries, and the shortest way to ask them something.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int64Array,
    TimestampNanosecondArray,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;

use crate::error::{ErrorKind, Result};
use crate::query::{
    Batches, BlockInfo, Cancellation, Database, DatabaseRow, Format, Language, LogLine, LogRing,
    NodeRow, Param, QueryEngine, QueryLimits, QueryStream, Question, SystemSource, TableRow,
    TableSnapshot, TimeRange, TokenRow, TriggerRow,
};
use crate::schema::TagFilter;

/// One row of the table `weather`: host and room are its tags.
pub(super) type Row<'a> = (i64, Option<&'a str>, Option<&'a str>, Option<f64>, Option<i64>);

/// A table of given blocks that counts what is read of it.
pub(super) struct Table {
    schema: SchemaRef,
    blocks: Vec<RecordBatch>,
    pub(super) reads: Arc<AtomicUsize>,
}

impl fmt::Debug for Table {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("Table")
    }
}

pub(super) fn tag_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

impl Table {
    /// `weather` with the columns `host`, `level`, `room`, `temperature`, `time`.
    pub(super) fn weather(blocks: &[&[Row]]) -> Arc<Self> {
        let blocks: Vec<RecordBatch> = blocks.iter().map(|rows| weather_block(rows)).collect();
        Self::new(weather_schema(), blocks)
    }

    pub(super) fn new(schema: SchemaRef, blocks: Vec<RecordBatch>) -> Arc<Self> {
        Arc::new(Self { schema, blocks, reads: Arc::default() })
    }
}

fn times(block: &RecordBatch) -> TimestampNanosecondArray {
    let (index, _) = block.schema_ref().column_with_name("time").unwrap();
    block.column(index).as_any().downcast_ref::<TimestampNanosecondArray>().unwrap().clone()
}

impl TableSnapshot for Table {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn with_tags(&self, filter: Arc<dyn TagFilter>) -> Result<Arc<dyn TableSnapshot>> {
        let narrow = |block: &RecordBatch| {
            let names = filter.schema().fields().iter().map(|field| field.name());
            let columns = names.map(|name| block.schema_ref().index_of(name).unwrap());
            let tags = block.project(&columns.collect::<Vec<_>>()).unwrap();
            let passing = BooleanArray::new(filter.passing(&tags)?, None);
            Ok(filter_record_batch(block, &passing).unwrap())
        };
        let blocks: Vec<RecordBatch> = self.blocks.iter().map(narrow).collect::<Result<_>>()?;
        let blocks = blocks.into_iter().filter(|block| block.num_rows() > 0).collect();
        let (schema, reads) = (Arc::clone(&self.schema), Arc::clone(&self.reads));
        Ok(Arc::new(Self { schema, blocks, reads }))
    }

    fn block_count(&self) -> usize {
        self.blocks.len()
    }

    fn block(&self, index: usize) -> BlockInfo {
        let times = times(&self.blocks[index]);
        let values = times.values().iter().copied();
        BlockInfo {
            rows: times.len(),
            time_min: values.clone().min().unwrap(),
            time_max: values.max().unwrap(),
        }
    }

    fn read(&self, index: usize, projection: &[usize], time: TimeRange) -> Result<Batches> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let block = &self.blocks[index];
        let times = times(block);
        let in_time = times.values().iter().map(|at| Some((time.min..=time.max).contains(at)));
        let kept = filter_record_batch(block, &in_time.collect::<BooleanArray>());
        Ok(Box::new(std::iter::once(Ok(kept.unwrap().project(projection).unwrap()))))
    }

    fn row_count_exact(&self) -> Option<usize> {
        Some(self.blocks.iter().map(RecordBatch::num_rows).sum())
    }
}

fn column_type(field: Field, kind: &str) -> Field {
    let key = "iox::column::type".to_owned();
    field.with_metadata([(key, format!("iox::column_type::{kind}"))].into())
}

fn weather_schema() -> SchemaRef {
    let time = DataType::Timestamp(TimeUnit::Nanosecond, None);
    Arc::new(Schema::new(vec![
        column_type(Field::new("host", tag_type(), true), "tag"),
        column_type(Field::new("level", DataType::Int64, true), "field::integer"),
        column_type(Field::new("room", tag_type(), true), "tag"),
        column_type(Field::new("temperature", DataType::Float64, true), "field::float"),
        column_type(Field::new("time", time, false), "timestamp"),
    ]))
}

fn weather_block(rows: &[Row]) -> RecordBatch {
    let host: DictionaryArray<Int32Type> = rows.iter().map(|row| row.1).collect();
    let room: DictionaryArray<Int32Type> = rows.iter().map(|row| row.2).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(host),
        Arc::new(rows.iter().map(|row| row.4).collect::<Int64Array>()),
        Arc::new(room),
        Arc::new(rows.iter().map(|row| row.3).collect::<Float64Array>()),
        Arc::new(TimestampNanosecondArray::from_iter_values(rows.iter().map(|row| row.0))),
    ];
    RecordBatch::try_new(weather_schema(), columns).unwrap()
}

/// A database of given tables.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) name: &'static str,
    pub(super) tables: Vec<(&'static str, Arc<Table>)>,
}

impl Database for Tables {
    fn name(&self) -> &str {
        self.name
    }

    fn table_names(&self) -> Vec<String> {
        self.tables.iter().map(|(name, _)| (*name).to_owned()).collect()
    }

    fn schema(&self, table: &str) -> Option<SchemaRef> {
        let found = self.tables.iter().find(|(name, _)| *name == table);
        found.map(|(_, table)| table.schema())
    }

    fn table(&self, name: &str) -> Result<Option<Arc<dyn TableSnapshot>>> {
        let found = self.tables.iter().find(|(table, _)| *table == name);
        Ok(found.map(|(_, table)| Arc::clone(table) as Arc<dyn TableSnapshot>))
    }
}

/// A system with one of everything.
#[derive(Debug, Default)]
pub(super) struct System {
    pub(super) logs: LogRing,
}

impl SystemSource for System {
    fn triggers(&self) -> Vec<TriggerRow> {
        vec![TriggerRow {
            trigger_name: "alarm".to_owned(),
            plugin_filename: "alarm.py".to_owned(),
            specification: "every:1m".to_owned(),
            disabled: false,
            error_behavior: "log".to_owned(),
            arguments: vec![("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())],
            run_async: true,
            options: "{\"batch_rows\":5}".to_owned(),
            cursor: 7,
            tick_ns: Some(8),
            state_bytes: 9,
        }]
    }

    fn log_lines(&self) -> Vec<Arc<LogLine>> {
        self.logs.snapshot()
    }

    fn databases(&self) -> Vec<DatabaseRow> {
        let database_name = "sensors".to_owned();
        vec![DatabaseRow { database_name, retention_period_ns: Some(5), ..DatabaseRow::default() }]
    }

    fn tables(&self) -> Vec<TableRow> {
        vec![TableRow {
            database_name: "sensors".to_owned(),
            table_name: "weather".to_owned(),
            column_count: 5,
            last_caches: 2,
            distinct_caches: 1,
            series_key: vec!["host".to_owned(), "room".to_owned()],
            deleted: true,
            hard_deletion_time_s: Some(86_400),
        }]
    }

    fn tokens(&self) -> Vec<TokenRow> {
        vec![TokenRow { name: "_admin".to_owned(), ..TokenRow::default() }]
    }

    fn nodes(&self) -> Vec<NodeRow> {
        vec![NodeRow { modes: vec!["core".to_owned()], ..NodeRow::default() }]
    }
}

/// An engine over one database.
pub(super) struct Fixture {
    pub(super) engine: QueryEngine,
    pub(super) database: Arc<Tables>,
    pub(super) system: Arc<System>,
}

pub(super) const MEMORY_BYTES: usize = 256 * 1_024 * 1_024;

impl Fixture {
    pub(super) fn new(tables: Vec<(&'static str, Arc<Table>)>) -> Self {
        Self::of(Tables { name: "sensors", tables })
    }

    pub(super) fn of(database: Tables) -> Self {
        Self::with(database, &QueryLimits::of(MEMORY_BYTES, 2))
    }

    pub(super) fn with(database: Tables, limits: &QueryLimits) -> Self {
        let engine = QueryEngine::new(limits).unwrap();
        Self { engine, database: Arc::new(database), system: Arc::default() }
    }

    /// The answer of a query that nobody cancels, before it is read.
    pub(super) fn begin(
        &self,
        sql: &str,
        params: Vec<(String, Param)>,
        format: Format,
    ) -> Result<QueryStream> {
        self.engine.query(self.question(sql, params, format), &Cancellation::default())
    }

    pub(super) fn question(
        &self,
        sql: &str,
        params: Vec<(String, Param)>,
        format: Format,
    ) -> Question {
        let database = Arc::clone(&self.database) as Arc<dyn Database>;
        let system = Arc::clone(&self.system) as Arc<dyn SystemSource>;
        Question { database, system, language: Language::Sql, text: sql.to_owned(), params, format }
    }

    pub(super) fn bytes(
        &self,
        sql: &str,
        params: Vec<(String, Param)>,
        format: Format,
    ) -> Result<Vec<u8>> {
        let mut stream = self.begin(sql, params, format)?;
        let mut answer = Vec::new();
        while let Some(chunk) = stream.next_chunk()? {
            assert!(!chunk.is_empty());
            answer.extend(chunk);
        }
        Ok(answer)
    }

    pub(super) fn text(&self, sql: &str, format: Format) -> Result<String> {
        self.bytes(sql, Vec::new(), format).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    pub(super) fn json(&self, sql: &str) -> String {
        self.text(sql, Format::Json).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub(super) fn csv(&self, sql: &str) -> String {
        self.text(sql, Format::Csv).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The kind and the message of the error that `sql` ends with.
    pub(super) fn error(&self, sql: &str) -> (ErrorKind, String) {
        match self.text(sql, Format::Json) {
            Ok(answer) => panic!("{sql}: {answer}"),
            Err(error) => (error.kind(), error.to_string()),
        }
    }
}
