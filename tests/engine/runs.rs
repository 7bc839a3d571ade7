//! What a run of a trigger leaves behind, and what a trigger is given.

use std::sync::Arc;

use influxpe::engine::{Engine, FeedChoice, NewTrigger, RunOutput, RunRecord};
use influxpe::error::ErrorKind;
use influxpe::limits::{
    CONDITION_BYTES_MAX, STATE_BYTES_MAX, STATE_KEY_BYTES_MAX, STATE_VALUE_BYTES_MAX,
};
use influxpe::query::check_condition;
use influxpe::schema::TriggerId;

use crate::crash_sweep::{rows, write};
use crate::reopen::{open, trigger};

/// The output of a run that only moves the cursor.
pub(crate) fn moved_to(cursor: u64) -> RunOutput {
    RunOutput { cursor: Some(cursor), ..RunOutput::default() }
}

fn commit(engine: &Engine, id: TriggerId, output: &RunOutput) {
    let ticket = engine.commit_run(id, output, 0).expect("a run");
    engine.wait(ticket.position).expect("a commit");
}

fn state_of(pairs: &[(&str, Option<&[u8]>)]) -> RunOutput {
    let owned =
        |(key, value): &(&str, Option<&[u8]>)| ((*key).to_owned(), value.map(<[u8]>::to_vec));
    RunOutput { state: pairs.iter().map(owned).collect(), ..RunOutput::default() }
}

#[test]
fn state_and_tick_come_back_with_the_log_and_with_a_manifest() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m v=1i 1").expect("a write");
    let new = NewTrigger { options: "{\"own_output\":true}".to_owned(), ..trigger("one") };
    let id = engine.create_trigger(new).expect("a trigger").id;
    commit(&engine, id, &state_of(&[("a", Some(b"1")), ("b", Some(b"2"))]));
    let tick = RunOutput { tick_ns: Some(7), ..state_of(&[("a", None), ("c", Some(b""))]) };
    commit(&engine, id, &tick);
    let check = |engine: &Engine| {
        let trigger = Arc::clone(&engine.catalog().triggers[&id]);
        assert_eq!((&*trigger.options, trigger.memory.tick_ns), ("{\"own_output\":true}", Some(7)));
        assert_eq!(
            engine.trigger_state_keys(id).iter().map(|key| &**key).collect::<Vec<_>>(),
            ["b", "c"]
        );
        assert_eq!(engine.trigger_state(id, "b").as_deref(), Some(b"2".as_slice()));
        assert_eq!(engine.trigger_state(id, "a"), None);
    };
    check(&engine);
    drop(engine);
    let engine = open(folder.path());
    check(&engine);
    engine.persist().expect("a manifest");
    drop(engine);
    check(&open(folder.path()));
}

#[test]
fn a_trigger_that_is_enabled_keeps_its_state_and_begins_without_a_tick() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m v=1i 1").expect("a write");
    let id = engine.create_trigger(trigger("one")).expect("a trigger").id;
    commit(&engine, id, &RunOutput { tick_ns: Some(7), ..state_of(&[("a", Some(b"1"))]) });
    engine.set_trigger_disabled("db", "one", true).expect("a trigger that rests");
    assert_eq!(engine.catalog().triggers[&id].memory.tick_ns, Some(7));
    engine.set_trigger_disabled("db", "one", false).expect("a trigger that works");
    drop(engine);
    let engine = open(folder.path());
    assert_eq!(engine.catalog().triggers[&id].memory.tick_ns, None);
    assert_eq!(engine.trigger_state(id, "a").as_deref(), Some(b"1".as_slice()));
    engine.delete_trigger("db", "one").expect("no trigger");
    commit(&engine, id, &state_of(&[("a", Some(b"late"))]));
    assert_eq!(engine.trigger_state(id, "a"), None, "a run that ends late changes nothing");
}

#[test]
fn state_beyond_its_limits_is_refused_with_the_whole_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m v=1i 1").expect("a write");
    let id = engine.create_trigger(trigger("one")).expect("a trigger").id;
    let refused = |output: RunOutput| {
        let lines = vec![("db".to_owned(), "out v=1i 1".to_owned())];
        let error = engine.commit_run(id, &RunOutput { lines, ..output }, 0).expect_err("no run");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        error.message().to_owned()
    };
    let long = vec![0; STATE_VALUE_BYTES_MAX + 1];
    let message = refused(state_of(&[("a", Some(&long))]));
    assert_eq!(
        message,
        "the value of 'a' in the trigger's state has 65537 bytes: the maximum is 65536 bytes"
    );
    let key = "k".repeat(STATE_KEY_BYTES_MAX + 1);
    refused(state_of(&[(&key, Some(b""))]));
    let keys: Vec<String> =
        (0..=STATE_BYTES_MAX / STATE_VALUE_BYTES_MAX).map(|key| key.to_string()).collect();
    let value = &long[1..];
    let many: Vec<_> = keys.iter().map(|key| (key.as_str(), Some(value))).collect();
    assert!(refused(state_of(&many)).contains("the maximum is 1048576 bytes"));
    assert!(engine.trigger_state_keys(id).is_empty());
    let made = "SELECT table_name FROM information_schema.tables WHERE table_name = 'out'";
    assert!(rows(&engine, made).is_empty());
    commit(&engine, id, &state_of(&[("a", Some(value))]));
}

#[test]
fn what_is_to_be_known_of_a_run_is_kept_apart_by_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m v=1i 1").expect("a write");
    let id = engine.create_trigger(trigger("one")).expect("a trigger").id;
    let table = "system.processing_engine_runs";
    assert!(rows(&engine, &format!("SELECT * FROM {table}")).is_empty());
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("a clock").as_nanos());
    let now = now.expect("a time");
    let internal =
        format!("processing_engine_runs,database=other,trigger_name=one status=\"failed\" {now}");
    let line = "processing_engine_runs,database=db,trigger_name=one status=\"ok\",rows_in=3i";
    let record = Some(RunRecord { line: line.to_owned(), time_ns: now });
    let lines = vec![("db".to_owned(), "out v=1i 1\nout v=2i 2".to_owned())];
    let output = RunOutput { lines, record, internal, ..RunOutput::default() };
    let ticket = engine.commit_run(id, &output, 0).expect("a run");
    assert_eq!(ticket.rows, 2, "what is kept about the run is not its output");
    engine.wait(ticket.position).expect("a commit");
    let sql = format!("SELECT trigger_name, status, rows_in, rows_out, error FROM {table}");
    assert_eq!(rows(&engine, &sql), ["one,ok,3,2,"]);
    let sql = format!("SELECT count(*) FROM {table} WHERE time > now() - INTERVAL '1 hour'");
    assert_eq!(rows(&engine, &sql), ["1"]);
}

#[test]
fn a_trigger_is_given_the_rows_and_columns_that_it_wants() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m v=1i 1").expect("a write");
    let id = engine.create_trigger(trigger("one")).expect("a trigger").id;
    write(&engine, "m,host=a v=1i,w=2 1\nm,host=b v=5i 2\nn x=1i 3").expect("a write");
    let read =
        |wanted: FeedChoice| engine.feed(id, wanted).expect("a feed").read(1_000, usize::MAX);
    let shape = |wanted: FeedChoice| -> Vec<(String, usize, usize)> {
        let tables = read(wanted).expect("rows").tables;
        let shape = tables
            .iter()
            .map(|one| (one.name.clone(), one.rows.num_rows(), one.rows.num_columns()));
        shape.collect()
    };
    let condition =
        |sql: &str| FeedChoice { condition: Some(sql.to_owned()), ..FeedChoice::default() };
    assert_eq!(shape(condition("host = 'b' AND v > 1")), [("m".to_owned(), 1, 4)]);
    assert!(shape(condition("v > 100")).is_empty());
    assert!(shape(condition("nowhere > 100")).is_empty());
    let columns = Some(vec!["v".to_owned(), "nowhere".to_owned()]);
    let narrow = FeedChoice { columns, ..condition("host = 'a'") };
    assert_eq!(shape(narrow), [("m".to_owned(), 1, 2)]);
    for bad in ["v + 1", "host > INTERVAL '1 day' + 1"] {
        let error = read(condition(bad)).expect_err("no condition");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{bad}");
    }
    let own = vec![("db".to_owned(), "m,host=c v=9i 9".to_owned())];
    commit(&engine, id, &RunOutput { lines: own, ..RunOutput::default() });
    let own_output = FeedChoice { own_output: true, ..condition("host = 'c'") };
    assert_eq!(shape(own_output), [("m".to_owned(), 1, 4)]);
    assert!(shape(condition("host = 'c'")).is_empty());
}

#[test]
fn a_read_ends_with_the_frame_that_has_enough() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(folder.path());
    write(&engine, "m v=1i 1").expect("a write");
    let id = engine.create_trigger(trigger("one")).expect("a trigger").id;
    for time in 0..4 {
        write(&engine, &format!("m v=1i {time}\nm v=2i 1{time}")).expect("a write");
    }
    let mut feed = engine.feed(id, FeedChoice::default()).expect("a feed");
    for (rows_max, bytes_max, rows) in [(3, usize::MAX, 4), (usize::MAX, 1, 2), (9, 9_999, 2)] {
        let read = feed.read(rows_max, bytes_max).expect("rows");
        assert_eq!(read.tables[0].rows.num_rows(), rows, "{rows_max} rows, {bytes_max} bytes");
    }
}

#[test]
fn what_is_no_condition_is_refused_before_there_are_rows() {
    check_condition("host = 'a' AND (v > 1 OR w IS NULL)").expect("a condition");
    for bad in ["host =", "SELECT 1", "v > 1; DROP TABLE m", ""] {
        assert_eq!(
            check_condition(bad).expect_err("a refusal").kind(),
            ErrorKind::Invalid,
            "{bad}"
        );
    }
    let long = format!("v > {}", "1".repeat(CONDITION_BYTES_MAX));
    assert!(check_condition(&long).expect_err("too long").message().contains("4096 bytes"));
    let deep = format!("{}v{}", "(".repeat(2_000), ")".repeat(2_000));
    check_condition(&deep).expect_err("too deep");
}
