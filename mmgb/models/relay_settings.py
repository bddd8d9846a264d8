"""What is asked of the settings of :class:`mmgb.models.relay_bp.RelayBP` before the first step."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.relay.gate import AuxiliaryRange


def check_settings(auxiliaries: Sequence[dict], primary_lowest: str | None, propagation: str) -> None:
    """Raise a ValueError that names the setting at fault, before anything is built."""
    if propagation not in ('relay', 'standard'):
        raise ConfigError(f"propagation={propagation!r}: expected 'relay' or 'standard'")
    if not isinstance(auxiliaries, (list, tuple)) or not all(isinstance(entry, dict) for entry in auxiliaries):
        raise ConfigError(f'auxiliaries is a {type(auxiliaries).__name__}: expected a list of dicts')
    for auxiliary in auxiliaries:
        unknown = set(auxiliary) - {'source', 'lowest', 'head', 'loss_weight'}
        missing = {'source', 'head'} - set(auxiliary)
        if unknown or missing:
            raise ConfigError(
                f'an auxiliary with the keys {", ".join(sorted(auxiliary))}: expected source, head and, '
                'optionally, lowest and loss_weight'
            )
        if not isinstance(auxiliary.get('loss_weight', 0.3), (int, float)):
            raise ConfigError(f'loss_weight={auxiliary["loss_weight"]!r}: expected a number')
    lowest = [primary_lowest, *(auxiliary.get('lowest') for auxiliary in auxiliaries)]
    for path in [*(auxiliary['source'] for auxiliary in auxiliaries), *(path for path in lowest if path is not None)]:
        if not isinstance(path, str):
            raise ConfigError(f"{path!r}: expected the path of a module, like 'backbone.layer3'")


def check_trainable(model: nn.Module, range_: AuxiliaryRange) -> None:
    """Raise a ValueError if all parameters registered between the two modules are frozen."""
    names = [name for name, _ in model.named_modules()]
    first = 0 if range_.lowest is None else names.index(range_.lowest)
    last = len(names) - 1
    if range_.source is not None:
        last = max(i for i, name in enumerate(names) if f'{name}.'.startswith(f'{range_.source}.'))
    modules = dict(model.named_modules())
    parameters = [
        parameter for name in names[first : last + 1] for parameter in modules[name].parameters(recurse=False)
    ]
    if parameters and not any(parameter.requires_grad for parameter in parameters):
        raise ConfigError(f'source={range_.source!r}, lowest={range_.lowest!r}: every parameter of the range is frozen')
