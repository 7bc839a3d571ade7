"""Requests to a service that speaks S3, signed (AWS Signature Version 4), without the product."""

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

import httpx

REGION = "us-east-1"
ALGORITHM = "AWS4-HMAC-SHA256"
REQUEST_SECONDS_MAX = 30.0


@dataclass(frozen=True)
class Credentials:
    """What a client of the service shows."""

    key: str
    secret: str


class Bucket:
    """A bucket of the service on a port of this machine, until `close`."""

    def __init__(self, port: int, name: str, credentials: Credentials) -> None:
        self._host = f"127.0.0.1:{port}"
        self._name = name
        self._credentials = credentials
        self._http = httpx.Client(timeout=REQUEST_SECONDS_MAX)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def make(self) -> bool:
        """Make it; false while the service does not listen, or refuses."""
        try:
            return self._send("PUT", "").is_success
        except httpx.TransportError:
            return False

    def put(self, name: str, content: bytes) -> None:
        """Make an object."""
        answer = self._send("PUT", name, content=content)
        assert answer.is_success, answer.text

    def names(self, prefix: str = "") -> list[str]:
        """Give the names of all objects, sorted."""
        return sorted(name for page in self._pages(prefix) for name in page)

    def remove(self, name: str) -> None:
        """Remove an object."""
        answer = self._send("DELETE", name)
        assert answer.is_success, answer.text

    def _pages(self, prefix: str) -> Iterator[list[str]]:
        more: dict[str, str] = {}
        while True:
            answer = self._send("GET", "", {"list-type": "2", "prefix": prefix} | more)
            assert answer.is_success, answer.text
            yield re.findall("<Key>([^<]*)</Key>", answer.text)
            token = re.search("<NextContinuationToken>([^<]*)<", answer.text)
            if token is None:
                return
            more = {"continuation-token": token[1]}

    def _send(
        self, method: str, name: str, query: dict[str, str] | None = None, content: bytes = b""
    ) -> httpx.Response:
        path = f"/{self._name}/{quote(name)}" if name else f"/{self._name}"
        text = "&".join(f"{k}={quote(v, safe='')}" for k, v in sorted((query or {}).items()))
        headers = signed(method, self._host, path, text, content, self._credentials)
        url = f"http://{self._host}{path}?{text}"
        return self._http.request(method, url, content=content, headers=headers)


def signed(
    method: str, host: str, path: str, query: str, content: bytes, credentials: Credentials
) -> dict[str, str]:
    """Give the headers of a request, with its signature; path and query are encoded already."""
    now = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    digest = hashlib.sha256(content).hexdigest()
    headers = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": now}
    lines = [f"{name}:{value}" for name, value in headers.items()]
    names = ";".join(headers)
    request = "\n".join([method, path, query, *lines, "", names, digest])
    scope = f"{now[:8]}/{REGION}/s3/aws4_request"
    text = "\n".join([ALGORITHM, now, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{credentials.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    shown = f"Credential={credentials.key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return headers | {"authorization": f"{ALGORITHM} {shown}"}
