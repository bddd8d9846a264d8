"""Every known incompatibility of a host library, one function each.

A function's docstring says what breaks, where that is known upstream, and when the function does nothing.
Our tools call :func:`apply` before they import a host. Nothing here runs on ``import mmgb``.
"""

import functools
import importlib.util
import itertools
import os
import pkgutil
import sys
from importlib import metadata
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pickle import UnpicklingError


class _PkgResourcesFinder(MetaPathFinder, Loader):
    """Finds a ``pkg_resources`` made from importlib.metadata, with the two names which mmengine uses."""

    def find_spec(self, fullname, path=None, target=None):
        return ModuleSpec(fullname, self) if fullname == 'pkg_resources' else None

    def exec_module(self, module):
        class Distribution:
            def __init__(self, name):
                self._found = metadata.distribution(name)
                self.location = str(self._found.locate_file(''))

            def has_metadata(self, filename):
                return self._found.read_text(filename) is not None

            def get_metadata(self, filename):
                return self._found.read_text(filename)

        module.DistributionNotFound = metadata.PackageNotFoundError
        module.get_distribution = Distribution


def provide_pkg_resources():
    """mmengine <= 0.10.7 imports ``pkg_resources`` (in ``utils/package_utils.py``), gone in setuptools 82.

    Does nothing under a newer mmengine, nor where some ``pkg_resources`` can be found. It takes a finder, not
    just an entry of ``sys.modules``, because mmengine also *reloads* the module.
    """
    import mmengine
    from mmengine.utils import digit_version

    wanted = digit_version(mmengine.__version__) <= digit_version('0.10.7')
    if wanted and importlib.util.find_spec('pkg_resources') is None:
        sys.meta_path.append(_PkgResourcesFinder())


def map_mmseg_to_its_module():
    """``_base_='mmseg::…'`` fails under onedl-mmsegmentation: "mmsegmentation is not installed".

    mmengine's ``MODULE2PACKAGE`` maps the scope to the distribution ``mmsegmentation``; mapped to the module,
    it is found whatever its distribution is called. Does nothing where that distribution is installed, or
    where there is no mmseg.
    """
    if importlib.util.find_spec('mmseg') is None or _is_distribution('mmsegmentation'):
        return
    from mmengine.config.utils import MODULE2PACKAGE

    MODULE2PACKAGE['mmseg'] = 'mmseg'


def allow_checkpoint_globals():
    """mmengine <= 0.10.7 can't read its own checkpoints from torch 2.6 on (mmengine #1655).

    torch.load then defaults to ``weights_only``, which does not know what is in mmengine's ``HistoryBuffer``.
    It is added to torch's safe globals, under every version: our own tools read checkpoints with
    ``weights_only=True``, and the list in onedl-mmengine lets a checkpoint call ``getattr`` on anything.
    """
    import torch

    torch.serialization.add_safe_globals(_checkpoint_globals())


def forbid_full_unpickling():
    """onedl-mmengine reads a checkpoint that isn't safe once more, with ``weights_only=False``: code runs.

    torch's own switch makes every ``torch.load`` of this process and its children strict, that of pretrained
    weights included. Does nothing where the user has set one of torch's two switches.
    """
    if 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD' not in os.environ:
        os.environ.setdefault('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')


def replace_missing_mmcv_ops():
    """mmsegmentation 1.2.2 imports ``mmcv.ops`` unguarded, and with mmcv-lite that import fails.

    ``mmcv.utils.ext_loader.load_ext`` then hands out operators which raise when they are *called*: whatever
    needs none of them trains. Does nothing where mmcv has its compiled ``_ext``, and from mmcv 2.2 on, since
    the hosts which accept those versions guard the import themselves.
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


def resume_by_skipping_in_the_sampler():
    """mmengine 0.10.7 resumes an iteration-based loop by loading every batch that was trained on, to drop it.

    onedl-mmengine tells the sampler how many samples to leave out, if it has a ``skip`` (its ``InfiniteSampler`` and
    our ``ClassAwareSampler`` do). Here the loop's iterator is replaced, when a resumed run starts, by one that begins
    there, after as many empty batches as the loop is going to drop. Does nothing where mmengine's iterator has
    ``skip_iter``, and for samplers without ``skip``, nor where a batch sampler of its own makes the batches.
    """
    from mmengine.runner import loops

    loop = loops.IterBasedTrainLoop
    if hasattr(loops._InfiniteDataloaderIterator, 'skip_iter') or hasattr(loop.run, '__wrapped__'):
        return

    @functools.wraps(loop.run)
    def run(self):
        loader = self.dataloader
        if self._iter > 0 and loader.batch_size and hasattr(loader.sampler, 'skip'):
            loader.sampler.skip(self._iter * loader.batch_size)
            self.dataloader_iterator = itertools.chain(
                itertools.repeat(None, self._iter), loops._InfiniteDataloaderIterator(loader)
            )
        return run.__wrapped__(self)

    loop.run = run


def apply():
    """Calls every function above; calling it again changes nothing."""
    provide_pkg_resources()
    map_mmseg_to_its_module()
    allow_checkpoint_globals()
    forbid_full_unpickling()
    replace_missing_mmcv_ops()
    resume_by_skipping_in_the_sampler()


def _is_distribution(name):
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _load_absent_ext(name, funcs):
    """Stands in for mmcv's ``load_ext(name, funcs)``: an object with one attribute per operator."""
    from types import SimpleNamespace

    def absent(operator):
        def call(*args, **kwargs):
            raise NotImplementedError(
                f"the operator '{operator}' is compiled code of mmcv, and this mmcv has none (mmcv-lite): "
                'install the full mmcv, or use a config without it'
            )

        return call

    return SimpleNamespace(**{operator: absent(operator) for operator in funcs})


@functools.cache
def _checkpoint_globals():
    """What the pickle of a ``HistoryBuffer`` names, and numpy's numbers, booleans and strings."""
    import numpy as np
    from mmengine.logging import HistoryBuffer
    from mmengine.utils import digit_version

    def default_statistic(owner, name):
        # The pickle holds HistoryBuffer's four methods as getattr(HistoryBuffer, name). A free getattr would
        # reach any function, and mmengine calls whatever it finds there.
        if owner is not HistoryBuffer or name not in ('min', 'max', 'current', 'mean'):
            raise UnpicklingError(f'a checkpoint asks for the attribute {name} of {owner!r}')
        return getattr(owner, name)

    core = np._core if digit_version(np.__version__) >= digit_version('2.0.0') else np.core
    # numpy 2.0 renamed its modules, and files of either version should be read.
    arrays = [
        _named(f'numpy.{package}.multiarray.{function.__name__}', function)
        for function in (core.multiarray._reconstruct, core.multiarray.scalar)
        for package in ('core', '_core')
    ]
    dtypes = {type(np.dtype(kind)) for kind in '?bBhHiIlLqQefdSU'}
    statistics = [HistoryBuffer, _named('builtins.getattr', default_statistic)]
    return [*statistics, np.ndarray, np.dtype, *arrays, *dtypes]


def _named(path, function):
    """``function`` under the name ``path``, by which a pickle asks for it."""

    def call(*args):
        return function(*args)

    call.__module__, _, call.__name__ = path.rpartition('.')
    call.__qualname__ = call.__name__
    return call
