//! What a database tells of itself.

use super::fixture::{Fixture, Table, Tables};
use crate::query::{Format, LogLine};

fn of(name: &'static str) -> Fixture {
    let rows = &[(1, Some("a"), Some("x"), Some(1.5), Some(1))];
    let tables = vec![("Zoo", Table::weather(&[])), ("weather", Table::weather(&[rows]))];
    Fixture::of(Tables { name, tables })
}

fn fixture() -> Fixture {
    of("sensors")
}

#[test]
fn tables_are_shown_in_their_order() {
    let expected = "table_catalog,table_schema,table_name,table_type\n\
        public,iox,Zoo,BASE TABLE\n\
        public,iox,weather,BASE TABLE\n\
        public,system,distinct_caches,BASE TABLE\n\
        public,system,influxdb_schema,BASE TABLE\n\
        public,system,last_caches,BASE TABLE\n\
        public,system,parquet_files,BASE TABLE\n\
        public,system,processing_engine_dead_letters,BASE TABLE\n\
        public,system,processing_engine_logs,BASE TABLE\n\
        public,system,processing_engine_runs,BASE TABLE\n\
        public,system,processing_engine_trigger_arguments,BASE TABLE\n\
        public,system,processing_engine_trigger_settings,BASE TABLE\n\
        public,system,processing_engine_triggers,BASE TABLE\n\
        public,system,queries,BASE TABLE\n\
        public,information_schema,tables,VIEW\n\
        public,information_schema,views,VIEW\n\
        public,information_schema,columns,VIEW\n\
        public,information_schema,df_settings,VIEW\n\
        public,information_schema,schemata,VIEW\n\
        public,information_schema,routines,VIEW\n\
        public,information_schema,parameters,VIEW\n";
    assert_eq!(fixture().csv("SHOW TABLES"), expected);
}

#[test]
fn columns_are_shown_with_their_types() {
    let expected = "table_catalog,table_schema,table_name,column_name,data_type,is_nullable\n\
        public,iox,weather,host,\"Dictionary(Int32, Utf8)\",YES\n\
        public,iox,weather,level,Int64,YES\n\
        public,iox,weather,room,\"Dictionary(Int32, Utf8)\",YES\n\
        public,iox,weather,temperature,Float64,YES\n\
        public,iox,weather,time,Timestamp(ns),NO\n";
    assert_eq!(fixture().csv("SHOW COLUMNS FROM weather"), expected);
    assert_eq!(fixture().csv("SHOW COLUMNS IN weather"), expected);
    let described = fixture().csv("DESCRIBE weather");
    assert!(described.ends_with("\ntime,Timestamp(ns),NO\n"), "{described}");
}

#[test]
fn schemata_are_listed_without_the_information_schema() {
    let sql = "SELECT catalog_name, schema_name FROM information_schema.schemata";
    assert_eq!(fixture().csv(sql), "catalog_name,schema_name\npublic,iox\npublic,system\n");
}

/// Columns as `name type`, a `?` after those that can be null.
fn columns(fixture: &Fixture, table: &str) -> String {
    let sql = format!(
        "SELECT string_agg(column_name || ' ' || data_type || CASE is_nullable WHEN 'YES' THEN '?' \
         ELSE '' END, '; ') AS c FROM (SELECT * FROM information_schema.columns WHERE \
         table_schema = 'system' AND table_name = '{table}' ORDER BY ordinal_position)"
    );
    fixture.text(&sql, Format::Csv).unwrap().trim_start_matches("c\n").trim().replace('"', "")
}

#[test]
fn system_tables_have_their_columns() {
    let expected = [
        (
            "queries",
            "id Utf8; phase Utf8; issue_time Timestamp(ns); query_type Utf8; query_text Utf8; \
             partitions Int64?; parquet_files Int64?; plan_duration Duration(ns)?; \
             permit_duration Duration(ns)?; execute_duration Duration(ns)?; \
             end2end_duration Duration(ns)?; compute_duration Duration(ns)?; max_memory Int64?; \
             success Boolean; running Boolean; cancelled Boolean; trace_id Utf8?",
        ),
        (
            "parquet_files",
            "table_name Utf8; path Utf8; size_bytes UInt64; row_count UInt64; min_time Int64; \
             max_time Int64",
        ),
        ("influxdb_schema", "measurement Utf8View; key Utf8View; data_type Utf8View"),
        (
            "processing_engine_triggers",
            "trigger_name Utf8; plugin_filename Utf8; trigger_specification Utf8; \
             disabled Boolean; error_behavior Utf8",
        ),
        (
            "processing_engine_trigger_arguments",
            "trigger_name Utf8; argument_key Utf8; argument_value Utf8",
        ),
        (
            "processing_engine_trigger_settings",
            "trigger_name Utf8; run_async Boolean; options Utf8; cursor UInt64; \
             last_tick Timestamp(ns)?; state_bytes UInt64",
        ),
        (
            "processing_engine_dead_letters",
            "time Timestamp(ns)?; database Utf8?; trigger_name Utf8?; letter_id Utf8?; \
             trigger_type Utf8?; status Utf8?; attempts Int64?; rows_in Int64?; \
             first_position Int64?; last_position Int64?; call_time Timestamp(ns)?; \
             sample Utf8?; error Utf8?; traceback Utf8?",
        ),
        (
            "processing_engine_runs",
            "time Timestamp(ns)?; database Utf8?; trigger_name Utf8?; trigger_type Utf8?; \
             status Utf8?; attempt Int64?; rows_in Int64?; rows_out Int64?; \
             first_position Int64?; last_position Int64?; call_time Timestamp(ns)?; \
             duration_ns Int64?; peak_memory_bytes Int64?; code_hash Utf8?; error Utf8?; \
             traceback Utf8?",
        ),
        (
            "processing_engine_logs",
            "event_time Timestamp(ns); trigger_name Utf8; log_level Utf8; log_text Utf8",
        ),
        (
            "distinct_caches",
            "table Utf8View; name Utf8View; column_ids List(UInt16); \
             column_names List(Utf8View); max_cardinality UInt64; max_age_seconds UInt64",
        ),
    ];
    for (table, columns_of) in expected {
        assert_eq!(columns(&fixture(), table), columns_of, "{table}");
    }
}

#[test]
fn internal_tables_have_their_columns() {
    let expected = [
        (
            "databases",
            "database_name Utf8View; retention_period_ns UInt64?; deleted Boolean; \
             hard_deletion_time Timestamp(s, UTC)?",
        ),
        (
            "tables",
            "database_name Utf8View; table_name Utf8View; column_count UInt64; \
             series_key_columns Utf8View; last_cache_count UInt64; distinct_cache_count UInt64; \
             deleted Boolean; hard_deletion_time Timestamp(s, UTC)?",
        ),
        (
            "tokens",
            "token_id UInt64; name Utf8View; hash Utf8View; created_at Timestamp(ms); \
             description Utf8View?; created_by_token_id UInt64?; updated_at Timestamp(ms)?; \
             updated_by_token_id UInt64?; expiry Timestamp(ms)?; permissions Utf8View",
        ),
        (
            "nodes",
            "node_id Utf8View; node_catalog_id UInt32; instance_id Utf8View; \
             mode List(Utf8View); core_count UInt64; state Utf8View; updated_at Timestamp(ms)?; \
             cli_params Utf8View?",
        ),
        ("generation_durations", "level UInt8; duration_seconds UInt64"),
        (
            "plugin_files",
            "plugin_name Utf8; file_name Utf8; file_path Utf8; size_bytes Int64; \
             last_modified Int64",
        ),
    ];
    for (table, columns_of) in expected {
        assert_eq!(columns(&of("_internal"), table), columns_of, "{table}");
        let (_, refused) = fixture().error(&format!("SELECT * FROM system.{table}"));
        assert!(refused.ends_with(&format!("table 'public.system.{table}' not found")));
    }
}

#[test]
fn every_system_table_can_be_read() {
    let internal = of("_internal");
    let names = internal.csv(
        "SELECT table_name FROM information_schema.tables \
                              WHERE table_schema = 'system'",
    );
    let names: Vec<&str> = names.lines().skip(1).collect();
    assert_eq!(names.len(), 17);
    assert!(names.is_sorted());
    for name in names {
        internal.json(&format!("SELECT * FROM system.{name}"));
    }
}

#[test]
fn rows_come_from_the_engine() {
    let arguments = "SELECT * FROM system.processing_engine_trigger_arguments";
    let expected = "trigger_name,argument_key,argument_value\nalarm,a,1\nalarm,b,2\n";
    assert_eq!(fixture().csv(arguments), expected);
    let triggers = "SELECT * FROM system.processing_engine_triggers";
    let expected = "trigger_name,plugin_filename,trigger_specification,disabled,error_behavior\n\
                    alarm,alarm.py,every:1m,false,log\n";
    assert_eq!(fixture().csv(triggers), expected);
    let settings = "SELECT * FROM system.processing_engine_trigger_settings";
    let expected = "trigger_name,run_async,options,cursor,last_tick,state_bytes\n\
                    alarm,true,\"{\"\"batch_rows\"\":5}\",7,1970-01-01T00:00:00.000000008,9\n";
    assert_eq!(fixture().csv(settings), expected);
    let schema = "SELECT key, data_type FROM system.influxdb_schema WHERE measurement = 'weather'";
    let expected =
        "key,data_type\nhost,tag\nlevel,integer\nroom,tag\ntemperature,float\ntime,time\n";
    assert_eq!(fixture().csv(schema), expected);
    let tables = "SELECT table_name, series_key_columns, hard_deletion_time FROM system.tables";
    let expected = concat!(
        r#"[{"table_name":"weather","series_key_columns":"host, room","#,
        r#""hard_deletion_time":"1970-01-02T00:00:00Z"}]"#,
    );
    assert_eq!(of("_internal").json(tables), expected);
}

#[test]
fn logs_can_be_queried() {
    let fixture = fixture();
    for (event_time_ns, text) in [(1, "one"), (2, "two")] {
        fixture.system.logs.push(LogLine {
            event_time_ns,
            trigger_name: "alarm".to_owned(),
            log_level: "INFO".to_owned(),
            log_text: text.to_owned(),
        });
    }
    let sql = "SELECT log_text FROM system.processing_engine_logs \
               WHERE trigger_name = 'alarm' AND event_time > to_timestamp(1)";
    assert_eq!(fixture.json(sql), r#"[{"log_text":"two"}]"#);
}
