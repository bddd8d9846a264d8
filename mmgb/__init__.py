"""Boosted gradients and relay backpropagation as a plug-in of OpenMMLab.

Importing this package imports neither torch nor a host library: the registries in :mod:`mmgb.registry` load
what a config names, and :mod:`mmgb.functional` is plain PyTorch.
"""

from .version import __version__

__all__ = ['__version__']
