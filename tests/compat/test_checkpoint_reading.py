import os
import pickle

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.logging import HistoryBuffer
from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler
from mmengine.registry import PARAM_SCHEDULERS
from mmengine.runner import CheckpointLoader

from mmgb import compat


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


def test_a_nested_dict_of_a_config_is_read_as_a_dict(tmp_path):
    compat.allow_checkpoint_globals()
    metainfo = ConfigDict(classes=['even', 'odd'], source=dict(name='digits', years=[dict(year=2020)]))
    read = strictly_read(saved(tmp_path, dict(dataset_meta=metainfo)))['dataset_meta']
    assert read == dict(classes=['even', 'odd'], source=dict(name='digits', years=[dict(year=2020)]))
    assert type(read) is type(read['source']) is type(read['source']['years'][0]) is dict


SCHEDULERS = {
    'ConstantLR': {},
    'CosineAnnealingLR': dict(T_max=5),
    'CosineRestartLR': dict(periods=[5], restart_weights=[1.0], eta_min=0.0),
    'ExponentialLR': dict(gamma=0.9),
    'LinearLR': {},
    'MultiStepLR': dict(milestones=[2, 3]),
    'OneCycleLR': dict(eta_max=0.1, total_steps=5),
    'PolyLR': {},
    'ReduceOnPlateauLR': dict(monitor='loss'),
    'StepLR': dict(step_size=2),
}


@pytest.mark.parametrize('kind', [*SCHEDULERS, 'OneCycleLR, linear'])
def test_the_state_of_every_scheduler_is_read_with_weights_only(kind, tmp_path):
    compat.allow_checkpoint_globals()
    name, _, linear = kind.partition(', ')
    settings = dict(SCHEDULERS[name], **(dict(anneal_strategy='linear') if linear else {}))
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    scheduler = PARAM_SCHEDULERS.build(dict(type=name, optimizer=optimizer, **settings))
    scheduler.step(*([dict(loss=1.0)] if name == 'ReduceOnPlateauLR' else []))
    assert strictly_read(saved(tmp_path, scheduler.state_dict())) == scheduler.state_dict()


def test_every_scheduler_of_mmengine_is_tried():
    names = {name for name in PARAM_SCHEDULERS.module_dict if name.endswith('LR')}
    assert names == SCHEDULERS.keys()


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


def test_torch_itself_refuses_the_content_of_a_history_buffer(tmp_path):
    """Once it doesn't, or mmengine stores plain numbers, `allow_checkpoint_globals` goes."""
    known = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    try:
        with pytest.raises(pickle.UnpicklingError, match='Unsupported global'):
            strictly_read(saved(tmp_path, HistoryBuffer([1.0], [1])))
    finally:
        torch.serialization.add_safe_globals(known)


class Payload:
    """An object whose pickle creates a folder when it is read."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_onedl_mmengine_itself_runs_the_code_in_a_checkpoint(tmp_path, monkeypatch):
    """Once it doesn't, `forbid_full_unpickling` goes."""
    path = saved(tmp_path, dict(state_dict={}, code=Payload(tmp_path / 'trace')))
    for name in ('TORCH_FORCE_WEIGHTS_ONLY_LOAD', 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'):
        monkeypatch.delenv(name, raising=False)
    CheckpointLoader.load_checkpoint(str(path), map_location='cpu')
    assert (tmp_path / 'trace').is_dir()
    (tmp_path / 'trace').rmdir()
    compat.forbid_full_unpickling()
    with pytest.raises(pickle.UnpicklingError):
        CheckpointLoader.load_checkpoint(str(path), map_location='cpu')
    assert not (tmp_path / 'trace').exists()


@pytest.mark.parametrize(
    'function, arguments',
    [
        (getattr, (HistoryBuffer, '__init__')),
        (getattr, (OneCycleParamScheduler, 'state_dict')),
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
