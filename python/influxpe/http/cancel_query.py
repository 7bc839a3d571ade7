"""`DELETE /api/v3/query`: ends a running query, by its id in `system.queries`."""

from typing import Annotated

import msgspec
from starlette.responses import Response

from influxpe.http.messages import Call
from influxpe.http.parameters import query_parameters
from influxpe.http.services import Services


class _Asked(msgspec.Struct):
    id: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class CancelQueryEndpoint:
    """The route over one engine."""

    def __init__(self, services: Services) -> None:
        self._engine = services.engine

    async def cancel(self, call: Call) -> Response:
        """End a query: 204, or 404 where none of that id runs. Its client gets 503."""
        self._engine.cancel_query(query_parameters(_Asked, call).id)
        return Response(status_code=204)
