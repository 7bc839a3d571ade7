"""Statements that mean the same here and in DuckDB, or pairs of them.

Left out is what the two read differently: casts that round, ties of `round`, quantiles that are no
quarters (ours are interpolated with six digits), aggregates of one row that are null here and NaN
there.
"""
# ruff: noqa: S608 - statements are made of the constants of this file

from itertools import product

BIN = "date_bin(INTERVAL '1 hour', time)"
KEYS = "time, host, region"

CONDITIONS = (
    "host = 'alpha'",
    "host <> 'alpha'",
    "host IN ('alpha', 'gamma', 'none')",
    "host NOT IN ('alpha', 'gamma')",
    "host IS NULL",
    "host IS NOT NULL AND region IS NULL",
    "host IS DISTINCT FROM 'alpha'",
    "host < 'beta' OR region > 'eu'",
    "host LIKE '%a%t%'",
    "host NOT LIKE 'a%'",
    "note LIKE '%\\%' ESCAPE '\\'",
    "note ILIKE 'SLOW%'",
    "note = ''",
    "note IS NULL",
    "length(note) = 3",
    "regexp_like(host, '^(al|be)')",
    "usage > 10",
    "usage <= -10.5",
    "usage BETWEEN -1 AND 1",
    "usage NOT BETWEEN -40 AND 40",
    "usage IS NULL",
    "abs(usage) < load",
    "load = 7",
    "load % 2 = 0",
    "load IN (1, 2, 3, 5, 8, 13)",
    "load + hits > 900",
    "hits >= 500 AND hits < 510",
    "up",
    "NOT up",
    "up IS NOT TRUE",
    "up AND usage > 0 AND host = 'beta'",
    "up OR usage > 0 OR host = 'beta'",
    "NOT (up OR usage > 0)",
    "time = TIMESTAMP '2024-02-28 21:00:00'",
    "time >= TIMESTAMP '2024-02-28 22:30:00'",
    "time > TIMESTAMP '2024-02-28 21:00:00' AND time < TIMESTAMP '2024-02-28 21:10:00.5'",
    "time < TIMESTAMP '2024-02-28 20:10:00' OR time > TIMESTAMP '2024-02-29 00:10:00'",
    "time BETWEEN TIMESTAMP '2024-02-28 23:59:50' AND TIMESTAMP '2024-02-29 00:00:10'",
    "time > TIMESTAMP '2024-02-29 00:00:00' AND time < TIMESTAMP '2024-02-28 00:00:00'",
    "time >= TIMESTAMP '2024-02-28 22:00:00' AND region = 'eu' AND load > 0",
    "CASE WHEN load > 0 THEN host ELSE region END = 'eu'",
    "coalesce(region, host, 'none') = 'none'",
    "false",
    "NULL",
)

AGGREGATES = (
    "count(*), count(usage), count(host)",
    "count(DISTINCT load), count(DISTINCT note), count(DISTINCT region)",
    "sum(load), sum(hits), sum(usage)",
    "avg(load), avg(usage)",
    "min(usage), max(usage), min(time), max(time)",
    "min(note), max(note), min(host), max(region)",
    "median(usage)",
    "quantile_cont(usage, 0.25), quantile_cont(usage, 0.75)",
    "stddev_samp(usage), stddev_pop(load), var_samp(usage), var_pop(load)",
    "bool_and(up), bool_or(up), bit_xor(load)",
    "sum(load) FILTER (WHERE up), count(*) FILTER (WHERE usage > 0 AND NOT up)",
    "sum(CASE WHEN up THEN load ELSE -load END), max(abs(usage))",
    "array_agg(load ORDER BY load, time, host, region)",
    "string_agg(note, '|' ORDER BY note)",
)

GROUPS = (
    "host",
    "region",
    "host, region",
    "up",
    BIN,
    f"host, {BIN}",
    "date_trunc('minute', time), up",
    "load % 3",
    "coalesce(region, '-')",
    "CASE WHEN usage > 0 THEN 'plus' WHEN usage <= 0 THEN 'minus' END",
)

EXPRESSIONS = (
    "upper(note), lower(host), length(note), reverse(note)",
    "substr(note, 2, 3), left(host, 2), right(host, 2)",
    "host || '/' || coalesce(region, '?')",
    "concat(host, '-', region), concat_ws('-', host, region)",
    "replace(note, 'a', '<>'), trim(note), lpad(host, 8, '.'), rpad(host, 3, '.')",
    "split_part(region, '-', 2), strpos(note, 'b'), starts_with(host, 'al')",
    "translate(note, 'abx', '123'), repeat(host, 2)",
    "regexp_replace(note, '[aeiou]', '#', 'g')",
    "md5(note), ascii(host), chr((65 + abs(load))::INT)",
    "levenshtein(host, 'alfa')",
    "abs(usage), signum(usage), ceil(usage), floor(usage), round(usage), round(usage * 0.37, 1)",
    "sqrt(hits), ln(hits + 1), log10(hits + 1), exp(load), power(load, 2), cbrt(load)",
    "sin(usage), cos(usage), atan2(usage, load), radians(usage), degrees(load)",
    "load + hits, load - 3, load * load, load % 7, usage * load, usage / 3, -usage",
    "load & 5, load | 8, abs(load) << 1, abs(load) >> 1",
    "greatest(usage, load, 0), least(usage, load, 0)",
    "nullif(host, 'alpha'), coalesce(usage, load, hits), coalesce(note, 'none')",
    "CASE host WHEN 'alpha' THEN 1 WHEN 'beta' THEN 2 ELSE 3 END",
    "CASE WHEN usage > load THEN usage WHEN load > 0 THEN load END",
    "trunc(usage)::BIGINT, load::VARCHAR, up::INT, hits::DOUBLE, load = '3'::INT",
    "up AND usage > 0, up OR NULL, NOT up, up IS UNKNOWN",
    f"{BIN}, date_bin(INTERVAL '7 minutes', time), date_bin(INTERVAL '15 seconds', time)",
    "date_trunc('second', time), date_trunc('hour', time), date_trunc('day', time)",
    "date_trunc('week', time), date_trunc('month', time), date_trunc('quarter', time)",
    "date_part('year', time), date_part('month', time), date_part('day', time)",
    "date_part('hour', time), date_part('minute', time), extract(doy FROM time)",
    "extract(week FROM time), extract(quarter FROM time), extract(dow FROM time)",
    "time + INTERVAL '1 day', time - INTERVAL '90 minutes', time + INTERVAL '1 month'",
    "time::DATE AS day, time > TIMESTAMP '2024-02-29 00:00:00'",
)

OVER = (
    "row_number() OVER (ORDER BY time, host, region)",
    "row_number() OVER (PARTITION BY host, region ORDER BY time)",
    "rank() OVER (ORDER BY load), dense_rank() OVER (PARTITION BY up ORDER BY load DESC)",
    "ntile(7) OVER (ORDER BY time, host, region), cume_dist() OVER (ORDER BY load)",
    "percent_rank() OVER (PARTITION BY host ORDER BY load NULLS FIRST)",
    "lag(load) OVER w, lead(usage, 2) OVER w, lag(load, 1, -1) OVER w",
    "first_value(load) OVER w, last_value(load) OVER w, nth_value(load, 3) OVER w",
    "sum(load) OVER w, count(*) OVER w, avg(usage) OVER w, min(note) OVER w",
    "sum(load) OVER (PARTITION BY region), max(time) OVER (PARTITION BY host)",
    "sum(load) OVER (PARTITION BY host ORDER BY time, region"
    " ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING)",
    "count(*) OVER (ORDER BY time RANGE BETWEEN INTERVAL '5 minutes' PRECEDING AND CURRENT ROW)",
    "sum(load) OVER (ORDER BY load RANGE BETWEEN 2 PRECEDING AND 2 FOLLOWING)",
    "max(usage) OVER (PARTITION BY host, region ORDER BY time"
    " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)",
    "min(load) FILTER (WHERE up) OVER (PARTITION BY host)",
)

OTHERS = (
    "SELECT DISTINCT host, up FROM cpu",
    "SELECT DISTINCT ON (host) host, load, time FROM cpu ORDER BY host, time, region, load",
    f"SELECT * FROM cpu ORDER BY {KEYS} LIMIT 25",
    "SELECT * FROM cpu ORDER BY time DESC, host, region LIMIT 25",
    f"SELECT * FROM cpu WHERE host = 'beta' ORDER BY {KEYS} LIMIT 10 OFFSET 33",
    f"SELECT load, {KEYS} FROM cpu ORDER BY load DESC NULLS LAST, {KEYS} LIMIT 40",
    f"SELECT note, {KEYS} FROM cpu ORDER BY note NULLS FIRST, {KEYS} LIMIT 500",
    "SELECT host, count(*) FROM cpu GROUP BY host HAVING count(*) > 210",
    "SELECT host, sum(load) FROM cpu GROUP BY host HAVING avg(usage) > 0 AND max(load) > 5",
    f"SELECT {BIN} AS hour, count(*) AS n FROM cpu GROUP BY hour ORDER BY n DESC, hour LIMIT 3",
    "SELECT host, corr(usage, load), covar_samp(usage, load), regr_slope(usage, load),"
    " regr_intercept(usage, load), regr_r2(usage, load) FROM cpu GROUP BY host",
    "SELECT host, region, count(*) FROM cpu GROUP BY ROLLUP (host, region)",
    "SELECT host, up, sum(load) FROM cpu GROUP BY CUBE (host, up)",
    "SELECT host, region, max(hits) FROM cpu GROUP BY GROUPING SETS ((host), (region), ())",
    "SELECT a.host, b.host, count(*) FROM cpu a JOIN cpu b ON a.time = b.time GROUP BY 1, 2",
    "SELECT a.time, a.load, b.load FROM cpu a JOIN cpu b ON a.time = b.time AND a.host = 'alpha'"
    " AND b.host = 'beta' AND a.region = b.region",
    "SELECT a.time, a.load, b.load FROM cpu a LEFT JOIN cpu b ON a.time = b.time"
    " AND b.host = 'beta' AND b.region = 'eu' WHERE a.host = 'alpha' AND a.region = 'eu'",
    "SELECT a.n, b.n FROM (SELECT load, count(*) AS n FROM cpu WHERE host = 'alpha' GROUP BY load)"
    " a FULL JOIN (SELECT load, count(*) AS n FROM cpu WHERE usage > 40 GROUP BY load) b"
    " ON a.load = b.load",
    "SELECT count(*) FROM cpu a, cpu b WHERE a.time < b.time AND a.load = 7 AND b.load = -7",
    "SELECT h.name, count(c.load) FROM (VALUES ('alpha'), ('omega')) AS h(name)"
    " LEFT JOIN cpu c ON c.host = h.name GROUP BY h.name",
    "SELECT count(*) FROM cpu a WHERE EXISTS (SELECT 1 FROM cpu b WHERE b.time = a.time"
    " AND b.load > a.load)",
    "SELECT count(*) FROM cpu a WHERE NOT EXISTS (SELECT 1 FROM cpu b WHERE b.time = a.time"
    " AND b.host = 'gamma')",
    "SELECT count(*) FROM cpu WHERE time IN (SELECT time FROM cpu WHERE usage > 45)",
    "SELECT count(*) FROM cpu WHERE host NOT IN (SELECT host FROM cpu WHERE load = 3"
    " AND host IS NOT NULL AND usage > 20)",
    "SELECT host, load FROM cpu WHERE load = (SELECT max(load) FROM cpu)",
    "SELECT time, usage FROM cpu a WHERE usage = (SELECT max(usage) FROM cpu b"
    " WHERE b.host = a.host)",
    "SELECT host, n FROM (SELECT host, count(*) AS n FROM cpu GROUP BY host) WHERE n > 210",
    "SELECT (SELECT count(*) FROM cpu WHERE up), (SELECT min(time) FROM cpu WHERE load = 1)",
    "WITH h AS (SELECT host, avg(usage) AS mean FROM cpu GROUP BY host)"
    " SELECT c.host, count(*) FROM cpu c JOIN h ON c.host = h.host AND c.usage > h.mean GROUP BY 1",
    "WITH a AS (SELECT * FROM cpu WHERE up), b AS (SELECT * FROM a WHERE load > 0)"
    " SELECT region, count(*) FROM b GROUP BY region",
    "WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 9)"
    " SELECT n.i, count(c.load) FROM n LEFT JOIN cpu c ON c.load = n.i GROUP BY n.i",
    "SELECT host FROM cpu WHERE load > 15 UNION SELECT region FROM cpu WHERE load > 15",
    "SELECT host, load FROM cpu WHERE load > 18 UNION ALL SELECT region, load FROM cpu"
    " WHERE load > 18",
    "SELECT load FROM cpu WHERE host = 'alpha' INTERSECT SELECT load FROM cpu WHERE usage > 45",
    "SELECT load FROM cpu WHERE host = 'alpha' EXCEPT SELECT load FROM cpu WHERE usage > 45",
    f"SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY host ORDER BY load DESC, {KEYS})"
    " AS n FROM cpu) WHERE n <= 3",
    f"SELECT {BIN}, sum(load), sum(sum(load)) OVER (ORDER BY {BIN}) FROM cpu GROUP BY 1",
    "SELECT host, avg(usage) - lag(avg(usage)) OVER (ORDER BY host) FROM cpu GROUP BY host",
    "SELECT time, count(*) FROM cpu GROUP BY time HAVING count(*) > 3 ORDER BY time",
    "SELECT count(*) FROM (SELECT DISTINCT host, region, time FROM cpu)",
    "SELECT max(n) FROM (SELECT host, region, time, count(*) AS n FROM cpu GROUP BY 1, 2, 3)",
)

WINDOW = "(PARTITION BY host, region ORDER BY time)"

# What only we have, with what DuckDB says for it.
PAIRS = (
    (
        "SELECT host, region, selector_last(usage, time)['value'],"
        " selector_last(usage, time)['time'] FROM cpu GROUP BY host, region",
        "SELECT host, region, arg_max(usage, time), max(time) FILTER (WHERE usage IS NOT NULL)"
        " FROM cpu GROUP BY host, region",
    ),
    (
        "SELECT host, region, selector_first(note, time)['value'],"
        " selector_first(up, time)['value'] FROM cpu GROUP BY host, region",
        "SELECT host, region, arg_min(note, time), arg_min(up, time) FROM cpu"
        " GROUP BY host, region",
    ),
    (
        f"SELECT {BIN}, selector_max(load, time)['value'], selector_max(load, time)['time']"
        " FROM cpu GROUP BY 1",
        f"SELECT {BIN}, max(load), min(time) FILTER (WHERE load = top) FROM (SELECT *, max(load)"
        f" OVER (PARTITION BY {BIN}) AS top FROM cpu) GROUP BY 1",
    ),
    (
        "SELECT selector_min(hits, time)['value'], selector_min(hits, time)['time'] FROM cpu",
        "SELECT min(hits), min(time) FILTER (WHERE hits = low) FROM (SELECT *, min(hits) OVER ()"
        " AS low FROM cpu)",
    ),
    (
        f"SELECT {KEYS}, difference(load) OVER {WINDOW} FROM cpu",
        f"SELECT {KEYS}, load - lag(load IGNORE NULLS) OVER {WINDOW} FROM cpu",
    ),
    (
        f"SELECT {KEYS}, non_negative_difference(usage) OVER {WINDOW} FROM cpu",
        f"SELECT {KEYS}, CASE WHEN d >= 0 THEN d END FROM"
        f" (SELECT *, usage - lag(usage IGNORE NULLS) OVER {WINDOW} AS d FROM cpu)",
    ),
    (
        f"SELECT {KEYS}, derivative(load, time, INTERVAL '1 minute') OVER {WINDOW} FROM cpu"
        " WHERE load IS NOT NULL",
        f"SELECT {KEYS}, 60000.0 * (load - lag(load) OVER {WINDOW})"
        f" / (epoch_ms(time) - epoch_ms(lag(time) OVER {WINDOW})) FROM cpu WHERE load IS NOT NULL",
    ),
    (
        "SELECT host, count(*) FROM cpu WHERE influx_regex_match(host, 'a$') GROUP BY host",
        "SELECT host, count(*) FROM cpu WHERE regexp_matches(host, 'a$') GROUP BY host",
    ),
    (
        "SELECT count(*) FROM cpu WHERE host ~ 'm+' AND note !~ '[abc]'",
        "SELECT count(*) FROM cpu WHERE regexp_matches(host, 'm+')"
        " AND NOT regexp_matches(note, '[abc]')",
    ),
    ("SELECT load / 3, load / 2.0 FROM cpu", "SELECT load // 3, load / 2.0 FROM cpu"),
)


def statements() -> list[tuple[str, str]]:
    """Give all, each for us and for DuckDB."""
    same = [f"SELECT * FROM cpu WHERE {condition}" for condition in CONDITIONS]
    same += [
        f"SELECT count(*), sum(load), max(usage), min(time) FROM cpu WHERE {condition}"
        for condition in CONDITIONS
    ]
    same += [f"SELECT {aggregates} FROM cpu" for aggregates in AGGREGATES]
    same += [
        f"SELECT {group}, {aggregates} FROM cpu GROUP BY {group}"
        for aggregates, group in product(AGGREGATES, GROUPS)
    ]
    same += [f"SELECT {KEYS}, {expression} FROM cpu" for expression in EXPRESSIONS]
    same += [f"SELECT {KEYS}, {over} FROM cpu WINDOW w AS {WINDOW}" for over in OVER]
    return [(sql, sql) for sql in (*same, *OTHERS)] + list(PAIRS)
