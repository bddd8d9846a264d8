"""Heads bind to a host. One that isn't installed, or doesn't import, costs its heads only."""
import logging
from importlib.util import find_spec

from mmengine.logging import print_log

__all__ = []

if find_spec('mmseg'):
    try:
        from .pixelnet_head import PixelNetHead  # noqa: F401
        __all__ += ['PixelNetHead']
    except (ImportError, AssertionError) as error:  # mmseg asserts the version of mmcv
        print_log(f'mmgb.PixelNetHead is not available, because mmsegmentation does not import here: {error}',
                  logger='current', level=logging.WARNING)
