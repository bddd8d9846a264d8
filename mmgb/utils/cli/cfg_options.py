"""The option ``--cfg-options KEY=VALUE …`` of every tool that reads a config."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from mmengine.config import DictAction

# mmengine's action raises these for a text without '=', with an unbalanced bracket, and with a dict in a list.
DICT_ACTION_ERRORS = (ValueError, AssertionError, RecursionError)
ALLOWED_VALUES = 'VALUE is a number, a word or a list of these; for a dict write KEY.SUBKEY=VALUE, or a config'


class CfgOptions(DictAction):
    """mmengine's ``DictAction`` that reports invalid input as a usage error (exit code 2)."""

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
