//! The class `Engine`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};

use super::backup::Backup;
use super::cache::CacheInfo;
use super::catalog::{DatabaseInfo, TokenInfo, TriggerInfo};
use super::enter::enter;
use super::errors::{InvalidError, to_python};
use super::feed::{Feed, FeedTable};
use super::location::store_location;
use super::query::{Scalar, SeriesFormat, format_of, language_of, params_of};
use super::stats::EngineStats;
use super::stream::{Cancellation, QueryStream};
use super::write::{LineError, WriteTicket};
use crate::engine::{
    ArrowRequest, Engine as Inner, FeedChoice, NewDistinctCache, NewLastCache, NewTrigger, Options,
    RunOutput, RunRecord, RunRows, WriteRequest, persist_bytes,
};
use crate::line::Precision;
use crate::query::{self, PluginFileRow, QueryLimits};
use crate::schema::{CacheKind, CatalogLimits, TagCondition, TimeRange};

/// The database. One process may open a data directory at a time.
#[pyclass(frozen, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct Engine(Arc<Inner>);

/// Database, table, tags and IPC stream of rows that a run wrote.
type RunTable = (String, String, Option<Vec<String>>, PyBackedBytes);

fn run_rows((database, table, tags, stream): RunTable) -> RunRows {
    RunRows { database, table, tags, stream: Bytes::from_owner(stream) }
}

#[pymethods]
#[expect(clippy::needless_pass_by_value, reason = "arguments are converted into owned values")]
impl Engine {
    #[staticmethod]
    #[pyo3(signature = (
        data_dir, *, buffer_bytes_max, query_bytes_max, query_threads, node_id = "node0", s3 = None,
        lag_bytes_max = None, databases_max = None, tables_max = None,
        columns_per_table_max = None, one_query_bytes_max = None, spill_bytes_max = None,
        queries_running_max = None, query_timeout_ms = None, column_cache_bytes_max = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of the Python method")]
    fn open(
        py: Python<'_>,
        data_dir: Option<std::path::PathBuf>,
        buffer_bytes_max: usize,
        query_bytes_max: usize,
        query_threads: usize,
        node_id: &str,
        s3: Option<HashMap<String, String>>,
        lag_bytes_max: Option<u64>,
        databases_max: Option<usize>,
        tables_max: Option<usize>,
        columns_per_table_max: Option<usize>,
        one_query_bytes_max: Option<usize>,
        spill_bytes_max: Option<u64>,
        queries_running_max: Option<usize>,
        query_timeout_ms: Option<u64>,
        column_cache_bytes_max: Option<usize>,
    ) -> PyResult<Self> {
        let base = Options::default();
        let usual = CatalogLimits::default();
        let catalog_limits = CatalogLimits {
            databases: databases_max.unwrap_or(usual.databases),
            tables: tables_max.unwrap_or(usual.tables),
            columns_per_table: columns_per_table_max.unwrap_or(usual.columns_per_table),
        };
        let usual = QueryLimits::of(query_bytes_max, query_threads);
        let queries = QueryLimits {
            query_bytes: one_query_bytes_max.unwrap_or(usual.query_bytes).min(query_bytes_max),
            spill_bytes: spill_bytes_max.unwrap_or(usual.spill_bytes),
            running: queries_running_max.unwrap_or(usual.running),
            timeout: query_timeout_ms.map(Duration::from_millis),
            ..usual
        };
        let options = Options {
            store: store_location(data_dir.is_some(), s3)?,
            data_dir,
            node_id: node_id.to_owned(),
            persist_bytes: persist_bytes(buffer_bytes_max),
            buffer_bytes_max,
            queries,
            lag_bytes_max: lag_bytes_max.unwrap_or(base.lag_bytes_max),
            column_cache_bytes: column_cache_bytes_max.unwrap_or(base.column_cache_bytes),
            catalog_limits,
            ..base
        };
        enter(py, || Inner::open(&options)).map(Self)
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        enter(py, || {
            self.0.close();
            Ok(())
        })
    }

    fn persist(&self, py: Python<'_>) -> PyResult<()> {
        enter(py, || self.0.persist())
    }

    fn compact(&self, py: Python<'_>) -> PyResult<()> {
        enter(py, || self.0.compact())
    }

    fn cluster_uuid(&self) -> String {
        self.0.catalog().uuid.to_string()
    }

    #[pyo3(signature = (database, body, *, precision, accept_partial, no_sync, now_ns))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of the Python method")]
    fn write(
        &self,
        py: Python<'_>,
        database: &str,
        body: &[u8],
        precision: &str,
        accept_partial: bool,
        no_sync: bool,
        now_ns: i64,
    ) -> PyResult<WriteTicket> {
        let precision = precision_of(precision)?;
        let request = WriteRequest { database, body, precision, accept_partial, no_sync, now_ns };
        enter(py, || self.0.write(&request)).map(WriteTicket::from)
    }

    #[pyo3(signature = (
        database, table, body, *, tags, time, precision, accept_partial, no_sync, now_ns, bytes_max
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of the Python method")]
    fn write_arrow(
        &self,
        py: Python<'_>,
        database: &str,
        table: &str,
        body: PyBackedBytes,
        tags: Option<Vec<String>>,
        time: &str,
        precision: &str,
        accept_partial: bool,
        no_sync: bool,
        now_ns: i64,
        bytes_max: usize,
    ) -> PyResult<WriteTicket> {
        let request = ArrowRequest {
            database,
            table,
            body: Bytes::from_owner(body),
            tags: tags.as_deref(),
            time,
            precision: precision_of(precision)?,
            accept_partial,
            no_sync,
            now_ns,
            bytes_max,
        };
        enter(py, || self.0.write_arrow(&request)).map(WriteTicket::from)
    }

    #[pyo3(signature = (
        trigger_id, writes, *, cursor, depth, now_ns, tick_ns = None, state = Vec::new(),
        tables = Vec::new(), record = None, internal = String::new()
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of the Python method")]
    fn commit_run(
        &self,
        py: Python<'_>,
        trigger_id: u32,
        writes: Vec<(String, String)>,
        cursor: Option<u64>,
        depth: u8,
        now_ns: i64,
        tick_ns: Option<i64>,
        state: Vec<(String, Option<Vec<u8>>)>,
        tables: Vec<RunTable>,
        record: Option<(String, i64)>,
        internal: String,
    ) -> PyResult<WriteTicket> {
        let rows = tables.into_iter().map(run_rows).collect();
        let record = record.map(|(line, time_ns)| RunRecord { line, time_ns });
        let lines = writes;
        let output = RunOutput { lines, rows, state, cursor, tick_ns, record, internal, depth };
        enter(py, || self.0.commit_run(trigger_id, &output, now_ns)).map(WriteTicket::from)
    }

    fn trigger_state(&self, trigger_id: u32, key: &str) -> Option<Cow<'static, [u8]>> {
        self.0.trigger_state(trigger_id, key).map(|value| Cow::Owned(value.to_vec()))
    }

    fn trigger_state_keys(&self, trigger_id: u32) -> Vec<String> {
        let keys = self.0.trigger_state_keys(trigger_id);
        keys.iter().map(ToString::to_string).collect()
    }

    #[staticmethod]
    fn check_condition(condition: &str) -> PyResult<()> {
        query::check_condition(condition).map_err(|error| to_python(&error))
    }

    fn begin_backup(&self, py: Python<'_>) -> PyResult<Backup> {
        enter(py, || self.0.begin_backup()).map(Backup::from)
    }

    fn committed(&self) -> u64 {
        self.0.committed()
    }

    fn warning(&self) -> Option<&str> {
        self.0.warning()
    }

    fn store_failure(&self) -> Option<String> {
        self.0.store_failure()
    }

    fn log_first(&self) -> u64 {
        self.0.log_first()
    }

    fn commit_descriptor(&self) -> i32 {
        self.0.commit_descriptor()
    }

    fn check_writable(&self) -> PyResult<()> {
        self.0.check_writable().map_err(|error| to_python(&error))
    }

    fn wait(&self, py: Python<'_>, sequence: u64) -> PyResult<()> {
        enter(py, || self.0.wait(sequence))
    }

    #[pyo3(signature = (
        database, text, *, params = None, format = "json", series = None, language = "sql",
        cancellation = None, number = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of the Python method")]
    fn query(
        &self,
        py: Python<'_>,
        database: &str,
        text: &str,
        params: Option<HashMap<String, Option<Scalar>>>,
        format: &str,
        series: Option<&SeriesFormat>,
        language: &str,
        cancellation: Option<&Cancellation>,
        number: Option<u64>,
    ) -> PyResult<QueryStream> {
        let params = params_of(params);
        let format = series.map_or_else(|| format_of(format), |series| Ok(series.inner()))?;
        let language = language_of(language)?;
        let own = query::Cancellation::default();
        let until = cancellation.map_or(&own, Cancellation::inner);
        let text = (language, text);
        let stream = match number {
            None => enter(py, || self.0.query_until(text, database, params, format, until)),
            Some(number) => {
                let started = self.0.start_query(text, database, params, format, until, number);
                started.map_err(|error| to_python(&error))
            }
        };
        stream.map(QueryStream::from)
    }

    fn parameters<'py>(
        &self,
        py: Python<'py>,
        database: &str,
        sql: &str,
    ) -> PyResult<Bound<'py, PyBytes>> {
        enter(py, || self.0.parameters(database, sql)).map(|bytes| PyBytes::new(py, &bytes))
    }

    fn query_descriptor(&self) -> i32 {
        self.0.ready_queries().descriptor()
    }

    fn ready_queries(&self) -> Vec<u64> {
        self.0.ready_queries().take()
    }

    fn cancel_query(&self, id: u64) -> PyResult<()> {
        self.0.cancel_query(id).map_err(|error| to_python(&error))
    }

    #[pyo3(signature = (lines, *, now_ns))]
    fn parse_lines(&self, py: Python<'_>, lines: &str, now_ns: i64) -> PyResult<Vec<FeedTable>> {
        let tables = enter(py, || self.0.parse_lines(lines, now_ns))?;
        Ok(tables.iter().map(FeedTable::from).collect())
    }

    #[pyo3(signature = (database, lines, *, now_ns))]
    fn check_lines(
        &self,
        py: Python<'_>,
        database: &str,
        lines: &str,
        now_ns: i64,
    ) -> PyResult<Vec<LineError>> {
        let refused = enter(py, || self.0.check_lines(database, lines, now_ns))?;
        Ok(refused.into_iter().map(LineError::from).collect())
    }

    #[pyo3(signature = (name, *, retention_ns = None))]
    fn create_database(
        &self,
        py: Python<'_>,
        name: &str,
        retention_ns: Option<i64>,
    ) -> PyResult<()> {
        enter(py, || self.0.create_database(name, retention_ns))
    }

    fn set_retention(&self, py: Python<'_>, name: &str, retention_ns: Option<i64>) -> PyResult<()> {
        enter(py, || self.0.set_retention(name, retention_ns))
    }

    #[pyo3(signature = (name, *, now_ns, hard_delete_at_ns))]
    fn delete_database(
        &self,
        py: Python<'_>,
        name: &str,
        now_ns: i64,
        hard_delete_at_ns: Option<i64>,
    ) -> PyResult<()> {
        enter(py, || self.0.delete_database(name, now_ns, hard_delete_at_ns))
    }

    fn databases(&self) -> Vec<DatabaseInfo> {
        self.0.catalog().databases.values().map(DatabaseInfo::from).collect()
    }

    #[pyo3(signature = (database, table, *, tags, fields, retention_ns = None))]
    fn create_table(
        &self,
        py: Python<'_>,
        database: &str,
        table: &str,
        tags: Vec<String>,
        fields: Vec<(String, String)>,
        retention_ns: Option<i64>,
    ) -> PyResult<()> {
        enter(py, || self.0.create_table(database, table, &tags, &fields, retention_ns))
    }

    fn set_table_retention(
        &self,
        py: Python<'_>,
        database: &str,
        table: &str,
        retention_ns: Option<i64>,
    ) -> PyResult<()> {
        enter(py, || self.0.set_table_retention(database, table, retention_ns))
    }

    #[pyo3(signature = (database, table, *, first_ns, last_ns, tags))]
    fn delete_rows(
        &self,
        py: Python<'_>,
        database: &str,
        table: &str,
        first_ns: i64,
        last_ns: i64,
        tags: Vec<(String, Vec<Option<String>>)>,
    ) -> PyResult<()> {
        let times = TimeRange { min: first_ns, max: last_ns };
        let tags = tags.into_iter().map(condition).collect();
        enter(py, || self.0.delete_rows(database, table, times, tags))
    }

    #[pyo3(signature = (database, table, *, now_ns, hard_delete_at_ns))]
    fn delete_table(
        &self,
        py: Python<'_>,
        database: &str,
        table: &str,
        now_ns: i64,
        hard_delete_at_ns: Option<i64>,
    ) -> PyResult<()> {
        enter(py, || self.0.delete_table(database, table, now_ns, hard_delete_at_ns))
    }

    #[pyo3(signature = (
        database, table, *, name, key_columns, value_columns, count, ttl_s, now_ns
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of the Python method")]
    fn create_last_cache(
        &self,
        py: Python<'_>,
        database: &str,
        table: &str,
        name: Option<String>,
        key_columns: Option<Vec<String>>,
        value_columns: Option<Vec<String>>,
        count: u64,
        ttl_s: u64,
        now_ns: i64,
    ) -> PyResult<CacheInfo> {
        let new = NewLastCache { name, key_columns, value_columns, count, ttl_s };
        enter(py, || self.0.create_last_cache(database, table, &new, now_ns)).map(CacheInfo::from)
    }

    #[pyo3(signature = (database, table, *, name, columns, max_cardinality, max_age_s, now_ns))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of the Python method")]
    fn create_distinct_cache(
        &self,
        py: Python<'_>,
        database: &str,
        table: &str,
        name: Option<String>,
        columns: Vec<String>,
        max_cardinality: u64,
        max_age_s: u64,
        now_ns: i64,
    ) -> PyResult<CacheInfo> {
        let new = NewDistinctCache { name, columns, max_cardinality, max_age_s };
        let create = || self.0.create_distinct_cache(database, table, &new, now_ns);
        enter(py, create).map(CacheInfo::from)
    }

    fn delete_last_cache(
        &self,
        py: Python<'_>,
        database: &str,
        table: &str,
        name: &str,
    ) -> PyResult<()> {
        enter(py, || self.0.delete_cache(database, table, CacheKind::Last, name))
    }

    fn delete_distinct_cache(
        &self,
        py: Python<'_>,
        database: &str,
        table: &str,
        name: &str,
    ) -> PyResult<()> {
        enter(py, || self.0.delete_cache(database, table, CacheKind::Distinct, name))
    }

    #[pyo3(signature = (*, now_ns))]
    fn purge(&self, py: Python<'_>, now_ns: i64) -> PyResult<usize> {
        enter(py, || self.0.purge(now_ns))
    }

    #[pyo3(signature = (name, hash, *, created_at_ms, expiry_ms))]
    fn create_token(
        &self,
        py: Python<'_>,
        name: &str,
        hash: [u8; 64],
        created_at_ms: i64,
        expiry_ms: Option<i64>,
    ) -> PyResult<TokenInfo> {
        enter(py, || self.0.create_token(name, hash, created_at_ms, expiry_ms)).map(TokenInfo::from)
    }

    #[pyo3(signature = (name, hash, *, created_at_ms))]
    fn replace_token(
        &self,
        py: Python<'_>,
        name: &str,
        hash: [u8; 64],
        created_at_ms: i64,
    ) -> PyResult<TokenInfo> {
        enter(py, || self.0.replace_token(name, hash, created_at_ms)).map(TokenInfo::from)
    }

    fn delete_token(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        enter(py, || self.0.delete_token(name))
    }

    fn tokens(&self) -> Vec<TokenInfo> {
        self.0.catalog().tokens.values().cloned().map(TokenInfo::from).collect()
    }

    #[pyo3(signature = (
        database, name, *, plugin_filename, specification, specification_json, arguments,
        run_async, error_behavior, disabled, options = String::new()
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of the Python method")]
    fn create_trigger(
        &self,
        py: Python<'_>,
        database: String,
        name: String,
        plugin_filename: String,
        specification: String,
        specification_json: String,
        arguments: Option<Bound<'_, PyDict>>,
        run_async: bool,
        error_behavior: String,
        disabled: bool,
        options: String,
    ) -> PyResult<TriggerInfo> {
        let new = NewTrigger {
            database,
            name,
            plugin_filename,
            specification,
            specification_json,
            arguments: arguments.as_ref().map(pairs).transpose()?,
            run_async,
            error_behavior,
            disabled,
            options,
        };
        let trigger = enter(py, || self.0.create_trigger(new))?;
        Ok(TriggerInfo::new(trigger, &self.0.catalog()))
    }

    #[pyo3(signature = (database, name, *, disabled))]
    fn set_trigger_disabled(
        &self,
        py: Python<'_>,
        database: &str,
        name: &str,
        disabled: bool,
    ) -> PyResult<TriggerInfo> {
        let trigger = enter(py, || self.0.set_trigger_disabled(database, name, disabled))?;
        Ok(TriggerInfo::new(trigger, &self.0.catalog()))
    }

    fn delete_trigger(&self, py: Python<'_>, database: &str, name: &str) -> PyResult<()> {
        enter(py, || self.0.delete_trigger(database, name))
    }

    fn triggers(&self) -> Vec<TriggerInfo> {
        let catalog = self.0.catalog();
        let triggers = catalog.triggers.values().cloned();
        triggers.map(|trigger| TriggerInfo::new(trigger, &catalog)).collect()
    }

    #[pyo3(signature = (
        trigger_id, *, table, own_output = false, columns = None, condition = None
    ))]
    fn feed(
        &self,
        py: Python<'_>,
        trigger_id: u32,
        table: Option<String>,
        own_output: bool,
        columns: Option<Vec<String>>,
        condition: Option<String>,
    ) -> PyResult<Feed> {
        let wanted = FeedChoice { table, own_output, columns, condition };
        enter(py, || self.0.feed(trigger_id, wanted)).map(Feed::from)
    }

    #[pyo3(signature = (*, time_ns, trigger_name, level, text))]
    fn log(&self, time_ns: i64, trigger_name: &str, level: &str, text: &str) {
        self.0.log(time_ns, trigger_name, level, text);
    }

    fn set_plugin_files(&self, rows: Vec<(String, String, String, i64, i64)>) {
        self.0.set_plugin_files(rows.into_iter().map(plugin_file).collect());
    }

    fn stats(&self) -> EngineStats {
        self.0.stats().into()
    }
}

fn plugin_file(row: (String, String, String, i64, i64)) -> PluginFileRow {
    let (plugin_name, file_name, file_path, size_bytes, last_modified_ms) = row;
    PluginFileRow { plugin_name, file_name, file_path, size_bytes, last_modified_ms }
}

fn precision_of(name: &str) -> PyResult<Precision> {
    Precision::parse(name)
        .ok_or_else(|| InvalidError::new_err(format!("unrecognized precision unit: {name}")))
}

fn condition((tag, values): (String, Vec<Option<String>>)) -> TagCondition {
    let values = values.into_iter().map(|value| value.map(Into::into)).collect();
    TagCondition { tag: tag.into(), values }
}

/// The members of a dict, in its order.
fn pairs(arguments: &Bound<'_, PyDict>) -> PyResult<Vec<(String, String)>> {
    arguments.iter().map(|(key, value)| Ok((key.extract()?, value.extract()?))).collect()
}
