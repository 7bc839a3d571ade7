"""The one table from exceptions to statuses, walked through from end to end."""

import json
from collections.abc import Callable

import pytest
from starlette.responses import Response

from influxpe import errors
from influxpe.http import write
from influxpe.http.errors import RETRY_AFTER_SECONDS, TABLE, answer, find
from influxpe.http.messages import Refusal, json_refusal
from influxpe.triggers.spec import SpecError

ALL = [getattr(errors, name) for name in errors.__all__]
# Bases that nobody raises themselves, and what never reaches a client.
NOT_ANSWERED = {errors.EngineError, errors.StartFailed, errors.BackupError}


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_has_a_row_of_its_own(kind: type[Exception]) -> None:
    assert kind in TABLE or kind in NOT_ANSWERED


STATUSES = {
    errors.InvalidError: 400,
    errors.NotFoundError: 404,
    errors.ConflictError: 409,
    errors.TooLargeError: 422,
    errors.BusyError: 503,
    errors.TimedOutError: 504,
    errors.CancelledError: 503,
    errors.UnsupportedError: 405,
    errors.ClosedError: 503,
    errors.CorruptError: 500,
    errors.InternalError: 500,
    SpecError: 400,
    errors.RestrictedTrigger: 400,
    errors.RunningTrigger: 409,
    errors.PackagesDisabled: 403,
    errors.InstallFailed: 500,
    errors.PluginError: 500,
    errors.TriggerError: 500,
}


@pytest.mark.parametrize(("kind", "status"), STATUSES.items(), ids=lambda value: str(value))
def test_status_and_message_of_each_kind(kind: type[Exception], status: int) -> None:
    response = answer(kind("told to the user"))
    assert response.status_code == status
    assert "told to the user" in bytes(response.body).decode()
    assert "content-type" not in response.headers


@pytest.mark.parametrize("answer_of", [answer, write.answer_error, write.answer_error_v2])
def test_who_is_told_that_the_server_is_busy_is_told_when_to_come_back(
    answer_of: Callable[[Exception], Response],
) -> None:
    busy = answer_of(errors.BusyError("the buffer is full"))
    assert (busy.status_code, busy.headers["retry-after"]) == (503, str(RETRY_AFTER_SECONDS))
    closed = answer_of(errors.ClosedError("the log is closed"))
    assert closed.status_code == 503
    assert "retry-after" not in closed.headers


def test_plugin_errors_are_marked_once() -> None:
    for text in ("reading plugin file: x", "Plugin error: reading plugin file: x"):
        assert bytes(answer(errors.PluginError(text)).body) == (
            b"Plugin error: reading plugin file: x"
        )


def test_unknown_path_names_the_paths_that_exist() -> None:
    response = answer(errors.NoSuchPath("webhook", ["hello", "a"]))
    assert response.status_code == 404
    message = json.loads(bytes(response.body))["error"]
    assert message == (
        "no request trigger serves 'webhook'; request triggers exist for: 'a', 'hello'"
    )


def test_unknown_path_says_that_there_are_none() -> None:
    message = json.loads(bytes(answer(errors.NoSuchPath("webhook", [])).body))["error"]
    assert message == "no request trigger serves 'webhook'; there are no request triggers yet"


def test_subclass_has_the_row_of_its_nearest_base() -> None:
    class Special(errors.PluginError):
        """A special case."""

    assert find(Special("x")) == TABLE[errors.PluginError]


def test_unforeseen_error_is_500_json() -> None:
    response = answer(ZeroDivisionError("oh"))
    assert response.status_code == 500
    assert json.loads(bytes(response.body)) == {"error": "internal error: ZeroDivisionError: oh"}


def test_refusals_are_sent_as_they_are() -> None:
    response = answer(Refusal(418, "short and stout"))
    assert (response.status_code, bytes(response.body)) == (418, b"short and stout")
    assert bytes(json_refusal(400, 'a "b"').response().body) == b'{"error":"a \\"b\\""}'
