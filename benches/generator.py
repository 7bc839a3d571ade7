"""Rows as a monitoring agent writes them: 10 tags, 10 integer fields, every 10 s, seeded."""

import random
from collections.abc import Iterator
from itertools import islice

HOSTS = 100
INTERVAL_NS = 10_000_000_000
FIRST_TIMESTAMP_NS = 1_767_225_600_000_000_000
SEED = 20_260_101

REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2", "ap-southeast-1")
SYSTEMS = ("Debian12", "Ubuntu24.04LTS", "Alpine3.20")
TEAMS = ("CHI", "LON", "NYC", "SF", "BER")
FIELDS = (
    "usage_user",
    "usage_system",
    "usage_idle",
    "usage_nice",
    "usage_iowait",
    "usage_irq",
    "usage_softirq",
    "usage_steal",
    "usage_guest",
    "usage_guest_nice",
)


def series_key(number: int, choice: random.Random) -> str:
    """Give measurement and tags of one host, as they stand at the start of its lines."""
    region = choice.choice(REGIONS)
    tags = {
        "hostname": f"host_{number}",
        "region": region,
        "datacenter": f"{region}{choice.choice('abc')}",
        "rack": choice.randrange(100),
        "os": choice.choice(SYSTEMS),
        "arch": choice.choice(("x64", "arm64")),
        "team": choice.choice(TEAMS),
        "service": choice.randrange(20),
        "service_version": choice.randrange(2),
        "service_environment": choice.choice(("production", "staging", "test")),
    }
    return "cpu," + ",".join(f"{key}={value}" for key, value in tags.items())


def lines(hosts: int = HOSTS, interval_ns: int = INTERVAL_NS) -> Iterator[str]:
    """Give lines without end: all hosts at one time, then all at the next.

    Each field walks by at most one per step and stays within 0 to 100.
    """
    choice = random.Random(SEED)  # noqa: S311 - repeatable rows, not a secret
    keys = [series_key(number, choice) for number in range(hosts)]
    values = [[choice.randrange(101) for _ in FIELDS] for _ in range(hosts)]
    timestamp_ns = FIRST_TIMESTAMP_NS
    while True:
        for key, host_values in zip(keys, values, strict=True):
            moved = choice.randrange(len(FIELDS))
            host_values[moved] = min(100, max(0, host_values[moved] + choice.choice((-1, 1))))
            fields = ",".join(f"{n}={v}i" for n, v in zip(FIELDS, host_values, strict=True))
            yield f"{key} {fields} {timestamp_ns}"
        timestamp_ns += interval_ns


def bodies(
    count: int, lines_per_body: int, hosts: int = HOSTS, interval_ns: int = INTERVAL_NS
) -> list[bytes]:
    """Give request bodies; no two of their lines are of one host and time."""
    endless = lines(hosts, interval_ns)
    return ["\n".join(islice(endless, lines_per_body)).encode() for _ in range(count)]
