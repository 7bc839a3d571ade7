"""Copies of what was fetched from a plugin repository: a server starts without a network.

They lie in `<plugin-dir>/.fetched`, below a name that stands for the repository, with the paths
that they were asked for by. The newest fetch that went well wins; nothing here ever fails a fetch.
"""

import hashlib
import logging
from pathlib import Path

from influxpe.plugin.staging import write_whole

logger = logging.getLogger(__name__)

FOLDER = ".fetched"


class FetchedCopies:
    """The copies of one repository; none without a plugin folder."""

    def __init__(self, plugin_dir: Path | None, repository: str) -> None:
        name = hashlib.blake2b(repository.rstrip("/").encode(), digest_size=6).hexdigest()
        self._folder = None if plugin_dir is None else plugin_dir / FOLDER / name

    def keep(self, path: str, text: str) -> None:
        """Keep the text of a path that may not leave the repository."""
        if self._folder is None:
            return
        file = self._folder / path
        content = text.encode()
        try:
            if file.is_file() and file.read_bytes() == content:
                return
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, content)
        except OSError as error:
            logger.warning("no copy of gh:%s is kept: %s", path, error)

    def find(self, path: str) -> str | None:
        """Give what was kept, `None` where that is nothing."""
        if self._folder is None:
            return None
        try:
            return (self._folder / path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None
