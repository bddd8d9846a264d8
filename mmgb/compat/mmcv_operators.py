"""Import hosts that need mmcv's compiled operators without them."""

import importlib.util
import pkgutil


def replace_missing_mmcv_ops():
    """Let mmsegmentation 1.2.2 be imported with mmcv-lite, which has no compiled operators.

    mmsegmentation imports ``mmcv.ops`` unconditionally. ``mmcv.utils.ext_loader.load_ext`` is replaced so that it
    returns operators that raise when they are *called*; models without these operators train. Does nothing if mmcv has
    its compiled ``_ext``, and from mmcv 2.2 on, because hosts that accept those versions guard the import themselves.
    """
    if importlib.util.find_spec('mmcv') is None:
        return
    import mmcv
    from mmengine.utils import digit_version

    compiled = any(found.name == '_ext' for found in pkgutil.iter_modules(mmcv.__path__))
    if compiled or digit_version(mmcv.__version__) >= digit_version('2.2.0'):
        return
    from mmcv.utils import ext_loader

    ext_loader.load_ext = _load_absent_ext


def _load_absent_ext(name, funcs):
    """Return an object whose operators raise when they are called, in place of mmcv's ``load_ext(name, funcs)``."""
    from types import SimpleNamespace

    def absent(operator):
        def call(*args, **kwargs):
            raise NotImplementedError(
                f"the operator '{operator}' is compiled code of mmcv, and this mmcv has none (mmcv-lite): "
                'install the full mmcv, or use a config without it'
            )

        return call

    return SimpleNamespace(**{operator: absent(operator) for operator in funcs})
