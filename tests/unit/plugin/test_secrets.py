"""Secrets: where they are found, what a missing one says, and that no log shows one."""

import json
import os
from pathlib import Path

import pytest

from influxpe.plugin.secrets import (
    NAME_CHARACTERS_MAX,
    SECRET_BYTES_MAX,
    Redactor,
    SecretMissing,
    Secrets,
    resolve,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "slack").write_text("xoxb-1\n")
    return tmp_path


def test_a_secret_is_the_text_of_its_file_without_the_last_newline(folder: Path) -> None:
    (folder / "lines.pem").write_bytes(b"a\nb\n\r\n")
    assert Secrets(folder, {}).get("slack") == "xoxb-1"
    assert Secrets(folder, {}).get("lines.pem") == "a\nb\n"


def test_a_secret_may_be_a_variable_and_the_file_wins(folder: Path) -> None:
    secrets = Secrets(folder, {"INFLUXPE_SECRET_slack": "other", "INFLUXPE_SECRET_KEY": "k"})
    assert (secrets.get("slack"), secrets.get("KEY")) == ("xoxb-1", "k")
    assert Secrets(None, {"INFLUXPE_SECRET_KEY": "k"}).get("KEY") == "k"


def test_the_variables_of_the_server_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLUXPE_SECRET_KEY", "of the server")
    assert Secrets(None).get("KEY") == "of the server"


def test_a_folder_of_links_is_read(folder: Path) -> None:
    (folder / "..data").symlink_to(".")
    (folder / "linked").symlink_to("..data/slack")
    assert Secrets(folder, {}).get("linked") == "xoxb-1"


def test_a_changed_secret_counts_at_once(folder: Path) -> None:
    secrets = Secrets(folder, {})
    secrets.get("slack")
    (folder / "slack").write_text("xoxb-2")
    assert secrets.get("slack") == "xoxb-2"


def test_a_missing_secret_is_told_with_its_places(folder: Path) -> None:
    with pytest.raises(SecretMissing) as raised:
        Secrets(folder, {}).get("gone")
    assert str(raised.value) == (
        f"secret 'gone' is missing: there is no file {folder}/gone and no variable "
        "INFLUXPE_SECRET_gone"
    )
    with pytest.raises(SecretMissing, match="there is no variable INFLUXPE_SECRET_gone"):
        Secrets(None, {}).get("gone")


@pytest.mark.parametrize(
    "name", ["", "..", "../slack", "/etc/passwd", "a b", ".hidden", "n" * (NAME_CHARACTERS_MAX + 1)]
)
def test_what_is_no_name_reaches_no_file(folder: Path, name: str) -> None:
    with pytest.raises(SecretMissing, match="is no name of a secret"):
        Secrets(folder, {}).get(name)


def test_what_is_no_text_is_refused_without_its_content(folder: Path) -> None:
    (folder / "bytes").write_bytes(b"secret\xff")
    (folder / "nul").write_bytes(b"secret\0")
    (folder / "large").touch()
    os.truncate(folder / "large", SECRET_BYTES_MAX + 1)
    (folder / "folder").mkdir()
    for name, words in [
        ("bytes", "is no UTF-8 text"),
        ("nul", "has a NUL character"),
        ("large", f"has more than {SECRET_BYTES_MAX} bytes"),
        ("folder", "cannot be read: is a directory"),
    ]:
        with pytest.raises(SecretMissing, match=f"^secret '{name}' {words}$"):
            Secrets(folder, {}).get(name)


def test_references_are_replaced_and_all_else_stays(folder: Path) -> None:
    values = {"TOKEN": "secret:slack", "PLAIN": "not a secret:slack"}
    resolved = resolve(values, Secrets(folder, {}))
    assert resolved.values == {"TOKEN": "xoxb-1", "PLAIN": "not a secret:slack"}
    assert resolved.secrets == ("xoxb-1",)
    assert "xoxb" not in repr(resolved)
    assert values["TOKEN"] == "secret:slack"  # noqa: S105 - it is a name
    with pytest.raises(SecretMissing, match="'gone'"):
        resolve({"A": "secret:gone"}, Secrets(folder, {}))


def test_no_form_of_a_secret_is_shown() -> None:
    key = 'line "one" of it\nand päss/wörd\n'
    redactor = Redactor(["hunter2", "hunter22", key])
    lines = ["hunter2", "x=hunter22;", repr(key), json.dumps({"k": key}), "and päss/wörd!"]
    shown = [redactor.clean(line) for line in lines]
    assert shown == ["***", "x=***;", "'***'", '{"k": "***"}', "***!"]
    assert (
        redactor.clean("https://host/?key=and%20p%C3%A4ss%2Fw%C3%B6rd") == "https://host/?key=***"
    )


def test_without_secrets_texts_stay() -> None:
    assert Redactor().clean("text") == "text"
    assert Redactor([""]).clean("text") == "text"
