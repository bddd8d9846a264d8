"""Expand a template of ``experiments.yml`` into one mapping of fields per run.

A template is a mapping of fields whose text may hold ``{variables}``. Its field ``for`` gives the variables their
values, in one of two forms::

    for: {network: [a, b], loss: [softmax, exp-gb: {seeds: 8}]}     # every combination: 4 runs
    for: [{loss: softmax, rate: 0.1}, {loss: exp-gb, rate: 0.01}]   # one run a row: 2 runs

A value may carry further fields or variables (``exp-gb: {seeds: 8}``), and so may a row. They take precedence over the
template's, and those below ``cpu`` or ``gpu`` over both. ``overrides`` are merged; any other field is replaced.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from mmgb.functional.errors import ConfigError


def merge_fields(*layers: Mapping[str, object]) -> dict[str, object]:
    """Merge mappings of fields, later ones first in precedence; ``overrides`` are merged entry by entry."""
    merged: dict[str, object] = {}
    for layer in layers:
        overrides = {**merged.get('overrides', {}), **layer.get('overrides', {})}
        merged.update(layer)
        if overrides:
            merged['overrides'] = overrides
    return merged


def for_device(fields: Mapping[str, object], gpu: bool) -> dict[str, object]:
    """Return the fields with those below ``cpu`` or ``gpu`` merged in, and without these two keys."""
    common = {name: value for name, value in fields.items() if name not in ('cpu', 'gpu')}
    return merge_fields(common, fields.get('gpu' if gpu else 'cpu', {}))


def make_rows(variables: object, where: str) -> list[dict[str, object]]:
    """Return the rows of a ``for`` field: one mapping of variables and fields per run.

    Args:
        variables: the field's content in either form.
        where (str): the field's place, for error messages.

    Raises:
        ConfigError: if the field has another form.
    """
    if isinstance(variables, list) and all(isinstance(row, dict) for row in variables):
        return [dict(row) for row in variables]
    if not isinstance(variables, dict) or not all(isinstance(values, list) for values in variables.values()):
        raise ConfigError(f'{where}={variables!r}: expected a list of mappings, or a mapping of lists')
    choices = [[_choice(name, value, where) for value in values] for name, values in variables.items()]
    return [merge_fields(*combination) for combination in itertools.product(*choices)]


def _choice(name: str, value: object, where: str) -> dict[str, object]:
    if isinstance(value, str):
        return {name: value}
    if isinstance(value, dict) and len(value) == 1:
        ((text, fields),) = value.items()
        if isinstance(fields, dict):
            return {name: text, **fields}
    raise ConfigError(f'{where}.{name}: expected values or VALUE: {{FIELD: …}}, got {value!r}')


def expand(template: Mapping[str, object], gpu: bool, where: str) -> list[dict[str, object]]:
    """Return the merged fields and variables of each run, not formatted yet.

    Args:
        template: fields of the runs.
        gpu (bool): take the fields below ``gpu`` instead of those below ``cpu``.
        where (str): the template's place, for error messages.
    """
    rows = make_rows(template['for'], f'{where}.for') if 'for' in template else [{}]
    common = {name: value for name, value in template.items() if name not in ('for', 'cpu', 'gpu')}
    device = template.get('gpu' if gpu else 'cpu', {})
    return [merge_fields(common, row, device) for row in rows]


def fill(content: object, variables: Mapping[str, str], where: str) -> object:
    """Replace ``{variables}`` in a text, or in each text of a list or of a mapping's values.

    Raises:
        ConfigError: if a text names another variable, or its braces are not balanced.
    """
    if isinstance(content, list):
        return [fill(item, variables, where) for item in content]
    if isinstance(content, dict):
        return {key: fill(item, variables, where) for key, item in content.items()}
    try:
        return content.format_map(variables)
    except KeyError as error:
        raise ConfigError(
            f"{where}='{content}': expected variables among {', '.join(variables)}, got {{{error.args[0]}}}"
        ) from error
    except (ValueError, IndexError) as error:
        raise ConfigError(f"{where}='{content}': expected balanced braces around names, got {error}") from error
