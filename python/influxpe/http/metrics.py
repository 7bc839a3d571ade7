"""Counters and histograms in the Prometheus text format.

Recording costs a few dictionary look-ups; all formatting happens when `/metrics` is read.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

SECONDS_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
BYTES_BOUNDS = (0, 128, 1024, 8 * 1024, 64 * 1024, 512 * 1024, 4 * 1024**2, 32 * 1024**2)

Labels = Mapping[str, str]
Sample = tuple[str, Labels, float]


class Histogram:
    """How often values fell into each range, and their sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def samples(self, name: str, labels: Labels) -> Iterator[Sample]:
        """Give the cumulative buckets, the sum and the count."""
        below = 0
        for bound, count in zip((*self.bounds, "+Inf"), self.counts, strict=True):
            below += count
            yield f"{name}_bucket", {**labels, "le": str(bound)}, below
        yield f"{name}_sum", labels, self.total
        yield f"{name}_count", labels, below


class _Answers:
    __slots__ = ("bytes", "count", "seconds")

    def __init__(self) -> None:
        self.count = 0
        self.seconds = Histogram(SECONDS_BOUNDS)
        self.bytes = Histogram(BYTES_BOUNDS)

    def add(self, seconds: float, size: int) -> None:
        self.count += 1
        self.seconds.add(seconds)
        self.bytes.add(size)


class Metrics:
    """Requests by route and status, calls by path and status, and lines written by database."""

    def __init__(self) -> None:
        self._routes: defaultdict[tuple[str, str, int], _Answers] = defaultdict(_Answers)
        self._calls: defaultdict[tuple[str, str], _Answers] = defaultdict(_Answers)
        self._written: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])

    def request(self, method: str, path: str, status: int, seconds: float, size: int) -> None:
        """Record one answered request; `size` is the body of the answer in bytes."""
        self._routes[method, path, status].add(seconds, size)

    def call(self, path: str, status: str, seconds: float, size: int) -> None:
        """Record one answered call of gRPC; `status` is the name of its code."""
        self._calls[path, status].add(seconds, size)

    def write(self, database: str, *, lines: int, rejected: int, size: int) -> None:
        """Record one write; `size` is the body in bytes of line protocol."""
        written = self._written[database]
        written[0] += lines
        written[1] += rejected
        written[2] += size

    def families(self) -> Iterator[tuple[str, str, list[Sample]]]:
        """Give name, type and samples of every family."""
        routes = [(_labels(key), answers) for key, answers in self._routes.items()]
        yield from _answer_families("http", routes)
        calls = [({"path": p, "status": s}, answers) for (p, s), answers in self._calls.items()]
        yield from _answer_families("grpc", calls)
        for index, what in enumerate(("lines", "lines_rejected", "bytes")):
            name = f"influxdb3_write_{what}_total"
            samples: list[Sample] = [
                (name, {"db": database}, counts[index])
                for database, counts in self._written.items()
            ]
            yield name, "counter", samples


def _answer_families(
    protocol: str, answers: Sequence[tuple[Labels, _Answers]]
) -> Iterator[tuple[str, str, list[Sample]]]:
    name = f"{protocol}_requests_total"
    yield name, "counter", [(name, labels, one.count) for labels, one in answers]
    name = f"{protocol}_request_duration_seconds"
    durations = [s for labels, one in answers for s in one.seconds.samples(name, labels)]
    yield name, "histogram", durations
    name = f"{protocol}_response_body_size_bytes"
    sizes = [s for labels, one in answers for s in one.bytes.samples(name, labels)]
    yield name, "histogram", sizes


def _labels(key: tuple[str, str, int]) -> Labels:
    method, path, status = key
    return {
        "method": method,
        "method_path": f"{method} {path}",
        "path": path,
        "status": str(status),
    }


def render(families: Iterable[tuple[str, str, Iterable[Sample]]]) -> str:
    """Write families as text; the last line is `# EOF`."""
    lines: list[str] = []
    for name, kind, samples in families:
        lines.append(f"# TYPE {name} {kind}")
        lines.extend(_line(sample) for sample in samples)
    return "\n".join([*lines, "# EOF", ""])


def _line(sample: Sample) -> str:
    name, labels, value = sample
    if not labels:
        return f"{name} {value}"
    inner = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
    return f"{name}{{{inner}}} {value}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
