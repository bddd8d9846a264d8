"""Work around every known incompatibility of a host library, one function each.

The docstring of a function states what breaks, where upstream the problem is known, and when the function does nothing.
The tools call :func:`apply` before they import a host. ``import mmgb`` runs nothing of this module.
"""

import functools
import importlib.util
import itertools
import logging
import os
import pkgutil
import sys
from importlib import metadata
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pickle import UnpicklingError


def apply():
    """Call every function of this module that works around a problem. A second call changes nothing."""
    provide_pkg_resources()
    map_mmseg_to_its_module()
    inherit_configs_of_mmgb()
    allow_checkpoint_globals()
    forbid_full_unpickling()
    replace_missing_mmcv_ops()
    resume_by_skipping_in_the_sampler()
    revert_sync_bn_on_cpu()
    keep_checkpoints_until_replaced()


def provide_pkg_resources():
    """Provide ``pkg_resources`` for mmengine <= 0.10.7.

    mmengine imports it in ``utils/package_utils.py``, and setuptools 82 has removed it. mmengine also *reloads* the
    module, so an entry in ``sys.modules`` is not enough; this adds an import finder. Does nothing for a newer mmengine,
    or if ``pkg_resources`` is installed.
    """
    import mmengine
    from mmengine.utils import digit_version

    wanted = digit_version(mmengine.__version__) <= digit_version('0.10.7')
    if wanted and importlib.util.find_spec('pkg_resources') is None:
        sys.meta_path.append(_PkgResourcesFinder())


def map_mmseg_to_its_module():
    """Let ``_base_='mmseg::…'`` work with onedl-mmsegmentation.

    mmengine's ``MODULE2PACKAGE`` maps the scope to the distribution ``mmsegmentation`` and fails with "mmsegmentation
    is not installed". Mapped to the module name, the package is found under any distribution name. Does nothing if that
    distribution is installed, or if there is no mmseg.
    """
    if importlib.util.find_spec('mmseg') is None or _is_distribution('mmsegmentation'):
        return
    from mmengine.config.utils import MODULE2PACKAGE

    MODULE2PACKAGE['mmseg'] = 'mmseg'


def inherit_configs_of_mmgb():
    """Let ``_base_='mmgb::relay_bp/…/NAME.py'`` inherit a config of this package.

    mmengine knows the scopes of its own hosts only. It would also look up every type of the base in mmgb's registry;
    these configs name the types of their host, so the base gets no scope. Does nothing the second time.
    """
    from mmengine.config import Config

    from mmgb.utils.shipped_files import SCOPE, find_config

    of_hosts = Config._get_cfg_path
    if hasattr(of_hosts, '__wrapped__'):
        return

    @functools.wraps(of_hosts)
    def get_cfg_path(cfg_path, filename):
        return (find_config(cfg_path), None) if cfg_path.startswith(SCOPE) else of_hosts(cfg_path, filename)

    Config._get_cfg_path = staticmethod(get_cfg_path)


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


def resume_by_skipping_in_the_sampler():
    """Let an iteration-based training resume without loading the batches it has already seen.

    mmengine 0.10.7 loads and drops every such batch. onedl-mmengine instead tells the sampler how many samples to skip,
    if it has a method ``skip`` (mmengine's ``InfiniteSampler`` and mmgb's ``ClassAwareSampler`` do). For 0.10.7 this
    replaces the loop's iterator when a resumed run starts: the new one yields as many empty batches as the loop will
    drop, and then the batches after the skipped samples. Does nothing if mmengine's iterator has ``skip_iter``, for
    samplers without ``skip``, and for dataloaders with a custom batch sampler.
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


def keep_checkpoints_until_replaced():
    """Let a run killed while it writes a checkpoint keep the previous one.

    mmengine's ``CheckpointHook`` deletes the checkpoints that ``max_keep_ckpts`` and ``save_best`` replace, and then
    writes the new one under its final name. A kill or a full disk in between leaves no complete file. This makes every
    write of the local backend, and of ``last_checkpoint``, atomic, and delays the deletions until the write has
    succeeded. Does nothing the second time.
    """
    from mmengine.fileio import LocalBackend
    from mmengine.hooks import checkpoint_hook

    from mmgb.utils.atomic_write import atomic_write

    def put(self, obj, filepath):
        with atomic_write(filepath, 'wb') as file:
            file.write(obj)

    hook = checkpoint_hook.CheckpointHook
    if hasattr(hook._save_checkpoint_with_step, '__wrapped__'):
        return
    LocalBackend.put = put
    checkpoint_hook.open = atomic_write  # found before the built-in function by the module's `with open(…, 'w')`
    hook._save_checkpoint_with_step = _delete_at_the_end(hook._save_checkpoint_with_step)
    hook._save_best_checkpoint = _delete_at_the_end(hook._save_best_checkpoint)


def revert_sync_bn_on_cpu():
    """Let a model with SyncBN run in several processes without an accelerator.

    torch's SyncBatchNorm does not run on a CPU, and most configs of mmsegmentation use it. mmengine reverts it to
    BatchNorm only in a single process. This also does so in several, with a warning: each process then normalizes over
    its own images. Modules are replaced, so the name in the config doesn't matter. Does nothing with an accelerator.
    """
    from mmengine.runner import Runner

    if hasattr(Runner.wrap_model, '__wrapped__'):
        return

    @functools.wraps(Runner.wrap_model)
    def wrap_model(self, model_wrapper_cfg, model):
        from mmengine.device import get_device
        from mmengine.logging import print_log
        from mmengine.model import is_model_wrapper, revert_sync_batchnorm
        from torch.nn import SyncBatchNorm

        if self.distributed and get_device() == 'cpu' and not is_model_wrapper(model):
            if any(isinstance(module, SyncBatchNorm) for module in model.modules()):
                message = 'SyncBN needs an accelerator: replaced by BN, each process normalizes over its own images'
                print_log(message, logger='current', level=logging.WARNING)
            model = revert_sync_batchnorm(model)
        return wrap_model.__wrapped__(self, model_wrapper_cfg, model)

    Runner.wrap_model = wrap_model


class _PkgResourcesFinder(MetaPathFinder, Loader):
    """Import finder for a ``pkg_resources`` with the two names that mmengine uses, made from importlib.metadata."""

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


class _DelayedDeletions:
    """File backend that notes the files and folders to delete, and passes everything else on to ``backend``."""

    def __init__(self, backend):
        self._backend, self.noted = backend, []

    def __getattr__(self, name):
        return getattr(self._backend, name)

    def remove(self, path):
        self.noted.append((self._backend.remove, path))

    def rmtree(self, path):
        self.noted.append((self._backend.rmtree, path))


def _delete_at_the_end(method):
    """Return ``method`` of a ``CheckpointHook``, changed so that it deletes files after everything else."""

    @functools.wraps(method)
    def call(self, *args, **kwargs):
        backend, self.file_backend = self.file_backend, _DelayedDeletions(self.file_backend)
        try:
            method(self, *args, **kwargs)
            noted = self.file_backend.noted
        finally:
            self.file_backend = backend
        best = getattr(self, 'best_ckpt_path_dict', {}).values()
        current = {self.last_ckpt, getattr(self, 'best_ckpt_path', None), *best}
        for delete, path in noted:
            if path not in current:  # a file may be replaced under its own name
                delete(path)

    return call


def _is_distribution(name):
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


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


@functools.cache
def _checkpoint_globals():
    """Return the classes and functions that the pickles of a ``HistoryBuffer`` and of numpy's plain data refer to."""
    import numpy as np
    from mmengine.logging import HistoryBuffer
    from mmengine.utils import digit_version

    def default_statistic(owner, name):
        # The pickle stores HistoryBuffer's four statistics as getattr(HistoryBuffer, name). An unrestricted getattr
        # would reach any function, and mmengine calls the result.
        if owner is not HistoryBuffer or name not in ('min', 'max', 'current', 'mean'):
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
    statistics = [HistoryBuffer, _named('builtins.getattr', default_statistic)]
    return [*statistics, np.ndarray, np.dtype, *arrays, *dtypes]


def _named(path, function):
    """Return ``function`` under the qualified name ``path``, by which a pickle refers to it."""

    def call(*args):
        return function(*args)

    call.__module__, _, call.__name__ = path.rpartition('.')
    call.__qualname__ = call.__name__
    return call
