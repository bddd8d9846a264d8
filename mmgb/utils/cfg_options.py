"""``--cfg-options KEY=VALUE …``, which every tool that reads a config has."""

import argparse

from mmengine.config import DictAction

# What mmengine's action raises without an '=', with an open bracket, and with a dict in a list.
ERRORS = ValueError, AssertionError, RecursionError
VALUES = 'VALUE is a number, a word or a list of these; for a dict write KEY.SUBKEY=VALUE, or a config'


class CfgOptions(DictAction):
    """mmengine's action, with bad input in argparse's usage message and exit code 2."""

    def __call__(self, parser: argparse.ArgumentParser, *args) -> None:
        try:
            super().__call__(parser, *args)
        except ERRORS:
            parser.error(f'{self.option_strings[0]} takes KEY=VALUE pairs, separated by spaces; {VALUES}')


def add_cfg_options(parser: argparse.ArgumentParser, description: str = 'override entries of the config') -> None:
    """Adds ``--cfg-options``, with this description in the help."""
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, metavar='KEY=VALUE', default={}, help=description
    )
