import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, MODELS, Registry
from torch.utils.data import Dataset

from mmgb.apis.runner import build_model, build_runner, build_trained_model
from mmgb.functional.errors import ConfigError

TEST_MODELS = Registry('model', parent=MODELS, scope='runner_of_this_test')
TEST_DATASETS = Registry('dataset', parent=DATASETS, scope='runner_of_this_test')


@TEST_MODELS.register_module()
class Net(BaseModel):
    def __init__(self, width=2, data_preprocessor=None):
        super().__init__(data_preprocessor)
        if width < 1:
            raise AssertionError('a width above 0')
        self.layer = torch.nn.Linear(2, width)

    def forward(self, inputs, mode='tensor'):
        return self.layer(inputs)


@TEST_DATASETS.register_module()
class Data(Dataset):
    built = 0

    def __init__(self):
        type(self).built += 1

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return torch.zeros(2)


@pytest.fixture
def config(tmp_path):
    (tmp_path / 'config.py').write_text(f"""
default_scope = 'runner_of_this_test'
work_dir = {str(tmp_path / 'run')!r}
model = dict(type='Net', width=2)
train_dataloader = dict(batch_size=2, sampler=dict(type='DefaultSampler', shuffle=False), dataset=dict(type='Data'))
train_cfg = dict(by_epoch=True, max_epochs=1)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
""")
    return Config.fromfile(tmp_path / 'config.py')


def test_the_datasets_of_the_loops_are_built_with_the_runner(config, monkeypatch):
    monkeypatch.setattr(Data, 'built', 0)
    runner = build_runner(config, ('train_loop',))
    assert Data.built == 1 and runner.model.layer.out_features == 2


def test_the_training_dataset_is_not_built_for_a_test(config, monkeypatch):
    monkeypatch.setattr(Data, 'built', 0)
    runner = build_runner(config, ())
    assert runner.iter == 0 and Data.built == 0  # mmsegmentation 1.2 reads `runner.iter` while testing


def test_a_model_gets_the_preprocessor_of_its_config(config):
    config.data_preprocessor = dict(type='mmengine.ImgDataPreprocessor', mean=[1.0] * 3, std=[2.0] * 3)
    model = build_model(config)
    assert isinstance(model, Net) and model.data_preprocessor.std.unique() == 2
    config.model.width = 0
    with pytest.raises(ConfigError, match="can't be built: AssertionError: a width above 0"):
        build_model(config)


@pytest.mark.parametrize('wrapped', [False, True])
@pytest.mark.parametrize('alone', [False, True])
def test_a_trained_model_has_the_weights_of_its_checkpoint(config, tmp_path, wrapped, alone):
    weights = build_model(config).state_dict()
    named = {f'module.{key}' if wrapped else key: value for key, value in weights.items()}  # as DDP names them
    torch.save(named if alone else dict(state_dict=named, meta={}), tmp_path / 'trained.pth')
    found = build_trained_model(config, str(tmp_path / 'trained.pth')).state_dict()
    assert all(torch.equal(found[key], weights[key]) for key in weights)


@pytest.mark.parametrize(
    'entry, value, message',
    [
        ('model.width', 0, r"can't be built: AssertionError: a width above 0 \(test_runner.py, line \d+\)"),
        ('model.depth', 1, "can't be built: TypeError: .*unexpected keyword argument 'depth'"),
        ('train_dataloader.dataset.type', 'NoSuchData', "can't be built: KeyError: NoSuchData is not in"),
    ],
)
def test_a_component_that_refuses_its_settings_is_named_with_its_place(entry, value, message, config):
    config.merge_from_dict({entry: value})
    with pytest.raises(ConfigError, match=message) as refusal:
        build_runner(config, ('train_loop',))
    assert str(refusal.value).startswith(f"config='{config.filename}' ") and '\n' not in str(refusal.value)


def test_a_runner_that_builds_its_model_late_is_refused_by_name(config):
    strategy, env = dict(type='SingleDeviceStrategy'), dict(cudnn_benchmark=False)
    config.merge_from_dict(dict(runner_type='FlexibleRunner', strategy=strategy, env_cfg=env))
    with pytest.raises(ConfigError, match="^runner_type='FlexibleRunner': expected a runner that builds its model at"):
        build_runner(config, ('train_loop',))
