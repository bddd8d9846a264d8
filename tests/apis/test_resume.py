from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmgb.apis import resume
from mmgb.apis.resume import (
    build_with_resume,
    checkpoint_folder,
    choose_checkpoint_to_resume,
    required_state,
    restore_seed,
)
from mmgb.functional.errors import ConfigError

HUB = dict(log_scalars={}, runtime_info={}, resumed_keys={})
TRAINING = dict(meta=dict(epoch=0, iter=1), message_hub=HUB, optimizer={}, param_schedulers=[])


def save(path, width=2, **changes):
    """Save a training of ``nn.Linear(2, width)``; a field that is None in ``changes`` is left out."""
    fields = dict(state_dict=nn.Linear(2, width).state_dict(), **TRAINING)
    fields.update(changes)
    torch.save({key: value for key, value in fields.items() if value is not None}, path)
    return str(path)


def chosen(folder, flag, **top):
    cfg = Config(dict(work_dir=str(folder), **top))
    found = choose_checkpoint_to_resume(cfg, flag)
    return found and found.path, bool(cfg.get('resume'))


def test_resume_finds_the_latest_checkpoint_and_a_named_one_has_priority(tmp_path):
    (tmp_path / 'last_checkpoint').write_text('latest.pth')
    latest, named = save(tmp_path / 'latest.pth'), save(tmp_path / 'named.pth')
    assert chosen(tmp_path, 'auto') == (latest, True)
    assert chosen(tmp_path, 'auto', load_from='pretrained.pth') == (latest, True)
    assert chosen(tmp_path, None, resume=True)[0] == latest
    assert chosen(tmp_path, named)[0] == named
    assert chosen(tmp_path, None, resume=True, load_from=named)[0] == named


def test_without_a_checkpoint_training_starts_as_the_config_says(tmp_path):
    assert chosen(tmp_path, 'auto') == (None, False)
    assert chosen(tmp_path, 'auto', resume=True, load_from='pretrained.pth') == (None, False)
    assert chosen(tmp_path, None, load_from='pretrained.pth') == (None, False)


def test_a_resume_without_the_state_of_the_optimizer_or_the_schedules_must_be_asked_for(tmp_path):
    schedule = dict(param_scheduler=dict(type='PolyLR'))
    for field, setting, top in (
        ('optimizer', 'resume_optimizer', {}),
        ('param_schedulers', 'resume_param_scheduler', schedule),
    ):
        path = save(tmp_path / 'x.pth', **{field: None})
        with pytest.raises(ConfigError, match=f"^--resume='{path}' lacks {field}, .*--cfg-options {setting}=False"):
            chosen(tmp_path, path, **top)
        assert chosen(tmp_path, path, **top, **{setting: False})[0] == path
    assert required_state(Config({})) == ('optimizer',)  # a config without schedules writes none


def test_the_checkpoints_are_in_the_work_dir_or_in_the_out_dir_of_the_hook():
    def folder(**hook):
        return checkpoint_folder(Config(dict(work_dir='runs/a/', default_hooks=dict(checkpoint=hook))))

    assert folder() == 'runs/a/' and folder(out_dir='/store') == '/store/a'
    assert folder(out_dir='s3://store') == 's3://store/a'


def test_a_config_without_a_seed_gets_that_of_the_checkpoint():
    def restored(sampler, meta, **top):
        cfg = Config(dict(train_dataloader=dict(sampler=sampler), **top))
        restore_seed(cfg, dict(meta=meta))
        return cfg.get('randomness')

    for kind in ('InfiniteSampler', 'mmgb.ClassAwareSampler'):
        assert restored(dict(type=kind), dict(seed=7)) == dict(seed=7)
        assert restored(dict(type=kind), dict(seed=7), randomness=dict(seed=0)) == dict(seed=0)
        assert restored(dict(type=kind), dict(seed=7), randomness=dict(deterministic=True)) == dict(
            deterministic=True, seed=7
        )
    assert restored(dict(type='InfiniteSampler'), {}) is None
    assert restored(dict(type='mmgb.ClassAwareSampler', seed=0), {}) is None
    with pytest.raises(ConfigError, match='^randomness.seed=None: expected the seed of class-aware sampling'):
        restored(dict(type='mmgb.ClassAwareSampler'), dict(seed=None))


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Return a function that builds a runner with a linear layer, and collects log lines and the built configs."""
    built, logged = [], []
    monkeypatch.setattr(resume, 'print_log', lambda message, *_: logged.append(message))

    def start(flag, **top):
        cfg = Config(dict(work_dir=str(tmp_path), train_dataloader={}, **top))

        def build(cfg):
            built.append(cfg)
            return SimpleNamespace(model=nn.Linear(2, 2), resume=None, load_checkpoint=None)

        build_with_resume(cfg, flag, build)
        return cfg

    start.built, start.logged = built, logged
    return start


def test_a_fitting_checkpoint_is_handed_to_the_runner(start, tmp_path):
    path = save(tmp_path / 'good.pth')
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


def test_the_checkpoint_that_is_resumed_in_place_of_the_latest_is_logged(start, tmp_path):
    (tmp_path / 'last_checkpoint').write_text('')
    path = save(tmp_path / 'iter_1.pth')
    cfg = start('auto')
    assert (cfg.resume, cfg.load_from) == (True, path)
    assert start.logged == [f"'{tmp_path}/last_checkpoint' names no checkpoint; using {path}"]


def test_unreadable_files_are_refused_before_anything_is_built(start, tmp_path):
    (tmp_path / 'damaged.pth').write_bytes(b'PK\x03\x04')
    for name, said in (('nowhere.pth', 'is not a file'), ('damaged.pth', 'may be damaged')):
        path = str(tmp_path / name)
        with pytest.raises(ConfigError, match=f"^--resume='{path}' .*{said}"):
            start(path)
        with pytest.raises(ConfigError, match=f"^load_from='{path}' .*{said}"):
            start(None, load_from=path)
    assert start.built == []


def test_the_keys_that_load_from_fills_are_logged_and_none_is_refused(start, tmp_path):
    weights, path = nn.Linear(2, 2).state_dict(), str(tmp_path / 'weights.pth')
    for fitting, filled in (
        (weights, 2),
        (dict(state_dict=weights), 2),
        ({f'module.{key}': value for key, value in weights.items()}, 2),
        (dict(bias=weights['bias'], other=weights['weight']), 1),
    ):
        torch.save(fitting, path)
        start(None, load_from=path)
        assert start.logged.pop() == f"load_from='{path}' fills {filled} of the 2 keys of the model."
    for foreign in ({}, dict(weight=torch.ones(7)), {'net.weight': weights['weight']}, dict(model=weights)):
        torch.save(foreign, path)
        with pytest.raises(ConfigError, match=f"^load_from='{path}': expected weights .* got none of its 2 keys"):
            start(None, load_from=path)


def test_a_remote_load_from_is_read_once_the_process_group_exists(start, monkeypatch):
    def read(path, field):
        assert len(start.built) == 1 and (path, field) == ('https://x/y.pth', 'load_from')
        return nn.Linear(2, 2).state_dict()

    monkeypatch.setattr(resume, 'read_checkpoint', read)
    start(None, load_from='https://x/y.pth')
    assert start.logged == ["load_from='https://x/y.pth' fills 2 of the 2 keys of the model."]
