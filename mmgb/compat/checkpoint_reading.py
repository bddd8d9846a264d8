"""Read checkpoints as weights and plain data only."""

import functools
import os
from pickle import UnpicklingError


def allow_checkpoint_globals():
    """Let ``torch.load(…, weights_only=True)`` read mmengine's checkpoints.

    torch 2.6 made ``weights_only`` the default, and mmengine <= 0.10.7 cannot read its own checkpoints any more
    (mmengine #1655), because torch does not know the content of mmengine's ``HistoryBuffer``. This adds that content to
    torch's safe globals, for every version: the tools of mmgb read checkpoints with ``weights_only=True``, and the list
    in onedl-mmengine would let a checkpoint call ``getattr`` on any object.
    """
    import torch

    torch.serialization.add_safe_globals(_checkpoint_globals())


def forbid_full_unpickling():
    """Forbid ``torch.load`` to run code from a checkpoint.

    onedl-mmengine reads an unsafe checkpoint a second time with ``weights_only=False``. torch's environment switch
    makes every ``torch.load`` of this process and its children strict, also for pretrained weights. Does nothing if the
    user has set one of torch's two switches.
    """
    if 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD' not in os.environ:
        os.environ.setdefault('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')


@functools.cache
def _checkpoint_globals():
    """Return what the pickles of a ``HistoryBuffer``, a ``OneCycleLR`` and plain data of numpy and configs refer to."""
    import numpy as np
    from mmengine.logging import HistoryBuffer
    from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler
    from mmengine.utils import digit_version

    methods = {
        HistoryBuffer: ('min', 'max', 'current', 'mean'),
        OneCycleParamScheduler: ('_annealing_cos', '_annealing_linear'),
    }

    def stored_method(owner, name):
        # The pickle stores these methods as getattr(HistoryBuffer, name). An unrestricted getattr would reach any
        # function, and mmengine calls the result.
        if name not in methods.get(owner, ()):
            raise UnpicklingError(f'a checkpoint asks for the attribute {name} of {owner!r}')
        return getattr(owner, name)

    core = np._core if digit_version(np.__version__) >= digit_version('2.0.0') else np.core
    # numpy 2.0 renamed its modules; accept the names of both generations.
    arrays = [
        _named(f'numpy.{package}.multiarray.{function.__name__}', function)
        for function in (core.multiarray._reconstruct, core.multiarray.scalar)
        for package in ('core', '_core')
    ]
    dtypes = {type(np.dtype(kind)) for kind in '?bBhHiIlLqQefdSU'}
    # The metainfo of a data set may hold a nested dict of its config. Nothing of mmengine runs to read it.
    config_dict = _named('mmengine.config.config.ConfigDict', dict)
    return [*methods, _named('builtins.getattr', stored_method), config_dict, np.ndarray, np.dtype, *arrays, *dtypes]


def _named(path, function):
    """Return ``function`` under the qualified name ``path``, by which a pickle refers to it."""

    def call(*args):
        return function(*args)

    call.__module__, _, call.__name__ = path.rpartition('.')
    call.__qualname__ = call.__name__
    return call
