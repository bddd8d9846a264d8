"""Thin OpenMMLab modules over :mod:`mmgb.functional`. Importing this package registers what binds to no host; the
modules that do are named in :mod:`mmgb.registry`, which imports each when it is first asked for."""

from . import activations, backbones, initializers, losses, necks, relay_bp

__all__ = ['activations', 'backbones', 'initializers', 'losses', 'necks', 'relay_bp']
