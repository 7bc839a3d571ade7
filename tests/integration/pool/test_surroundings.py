"""What a plugin finds around it: the server's variables, without its secrets."""

import pytest

from tests.integration.pool.driver import MakeDriver


def test_secrets_of_the_server_are_not_among_the_variables_of_a_plugin(
    make_driver: MakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUXPE_SECRET_KEY", "hunter2")
    monkeypatch.setenv("PLAIN", "there")
    driver = make_driver()
    driver.body(
        "from os import environ as e\ninfluxdb3_local.info(e['PLAIN'], 'hunter2' in str(e))"
    )
    assert driver.host.texts == ["there False"]
