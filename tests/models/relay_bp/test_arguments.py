"""Invalid arguments are rejected in one sentence, before training."""

import copy

import pytest
from helpers.relay_models import RESNET, auxiliary, build, relay_config
from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.models.relay_bp.arguments import check_arguments, check_trainable

ONE = auxiliary('backbone.layer3.3', None, 1024)


def resnet(auxiliaries=(ONE,), primary_lowest='backbone.layer3.0', **backbone):
    model = copy.deepcopy(RESNET)
    model['backbone'].update(backbone)
    return relay_config(model, list(auxiliaries), primary_lowest)


@pytest.mark.parametrize(
    'config, message',
    [
        (
            resnet([dict(ONE, source='backbone.layer3.33')]),
            r"'backbone.layer3.33'.*close matches: .*backbone\.layer3\.3",
        ),
        (resnet([dict(ONE, lowest='backbon.layer2')]), r"'backbon.layer2'.*close matches: .*backbone\.layer2"),
        (resnet(primary_lowest='backbone.layer5'), r"'backbone.layer5'.*close matches: .*backbone\.layer4"),
        (resnet(primary_lowest=''), "^lowest='': no such module"),
        (resnet(primary_lowest=5), '^primary_lowest=5: expected the path of a module'),
        (resnet([ONE, dict(ONE, lowest='backbone.layer2')]), "^source='backbone.layer3.3': expected another source"),
        (
            resnet([ONE, auxiliary('backbone.layer2.0', 'backbone.layer1.1', 512)], frozen_stages=2),
            r"'backbone.layer2.0'.*'backbone.layer1.1'.*frozen",
        ),
        (resnet([auxiliary('backbone.layer2', None, 512)], frozen_stages=2), "'backbone.layer2'.*frozen"),
        (resnet([{'source': 'backbone.layer3.3'}]), 'expected dicts with source, head and.* got the keys source$'),
        (resnet([dict(ONE, weight=1.0)]), 'optionally, lowest and loss_weight, got the keys .*, weight$'),
        (dict(resnet(), auxiliaries=ONE), '^auxiliaries: expected a list of dicts, got a ConfigDict'),
        (dict(resnet(), auxiliaries=None), '^auxiliaries: expected a list of dicts, got a NoneType'),
        (resnet(['backbone.layer3.3']), "^auxiliaries: expected a list of dicts, got one that contains 'back"),
        (resnet([dict(ONE, source=None)]), '^source=None: expected the path of a module'),
        (resnet([dict(ONE, lowest=3)]), '^lowest=3: expected the path of a module'),
        (resnet([dict(ONE, loss_weight='0.3')]), "loss_weight='0.3': expected a number"),
        (dict(resnet(), propagation='both'), "propagation='both': expected 'relay' or 'standard'"),
        (dict(resnet(), model=dict(backbone=dict(type='ResNet', depth=50))), 'model=.*expected the config of a model'),
        (dict(resnet(), model=dict(type='ImageClasifier')), "^model.type='ImageClasifier': expected the name"),
    ],
)
def test_invalid_arguments_are_rejected_when_the_model_is_built(config, message):
    with pytest.raises(ConfigError, match=message) as rejection:
        build('resnet', config)
    assert '\n' not in str(rejection.value)


def test_valid_arguments_are_accepted():
    check_arguments([], None, 'relay')
    check_arguments((dict(source='a', head=dict(), lowest=None),), 'b', 'standard')
    check_arguments([dict(source='a', head=dict(), lowest='b', loss_weight=1)], None, 'relay')


def test_a_range_needs_a_trainable_parameter_if_it_has_any_parameter():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Sequential(nn.Linear(2, 2), nn.ReLU()), nn.Linear(2, 2))
    model[2].requires_grad_(False)
    for lowest, source in ((None, '2'), ('2', None), ('0', '1'), ('1', '1'), ('2.1', '3')):
        check_trainable(model, lowest, source)
    for lowest, source in (('1', '2'), ('2', '2'), ('2.0', '2.1')):
        with pytest.raises(ConfigError, match=f"^source='{source}', lowest='{lowest}': .* every parameter is frozen"):
            check_trainable(model, lowest, source)
