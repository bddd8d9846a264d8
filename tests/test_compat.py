import errno
import importlib.util
import os
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import mmengine.device
import mmengine.runner
import numpy as np
import pytest
import torch
from helpers.tiny_runs import make_workspace, run, run_line, succeeded
from mmengine.config import Config
from mmengine.config.utils import MODULE2PACKAGE
from mmengine.dataset import InfiniteSampler
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook, checkpoint_hook
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.runner import loops
from torch import nn
from torch.utils.data import DataLoader, Dataset

from mmgb import compat
from mmgb.utils.shipped_files import find_config


def saved(tmp_path, content):
    torch.save(content, tmp_path / 'x.pth')
    return tmp_path / 'x.pth'


def strictly_read(path):
    return torch.load(path, weights_only=True)


def test_history_buffers_and_plain_numpy_data_are_read_with_weights_only(tmp_path):
    compat.allow_checkpoint_globals()
    buffer = HistoryBuffer([1.0, 2.0], [1, 1])
    content = dict(
        buffer=buffer,
        scalars=[np.float32(0.5), np.int64(3), np.bool_(True)],
        arrays=[np.arange(3), np.array(['a', 'bc']), np.array([True])],
    )
    read = strictly_read(saved(tmp_path, content))
    assert read['buffer'].mean() == 1.5 and read['buffer'].statistics('current') == 2.0
    assert read['scalars'] == content['scalars']
    for ours, theirs in zip(read['arrays'], content['arrays']):
        np.testing.assert_array_equal(ours, theirs)


def test_arrays_are_read_with_module_names_of_numpy_1_and_numpy_2(tmp_path):
    compat.allow_checkpoint_globals()
    own = np.empty(0).__reduce__()[0].__module__.split('.')[1]
    other = 'core' if own == '_core' else '_core'

    class Renaming(pickle._Pickler):
        """Pickler that writes the module names of the other numpy generation."""

        def save_global(self, obj, name=None):
            module = getattr(obj, '__module__', '')
            if module.startswith(f'numpy.{own}.multiarray'):
                self.write(f'cnumpy.{other}.multiarray\n{obj.__name__}\n'.encode())
            else:
                super().save_global(obj, name)

        dispatch = dict(pickle._Pickler.dispatch)

    class Module:
        Pickler, Unpickler = Renaming, pickle.Unpickler
        dump, load = pickle.dump, pickle.load

    torch.save({'x': np.arange(3.0)}, tmp_path / 'x.pth', pickle_module=Module)
    np.testing.assert_array_equal(strictly_read(tmp_path / 'x.pth')['x'], np.arange(3.0))


@pytest.mark.parametrize(
    'function, arguments',
    [
        (getattr, (HistoryBuffer, '__init__')),
        (getattr, (np, 'load')),
        (getattr, (torch.Tensor, 'mean')),
        (eval, ('1',)),
        (os.getcwd, ()),
    ],
)
def test_a_checkpoint_cannot_call_or_look_up_anything_else(function, arguments, tmp_path):
    compat.allow_checkpoint_globals()

    class Payload:
        def __reduce__(self):
            return function, arguments

    with pytest.raises((pickle.UnpicklingError, TypeError)):
        strictly_read(saved(tmp_path, Payload()))


def test_numpy_arrays_of_objects_are_refused(tmp_path):
    compat.allow_checkpoint_globals()
    with pytest.raises(pickle.UnpicklingError):
        strictly_read(saved(tmp_path, np.array([{}], dtype=object)))


@pytest.mark.parametrize(
    'given, expected',
    [
        ({}, '1'),
        ({'TORCH_FORCE_WEIGHTS_ONLY_LOAD': '0'}, '0'),
        ({'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD': '1'}, None),
    ],
)
def test_every_torch_load_becomes_strict_unless_the_user_set_a_switch(given, expected, monkeypatch):
    for name in ('TORCH_FORCE_WEIGHTS_ONLY_LOAD', 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'):
        monkeypatch.setenv(name, '')  # restores the variable after this test
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    compat.forbid_full_unpickling()
    assert os.environ.get('TORCH_FORCE_WEIGHTS_ONLY_LOAD') == expected


def test_a_base_of_mmseg_is_found_under_any_distribution_name(tmp_path, monkeypatch):
    monkeypatch.setitem(MODULE2PACKAGE, 'mmseg', 'mmsegmentation')
    compat.map_mmseg_to_its_module()
    (tmp_path / 'config.py').write_text("_base_ = 'mmseg::_base_/models/fcn_r50-d8.py'")
    assert Config.fromfile(tmp_path / 'config.py').model.type == 'EncoderDecoder'


def test_the_pkg_resources_replacement_has_what_mmengine_uses():
    finder = compat._PkgResourcesFinder()
    assert isinstance(finder.find_spec('pkg_resources'), ModuleSpec) and finder.find_spec('other') is None
    module = importlib.util.module_from_spec(finder.find_spec('pkg_resources'))
    finder.exec_module(module)
    torchs = module.get_distribution('torch')
    assert Path(torchs.location, 'torch') == Path(torch.__file__).parent
    assert not torchs.has_metadata('nothing.txt')
    assert torchs.get_metadata('METADATA') == metadata.distribution('torch').read_text('METADATA')
    with pytest.raises(module.DistributionNotFound):
        module.get_distribution('no-such-distribution')


def test_a_missing_operator_raises_only_when_it_is_called():
    operators = compat._load_absent_ext('_ext', ['nms', 'roi_align_forward'])
    with pytest.raises(NotImplementedError, match="'roi_align_forward' is compiled code of mmcv"):
        operators.roi_align_forward(1, x=2)


def test_a_config_inherits_one_of_this_package_and_keeps_the_scopes_of_its_types(tmp_path):
    compat.inherit_configs_of_mmgb()
    name = 'gradient_boosting/mnist/mlp_softmax_1xb100-100e_mnist-28x28.py'
    (tmp_path / 'child.py').write_text(f"_base_ = 'mmgb::{name}'\ntrain_cfg = dict(max_epochs=3)\n")
    child, base = Config.fromfile(tmp_path / 'child.py'), Config.fromfile(find_config(f'mmgb::{name}'))
    assert child.train_cfg.pop('max_epochs') == 3 and base.train_cfg.pop('max_epochs') == 100
    assert child.to_dict() == base.to_dict()


def test_mmengine_itself_cannot_inherit_it(tmp_path):
    """Once it can, `inherit_configs_of_mmgb` goes."""
    of_hosts = getattr(Config._get_cfg_path, '__wrapped__', Config._get_cfg_path)
    with pytest.raises(AssertionError, match='does not support to load mmgb config'):
        of_hosts('mmgb::gradient_boosting/mnist/x.py', str(tmp_path / 'child.py'))


def test_a_loop_of_mmengine_0_10_7_resumes_without_loading_the_batches_before(monkeypatch):
    loaded, trained = [], []

    class Numbers(Dataset):
        def __len__(self):
            return 20

        def __getitem__(self, index):
            loaded.append(index)
            return index

    def old_run(self):
        for _ in range(self._iter):  # 0.10.7 drops the batches before the resumed iteration
            next(self.dataloader_iterator)
        trained.append(next(self.dataloader_iterator).tolist())

    monkeypatch.delattr(loops._InfiniteDataloaderIterator, 'skip_iter', raising=False)
    monkeypatch.setattr(loops.IterBasedTrainLoop, 'run', old_run)
    compat.resume_by_skipping_in_the_sampler()
    data = Numbers()
    loader = DataLoader(data, batch_size=2, sampler=InfiniteSampler(data, shuffle=False))
    loops.IterBasedTrainLoop.run(SimpleNamespace(dataloader=loader, _iter=3))
    assert (loaded, trained) == ([6, 7], [[6, 7]])


@pytest.fixture
def checkpoint_run(tmp_path, monkeypatch):
    """Return a runner whose checkpoints are empty files, and the function that makes the patched hook of a run."""
    for owner, name in (
        (LocalBackend, 'put'),
        (CheckpointHook, '_save_checkpoint_with_step'),
        (CheckpointHook, '_save_best_checkpoint'),
    ):
        original = getattr(owner, name)
        monkeypatch.setattr(owner, name, getattr(original, '__wrapped__', original))  # restores them afterwards
    monkeypatch.setattr(checkpoint_hook, 'open', open, raising=False)
    compat.keep_checkpoints_until_replaced()
    hub = MessageHub('checkpoints of this test')
    hub.runtime_info.clear()

    def save_checkpoint(folder, filename, *args, **kwargs):
        runner.before[filename] = sorted(path.name for path in tmp_path.glob('*.pth'))
        if runner.disk_full:
            raise OSError(errno.ENOSPC, 'no room')
        LocalBackend().put(b'weights', os.path.join(folder, filename))

    runner = SimpleNamespace(
        work_dir=str(tmp_path), message_hub=hub, logger=Mock(), epoch=1, iter=1, before={}, disk_full=False
    )
    runner.save_checkpoint = save_checkpoint

    def make(**settings):
        hook = CheckpointHook(interval=1, **settings)
        hook.before_train(runner)
        return hook

    return runner, make


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_old_checkpoints_are_deleted_after_the_new_one_is_written(tmp_path, checkpoint_run):
    runner, make = checkpoint_run
    hook = make(max_keep_ckpts=1)
    for epoch in (1, 2):
        hook._save_checkpoint_with_step(runner, epoch, {})
    assert runner.before == {'epoch_1.pth': [], 'epoch_2.pth': ['epoch_1.pth']}
    assert names(tmp_path) == ['epoch_2.pth', 'last_checkpoint']
    runner.disk_full = True
    with pytest.raises(OSError):
        hook._save_checkpoint_with_step(runner, 3, {})
    assert names(tmp_path) == ['epoch_2.pth', 'last_checkpoint']
    assert (tmp_path / 'last_checkpoint').read_text() == str(tmp_path / 'epoch_2.pth')


def test_the_best_checkpoint_is_deleted_after_a_better_one_is_written(tmp_path, checkpoint_run):
    runner, make = checkpoint_run
    hook = make(save_best='acc', rule='greater')
    for runner.epoch, accuracy in ((1, 50.0), (2, 60.0), (2, 70.0)):  # the last one replaces a file of its own name
        hook.after_val_epoch(runner, dict(acc=accuracy))
    assert runner.before['best_acc_epoch_2.pth'] == ['best_acc_epoch_2.pth']
    assert names(tmp_path) == ['best_acc_epoch_2.pth']


def test_an_interrupted_write_of_the_local_backend_leaves_the_old_file(tmp_path, checkpoint_run, monkeypatch):
    (tmp_path / 'a.pth').write_bytes(b'old')

    def fsync(descriptor):
        raise OSError(errno.ENOSPC, 'no room')

    monkeypatch.setattr(os, 'fsync', fsync)
    with pytest.raises(OSError):
        LocalBackend().put(b'new', tmp_path / 'a.pth')
    assert names(tmp_path) == ['a.pth'] and (tmp_path / 'a.pth').read_bytes() == b'old'


def test_every_sync_bn_of_a_model_is_reverted_in_several_processes_on_a_cpu(monkeypatch):
    class Runner:
        def wrap_model(self, wrapper, model):
            return wrapper, model

    monkeypatch.setattr(mmengine.runner, 'Runner', Runner)
    compat.revert_sync_bn_on_cpu()
    compat.revert_sync_bn_on_cpu()
    for device, processes, reverted in (('cpu', 2, True), ('cuda', 2, False), ('cpu', 1, False)):
        monkeypatch.setattr(mmengine.device, 'get_device', lambda device=device: device)
        model = nn.Sequential(nn.Sequential(nn.SyncBatchNorm(3)), nn.BatchNorm1d(3))
        keys, runner = list(model.state_dict()), Runner()
        runner.distributed = processes > 1
        wrapper, found = runner.wrap_model('wrapper', model)
        assert wrapper == 'wrapper' and list(found.state_dict()) == keys
        assert any(isinstance(module, nn.SyncBatchNorm) for module in found.modules()) != reverted
        if reverted:
            for shape in ((2, 3), (2, 3, 4), (2, 3, 4, 5), (2, 3, 4, 5, 6)):
                assert found[0](torch.ones(shape)).abs().max() < 1e-3


def test_a_second_apply_changes_nothing(monkeypatch):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '0')
    compat.apply()
    before = (list(sys.meta_path), dict(MODULE2PACKAGE), set(torch.serialization.get_safe_globals()))
    compat.apply()
    assert (sys.meta_path, MODULE2PACKAGE, set(torch.serialization.get_safe_globals())) == before


@pytest.mark.slow
def test_the_original_distributions_train_resume_and_test_with_our_tools(tmp_path):
    originals = os.environ.get('MMGB_ORIGINALS')
    if not originals:
        pytest.skip(
            'the ORIGINAL OpenMMLab stack is NOT tested: set MMGB_ORIGINALS to a folder made with '
            'pip install --no-deps --target FOLDER mmengine==0.10.7 mmcv-lite==2.1.0 '
            'mmpretrain==1.2.0 mmsegmentation==1.2.2'
        )
    folder = make_workspace(tmp_path / 'tiny')

    def original(line):
        return succeeded(run_line(folder, line, path=[originals]))

    def segmentation():
        assert 'MMEngine: 0.10.7' in original('train.py seg.py --work-dir seg_run')
        original('train.py seg.py --work-dir seg_run --resume --cfg-options train_cfg.max_iters=4')
        # mmsegmentation 1.2 reads `runner.iter` to draw an image; this must not require the training data.
        return original(
            'test.py seg.py seg_run/iter_4.pth --tta --show-dir pictures '
            '--cfg-options train_dataloader.dataset.data_root=nowhere'
        )

    def classification():
        return original('dist_train.sh cls.py 2 --work-dir cls_run')

    def packages():
        (folder / 'based.py').write_text("_base_ = 'mmseg::_base_/models/fcn_r50-d8.py'")
        succeeded(
            run(
                folder,
                '-c',
                """
from mmgb import compat
compat.apply()
from mmengine.config import Config
from mmengine.utils import is_installed
assert Config.fromfile('based.py').model.type == 'EncoderDecoder'
assert is_installed('mmengine') and not is_installed('no_such_package')
""",
                path=[originals],
            )
        )

    with ThreadPoolExecutor(2) as pool:
        tested, trained = pool.submit(segmentation), pool.submit(classification)
        found = pool.submit(packages)
    found.result()
    assert 'mIoU' in tested.result() and 'accuracy/top1' in trained.result()
    assert torch.load(folder / 'seg_run/iter_4.pth', weights_only=False)['meta']['iter'] == 4
    assert len(list((folder / 'pictures').rglob('*.png'))) == 4
