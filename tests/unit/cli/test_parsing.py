"""The grammar of the command line: which words are options, values, positionals."""

from typing import Any

import pytest

from influxpe.cli import parse
from influxpe.cli.command import Command, Group, Values
from influxpe.cli.parameter import (
    count,
    defaulted,
    flag,
    option,
    optional_positional,
    optional_value,
    positional,
    positionals,
    required,
    several,
)
from influxpe.cli.parse import HelpAsked, Invocation, VersionAsked
from influxpe.cli.usage import UsageError
from influxpe.cli.value_types import key_value, whole_number

DATABASE = required("database", "DATABASE_NAME", "", str, short="d", environment=("DB", "OLD_DB"))
FORMAT = defaulted("format", "FORMAT", "", str, "pretty", choices=("pretty", "json"))
FILE = option("file", "FILE", "", str, short="f", aliases=("path",))
QUIET = flag("quiet", "", short="q", environment=("QUIET",))
PRECISION = option("precision", "P", "", str, short="p")
VERBOSE = count("verbose", "", short="v")
ARGUMENTS = several("arguments", "K=V", "", key_value, environment=("ARGUMENTS",))
FIELD = several("field", "K=V", "", key_value, separators="")
TAGS = several("tags", "TAGS", "", str, greedy=True)
LIMIT = option("limit", "N", "", whole_number, environment=("LIMIT",))
BIND = optional_value("bind", "ADDRESS", "", "default:1")
TOKEN = option("token", "T", "", str, environment=("TOKEN",), empty_counts=True)
TABLE = option("table", "NAME", "", str, requires=("field",), conflicts=("LINES",))
NAME = positional("NAME", "")
LINES = positionals("LINES", "")
QUERY = optional_positional("QUERY", "")


def nothing(_: Values) -> int:
    return 0


def command(name: str, *parameters: Any, loose_names: bool = False) -> Command:  # noqa: ANN401 - any type of parameter
    return Command(
        name=name, about="", verb="", run=nothing, parameters=parameters, loose_names=loose_names
    )


SERVE = command("serve", FILE, QUIET, VERBOSE, BIND, LIMIT, loose_names=True)
QUERY_COMMAND = command("query", QUERY, DATABASE, FORMAT, PRECISION, QUIET, VERBOSE, TOKEN)
WRITE = command("write", LINES, DATABASE, TABLE, FIELD, QUIET, PRECISION)
CREATE = Group(
    name="create",
    about="",
    members=(command("table", NAME, TAGS, DATABASE), command("trigger", NAME, ARGUMENTS, DATABASE)),
)
SYSTEM = Group(
    name="system",
    about="",
    aliases=("s",),
    options=(DATABASE,),
    members=(command("summary", LIMIT, DATABASE),),
)
ROOT = Group(
    name="influxdb3",
    about="",
    options=(LIMIT,),
    members=(SERVE, QUERY_COMMAND, WRITE, CREATE, SYSTEM),
    default=SERVE,
)


def read(
    *words: str, environment: dict[str, str] | None = None, notes: list[str] | None = None
) -> Invocation:
    return parse.parse(
        ROOT, "influxdb3", words, environment or {}, notes if notes is not None else []
    )


def refuse(*words: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        read(*words, environment=environment)
    return caught.value.text()


@pytest.mark.parametrize(
    "words",
    [
        ["--database", "db"],
        ["--database=db"],
        ["-d", "db"],
        ["-ddb"],
        ["-d=db"],
        ["-qd", "db"],
        ["-qvvddb"],
    ],
)
def test_a_value_is_attached_or_follows(words: list[str]) -> None:
    assert read("query", *words).values[DATABASE] == "db"


def test_options_and_positionals_mix_in_any_order() -> None:
    for words in (["SELECT 1", "-d", "db"], ["-d", "db", "SELECT 1"]):
        values = read("query", *words).values
        assert (values[DATABASE], values[QUERY]) == ("db", "SELECT 1")


def test_what_is_not_given_has_its_default() -> None:
    values = read("query", "-d", "db").values
    assert (values[FORMAT], values[QUERY], values[QUIET], values[VERBOSE]) == (
        "pretty",
        None,
        False,
        0,
    )
    assert not values.given(FORMAT)


def test_repetitions_of_a_counted_flag_add_up() -> None:
    assert read("query", "-d", "db", "-vv", "--verbose").values[VERBOSE] == 3


def test_after_two_dashes_everything_is_positional() -> None:
    assert read("query", "-d", "db", "--", "--help").values[QUERY] == "--help"


def test_a_value_may_be_empty_or_hold_an_equals_sign() -> None:
    assert read("query", "-d", "db", "--token=").values[TOKEN] == ""
    assert read("query", "-d", "db", "--token=a=b").values[TOKEN] == "a=b"


def test_a_single_dash_is_a_value() -> None:
    assert read("query", "-d", "-", "-").values[QUERY] == "-"


def test_lists_split_at_commas_and_repeat() -> None:
    words = ["-d", "db", "--arguments", "a=1,b=x=y", "t", "--arguments=c=", "--arguments", "d=2,"]
    values = read("create", "trigger", *words).values
    assert values[ARGUMENTS] == (("a", "1"), ("b", "x=y"), ("c", ""), ("d", "2"))


def test_a_list_without_separators_keeps_its_commas() -> None:
    words = ["-d", "db", "--table", "t", "--field", "a=1,5", "--field", "b=2"]
    assert read("write", *words).values[FIELD] == (("a", "1,5"), ("b", "2"))


def test_a_greedy_list_takes_all_words_up_to_an_option() -> None:
    values = read("create", "table", "--tags", "a", "b,c", "-d", "db", "t").values
    assert (values[TAGS], values[NAME]) == (("a", "b", "c"), "t")


def test_a_greedy_list_with_an_equals_sign_takes_one_word() -> None:
    values = read("create", "table", "-d", "db", "--tags=a,b", "t").values
    assert (values[TAGS], values[NAME]) == (("a", "b"), "t")


def test_an_optional_value_may_be_left_out() -> None:
    assert read("serve", "--bind").values[BIND] == "default:1"
    assert read("serve", "--bind", "a:2").values[BIND] == "a:2"
    assert read("serve", "--bind", "-q").values[BIND] == "default:1"
    assert read("serve").values[BIND] is None


@pytest.mark.parametrize("name", ["--file", "--path", "--FILE", "--File=x"])
def test_loose_names_ignore_case(name: str) -> None:
    words = [name] if "=" in name else [name, "x"]
    assert read("serve", *words).values[FILE] == "x"


def test_other_names_are_exact() -> None:
    assert "unexpected argument '--Database' found" in refuse("query", "--Database", "db")


def test_the_command_is_implied_where_none_is_named() -> None:
    assert read().implied
    assert read("--file", "x", "-v").command is SERVE
    assert read("--limit", "4").values[LIMIT] == 4
    assert not read("serve").implied


def test_options_of_a_group_stand_before_or_after_the_last_word() -> None:
    for words in (["s", "-d", "db", "summary"], ["system", "summary", "-d", "db"]):
        assert read(*words).values[DATABASE] == "db"


def test_an_option_before_and_after_the_last_word_is_given_twice() -> None:
    text = refuse("system", "-d", "a", "summary", "-d", "b")
    assert "'--database <DATABASE_NAME>' cannot be used multiple times" in text


def test_the_environment_fills_what_is_not_given() -> None:
    environment = {"DB": "one", "OLD_DB": "two", "QUIET": "yes", "TOKEN": ""}
    values = read("query", environment=environment).values
    assert (values[DATABASE], values[QUIET], values[TOKEN]) == ("one", True, "")
    assert values.given(DATABASE)
    assert read("query", "-d", "x", environment=environment).values[DATABASE] == "x"
    assert read("query", environment={"OLD_DB": "two"}).values[DATABASE] == "two"


def test_an_empty_variable_is_not_set_except_for_a_token() -> None:
    assert "required" in refuse("query", environment={"DB": ""})
    assert read("query", "-d", "x", environment={"TOKEN": ""}).values[TOKEN] == ""


def test_a_list_in_the_environment_is_split() -> None:
    environment = {"ARGUMENTS": "a=1,b=2"}
    values = read("create", "trigger", "-d", "db", "t", environment=environment).values
    assert values[ARGUMENTS] == (("a", "1"), ("b", "2"))


@pytest.mark.parametrize("word", ["0", "no", "OFF", "false", "False"])
def test_a_boolean_variable_may_say_no(word: str) -> None:
    assert read("query", "-d", "x", environment={"QUIET": word}).values[QUIET] is False


def test_a_wrong_variable_is_named() -> None:
    text = refuse("query", "-d", "x", environment={"QUIET": "maybe"})
    assert "invalid value 'maybe' for '--quiet'\n  [possible values: true, false]" in text
    assert "it comes from the variable QUIET" in text
    assert "variable LIMIT" in refuse("serve", environment={"LIMIT": "many"})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["query", "--dat", "x"], "unexpected argument '--dat' found\n\n  tip: a similar"),
        (["query", "-x"], "unexpected argument '-x' found"),
        (["query", "-qx"], "unexpected argument '-x' found"),
        (["query", "-d", "x", "a", "b"], "unexpected argument 'b' found"),
        (["query", "-d"], "a value is required for '--database <DATABASE_NAME>' but none"),
        (
            ["query", "--token", "-abc"],
            "tip: a value that starts with '-' is given as --token=-abc",
        ),
        (["query", "--token", "--quiet"], "a value is required for '--token <T>'"),
        (["query", "-d", "a", "-d", "b"], "cannot be used multiple times"),
        (["query", "-q", "-q"], "the argument '--quiet' cannot be used multiple times"),
        (["query", "--quiet=true"], "unexpected value 'true' for '--quiet' found; no more were"),
        (["query", "-q=true"], "unexpected value 'true' for '--quiet' found; no more were"),
        (["query", "--format", "xml"], "invalid value 'xml' for '--format <FORMAT>'\n  [possible"),
        (["query", "--format", "JSON"], "tip: a similar value exists: 'json'"),
        (["query", "--format"], "[possible values: pretty, json]"),
        (["query"], "required arguments were not provided:\n  --database <DATABASE_NAME>\n"),
        (["create", "table", "-d", "x"], "not provided:\n  <NAME>\n"),
        (["create", "table", "-d", "x", "--tags"], "a value is required for '--tags <TAGS>...'"),
        (["create", "table", "-d", "x", "--tags", "a", "b"], "not provided:\n  <NAME>\n"),
        (["create", "trigger", "--arguments", "bare"], 'must be formatted as "key=value"'),
        (["create", "trigger", "--arguments", "=1"], 'must be formatted as "key=value"'),
        (["create", "bogus"], "unrecognized subcommand 'bogus'"),
        (["qurey"], "tip: a similar subcommand exists: 'query'"),
        (["help"], "unrecognized subcommand 'help'"),
        (["--bogus"], "unexpected argument '--bogus' found"),
        (["--"], "unexpected argument '--' found"),
        (["-V9"], "unexpected argument '-V' found"),
        (["serve", "-V"], "unexpected argument '-V' found"),
        (["serve", "--limit", "-1"], "a value is required for '--limit <N>'"),
        (["serve", "--limit=-1"], "invalid value '-1' for '--limit <N>': invalid digit"),
        (["serve", "--limit", "ten"], "invalid value 'ten' for '--limit <N>': invalid digit"),
        (["system", "-d", "x"], "'influxdb3 system' requires a subcommand but one was not"),
        (["system", "-d", "x"], "[subcommands: summary]"),
        (["write", "-d", "x", "--table", "t"], "not provided:\n  --field <K=V>\n"),
        (
            ["write", "-d", "x", "--table", "t", "--field", "a=1", "cpu v=1"],
            "the argument '--table <NAME>' cannot be used with '[LINES]...'",
        ),
        (["query", "-d", "\udcff"], "invalid UTF-8 was detected in one or more arguments"),
    ],
)
def test_a_wrong_line_is_explained(words: list[str], message: str) -> None:
    text = refuse(*words)
    assert text.startswith("error: ")
    assert message in text
    assert "\n\nFor more information, try '--help'.\n" in text


def test_an_unknown_option_may_be_meant_as_a_value() -> None:
    text = refuse("write", "-d", "x", "--zzz")
    assert "tip: to pass '--zzz' as a value, use '-- --zzz'" in text


def test_the_usage_of_a_missing_argument_lists_what_was_given() -> None:
    text = refuse("write", "-q", "--table", "t", "--field", "a=1")
    usage = "Usage: influxdb3 write --database <DATABASE_NAME> --table <NAME> --field <K=V> --quiet"
    assert f"\n\n{usage}\n\n" in text


@pytest.mark.parametrize(
    ("words", "path", "complete"),
    [
        (["-h"], ["influxdb3"], False),
        (["--help-all"], ["influxdb3"], True),
        (["create", "--help"], ["influxdb3", "create"], False),
        (["query", "--bogus", "-h"], ["influxdb3", "query"], False),
        (["serve", "--help-all", "-h"], ["influxdb3", "serve"], True),
        (["s", "summary", "-h"], ["influxdb3", "system", "summary"], False),
    ],
)
def test_help_wins_over_mistakes(words: list[str], path: list[str], complete: bool) -> None:
    with pytest.raises(HelpAsked) as asked:
        read(*words)
    assert (list(asked.value.path), asked.value.complete) == (path, complete)


def test_help_after_two_dashes_is_no_wish() -> None:
    assert read("query", "-d", "x", "--", "-h").values[QUERY] == "-h"


def test_a_group_alone_asks_for_its_next_word() -> None:
    with pytest.raises(HelpAsked) as asked:
        read("create")
    assert asked.value.missing


@pytest.mark.parametrize("word", ["-V", "--version"])
def test_the_version_is_asked_for_at_the_top(word: str) -> None:
    with pytest.raises(VersionAsked):
        read(word)


def test_a_blank_word_is_dropped_where_a_positional_could_stand() -> None:
    notes: list[str] = []
    values = read("query", "-d", "db", " ", "SELECT 1", "\t", notes=notes).values
    assert values[QUERY] == "SELECT 1"
    assert notes == [parse.BLANK_NOTE, parse.BLANK_NOTE]


def test_a_blank_value_is_kept() -> None:
    notes: list[str] = []
    values = read("query", "-d", " ", "--", " ", notes=notes).values
    assert (values[DATABASE], values[QUERY], notes) == (" ", " ", [])


def test_an_empty_word_is_no_blank() -> None:
    notes: list[str] = []
    assert read("query", "-d", "db", "", notes=notes).values[QUERY] == ""
    assert notes == []


def test_a_comment_after_a_blank_word_is_dropped() -> None:
    notes: list[str] = []
    words = ["--file", "x", " ", "#", "Node", "identifier", "--bogus"]
    assert read("serve", *words, notes=notes).values[FILE] == "x"
    assert notes[1] == "note: ignored a comment after a blank argument: # Node identifier --bogus"


def test_a_comment_without_a_blank_word_is_an_argument() -> None:
    assert read("query", "-d", "db", "#x").values[QUERY] == "#x"


def test_a_blank_word_ends_a_greedy_list() -> None:
    notes: list[str] = []
    values = read("create", "table", "-d", "db", "t", "--tags", "a", " ", "#", "x", notes=notes)
    assert values.values[TAGS] == ("a",)
    assert len(notes) == 2


def test_a_blank_word_before_a_command_is_dropped() -> None:
    notes: list[str] = []
    assert read(" ", "query", "-d", "db", notes=notes).command is QUERY_COMMAND
    assert len(notes) == 1


def test_a_missing_argument_after_a_blank_word_gets_a_hint() -> None:
    text = refuse("create", "trigger", "--arguments", "a=b", " ")
    assert text.endswith(f"hint: {parse.CUT_SHORT_HINT}\n")
    assert "hint:" not in refuse("create", "trigger", "--arguments", "a=b")
