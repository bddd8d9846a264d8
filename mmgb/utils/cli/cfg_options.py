"""The option ``--cfg-options KEY=VALUE …`` of every tool that reads a config."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any

from mmengine.config import DictAction

# mmengine's action raises these for a text without '=', with an unbalanced bracket, and with a dict in a list.
DICT_ACTION_ERRORS = (ValueError, AssertionError, RecursionError)
MOST_NESTED = 10  # brackets inside each other
ALLOWED_VALUES = 'VALUE is a number, a word or a list of these; for a dict write KEY.SUBKEY=VALUE, or a config'


def parse_value(text: str, depth: int = 0) -> Any:
    """Parse the value of an option as mmengine's ``DictAction`` does, in time linear in its length.

    mmengine counts the brackets of the whole rest of the text for each character of it.

    Args:
        text (str): value: a number, a word, or a list or tuple of these.
        depth (int): number of brackets around ``text``. Default: 0.

    Raises:
        ValueError: if the brackets are unbalanced, or if more than :data:`MOST_NESTED` are inside each other.
    """
    text = text.strip('\'"').replace(' ', '')
    is_tuple = text.startswith('(') and text.endswith(')')
    if is_tuple or (text.startswith('[') and text.endswith(']')):
        text = text[1:-1]
    elif ',' not in text:
        return DictAction._parse_int_float_bool(text)
    if depth == MOST_NESTED:
        raise ValueError('too many nested brackets')
    values, start = [], 0
    round_brackets = square_brackets = 0
    for found in re.finditer(r'[][(),]', text):
        char = found.group()
        round_brackets += (char == '(') - (char == ')')
        square_brackets += (char == '[') - (char == ']')
        if char == ',' and round_brackets == square_brackets == 0:
            values.append(parse_value(text[start : found.start()], depth + 1))
            start = found.end()
    if round_brackets or square_brackets:
        raise ValueError('unbalanced brackets')
    if start < len(text):
        values.append(parse_value(text[start:], depth + 1))
    return tuple(values) if is_tuple else values


class CfgOptions(DictAction):
    """mmengine's ``DictAction``, linear in time, that reports invalid input as a usage error (exit code 2)."""

    _parse_iterable = staticmethod(parse_value)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        try:
            super().__call__(parser, namespace, values, option_string)
        except DICT_ACTION_ERRORS:
            parser.error(f'{self.option_strings[0]}: expected KEY=VALUE pairs, separated by spaces; {ALLOWED_VALUES}')


def add_cfg_options(parser: argparse.ArgumentParser, description: str = 'override entries of the config') -> None:
    """Add ``--cfg-options`` to ``parser``, with ``description`` as its help text."""
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, metavar='KEY=VALUE', default={}, help=description
    )
