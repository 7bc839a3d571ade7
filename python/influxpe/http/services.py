"""What the endpoints share: one value, made by the composition root."""

from dataclasses import dataclass

from influxpe._engine import Engine
from influxpe.clock import Clock
from influxpe.commits import Commits
from influxpe.config import ServerConfig
from influxpe.http.auth import Tokens
from influxpe.http.metrics import Metrics
from influxpe.http.open_backups import OpenBackups
from influxpe.http.threads import Threads
from influxpe.queries import Queries
from influxpe.triggers.processing_engine import ProcessingEngine


@dataclass(frozen=True)
class Services:
    """The parts of a running server."""

    config: ServerConfig
    clock: Clock
    engine: Engine
    commits: Commits
    queries: Queries
    processing: ProcessingEngine
    tokens: Tokens
    threads: Threads
    metrics: Metrics
    backups: OpenBackups
    process_id: str
