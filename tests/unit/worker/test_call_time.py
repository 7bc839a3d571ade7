"""`call_time`: a naive datetime that always means UTC, and a number of seconds."""

import os
import pickle
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe.worker.call_time import CallTime

NS = 1_767_225_600_123_456_000
CALL = CallTime.from_ns(NS)
AWARE = datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
PLAIN = AWARE.replace(tzinfo=None)


@pytest.fixture(autouse=True)
def _in_new_york() -> Iterator[None]:
    """The zone of the machine must not matter."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "America/New_York"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def test_it_looks_like_a_plain_datetime() -> None:
    assert str(CALL) == f"{CALL}" == "2026-01-01 00:00:00.123456"
    assert CALL.isoformat() == PLAIN.isoformat()
    assert repr(CALL) == repr(PLAIN)
    assert PLAIN == CALL
    assert hash(CALL) == hash(PLAIN)
    assert pickle.loads(pickle.dumps(CALL)) == PLAIN  # noqa: S301 # our own bytes
    assert type(pickle.loads(pickle.dumps(CALL))) is datetime  # noqa: S301 # as above


@given(st.integers(min_value=-(2**60), max_value=2**62))
def test_nanoseconds_are_exact_to_the_microsecond(time_ns: int) -> None:
    call = CallTime.from_ns(time_ns)
    assert int(call * 1e9) == int(1e9 * call) == time_ns // 1000 * 1000


def test_it_is_a_number_of_posix_seconds() -> None:
    assert float(CALL) == CALL.timestamp() == AWARE.timestamp()
    assert int(CALL) == NS // 10**9
    assert CALL * 1000 == pytest.approx(NS / 10**6)
    assert CALL * 0.5 == pytest.approx(NS / 10**9 / 2)


def test_it_means_utc_wherever_a_zone_is_needed() -> None:
    assert CALL.utc == CALL.replace(tzinfo=UTC) == CALL.astimezone(UTC) == AWARE
    assert type(CALL.utc) is datetime
    east = timezone(timedelta(hours=5))
    assert CALL.astimezone(east).hour == 5
    assert CALL.replace(tzinfo=UTC).timestamp() == AWARE.timestamp()


def test_it_compares_with_and_subtracts_from_aware_times() -> None:
    later, hour = AWARE + timedelta(hours=1), timedelta(hours=1)
    assert CALL < later
    assert CALL <= AWARE
    assert later > CALL
    assert AWARE >= CALL
    assert CALL == AWARE
    assert later - CALL == hour
    assert CALL - later == -hour
    assert PLAIN + hour - CALL == hour
    assert (CALL + hour).utc == later
    assert CALL - hour < CALL


def test_it_multiplies_with_numbers_only() -> None:
    with pytest.raises(TypeError):
        CALL * "x"  # type: ignore[operator] # the mistake under test
