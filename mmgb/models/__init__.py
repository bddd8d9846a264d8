"""Thin OpenMMLab modules over :mod:`mmgb.functional`. Importing this package registers them."""
from . import backbones, heads, losses

__all__ = ['backbones', 'heads', 'losses']
