"""What the server tells about itself: health, version, metrics."""

import secrets
import uuid
from collections.abc import Iterator

from starlette.responses import Response

from influxpe import __version__
from influxpe.config import PRODUCT_NAME, REVISION
from influxpe.http.auth import MILLISECOND_NS
from influxpe.http.messages import Call, json_response, succeeded, with_headers
from influxpe.http.metrics import Sample, render
from influxpe.http.services import Services

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class InformationEndpoints:
    """Answers about one running server."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def health(self, _: Call) -> Response:
        """Say that the server answers."""
        return succeeded(Response("OK", headers={"content-type": "text/plain; charset=utf-8"}))

    async def ping(self, _: Call) -> Response:
        """Name the product, its version and this process."""
        request_id = str(uuid7(self._services.clock.now_ns() // MILLISECOND_NS))
        response = json_response(
            {
                "product_name": PRODUCT_NAME,
                "version": __version__,
                "revision": REVISION,
                "process_id": self._services.process_id,
            }
        )
        headers = {
            "Request-Id": request_id,
            "X-Request-Id": request_id,
            "X-Influxdb-Build": "Core",
            "X-Influxdb-Version": __version__,
        }
        return with_headers(response, headers)

    async def metrics(self, _: Call) -> Response:
        """Give all counters in the Prometheus text format."""
        families = [*self._services.metrics.families(), *self._engine_families()]
        text = render([*families, *self._trigger_families()])
        return succeeded(Response(text, headers={"content-type": METRICS_TYPE}))

    def _engine_families(self) -> Iterator[tuple[str, str, list[Sample]]]:
        stats = self._services.engine.stats()
        values = {
            "influxpe_rows_written_total": stats.rows_written,
            "influxpe_lines_rejected_total": stats.lines_rejected,
            "influxpe_line_protocol_bytes_total": stats.bytes_written,
            "influxpe_wal_syncs_total": stats.wal_syncs,
            "influxpe_wal_bytes": stats.wal_bytes,
            "influxpe_buffer_bytes": stats.buffer_bytes,
            "influxpe_stored_files": stats.stored_files,
            "influxpe_store_failing": int(self._services.engine.store_failure() is not None),
            "influxpe_stored_bytes": stats.stored_bytes,
            "influxpe_stored_position": stats.stored_position,
            "influxpe_log_position": stats.position,
        }
        for name, value in values.items():
            yield name, _kind(name), [(name, {}, value)]

    def _trigger_families(self) -> Iterator[tuple[str, str, list[Sample]]]:
        families: dict[str, list[Sample]] = {}
        for name, labels, value in self._services.processing.metrics():
            families.setdefault(name, []).append((name, labels, value))
        for name, samples in families.items():
            yield name, _kind(name), samples


def _kind(name: str) -> str:
    return "counter" if name.endswith("_total") else "gauge"


def uuid7(now_ms: int) -> uuid.UUID:
    """Make a UUID of version 7: a time in milliseconds and 74 random bits."""
    value = (now_ms & (2**48 - 1)) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
