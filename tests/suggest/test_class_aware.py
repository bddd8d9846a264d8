"""A class-aware sampler replaces that of the training data, without end where the loop counts iterations."""

import pytest
from mmengine.config import Config

from mmgb.functional.errors import ConfigError
from mmgb.suggest.class_aware import with_class_aware_sampler
from mmgb.suggest.suggestion import Suggestion

EMPTY = Suggestion('title', dict(model=dict(a=1)), ['first'])


@pytest.mark.parametrize('loop, infinite', [(dict(max_epochs=2), {}), (dict(max_iters=9), dict(infinite=True))])
def test_the_sampler_is_replaced(loop, infinite):
    cfg = Config(dict(train_dataloader=dict(sampler=dict(type='DefaultSampler', shuffle=True)), train_cfg=loop))
    found = with_class_aware_sampler(EMPTY, cfg)
    expected = dict(_delete_=True, type='mmgb.ClassAwareSampler', **infinite)
    assert found.overrides == dict(model=dict(a=1), train_dataloader=dict(sampler=expected))
    assert found.notes[0] == 'first' and 'DefaultSampler becomes mmgb.ClassAwareSampler' in found.notes[1]
    cfg.merge_from_dict(dict(train_dataloader=found.overrides['train_dataloader']))
    assert cfg.train_dataloader.sampler == dict(type='mmgb.ClassAwareSampler', **infinite)


def test_a_config_without_a_sampler_is_refused():
    with pytest.raises(ConfigError, match='train_dataloader.sampler: expected a sampler to replace'):
        with_class_aware_sampler(EMPTY, Config(dict(model=dict())))
