"""Suggest the changes of a config for a boosted loss, and write them as a config that inherits it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from mmengine.config import Config

from mmgb.apis.config import type_name
from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS
from mmgb.utils.shipped_files import SCOPE

from .default_losses import with_default_losses
from .find_losses import find_losses, find_scheduled_losses
from .kept_losses import reason_to_keep
from .losses import boosted, notes_on
from .overrides import overrides_of, plain, render

MEASURED = {  # by optimizer, with losses in matched units and the learning rates of cross-entropy
    'SGD': 'whole trainings and the first steps of stock configs',
    'AdamW': 'whole trainings and the first steps of stock configs',
    'Lamb': 'the first steps of ResNet-50',
    'RMSprop': 'the first steps of MobileNetV3, where every loss spikes without a warm-up',
}


class Suggestion(NamedTuple):
    """Changes of a config.

    Attributes:
        title (str): first line of the new config's docstring.
        overrides (dict[str, dict | list]): top-level field to its changes, as a config writes them.
        notes (list[str]): one sentence for each change and each thing left unchanged.
    """

    title: str
    overrides: dict[str, dict | list]
    notes: list[str]


def suggest_loss(cfg: Config, method: str) -> Suggestion:
    """Suggest a boosted loss in matched units for all heads, with nothing else changed.

    Args:
        cfg (Config): config of mmsegmentation or mmpretrain.
        method (str): ``'exp-gb'`` or ``'pow3-gb'``.

    Raises:
        ConfigError: if no head has a cross-entropy.
    """
    model, scope = plain(cfg.model), cfg.get('default_scope')
    parts = {'model': model, 'custom_hooks': plain(cfg.get('custom_hooks') or [])}
    losses = {
        'model': find_losses(with_default_losses(model, scope), scope),
        'custom_hooks': find_scheduled_losses(parts['custom_hooks'], model, scope),
    }
    changes: dict[str, dict] = {}
    notes, kept = [], []
    for part in parts:
        for loss in losses[part]:
            path = loss.path if part == 'model' else f'{part}.{loss.path}'
            old, reason = type_name(loss.config), reason_to_keep(loss)
            if reason is not None:
                kept.append(f'{path}: {old} stays, {reason}')
                continue
            new = changes[f'{part}.{loss.path}'] = boosted(loss, method)
            MODELS.build(dict(new))  # a setting that the new loss refuses is reported here
            notes.append('; '.join([f'{path}: {old} becomes {new["type"]}', *notes_on(loss)]))
    if not changes:
        raise ConfigError(
            f"config='{cfg.filename}': expected a head with CrossEntropyLoss, LabelSmoothLoss or OhemCrossEntropy, got "
            f'{"; ".join(kept) or "no loss"}'
        )
    return Suggestion(
        f'{method} in matched units, with nothing else changed.',
        overrides_of(parts, changes),
        [*notes, *kept, rate_note(cfg), *warm_up_notes(cfg)],
    )


def rate_note(cfg: Config) -> str:
    """Return the note about the learning rate: unchanged, and what was measured of that with the optimizer."""
    optimizer = (cfg.get('optim_wrapper') or {}).get('optimizer') or {}
    kind, rate = type_name(optimizer) or 'no optimizer', optimizer.get('lr')
    measured = MEASURED.get(kind, 'nothing with this optimizer, so keep the warm-up')
    return (
        f'learning rate: unchanged, {kind} with lr={rate}. Measured: {measured} (docs/losses.md, Matched units). Try '
        'twice the rate as well, or sweep it on your data with tools/find_lr.py'
    )


def warm_up_notes(cfg: Config) -> list[str]:
    """Return a note if the learning rate starts at its full value."""
    schedulers = cfg.get('param_scheduler') or []
    schedulers = schedulers if isinstance(schedulers, (list, tuple)) else [schedulers]
    if any(is_warm_up(scheduler) for scheduler in schedulers):
        return []
    return [
        'no warm-up: if the loss rises in the first steps, begin with one, such as '
        "dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=500) in param_scheduler"
    ]


def is_warm_up(scheduler: dict) -> bool:
    """Return whether a scheduler of mmengine starts a training below its full learning rate."""
    kind, third = type_name(scheduler), 1 / 3  # mmengine's default of both factors
    starts_low = {
        'LinearLR': scheduler.get('start_factor', third) < scheduler.get('end_factor', 1.0),
        'ConstantLR': scheduler.get('factor', third) < 1,
        'OneCycleLR': True,
    }
    return scheduler.get('begin', 0) == 0 and starts_low.get(kind, False)


def config_text(suggestion: Suggestion, base: str, folder: str) -> str:
    """Return the text of a config in ``folder`` that inherits the config ``base`` with the suggested changes."""
    notes = ''.join(f'- {note}.\n' for note in suggestion.notes)
    lines = [f'"""{suggestion.title}\n\nSuggested by `python -m mmgb.suggest`.\n\n{notes}"""', '']
    lines.append(f'_base_ = {base_path(base, folder)!r}')
    lines.extend(render(field, value) for field, value in suggestion.overrides.items())
    return '\n'.join(lines) + '\n'


def base_path(base: str, folder: str) -> str:
    """Return the path of a config as another one in ``folder`` inherits it.

    It is relative if the two are below one folder of the root, and the way between them does not lead through a
    symbolic link: mmengine drops ``..`` with the folder before it, so a relative path would depend on the way by which
    the new config is reached. A name such as ``mmgb::FAMILY/NAME.py`` stays.
    """
    if base.startswith(SCOPE):
        return base
    relative, absolute = os.path.relpath(base, folder), os.path.abspath(base)
    related = os.path.commonpath([absolute, os.path.abspath(folder)]) != os.path.abspath(os.sep)
    linked = relative != os.path.relpath(os.path.realpath(base), os.path.realpath(folder))
    return Path(relative if related and not linked else absolute).as_posix()
