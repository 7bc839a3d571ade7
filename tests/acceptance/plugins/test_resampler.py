"""P8: a sliding window resampled again and again, with the same outcome."""

import time

import pytest

from tests.acceptance.plugins.environment import SCIPY, UTILITIES, Environment
from tests.acceptance.plugins.host import NS, Host, stays
from tests.acceptance.plugins.repository import RESAMPLER
from tests.polling import eventually

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

ARGUMENTS = {
    "measurement": "vib",
    "target_measurement": "vib_1s",
    "interval": "1s",
    "window": "1min",
}
QUERY = "SELECT CAST(time AS BIGINT) AS t, axis, amp, lab FROM vib_1s ORDER BY time"


@pytest.fixture(scope="module", autouse=True)
def _packages(environment: Environment) -> None:
    environment.install(UTILITIES, SCIPY)


def test_rows_between_the_seconds_are_moved_to_them(host: Host) -> None:
    start_ns = (int(time.time()) - 20) * NS
    lines = (
        f'vib,axis=x amp={n + 1}.0,lab="l{n}" {start_ns + n * NS + 200_000_000}' for n in range(4)
    )
    host.client.write_all("rs", "\n".join(lines))
    host.trigger("rs", "resample", "every:5s", RESAMPLER, ARGUMENTS)
    rows = eventually(lambda: host.client.rows("rs", QUERY), bool)
    assert [row["t"] for row in rows] == [start_ns + n * NS for n in (1, 2, 3)]
    assert [row["amp"] for row in rows] == pytest.approx([1.8, 2.8, 3.8], abs=1e-9)
    assert [row["lab"] for row in rows] == ["l0", "l1", "l2"]
    assert {row["axis"] for row in rows} == {"x"}
    stays(lambda: host.client.rows("rs", QUERY), rows, seconds=11)
    assert host.errors("rs", "resample") == []
