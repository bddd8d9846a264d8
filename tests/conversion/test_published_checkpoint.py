import hashlib
from pathlib import Path

import pytest
import torch

from mmgb.conversion.published_checkpoint import hashed_name, published
from mmgb.functional.errors import ConfigError

WEIGHTS = {'backbone.w': torch.ones(2), 'auxiliaries.0.fc.w': torch.zeros(1), 'auxiliary_head.w': torch.zeros(1)}


def checkpoint():
    return dict(
        meta=dict(dataset_meta=dict(classes=('a', 'b'))),
        state_dict=dict(WEIGHTS),
        optimizer=dict(state={}),
        message_hub={},
        param_schedulers=[],
        ema_state_dict={'module.backbone.w': torch.zeros(2)},
    )


def test_weights_and_meta_data_stay_and_the_state_of_the_training_goes():
    whole = checkpoint()
    found = published(whole)
    assert found == dict(meta=whole['meta'], state_dict=whole['state_dict'])
    assert len(whole) == 6  # it is not changed


def test_dropped_parts_are_whole_names():
    assert set(published(checkpoint(), ['auxiliaries'])['state_dict']) == {'backbone.w', 'auxiliary_head.w'}
    assert set(published(checkpoint(), ['auxiliaries', 'auxiliary_head'])['state_dict']) == {'backbone.w'}


def test_an_unknown_part_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match='--drop auxiliar: .*, one of backbone, auxiliaries, auxiliary_head'):
        published(checkpoint(), ['auxiliar'])


@pytest.mark.parametrize('content', [{}, dict(state_dict=3), WEIGHTS])
def test_a_file_without_weights_by_name_is_refused(content):
    with pytest.raises(ConfigError, match='expected one of mmengine with a state_dict'):
        published(content)


def test_the_name_has_the_hash_that_torch_hub_verifies():
    name = hashed_name(Path('a/net.pth'), b'weights')
    digits = torch.hub.HASH_REGEX.search(name.name)[1]
    assert hashlib.sha256(b'weights').hexdigest().startswith(digits) and len(digits) == 8
    assert name.parent == Path('a')
