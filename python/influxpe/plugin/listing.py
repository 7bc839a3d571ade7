"""The files behind the triggers, as `system.plugin_files` and `show plugins` list them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from influxpe.errors import PluginError
from influxpe.plugin import folder
from influxpe.plugin.repository import PREFIX
from influxpe.plugin.source import locate


@dataclass(frozen=True)
class PluginFile:
    """A file of the plugin of one trigger; `plugin_name` is the name of the trigger."""

    plugin_name: str
    file_name: str
    file_path: str
    size_bytes: int
    last_modified_ms: int


def plugin_files(plugin_dir: Path | None, triggers: Iterable[tuple[str, str]]) -> list[PluginFile]:
    """List the files of triggers, given as (name, plugin filename); reads the disk.

    What is not there, or comes from a repository, has no files.
    """
    listed: list[PluginFile] = []
    for name, filename in triggers:
        if plugin_dir is None or filename.startswith(PREFIX):
            continue
        try:
            listed += [_row(name, found) for found in _found(plugin_dir, filename)]
        except (PluginError, OSError):
            continue
    return listed


def _found(plugin_dir: Path, filename: str) -> Iterator[folder.Found]:
    path = locate(plugin_dir, filename)
    if path.is_dir():
        yield from folder.find(path, plugin_dir)
    else:
        yield folder.seen(path, path.name)


def _row(name: str, found: folder.Found) -> PluginFile:
    changed_ns, size_bytes, _ = found.signature
    return PluginFile(
        plugin_name=name,
        file_name=folder.shown(found.relative),
        file_path=folder.shown(found.path),
        size_bytes=size_bytes,
        last_modified_ms=changed_ns // 1_000_000,
    )
