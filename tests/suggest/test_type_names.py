"""A head that a user derives from one of the hosts' is treated as that one."""

import pytest
from mmengine.config import Config
from mmpretrain.registry import MODELS as MMPRETRAIN
from mmseg.registry import MODELS as MMSEG

from mmgb.functional.errors import ConfigError
from mmgb.suggest.kept_losses import DISTILLING_HEADS, KEPT_HEADS
from mmgb.suggest.losses import HEADS_WITHOUT_IGNORE_INDEX, MULTI_LABEL_HEADS
from mmgb.suggest.relay import suggest_relay
from mmgb.suggest.suggestion import suggest_loss
from mmgb.suggest.type_names import registered_type, type_names

HOSTS = {'mmpretrain': MMPRETRAIN, 'mmseg': MMSEG}
NAMES = sorted({*KEPT_HEADS, *DISTILLING_HEADS, *HEADS_WITHOUT_IGNORE_INDEX, *MULTI_LABEL_HEADS})
HEADS = [(host, name) for host, registry in HOSTS.items() for name in NAMES if registry.get(name)]


@pytest.fixture(params=[1, 2], ids=['derived', 'derived twice'])
def derive(request):
    """Return a function that registers a class derived from a head under a name of its own."""
    made = []

    def derive_from(host, name):
        kind = HOSTS[host].get(name)
        for number in range(request.param):
            kind = type(f'Own{number}Of{name}', (kind,), {})
        HOSTS[host].register_module(module=kind)
        made.append((host, kind.__name__))
        return kind

    yield derive_from
    for host, name in made:
        del HOSTS[host].module_dict[name]


def outcome(host, head):
    """Return the new losses and the notes for a model with a head, or the reason for its refusal."""
    key, loss = dict(mmpretrain=('head', 'loss'), mmseg=('decode_head', 'loss_decode'))[host]
    weights = [1.0, 2.0, 3.0]
    head = dict(head, num_classes=3, **{loss: dict(type='CrossEntropyLoss', use_sigmoid=True, class_weight=weights)})
    try:
        suggestion = suggest_loss(Config(dict(default_scope=host, model={key: head})), 'pow3-gb')
    except ConfigError as error:
        return str(error)
    return suggestion.overrides, suggestion.notes


@pytest.mark.parametrize('host, name', HEADS)
def test_a_derived_head_is_treated_as_its_base(host, name, derive):
    kind, expected = derive(host, name), outcome(host, dict(type=name))
    for spelling in (kind, kind.__name__, f'{host}.{kind.__name__}'):
        assert outcome(host, dict(type=spelling)) == expected
    assert expected != outcome(host, dict(type=dict(mmpretrain='LinearClsHead', mmseg='FCNHead')[host]))


@pytest.mark.parametrize('name', MULTI_LABEL_HEADS)
def test_a_derived_head_of_several_labels_gets_no_relay_either(name, derive):
    head = dict(type=derive('mmpretrain', name).__name__, num_classes=3)
    with pytest.raises(ConfigError, match='expected one label per image'):
        suggest_relay(Config(dict(default_scope='mmpretrain', model=dict(type='ImageClassifier', head=head))))


def test_a_name_without_a_class_stands_for_itself():
    assert registered_type('mmseg.Unknown', None) is None
    assert type_names(dict(type='mmseg.Unknown'), None) == ('Unknown',)
    assert type_names(dict(num_classes=3), 'mmseg') == ('',)


def test_every_head_of_the_rules_is_one_of_the_hosts():
    assert {name for _, name in HEADS} == set(NAMES)
