"""Names of databases over HTTP: the rules are the engine's, the answer is a refusal."""

import json
from collections.abc import Callable

import pytest

from influxpe.http.messages import Refusal
from influxpe.http.names import check_database_name, check_namespace, with_retention_policy

NOT_ASCII = (
    "invalid character in database or rp name: must be ASCII, containing only letters, numbers, "
    "underscores, or hyphens"
)


def refusal(check: Callable[[str], None], name: str) -> str:
    """Give the message of the refusal of a name."""
    with pytest.raises(Refusal) as refused:
        check(name)
    assert refused.value.status == 400
    message: str = json.loads(refused.value.body)["error"]
    return message


@pytest.mark.parametrize("name", ["a", "0", "my_db-2", "db/rp", "x" * 511])
def test_good_names_pass(name: str) -> None:
    check_database_name(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "db name cannot be empty"),
        ("x" * 512, "db name too long: max 511"),
        ("_internal", "db name did not start with a number or letter"),
        ("a\n", NOT_ASCII),
    ],
)
def test_bad_names_are_refused_in_json(name: str, message: str) -> None:
    assert refusal(check_database_name, name) == message


def test_old_routes_take_64_bytes() -> None:
    check_namespace("x" * 64)
    assert refusal(check_namespace, "x" * 65) == (
        f"namespace name {'x' * 65} length must be between 1 and 64 characters"
    )


def test_old_routes_name_the_bad_character() -> None:
    message = "namespace name 'a\\0b' contains invalid character, character number 1 is not allowed"
    assert refusal(check_namespace, "a\0b") == message
    assert refusal(check_namespace, "a b") == NOT_ASCII


@pytest.mark.parametrize("policy", [None, "", "''", "autogen", "DEFAULT"])
def test_default_policies_leave_the_name_alone(policy: str | None) -> None:
    assert with_retention_policy("db", policy) == "db"


def test_other_policies_are_appended_in_lower_case() -> None:
    assert with_retention_policy("db", "Weekly") == "db/weekly"
