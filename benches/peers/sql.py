"""The questions in SQL, for influxpe."""

from benches.peers.questions import HIGH, Question

# What stands below comes from this folder, never from a user.
# ruff: noqa: S608


def spelled(question: Question) -> str:
    """Write a question as a statement."""
    where = f"WHERE {window(question)}{chosen(question.hosts)}"
    bucket = f"date_bin(INTERVAL '{question.step_s} seconds', time) AS bucket"
    match question.kind:
        case "maxima":
            calls = called("max", question.fields)
            return f"SELECT {bucket}, {calls} FROM cpu {where} GROUP BY bucket ORDER BY bucket"
        case "averages":
            calls = called("avg", question.fields)
            grouped = "GROUP BY bucket, hostname ORDER BY bucket, hostname"
            return f"SELECT {bucket}, hostname, {calls} FROM cpu {where} {grouped}"
        case "high":
            return f"SELECT * FROM cpu {where} AND {question.fields[0]} > {HIGH}"
        case "last":
            newest = "SELECT DISTINCT ON (hostname) * FROM cpu"
            return f"{newest} ORDER BY hostname, time DESC"
        case "latest":
            calls = called("max", question.fields)
            until = f"WHERE time < to_timestamp_seconds({question.end_s})"
            ordered = "GROUP BY bucket ORDER BY bucket DESC LIMIT 5"
            return f"SELECT {bucket}, {calls} FROM cpu {until} {ordered}"
        case "count":
            return "SELECT count(*) AS rows FROM cpu"
        case "hosts":
            return "SELECT DISTINCT hostname FROM cpu"


def window(question: Question) -> str:
    """Write the condition on the time."""
    start, end = (f"to_timestamp_seconds({at})" for at in (question.start_s, question.end_s))
    return f"time >= {start} AND time < {end}"


def chosen(hosts: tuple[str, ...]) -> str:
    """Write the condition on the hosts."""
    return f" AND hostname IN ({', '.join(map(repr, hosts))})" if hosts else ""


def called(function: str, fields: tuple[str, ...]) -> str:
    """Write one call per field."""
    return ", ".join(f"{function}({field}) AS {function}_{field}" for field in fields)
