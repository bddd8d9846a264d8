"""Rows of ``docs/heads.yml``: which heads of the hosts train with a boosted loss, and why the others don't."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml

HEADS = yaml.safe_load((Path(__file__).parents[2] / 'docs/heads.yml').read_text())


@dataclass(frozen=True)
class Trains:
    """A family of heads that trains with a swapped loss.

    Attributes:
        name: family, as in the host's documentation.
        file: model config in the host's ``configs`` folder. Empty: the test builds the head alone.
        loss: settings of the loss besides its type.
        head: settings of the head besides its loss.
        replaced: True if the swapped loss must not inherit the settings of the host's loss (``_delete_=True``).
        override: changes of the model for the test only: settings of the host's full configs, smaller networks.
        size: side of the test's images in pixels.
    """

    name: str
    file: str = ''
    loss: dict = field(default_factory=dict)
    head: dict = field(default_factory=dict)
    replaced: bool = False
    override: dict = field(default_factory=dict)
    size: int = 64


@dataclass(frozen=True)
class Refused:
    """A family of heads that doesn't train with a swapped loss, or shouldn't.

    Attributes:
        name: family, as in the host's documentation.
        file: model config in the host's ``configs`` folder. Empty: the test builds the head alone.
        error: regular expression that the error of an attempt matches. Empty: the attempt succeeds.
        missing: module whose absence is the reason. Empty: another reason.
    """

    name: str
    file: str = ''
    error: str = ''
    missing: str = ''


def trained(host: str) -> list[Trains]:
    """Return the rows of a host's heads that train."""
    rows = []
    for head in HEADS[host]['trains']:
        row = {key: value for key, value in head.items() if key not in ('note', 'test')}
        rows.append(Trains(**row, **head.get('test', {})))
    return rows


def refused(host: str) -> list[Refused]:
    """Return the rows of a host's heads that don't train."""
    documented = ('because', 'trains')
    return [
        Refused(**{key: value for key, value in head.items() if key not in documented})
        for head in HEADS[host]['refused']
    ]


def not_tried(host: str) -> set[str]:
    """Return the names of a host's heads that don't classify images."""
    return set(HEADS[host].get('not_tried', {}))
