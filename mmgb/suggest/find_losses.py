"""Find the losses of the heads in a model config."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from mmgb.apis.config import type_name

from .type_names import type_names

LOSS_KEYS = ('loss', 'loss_decode')


class Loss(NamedTuple):
    """A loss config inside a model config.

    Attributes:
        path: keys and indices that lead to it, joined by dots.
        config: the loss config.
        head: the innermost dict around it that has a ``type``.
        head_types: names of the head's class and of its base classes.
        num_classes: number of classes of the head, None if the config doesn't say.
    """

    path: str
    config: dict
    head: dict
    head_types: tuple[str, ...]
    num_classes: int | None

    @property
    def in_mmseg(self) -> bool:
        """True in a decode head of mmseg."""
        return 'loss_decode' in self.path.split('.')

    def has_head(self, names: Collection[str]) -> bool:
        """Return True if the class of the head, or one of its bases, has one of the names."""
        return any(name in names for name in self.head_types)


def trains_by_losses(key: str) -> bool:
    """Return False for the backbone and the necks of a model, whose outputs alone the hosts use, even of a head."""
    return key != 'backbone' and not key.endswith('neck')


def find_losses(model: dict, scope: str | None) -> Iterator[Loss]:
    """Yield every config below a key ``loss`` or ``loss_decode``, outside the backbone and the necks.

    Args:
        model (dict): model config.
        scope (str | None): scope of class names without one, ``'mmpretrain'`` or ``'mmseg'``.
    """
    yield from _find(model, '', model, None, scope)


def find_scheduled_losses(hooks: Sequence[dict], model: dict, scope: str | None) -> Iterator[Loss]:
    """Yield every loss that mmpretrain's ``SwitchRecipeHook`` gives to the head later, by its path in the hooks.

    Args:
        hooks (Sequence[dict]): ``custom_hooks`` of a config.
        model (dict): model config, which has the head.
        scope (str | None): scope of class names without one.
    """
    head = model.get('head') or {}
    for number, hook in enumerate(hooks):
        if not isinstance(hook, dict) or type_name(hook) != 'SwitchRecipeHook':
            continue
        for index, recipe in enumerate(hook.get('schedule', [])):
            if isinstance(recipe.get('loss'), dict):
                path = f'{number}.schedule.{index}.loss'
                yield Loss(path, recipe['loss'], head, type_names(head, scope), head.get('num_classes'))


def _find(node: Any, path: str, head: dict, num_classes: int | None, scope: str | None) -> Iterator[Loss]:
    if isinstance(node, dict):
        head = node if 'type' in node else head
        num_classes = node.get('num_classes', num_classes)
        for key, child in node.items():
            below = f'{path}.{key}' if path else key
            if key in LOSS_KEYS:
                several = isinstance(child, (list, tuple))
                for index, loss in enumerate(child if several else [child]):
                    if isinstance(loss, dict) and 'type' in loss:
                        types = type_names(head, scope)
                        yield Loss(f'{below}.{index}' if several else below, loss, head, types, num_classes)
            elif trains_by_losses(key):
                yield from _find(child, below, head, num_classes, scope)
    elif isinstance(node, (list, tuple)):
        for index, child in enumerate(node):
            yield from _find(child, f'{path}.{index}', head, num_classes, scope)
