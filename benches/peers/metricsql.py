"""The questions in MetricsQL, for VictoriaMetrics, as paths of its HTTP interface.

A window of MetricsQL ends at its step and contains its end; ours begin at it. So a step is asked
for 1 ms before the next begins. `nocache` keeps answers from being remembered, and the steps from
being moved to round times. Rows of high values and a limit on steps cannot be said: there are no
rows, only series.
"""

from urllib.parse import urlencode

from benches.peers.questions import Question

RANGE, INSTANT = "/api/v1/query_range", "/api/v1/query"
LABEL = "/api/v1/label/hostname/values"


def spelled(question: Question) -> str | None:
    """Write a question as a path; nothing where it cannot be said."""
    chosen = selector(question.fields, question.hosts)
    window = f"[{question.step_s}s]"
    match question.kind:
        case "maxima":
            return ranged(question, f"max(max_over_time({chosen}{window})) by (__name__)")
        case "averages":
            return ranged(question, f"avg(avg_over_time({chosen}{window})) by (__name__, hostname)")
        case "last":
            return instant(question, f"last_over_time({chosen}{whole(question)})")
        case "count":
            return instant(question, f"sum(count_over_time({chosen}{whole(question)}))")
        case "hosts":
            asked = {"match[]": chosen, "start": question.start_s, "end": question.end_s}
            return f"{LABEL}?{urlencode(asked)}"
        case _:
            return None


def selector(fields: tuple[str, ...], hosts: tuple[str, ...]) -> str:
    """Write the choice of series."""
    names = "|".join(f"cpu_{field}" for field in fields)
    chosen = f',hostname=~"{"|".join(hosts)}"' if hosts else ""
    return f'{{__name__=~"{names}"{chosen}}}'


def whole(question: Question) -> str:
    """Write a window over all rows, from before the first."""
    return f"[{question.end_s - question.start_s + 1}s]"


def ranged(question: Question, query: str) -> str:
    """Ask at the end of each step."""
    first, last = question.start_s + question.step_s, question.end_s
    times = {"start": f"{first - 1}.999", "end": f"{last - 1}.999", "step": f"{question.step_s}s"}
    return f"{RANGE}?{urlencode({'query': query, 'nocache': 1} | times)}"


def instant(question: Question, query: str) -> str:
    """Ask once, at the end of all rows."""
    return f"{INSTANT}?{urlencode({'query': query, 'nocache': 1, 'time': question.end_s})}"
