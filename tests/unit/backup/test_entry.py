"""The file that makes a backup one, and what is not taken for one."""

from typing import Any

import pytest
from msgspec.structs import replace

from influxpe.backup.entry import decode, encode
from influxpe.backup.offer import check_name, read_offer
from influxpe.errors import BackupError
from tests.unit.backup.entries import entry, item, segment

ENTRY = entry(50, 10, segment(1, 1, 50, last_s=3), taken_s=5)
DOCUMENT: dict[str, Any] = {
    "id": "x",
    "format": 1,
    "node_id": "n",
    "cluster_uuid": "u",
    "position": 1,
    "manifest": None,
    "taken_at": "2026-01-01T12:00:00Z",
    "objects": [{"name": "store/n/a.parquet", "bytes": 1, "crc32": 2}],
}


def test_an_entry_is_read_as_it_was_written() -> None:
    assert decode("e", encode(ENTRY)) == ENTRY
    assert ENTRY.name == "backups/00000000000000000050-20260101T120005.000000Z.json"
    assert ENTRY.bytes == 1 + 1 + ENTRY.segments[0].item.bytes


def test_names_come_in_the_order_of_positions_and_times() -> None:
    entries = [entry(9, 1), entry(50, 10, taken_s=1), entry(50, 10, taken_s=2), entry(1000, 10)]
    names = [one.name for one in entries]
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "'e' is damaged: "),
        (b"{}", "'e' is damaged: Object missing required field"),
        (encode(ENTRY)[:-9], "'e' is damaged: "),
        (encode(ENTRY).replace(b'"position":50', b'"position":51'), "its checksum does not fit"),
    ],
)
def test_a_damaged_entry_is_named(data: bytes, text: str) -> None:
    with pytest.raises(BackupError, match=text):
        decode("e", data)


def test_every_byte_of_an_entry_counts() -> None:
    data = encode(ENTRY)
    for at in range(len(data)):
        torn = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            assert decode("e", torn) == ENTRY, at
        except BackupError as error:
            assert str(error).startswith("'e' ")  # noqa: PT017 - both outcomes are right


@pytest.mark.parametrize(
    "name",
    [
        "",
        "store",
        "/store/a",
        "store/../../a",
        "store//a",
        "store/./a",
        "wal/../store/a",
        "wal/1.wal",
        "backups/1.json",
        "plugins/../a",
        "plugins/a\0",
    ],
)
def test_names_outside_of_a_backup_are_refused(name: str) -> None:
    with pytest.raises(BackupError, match="is no name of an object of a backup"):
        check_name(name)
    torn = entry(1, 0, segment(1, 1, 1))
    bad = encode(replace(torn, files=(item(name),)))
    with pytest.raises(BackupError):
        decode("e", bad)


def test_the_answer_of_a_server_is_checked() -> None:
    assert read_offer(DOCUMENT).objects[0].crc32 == 2
    with pytest.raises(BackupError, match="the server's answer is no backup: "):
        read_offer(None)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"format": 2}, "the server's backup has format 2, this command 1"),
        ({"position": "x"}, "the server's answer is no backup: "),
        ({"objects": [{"name": "/etc/x", "bytes": 1}]}, "'/etc/x' is no name of an object"),
    ],
)
def test_an_answer_that_is_no_backup_is_refused(change: dict[str, Any], text: str) -> None:
    with pytest.raises(BackupError, match=text):
        read_offer(DOCUMENT | change)


def test_a_later_format_is_refused() -> None:
    later = encode(replace(ENTRY, format=2))
    with pytest.raises(BackupError, match="'e' has format 2, and this command reads 1"):
        decode("e", later)
