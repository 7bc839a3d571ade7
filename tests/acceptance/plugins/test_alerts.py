"""P11: plugins on writes and on schedules call one on requests, which calls a web server."""

from collections.abc import Iterator

import pytest

from tests.acceptance.plugins.environment import NETWORKING, UTILITIES, Environment
from tests.acceptance.plugins.host import T0_NS, Host, stays
from tests.acceptance.plugins.repository import NOTIFIER, THRESHOLD
from tests.acceptance.plugins.sink import Sink, listening
from tests.polling import eventually

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

LINES = f"""\
home,room=k temp=29.5,status="ok" {T0_NS}
home,room=l temp=31.5,status="bad" {T0_NS}"""
ALERTS = [{"message": "[WARN] temp > 30 (31.5)"}, {"message": "[ERROR] status == bad (bad)"}]
SENT = "results: {'http': True}"


@pytest.fixture(scope="module", autouse=True)
def _packages(environment: Environment) -> None:
    environment.install(UTILITIES, *NETWORKING)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with listening() as running:
        yield running


@pytest.fixture(scope="module")
def notified(host: Host) -> Host:
    """A server with the notifier that the alerts of all tests go through."""
    host.create_database("mon")
    host.trigger("mon", "notify", "request:notify", NOTIFIER)
    return host


def arguments(host: Host, sink: Sink, path: str) -> dict[str, str]:
    return {
        "senders": "http",
        "http_webhook_url": f"{sink.url}/{path}",
        "influxdb3_auth_token": "x",
        "port_override": host.server.address.rpartition(":")[2],
    }


def test_a_threshold_alerts_through_the_notifier(notified: Host, sink: Sink) -> None:
    conditions = {
        "measurement": "home",
        "field_conditions": "temp>30-WARN:status=='bad'-ERROR",
        "notification_text": "[$level] $field $op_sym $compare_val ($actual)",
    }
    given = arguments(notified, sink, "thr") | conditions
    notified.trigger("mon", "thr", "table:home", THRESHOLD, given)
    sink.open.clear()
    notified.client.write_all("mon", LINES)
    eventually(lambda: sink.bodies("/thr"), bool, seconds=10)
    check_that_others_are_served(notified)
    assert sink.bodies("/thr") == ALERTS[:1]
    sink.open.set()
    eventually(lambda: sink.bodies("/thr"), lambda bodies: bodies == ALERTS, seconds=10)
    eventually(lambda: sent(notified, "thr"), lambda count: count == 2)
    stays(lambda: sink.bodies("/thr"), ALERTS, seconds=2)


def check_that_others_are_served(host: Host) -> None:
    """Write and ask, while both plugins wait for the web server."""
    host.client.write_all("mon", "other v=1 1")
    assert host.client.rows("mon", "SELECT v FROM other") == [{"v": 1.0}]
    assert host.client.http.get("/health").status_code == 200


def test_silence_alerts_once_it_has_lasted(notified: Host, sink: Sink) -> None:
    notified.client.write_all("mon", f"sw v=1 {T0_NS}")
    silence = {"measurement": "sw", "window": "5s", "deadman_check": "true", "trigger_count": "2"}
    given = arguments(notified, sink, "dm") | silence
    notified.trigger("mon", "dm", "every:2s", THRESHOLD, given)
    eventually(lambda: sent(notified, "dm"), lambda count: count == 1)
    assert notified.change("POST", "mon", "dm", "/disable").status_code == 200
    assert len(sink.bodies("/dm")) == 1
    assert "sw" in sink.bodies("/dm")[0]["message"]
    skipped, alerted = [
        line for line in notified.client.logs("mon", "dm") if "No data found in 'sw'" in line
    ][:2]
    assert "for 1/2 times. Skipping alert" in skipped
    assert "for 2 times. Sending alert" in alerted


def sent(host: Host, trigger: str) -> int:
    """Count the alerts that a trigger has seen go out."""
    return sum(SENT in line for line in host.client.logs("mon", trigger))
