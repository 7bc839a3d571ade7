"""The questions in InfluxQL, for InfluxDB 1."""

from benches.peers.questions import HIGH, Question

# What stands below comes from this folder, never from a user.
# ruff: noqa: S608


def spelled(question: Question) -> str:
    """Write a question as a statement."""
    where = f"WHERE {window(question)}{chosen(question.hosts)}"
    grouped = f"time({question.step_s}s)"
    match question.kind:
        case "maxima":
            calls = called("max", question.fields)
            return f"SELECT {calls} FROM cpu {where} GROUP BY {grouped} fill(none)"
        case "averages":
            calls = called("mean", question.fields)
            return f"SELECT {calls} FROM cpu {where} GROUP BY {grouped}, hostname fill(none)"
        case "high":
            return f"SELECT * FROM cpu {where} AND {question.fields[0]} > {HIGH}"
        case "last":
            return "SELECT * FROM cpu GROUP BY hostname ORDER BY time DESC LIMIT 1"
        case "latest":
            until = f"WHERE time < {question.end_s}s"
            ordered = f"GROUP BY {grouped} fill(none) ORDER BY time DESC LIMIT 5"
            return f"SELECT {called('max', question.fields)} FROM cpu {until} {ordered}"
        case "count":
            return f"SELECT count({question.fields[0]}) FROM cpu"
        case "hosts":
            return "SHOW TAG VALUES FROM cpu WITH KEY = hostname"


def window(question: Question) -> str:
    """Write the condition on the time."""
    return f"time >= {question.start_s}s AND time < {question.end_s}s"


def chosen(hosts: tuple[str, ...]) -> str:
    """Write the condition on the hosts."""
    return f" AND ({' OR '.join(f'hostname = {host!r}' for host in hosts)})" if hosts else ""


def called(function: str, fields: tuple[str, ...]) -> str:
    """Write one call per field."""
    return ", ".join(f"{function}({field})" for field in fields)
