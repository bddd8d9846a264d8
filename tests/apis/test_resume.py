from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmgb import compat
from mmgb.apis import resume
from mmgb.apis.resume import build_with_resume, check_resumable, check_sampling_seed, choose_checkpoint_to_resume
from mmgb.functional.errors import ConfigError

TRAINING = dict(meta=dict(epoch=0, iter=1), message_hub={})


def chosen(folder, flag, **top):
    cfg = Config(dict(work_dir=str(folder), **top))
    path = choose_checkpoint_to_resume(cfg, flag)
    return path, bool(cfg.get('resume')), cfg.get('load_from')


def test_resume_finds_the_latest_checkpoint_and_a_named_one_has_priority(tmp_path):
    (tmp_path / 'last_checkpoint').write_text('latest.pth')
    latest, named = ('latest.pth', True, 'latest.pth'), ('named.pth', True, 'named.pth')
    assert chosen(tmp_path, 'auto') == latest
    assert chosen(tmp_path, 'auto', load_from='pretrained.pth') == latest
    assert chosen(tmp_path, None, resume=True) == latest
    assert chosen(tmp_path, 'named.pth') == named
    assert chosen(tmp_path, None, resume=True, load_from='named.pth') == named


def test_without_a_checkpoint_training_starts_as_the_config_says(tmp_path):
    assert chosen(tmp_path, 'auto') == (None, False, None)
    assert chosen(tmp_path, 'auto', load_from='pretrained.pth') == (None, False, 'pretrained.pth')
    assert chosen(tmp_path, None, load_from='pretrained.pth') == (None, False, 'pretrained.pth')


@pytest.mark.parametrize(
    'checkpoint, absent',
    [
        (dict(state_dict={}), 'message_hub, meta'),
        (dict(state_dict={}, meta=dict(seed=0), message_hub={}), 'epoch and iter'),
    ],
)
def test_weights_without_a_training_state_cannot_be_resumed(checkpoint, absent):
    check_resumable(dict(state_dict={}, **TRAINING), 'x')
    with pytest.raises(ConfigError, match=f"--resume='x' lacks {absent}, so there is no training to resume"):
        check_resumable(checkpoint, 'x')


def test_class_aware_sampling_is_resumed_only_with_a_seed():
    checkpoint = dict(meta=dict(seed=7))

    def check(sampler, **top):
        check_sampling_seed(Config(dict(train_dataloader=dict(sampler=sampler), **top)), checkpoint)

    check(dict(type='InfiniteSampler'))
    check(dict(type='mmgb.ClassAwareSampler', seed=0))
    check(dict(type='mmgb.ClassAwareSampler'), randomness=dict(seed=0))
    with pytest.raises(ConfigError, match='^randomness.seed=None: expected .* randomness.seed=7, the seed of'):
        check(dict(type='mmgb.ClassAwareSampler'))


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Return a function that builds a runner with a linear layer, and collects log lines and the built configs."""
    compat.allow_checkpoint_globals()
    built, logged = [], []
    monkeypatch.setattr(resume, 'print_log', lambda message, *_: logged.append(message))

    def start(flag, **top):
        cfg = Config(dict(work_dir=str(tmp_path), train_dataloader={}, **top))

        def build(cfg):
            built.append(cfg)
            return SimpleNamespace(model=nn.Linear(2, 2))

        build_with_resume(cfg, flag, build)
        return cfg

    start.built, start.logged = built, logged
    return start


def save(path, width):
    torch.save(dict(state_dict=nn.Linear(2, width).state_dict(), **TRAINING), path)
    return str(path)


def test_a_fitting_checkpoint_is_handed_to_the_runner(start, tmp_path):
    path = save(tmp_path / 'good.pth', 2)
    cfg = start(path)
    assert (cfg.resume, cfg.load_from) == (True, path) and start.built == [cfg] and start.logged == []


def test_nothing_to_resume_is_logged_only_if_resuming_was_asked_for(start, tmp_path):
    start(None)
    assert start.logged == []
    start('auto')
    assert start.logged == [f'Nothing to resume in {tmp_path}: training starts afresh.']


def test_a_checkpoint_of_another_model_is_refused_once_the_model_is_known(start, tmp_path):
    with pytest.raises(ConfigError, match="does not fit the config's model"):
        start(save(tmp_path / 'wide.pth', 3))


def test_missing_files_are_refused_before_anything_is_built(start):
    with pytest.raises(ConfigError, match="--resume='nowhere.pth' is not a file"):
        start('nowhere.pth')
    with pytest.raises(ConfigError, match="load_from='nowhere.pth' is not a file"):
        start(None, load_from='nowhere.pth')
    assert start.built == []
