//! The system tables one by one: name, columns, rows.
//!
//! Comes in: the sources of rows. Goes out: a batch. Stays true: the schema of a table is that of
//! its batch without rows, so that the two cannot differ.

use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::error::Result;

use super::Sources;
use super::caches;
use super::columns::{
    Column, duration_or_null, flag, integer, integer_or_null, none, text, text_or_null, time_ms,
    time_ms_or_null, time_ns, time_ns_or_null, unsigned, unsigned_32, unsigned_or_null,
    utc_s_or_null, view, view_or_null, views,
};
use super::log_ring::LogLine;
use super::query_log::{Entry, Phase, Progress};
use super::rows::{DatabaseRow, FileRow, NodeRow, PluginFileRow, TableRow, TokenRow, TriggerRow};

/// A system table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Databases,
    DistinctCaches,
    GenerationDurations,
    InfluxdbSchema,
    LastCaches,
    Nodes,
    ParquetFiles,
    PluginFiles,
    Logs,
    TriggerArguments,
    TriggerSettings,
    Triggers,
    Queries,
    Tables,
    Tokens,
}

/// All tables in the order of their names.
pub(super) const ALL: [Kind; 15] = [
    Kind::Databases,
    Kind::DistinctCaches,
    Kind::GenerationDurations,
    Kind::InfluxdbSchema,
    Kind::LastCaches,
    Kind::Nodes,
    Kind::ParquetFiles,
    Kind::PluginFiles,
    Kind::Logs,
    Kind::TriggerArguments,
    Kind::TriggerSettings,
    Kind::Triggers,
    Kind::Queries,
    Kind::Tables,
    Kind::Tokens,
];

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Databases => "databases",
            Self::DistinctCaches => "distinct_caches",
            Self::GenerationDurations => "generation_durations",
            Self::InfluxdbSchema => "influxdb_schema",
            Self::LastCaches => "last_caches",
            Self::Nodes => "nodes",
            Self::ParquetFiles => "parquet_files",
            Self::PluginFiles => "plugin_files",
            Self::Logs => "processing_engine_logs",
            Self::TriggerArguments => "processing_engine_trigger_arguments",
            Self::TriggerSettings => "processing_engine_trigger_settings",
            Self::Triggers => "processing_engine_triggers",
            Self::Queries => "queries",
            Self::Tables => "tables",
            Self::Tokens => "tokens",
        }
    }

    /// Whether every database has the table, not `_internal` alone.
    pub(super) fn is_everywhere(self) -> bool {
        match self {
            Self::Databases
            | Self::GenerationDurations
            | Self::Nodes
            | Self::PluginFiles
            | Self::Tables
            | Self::Tokens => false,
            Self::DistinctCaches
            | Self::InfluxdbSchema
            | Self::LastCaches
            | Self::ParquetFiles
            | Self::Logs
            | Self::TriggerArguments
            | Self::TriggerSettings
            | Self::Triggers
            | Self::Queries => true,
        }
    }

    pub(super) fn schema(self) -> SchemaRef {
        let fields: Vec<Field> = self.columns(None).into_iter().map(|(field, _)| field).collect();
        Arc::new(Schema::new(fields))
    }

    pub(super) fn rows(self, sources: &Sources) -> Result<RecordBatch> {
        let (fields, arrays): (Vec<Field>, Vec<_>) =
            self.columns(Some(sources)).into_iter().unzip();
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
    }

    /// The columns with their rows; without rows where there are no sources.
    fn columns(self, from: Option<&Sources>) -> Vec<Column> {
        let system = from.map(|sources| &sources.system);
        match self {
            Self::Databases => databases(&rows_or_none(system.map(|s| s.databases()))),
            Self::DistinctCaches => {
                caches::distinct(&rows_or_none(system.map(|s| s.distinct_caches())))
            }
            Self::GenerationDurations => generation_durations(),
            Self::InfluxdbSchema => influxdb_schema(&rows_or_none(from.map(schema_rows))),
            Self::LastCaches => caches::last(&rows_or_none(system.map(|s| s.last_caches()))),
            Self::Nodes => nodes(&rows_or_none(system.map(|s| s.nodes()))),
            Self::ParquetFiles => parquet_files(&rows_or_none(from.map(|s| s.database.files()))),
            Self::PluginFiles => plugin_files(&rows_or_none(system.map(|s| s.plugin_files()))),
            Self::Logs => logs(&rows_or_none(system.map(|s| s.log_lines()))),
            Self::TriggerArguments => arguments(&rows_or_none(system.map(|s| s.triggers()))),
            Self::TriggerSettings => settings(&rows_or_none(system.map(|s| s.triggers()))),
            Self::Triggers => triggers(&rows_or_none(system.map(|s| s.triggers()))),
            Self::Queries => queries(&rows_or_none(from.map(|sources| sources.queries.snapshot()))),
            Self::Tables => tables(&rows_or_none(system.map(|s| s.tables()))),
            Self::Tokens => tokens(&rows_or_none(system.map(|s| s.tokens()))),
        }
    }
}

fn rows_or_none<T>(rows: Option<Vec<T>>) -> Vec<T> {
    rows.unwrap_or_default()
}

fn databases(rows: &[DatabaseRow]) -> Vec<Column> {
    vec![
        view("database_name", rows.iter().map(|row| &row.database_name)),
        unsigned_or_null("retention_period_ns", rows.iter().map(|row| row.retention_period_ns)),
        flag("deleted", rows.iter().map(|row| row.deleted)),
        utc_s_or_null("hard_deletion_time", rows.iter().map(|row| row.hard_deletion_time_s)),
    ]
}

fn tables(rows: &[TableRow]) -> Vec<Column> {
    vec![
        view("database_name", rows.iter().map(|row| &row.database_name)),
        view("table_name", rows.iter().map(|row| &row.table_name)),
        unsigned("column_count", rows.iter().map(|row| row.column_count)),
        view("series_key_columns", rows.iter().map(|row| row.series_key.join(", "))),
        unsigned("last_cache_count", rows.iter().map(|row| row.last_caches)),
        unsigned("distinct_cache_count", rows.iter().map(|row| row.distinct_caches)),
        flag("deleted", rows.iter().map(|row| row.deleted)),
        utc_s_or_null("hard_deletion_time", rows.iter().map(|row| row.hard_deletion_time_s)),
    ]
}

fn tokens(rows: &[TokenRow]) -> Vec<Column> {
    vec![
        unsigned("token_id", rows.iter().map(|row| row.id)),
        view("name", rows.iter().map(|row| &row.name)),
        view("hash", rows.iter().map(|row| &row.hash)),
        time_ms("created_at", rows.iter().map(|row| row.created_at_ms)),
        view_or_null("description", rows.iter().map(|_| None::<&str>)),
        unsigned_or_null("created_by_token_id", rows.iter().map(|_| None)),
        time_ms_or_null("updated_at", rows.iter().map(|row| row.updated_at_ms)),
        unsigned_or_null("updated_by_token_id", rows.iter().map(|_| None)),
        time_ms_or_null("expiry", rows.iter().map(|row| row.expiry_ms)),
        view("permissions", rows.iter().map(|row| &row.permissions)),
    ]
}

fn nodes(rows: &[NodeRow]) -> Vec<Column> {
    vec![
        view("node_id", rows.iter().map(|row| &row.node_id)),
        unsigned_32("node_catalog_id", rows.iter().map(|row| row.catalog_id)),
        view("instance_id", rows.iter().map(|row| &row.instance_id)),
        views("mode", rows.iter().map(|row| row.modes.clone())),
        unsigned("core_count", rows.iter().map(|row| row.core_count)),
        view("state", rows.iter().map(|row| &row.state)),
        time_ms_or_null("updated_at", rows.iter().map(|row| row.updated_at_ms)),
        view_or_null("cli_params", rows.iter().map(|row| row.cli_params.as_ref())),
    ]
}

fn plugin_files(rows: &[PluginFileRow]) -> Vec<Column> {
    vec![
        text("plugin_name", rows.iter().map(|row| &row.plugin_name)),
        text("file_name", rows.iter().map(|row| &row.file_name)),
        text("file_path", rows.iter().map(|row| &row.file_path)),
        integer("size_bytes", rows.iter().map(|row| row.size_bytes)),
        integer("last_modified", rows.iter().map(|row| row.last_modified_ms)),
    ]
}

fn logs(rows: &[Arc<LogLine>]) -> Vec<Column> {
    vec![
        time_ns("event_time", rows.iter().map(|row| row.event_time_ns)),
        text("trigger_name", rows.iter().map(|row| &row.trigger_name)),
        text("log_level", rows.iter().map(|row| &row.log_level)),
        text("log_text", rows.iter().map(|row| &row.log_text)),
    ]
}

fn triggers(rows: &[TriggerRow]) -> Vec<Column> {
    vec![
        text("trigger_name", rows.iter().map(|row| &row.trigger_name)),
        text("plugin_filename", rows.iter().map(|row| &row.plugin_filename)),
        text("trigger_specification", rows.iter().map(|row| &row.specification)),
        flag("disabled", rows.iter().map(|row| row.disabled)),
        text("error_behavior", rows.iter().map(|row| &row.error_behavior)),
    ]
}

/// Ours: what the reference does not show of a trigger, or does not have.
fn settings(rows: &[TriggerRow]) -> Vec<Column> {
    vec![
        text("trigger_name", rows.iter().map(|row| &row.trigger_name)),
        flag("run_async", rows.iter().map(|row| row.run_async)),
        text("options", rows.iter().map(|row| &row.options)),
        unsigned("cursor", rows.iter().map(|row| row.cursor)),
        time_ns_or_null("last_tick", rows.iter().map(|row| row.tick_ns)),
        unsigned("state_bytes", rows.iter().map(|row| row.state_bytes)),
    ]
}

fn arguments(rows: &[TriggerRow]) -> Vec<Column> {
    let each = || {
        rows.iter().flat_map(|row| {
            row.arguments.iter().map(|(key, value)| (&row.trigger_name, key, value))
        })
    };
    vec![
        text("trigger_name", each().map(|(name, _, _)| name)),
        text("argument_key", each().map(|(_, key, _)| key)),
        text("argument_value", each().map(|(_, _, value)| value)),
    ]
}

/// One column of one table: (table, column, kind).
type SchemaRow = (String, String, &'static str);

fn schema_rows(sources: &Sources) -> Vec<SchemaRow> {
    let names = sources.database.table_names();
    let tables = names.into_iter().filter_map(|name| {
        let schema = sources.database.schema(&name)?;
        Some((name, schema))
    });
    let rows_of = |(name, schema): (String, SchemaRef)| -> Vec<SchemaRow> {
        let row =
            |field: &Arc<Field>| (name.clone(), field.name().clone(), kind_of(field.data_type()));
        schema.fields().iter().map(row).collect()
    };
    tables.flat_map(rows_of).collect()
}

fn kind_of(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Timestamp(..) => "time",
        DataType::Dictionary(..) => "tag",
        DataType::Boolean => "boolean",
        DataType::Int64 => "integer",
        DataType::UInt64 => "uinteger",
        DataType::Float64 => "float",
        _ => "string",
    }
}

fn influxdb_schema(rows: &[SchemaRow]) -> Vec<Column> {
    vec![
        view("measurement", rows.iter().map(|(table, _, _)| table)),
        view("key", rows.iter().map(|(_, column, _)| column)),
        view("data_type", rows.iter().map(|(_, _, kind)| kind)),
    ]
}

fn queries(entries: &[Arc<Entry>]) -> Vec<Column> {
    let progress: Vec<Progress> = entries.iter().map(|entry| entry.progress()).collect();
    let each = || progress.iter();
    let is = |phase| each().map(move |progress| progress.phase == phase);
    let empty = || entries.iter().map(|_| None);
    vec![
        text("id", entries.iter().map(|entry| entry.id.to_string())),
        text("phase", each().map(|progress| progress.phase.name())),
        time_ns("issue_time", entries.iter().map(|entry| entry.issue_time_ns)),
        text("query_type", entries.iter().map(|entry| entry.language.name())),
        text("query_text", entries.iter().map(|entry| &entry.text)),
        integer_or_null("partitions", each().map(|progress| progress.partitions)),
        integer_or_null("parquet_files", each().map(|progress| progress.planned_after.map(|_| 0))),
        duration_or_null("plan_duration", each().map(|progress| ns(progress.planned_after))),
        duration_or_null("permit_duration", each().map(permit_ns)),
        duration_or_null("execute_duration", each().map(execute_ns)),
        duration_or_null("end2end_duration", each().map(|progress| ns(progress.ended_after))),
        duration_or_null("compute_duration", empty()),
        integer_or_null("max_memory", entries.iter().map(|entry| entry.memory_peak())),
        flag("success", is(Phase::Success)),
        flag("running", each().map(|progress| !progress.phase.is_end())),
        flag("cancelled", is(Phase::Cancel)),
        text_or_null("trace_id", entries.iter().map(|_| None::<&str>)),
    ]
}

fn ns(duration: Option<Duration>) -> Option<i64> {
    duration.and_then(|duration| i64::try_from(duration.as_nanos()).ok())
}

fn permit_ns(progress: &Progress) -> Option<i64> {
    ns(Some(progress.permitted_after?.saturating_sub(progress.planned_after?)))
}

fn execute_ns(progress: &Progress) -> Option<i64> {
    ns(Some(progress.ended_after?.saturating_sub(progress.permitted_after?)))
}

fn parquet_files(rows: &[FileRow]) -> Vec<Column> {
    vec![
        text("table_name", rows.iter().map(|row| &row.table_name)),
        text("path", rows.iter().map(|row| &row.path)),
        unsigned("size_bytes", rows.iter().map(|row| row.size_bytes)),
        unsigned("row_count", rows.iter().map(|row| row.row_count)),
        integer("min_time", rows.iter().map(|row| row.time_min)),
        integer("max_time", rows.iter().map(|row| row.time_max)),
    ]
}

fn generation_durations() -> Vec<Column> {
    vec![none("level", &DataType::UInt8, false), none("duration_seconds", &DataType::UInt64, false)]
}
