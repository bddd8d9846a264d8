"""Thin OpenMMLab modules over :mod:`mmgb.functional`. Importing this package registers them."""
from . import backbones, heads, initializers, losses

__all__ = ['backbones', 'heads', 'initializers', 'losses']
