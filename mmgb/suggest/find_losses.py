"""Find the losses of the heads in a model config."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

LOSS_KEYS = ('loss', 'loss_decode')


class Loss(NamedTuple):
    """A loss config inside a model config.

    Attributes:
        path: keys and indices that lead to it, joined by dots.
        config: the loss config.
        head: the innermost dict around it that has a ``type``.
        num_classes: number of classes of the head, None if the config doesn't say.
    """

    path: str
    config: dict
    head: dict
    num_classes: int | None

    @property
    def in_mmseg(self) -> bool:
        """True in a decode head of mmseg."""
        return 'loss_decode' in self.path.split('.')


def find_losses(model: dict) -> Iterator[Loss]:
    """Yield every config below a key ``loss`` or ``loss_decode``."""
    yield from _find(model, '', model, None)


def _find(node: Any, path: str, head: dict, num_classes: int | None) -> Iterator[Loss]:
    if isinstance(node, dict):
        head = node if 'type' in node else head
        num_classes = node.get('num_classes', num_classes)
        for key, child in node.items():
            below = f'{path}.{key}' if path else key
            if key in LOSS_KEYS:
                several = isinstance(child, (list, tuple))
                for index, loss in enumerate(child if several else [child]):
                    if isinstance(loss, dict) and 'type' in loss:
                        yield Loss(f'{below}.{index}' if several else below, loss, head, num_classes)
            elif key != 'backbone':
                yield from _find(child, below, head, num_classes)
    elif isinstance(node, (list, tuple)):
        for index, child in enumerate(node):
            yield from _find(child, f'{path}.{index}', head, num_classes)


def type_name(config: dict) -> str:
    """Return the class name in a config, without a scope."""
    kind = config.get('type', '')
    return kind.rpartition('.')[2] if isinstance(kind, str) else getattr(kind, '__name__', str(kind))
