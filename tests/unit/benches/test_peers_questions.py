"""The same question in three languages, and their answers read alike."""

from pathlib import Path
from urllib.parse import parse_qs

import pyarrow as pa
import pytest
from pyarrow import parquet

from benches.generator import bodies
from benches.peers import (
    duckdb_inside,
    influxdb1,
    influxpe_itself,
    influxql,
    metricsql,
    questdb,
    sql,
    victoriametrics,
)
from benches.peers.download import NotInstalledError, download, java_archive
from benches.peers.questions import Answer, Question, questions

MAXIMA = Question("q", "maxima", 7200, 10_800, ("a", "b"), ("host_1", "host_2"), 60)


def test_maxima_in_sql() -> None:
    assert sql.spelled(MAXIMA) == (
        "SELECT date_bin(INTERVAL '60 seconds', time) AS bucket, max(a) AS max_a, max(b) AS max_b "
        "FROM cpu WHERE time >= to_timestamp_seconds(7200) AND time < to_timestamp_seconds(10800) "
        "AND hostname IN ('host_1', 'host_2') GROUP BY bucket ORDER BY bucket"
    )


def test_maxima_in_influxql() -> None:
    assert influxql.spelled(MAXIMA) == (
        "SELECT max(a), max(b) FROM cpu WHERE time >= 7200s AND time < 10800s "
        "AND (hostname = 'host_1' OR hostname = 'host_2') GROUP BY time(60s) fill(none)"
    )


def test_maxima_in_the_sql_of_questdb() -> None:
    assert questdb.spelled(MAXIMA) == (
        "SELECT timestamp, max(a) AS max_a, max(b) AS max_b FROM cpu "
        "WHERE timestamp >= '1970-01-01T02:00:00Z' AND timestamp < '1970-01-01T03:00:00Z' "
        "AND hostname IN ('host_1', 'host_2') SAMPLE BY 60s"
    )


def test_lines_are_read_into_columns_for_duckdb() -> None:
    table = duckdb_inside.table_of(bodies(1, 8, 4)[0])
    assert table.num_rows == 8
    assert table["hostname"].to_pylist() == [f"host_{n % 4}" for n in range(8)]
    assert len(set(table["time"].to_pylist())) == 2


def test_a_step_of_metricsql_is_asked_for_just_before_the_next() -> None:
    path = metricsql.spelled(MAXIMA)
    assert path
    asked = parse_qs(path.partition("?")[2])
    assert (asked["start"], asked["end"], asked["step"]) == (["7259.999"], ["10799.999"], ["60s"])
    assert asked["query"] == [
        'max(max_over_time({__name__=~"cpu_a|cpu_b",hostname=~"host_1|host_2"}[60s])) by (__name__)'
    ]


def test_rows_cannot_be_asked_for_in_metricsql() -> None:
    assert metricsql.spelled(Question("q", "high", 0, 3600)) is None


def test_a_window_lies_within_the_rows_where_they_reach() -> None:
    asked = {question.name: question for question in questions(100, 1_000_000)}
    whole, window = asked["count(*)"], asked["double-groupby-all"]
    assert whole.start_s < window.start_s
    assert window.end_s - window.start_s == 12 * 3600
    assert window.end_s < whole.end_s


def test_questions_about_few_hosts_are_asked_of_few_hosts() -> None:
    names = {question.name for question in questions(4_000, 1_000_000)}
    assert "lastpoint" in names
    assert "single-groupby-1-1-1" not in names


def test_the_answers_of_all_systems_are_read_alike() -> None:
    ours = [{"bucket": "2026-01-01T00:00:00", "max_a": 5, "max_b": 2.5}]
    series = {"columns": ["time", "max", "max_1"], "values": [["2026-01-01T00:00:00Z", 5, 2.5]]}
    metrics = [
        {"metric": {"__name__": "cpu_a"}, "values": [[60, "5"]]},
        {"metric": {"__name__": "cpu_b"}, "values": [[60, "2.5"]]},
    ]
    assert influxpe_itself.summed(ours) == Answer(1, 7.5)
    assert influxdb1.summed({"results": [{"series": [series]}]}) == Answer(1, 7.5)
    assert victoriametrics.summed({"result": metrics}) == Answer(1, 7.5)
    assert questdb.summed({"dataset": [["2026-01-01T00:00:00Z", 5, 2.5]]}) == Answer(1, 7.5)
    assert duckdb_inside.summed(pa.table({"a": [5], "b": [2.5], "c": ["x"]})) == Answer(1, 7.5)


def test_an_answer_without_rows_is_read() -> None:
    assert influxdb1.summed({"results": [{}]}) == Answer(0, 0)


def test_a_machine_without_apt_is_told_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotInstalledError, match=r"apt-get download influxdb: .*apt-get"):
        download("influxdb", tmp_path / "cache")


def test_a_machine_without_java_is_told_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotInstalledError, match="there is no java"):
        java_archive("org.questdb", "questdb", "1", tmp_path / "cache")


def test_a_row_is_weighed_only_where_all_rows_are_in_files(tmp_path: Path) -> None:
    file = tmp_path / "store" / "0.parquet"
    file.parent.mkdir()
    parquet.write_table(pa.table({"a": [1, 2, 3]}), file)
    size = file.stat().st_size
    assert influxpe_itself.weighed(tmp_path, 3) == (size / 3, "Parquet")
    with pytest.raises(AssertionError, match="3 of 4 rows are in files"):
        influxpe_itself.weighed(tmp_path, 4)
