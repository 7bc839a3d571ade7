"""The service that the tests of the store speak to."""

from collections.abc import Iterator

import pytest

from tests.integration.storage.s3_service import KINDS, S3Service


@pytest.fixture(scope="session")
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[S3Service]:
    """Run one service for all tests; each has a node of its own."""
    kind = KINDS[request.config.getoption("--s3-server")]
    running = S3Service(kind, tmp_path_factory.mktemp("s3"))
    yield running
    running.close()
