"""Single values: sizes, durations, numbers, addresses."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from influxpe.cli import value_types
from influxpe.cli.client import host_url
from influxpe.cli.delete import deletion_time
from influxpe.cli.serve_accepted import datafusion_settings
from influxpe.cli.serve_options import flush_interval_s, unchecked_endpoints

MEBIBYTE = 1024 * 1024
MEMORY = value_types.byte_size("mb", lambda: 1000 * MEBIBYTE)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10", 10 * MEBIBYTE),
        ("0", 0),
        ("7b", 7),
        ("1kb", 1024),
        ("2 MB", 2 * MEBIBYTE),
        ("1Gb", 1024 * MEBIBYTE),
        ("20%", 200 * MEBIBYTE),
        ("0%", 0),
        ("100 %", 1000 * MEBIBYTE),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert MEMORY(text) == size


def test_a_bare_size_of_a_request_is_bytes() -> None:
    assert value_types.byte_size("b")("10485760") == 10_485_760


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5gb", "1tb", "10 mb extra", "101%", "-5%"])
def test_wrong_sizes_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"size such as|percentage"):
        MEMORY(text)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("30d", "30days"),
        ("60s", "1m"),
        ("1h 30m", "1h 30m"),
        ("1mo", "1month"),
        ("2 mo 3d", "2months 3days"),
        ("1month", "1month"),
        ("none", None),
        ("NONE", None),
    ],
)
def test_retention_is_sent_in_words_of_the_server(text: str, sent: str | None) -> None:
    assert value_types.retention(text) == sent


@pytest.mark.parametrize("text", ["", "soon", "5", "-1d", "1 fortnight", "1mox"])
def test_wrong_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the texts are those of the duration grammar
        value_types.retention(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("auto", "auto"),
        ("s", "second"),
        ("second", "second"),
        ("ms", "millisecond"),
        ("us", "microsecond"),
        ("u", "microsecond"),
        ("n", "nanosecond"),
        ("ns", "nanosecond"),
    ],
)
def test_precisions_are_sent_as_words(text: str, word: str) -> None:
    assert value_types.precision(text) == word


@pytest.mark.parametrize(
    ("convert", "text", "message"),
    [
        (value_types.precision, "fake", "unrecognized precision unit: fake"),
        (value_types.precision, "S", "unrecognized precision unit: S"),
        (value_types.positive_number, "0", "value must be at least 1"),
        (value_types.positive_number, "1.0", "invalid digit"),
        (value_types.whole_number, "\u0663", "invalid digit"),
        (value_types.signed_number, "1e3", "invalid digit"),
        (value_types.fraction, "1", "greater than 0 and less than 1"),
        (value_types.fraction, "nan", "greater than 0 and less than 1"),
        (value_types.path, "", "value was empty"),
        (value_types.key_value, "bare", 'must be formatted as "key=value"'),
        (value_types.socket_address, "nowhere", "Cannot parse socket address 'nowhere'"),
        (value_types.socket_address, "127.0.0.1:", "Cannot parse socket address"),
        (value_types.socket_address, "127.0.0.1:99999", "a port of 0 to 65535"),
        (value_types.socket_address, "127.0.0.1:-1", "Cannot parse socket address"),
        (value_types.socket_address, "\0:1", "Cannot parse socket address"),
        (host_url, "ftp://x", "unknown scheme 'ftp'"),
        (host_url, "http://", "the host is missing"),
        (host_url, "", "the host is missing"),
        (host_url, "http://x:port", "Port could not be cast"),
        (host_url, "http://x:99999", "Port out of range"),
        (host_url, "http://[::1", "Invalid IPv6 URL"),
        (deletion_time, "soon", "expected never, now, default"),
        (deletion_time, "2026-01-31T00:00:00", "the time has no zone"),
        (flush_interval_s, "0s", "longer than 0s"),
        (unchecked_endpoints, "health,write", "allowed values are health, ping, metrics, ready"),
        (unchecked_endpoints, "ping," * 7, "cannot take more than 6 items"),
        (datafusion_settings, "a", "expected 'KEY:VALUE' got 'a'"),
        (datafusion_settings, "a:1,a:2", "key 'a' passed in more than once"),
    ],
)
def test_wrong_values_are_explained(convert: Callable[[str], Any], text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        convert(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("0.0.0.0:8181", ("0.0.0.0", 8181)),  # noqa: S104 - only read
        (":8181", ("0.0.0.0", 8181)),  # noqa: S104 - only read
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_addresses_are_read(text: str, address: tuple[str, int]) -> None:
    assert value_types.socket_address(text) == address


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8181", "http://127.0.0.1:8181"),
        ("localhost:8181", "http://localhost:8181"),
        ("example.com", "http://example.com"),
        ("https://example.com/path?x#y", "https://example.com"),
        ("http://[::1]:80/", "http://[::1]:80"),
    ],
)
def test_a_host_may_leave_its_scheme_out(text: str, url: str) -> None:
    assert str(host_url(text)) == url


@pytest.mark.parametrize(
    ("text", "sent"),
    [("NOW", "now"), ("Never", "never"), ("default", "default"), *[("2026-01-31T00:00:00Z",) * 2]],
)
def test_times_of_deletion_are_passed_on(text: str, sent: str) -> None:
    assert deletion_time(text) == sent


def test_a_path_may_begin_in_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert value_types.path("~/plugins") == Path("/home/someone/plugins")
