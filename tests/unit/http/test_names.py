"""Names of databases: what is allowed, and what is said about the rest."""

import pytest

from influxpe.http.names import name_error, namespace_error, with_retention_policy


@pytest.mark.parametrize("name", ["a", "0", "my_db-2", "db/rp", "x" * 511])
def test_good_names_pass(name: str) -> None:
    assert name_error(name) is None


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("", "db name cannot be empty"),
        ("x" * 512, "db name too long: max 511"),
        ("_internal", "db name did not start with a number or letter"),
        ("-a", "db name did not start with a number or letter"),
        ("/a", "db name did not start with a number or letter"),
        ("äb", "invalid character in database or rp name"),
        ("a b", "invalid character in database or rp name"),
        ("a\n", "invalid character in database or rp name"),
        ("a/", "db name with invalid retention policy"),
        ("a/b/c", "db name with invalid retention policy"),
    ],
)
def test_bad_names_are_explained(name: str, start: str) -> None:
    message = name_error(name)
    assert message is not None
    assert message.startswith(start)


def test_old_routes_take_64_bytes() -> None:
    assert namespace_error("x" * 64) is None
    assert namespace_error("x" * 65) == (
        f"namespace name {'x' * 65} length must be between 1 and 64 characters"
    )


def test_old_routes_name_the_bad_character() -> None:
    message = (
        "namespace name 'a\\x00b' contains invalid character, character number 1 is not allowed"
    )
    assert namespace_error("a\0b") == message


@pytest.mark.parametrize("policy", [None, "", "''", "autogen", "DEFAULT"])
def test_default_policies_leave_the_name_alone(policy: str | None) -> None:
    assert with_retention_policy("db", policy) == "db"


def test_other_policies_are_appended_in_lower_case() -> None:
    assert with_retention_policy("db", "Weekly") == "db/weekly"
