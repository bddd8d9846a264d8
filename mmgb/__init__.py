"""Boosted gradients and Relay Backpropagation for OpenMMLab.

``import mmgb`` imports neither torch nor a host library. The registries in :mod:`mmgb.registry` import the components
that a config names; :mod:`mmgb.functional` needs only PyTorch.
"""

from .version import __version__

__all__ = ['__version__']
