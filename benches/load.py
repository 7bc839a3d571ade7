"""Sends prepared requests over a fixed number of connections, as fast as answers come."""

import http.client
import threading
import time
from collections.abc import Sequence

REQUEST_SECONDS_MAX = 60.0


class Connection:
    """One kept-alive connection."""

    def __init__(self, address: str) -> None:
        self._http = http.client.HTTPConnection(address, timeout=REQUEST_SECONDS_MAX)

    def post(self, path: str, body: bytes, *, expected: int = 204) -> bytes:
        """Send a body and read the answer, which must have the expected status."""
        self._http.request("POST", path, body)
        response = self._http.getresponse()
        text = response.read()
        assert response.status == expected, text[:500]
        return text

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


def send_all(address: str, path: str, bodies: Sequence[bytes], *, connections: int) -> None:
    """Send all bodies, spread over the connections; returns when all have been answered."""
    failures: list[BaseException] = []

    def work(own: Sequence[bytes]) -> None:
        connection = Connection(address)
        try:
            for body in own:
                connection.post(path, body)
        except BaseException as failure:
            failures.append(failure)
        finally:
            connection.close()

    shares = [bodies[start::connections] for start in range(connections)]
    threads = [threading.Thread(target=work, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def latencies_ms(address: str, path: str, bodies: Sequence[bytes]) -> list[float]:
    """Send bodies one after another; gives the time of each, sorted."""
    connection = Connection(address)
    found = []
    for body in bodies:
        started_ns = time.perf_counter_ns()
        connection.post(path, body)
        found.append((time.perf_counter_ns() - started_ns) / 1e6)
    connection.close()
    return sorted(found)


def percentile(ordered: Sequence[float], share: float) -> float:
    """Give the value below which `share` (0 to 1) of the ordered values lie."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
