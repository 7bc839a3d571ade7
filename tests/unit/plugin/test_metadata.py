"""Metadata of plugins: the JSON in the first literal, as it stands, or as Python reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe.plugin.metadata import read_metadata

PLAIN = '{"plugin_type": ["scheduled"], "scheduled_args_config": [{"name": "a"}]}'
READ = {"plugin_type": ["scheduled"], "scheduled_args_config": [{"name": "a"}]}


@pytest.mark.parametrize(
    "text",
    [
        f'"""{PLAIN}"""\nimport os\n',
        f"'''\n{PLAIN}\n'''\n",
        f'#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n\n  # a comment\n"""\n{PLAIN}\n"""',
        f'\ufeffr"""{PLAIN}"""',
        f'"""{PLAIN}"""\r\nx = 1\r\n',
        f'"""{PLAIN}"""\nthis is no Python',
    ],
)
def test_the_first_literal_is_read(text: str) -> None:
    assert read_metadata(text) == READ


def test_quotes_in_strings_are_those_of_json() -> None:
    text = r'''"""{"plugin_type": ["http"], "example": "{\"a\": \"b\\n\"}"}"""'''
    assert read_metadata(text) == {"plugin_type": ["http"], "example": '{"a": "b\\n"}'}


def test_what_is_json_only_as_python_reads_it_is_found() -> None:
    text = r'''"""{"plugin_type": ["onwrite"], "description": "it\'s \
long"}"""'''
    found = read_metadata(text)
    assert found == {"plugin_type": ["onwrite"], "description": "it's long"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        '"""A plugin that does things."""\n',
        f'import os\n"""{PLAIN}"""\n',
        '"""{"plugin_type": """',
        '"""["plugin_type"]"""',
        '"""{"a": ' + "[" * 100_000 + '"""',
        '"""{"a": ' + "9" * 5000 + '}"""',
        f"{PLAIN}",
        '"""{\0}"""',
    ],
)
def test_a_plugin_without_metadata_has_none(text: str) -> None:
    assert read_metadata(text) is None


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    read_metadata(text)
    read_metadata(f'"""{text}"""')
