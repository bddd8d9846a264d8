"""Thin OpenMMLab modules over :mod:`mmgb.functional`.

Importing this package registers the modules that need no host. Modules that subclass a host's class are listed in
:mod:`mmgb.registry`, which imports each one on its first look-up.
"""

from . import activations, backbones, initializers, losses, necks, relay_bp

__all__ = ['activations', 'backbones', 'initializers', 'losses', 'necks', 'relay_bp']
