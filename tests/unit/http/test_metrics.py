"""Counters and histograms, and their text."""

from influxpe.http.metrics import Histogram, Metrics, render


def test_histogram_buckets_are_cumulative() -> None:
    histogram = Histogram((1, 10))
    for value in (0.5, 1, 2, 100):
        histogram.add(value)
    samples = list(histogram.samples("h", {"a": "b"}))
    assert samples == [
        ("h_bucket", {"a": "b", "le": "1"}, 2),
        ("h_bucket", {"a": "b", "le": "10"}, 3),
        ("h_bucket", {"a": "b", "le": "+Inf"}, 4),
        ("h_sum", {"a": "b"}, 103.5),
        ("h_count", {"a": "b"}, 4),
    ]


def test_requests_and_writes_appear_under_the_known_names() -> None:
    metrics = Metrics()
    metrics.request("POST", "/api/v3/write_lp", 204, 0.002, 0)
    metrics.write("db1", lines=5, rejected=1, size=120)
    text = render(metrics.families())
    labels = 'method="POST",method_path="POST /api/v3/write_lp",path="/api/v3/write_lp"'
    assert f'http_requests_total{{{labels},status="204"}} 1' in text
    assert f'http_request_duration_seconds_count{{{labels},status="204"}} 1' in text
    assert f'http_response_body_size_bytes_sum{{{labels},status="204"}} 0.0' in text
    assert 'influxdb3_write_lines_total{db="db1"} 5' in text
    assert 'influxdb3_write_lines_rejected_total{db="db1"} 1' in text
    assert 'influxdb3_write_bytes_total{db="db1"} 120' in text


def test_text_ends_with_eof_and_escapes_labels() -> None:
    text = render([("x", "gauge", [("x", {"a": 'q"\\\n'}, 1)])])
    assert text == '# TYPE x gauge\nx{a="q\\"\\\\\\n"} 1\n# EOF\n'
