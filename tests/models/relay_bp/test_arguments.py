"""Invalid arguments are rejected in one sentence, before training."""

import copy
import math
import re
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from helpers.relay_models import RESNET, auxiliary, build, relay_config
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.models.relay_bp.arguments import check_arguments, check_trainable, registered_class

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
        (resnet([dict(ONE, loss_weight='0.3')]), "^loss_weight='0.3': expected a number, finite and at least 0"),
        (resnet([dict(ONE, head=None)]), '^head=None: expected the config of a head, a dict with its type'),
        (resnet([dict(ONE, head='LinearClsHead')]), "^head='LinearClsHead': expected the config of a head"),
        (
            resnet([dict(ONE, head=dict(num_classes=5))]),
            '^head=.*: expected the config of a head, a dict',
        ),
        (
            resnet([dict(ONE, head=dict(type='LinearHead'))]),
            "^head.type='LinearHead': expected the name of a",
        ),
        (resnet([dict(ONE, head=dict(type='ResNet', depth=50))]), "^head.type='ResNet': .* head with a method loss"),
        (dict(resnet(), propagation='both'), "propagation='both': expected 'relay' or 'standard'"),
        (dict(resnet(), model=dict(backbone=dict(type='ResNet', depth=50))), 'model=.*expected the config of a model'),
        (dict(resnet(), model=dict(type='ImageClasifier')), "^model.type='ImageClasifier': expected the name"),
        (dict(resnet(), model=dict(type='ResNet', depth=50)), "^model.type='ResNet': .* model with a method loss"),
        (dict(resnet(), model=resnet()), "^model.type='mmgb.RelayBP': expected the name of a registered model"),
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


class Broken:
    """An object that equals everything and has a very long representation."""

    def __eq__(self, other):
        return True

    __hash__ = None

    def __repr__(self):
        return 'x' * 10**6


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.binary(max_size=4),
    st.complex_numbers(),
    st.decimals(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.one_of(st.text(max_size=3), st.integers()), st.integers(), max_size=2),
    st.sampled_from(
        [10**400, -(10**400), 'x' * 10**5, '1.0', 'nan', True, np.bool_(True), np.float32(0.5), np.ones(2), np.nan]
        + [
            torch.tensor(0.3),
            torch.ones(2),
            {1, 'a'},
            {'source': 'a'},
            {1: 2, 'head': 3},
            nn.Linear,
            Broken(),
            object(),
        ]
        + ['relay', 'standard', Fraction(1, 3), math.inf, -math.inf, -0.0, 0, -1, '', '.', 'a.b', '.a', 'a..b', '\0']
    ),
)


def is_weight(value):
    """Decide by an independent rule whether a value may weigh a loss."""
    if type(value) in (bool, str, bytes, complex, Decimal) or not isinstance(value, (int, float, np.number, Fraction)):
        return False
    return 0 <= value <= sys.float_info.max


@settings(max_examples=500)
@given(
    field=st.sampled_from(
        ['loss_weight', 'source', 'lowest', 'head', 'primary_lowest', 'propagation', 'auxiliaries', 'entry']
    ),
    value=ANYTHING,
)
def test_any_value_is_accepted_or_refused_by_its_name_in_one_short_sentence(field, value):
    auxiliary = dict(source='a', head=dict(type='b'))
    arguments = dict(auxiliaries=[auxiliary], primary_lowest=None, propagation='relay')
    text = isinstance(value, str)
    if field == 'entry':  # an entry of the list
        arguments['auxiliaries'], valid, field = [value], False, 'auxiliaries'
    elif field in arguments:
        arguments[field] = value
        valid = dict(
            primary_lowest=text or value is None,
            propagation=text and value in ('relay', 'standard'),
            auxiliaries=isinstance(value, list) and not value,
        )[field]
    else:
        auxiliary[field] = value
        valid = dict(
            loss_weight=is_weight(value),
            source=text,
            lowest=text or value is None,
            head=isinstance(value, dict),
        )[field]
    if valid:
        check_arguments(**arguments)
    else:
        with pytest.raises(ConfigError) as refusal:
            check_arguments(**arguments)
        message = str(refusal.value)
        assert re.match(rf'{field}(=|: )', message) and 'expected' in message and len(message) <= 500


@settings(max_examples=300)
@given(field=st.sampled_from(['model', 'head']), value=ANYTHING, as_type=st.booleans())
def test_any_value_is_no_model_and_no_head(field, value, as_type):
    with pytest.raises(ConfigError, match=f'^{field}(.type)?=') as refusal:
        registered_class(dict(type=value) if as_type else value, field)
    assert len(str(refusal.value)) <= 500


@pytest.mark.parametrize('weight', ['1.0', [1.0], -1, math.nan, math.inf, -math.inf, True, None, 10**400])
def test_the_weight_of_an_auxiliary_loss_is_a_finite_number_of_at_least_0(weight):
    with pytest.raises(ConfigError, match=r'^loss_weight=.*: expected a number, finite and at least 0$'):
        build('resnet', resnet([dict(ONE, loss_weight=weight)]))


def test_a_module_with_two_paths_can_be_named_by_either():
    shared = nn.Linear(2, 2)
    model = nn.ModuleDict(dict(first=shared, last=nn.ModuleDict(dict(again=shared))))
    check_trainable(model, 'last.again', 'last')
    check_trainable(model, None, 'last.again')


def test_a_range_needs_a_trainable_parameter_if_it_has_any_parameter():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Sequential(nn.Linear(2, 2), nn.ReLU()), nn.Linear(2, 2))
    model[2].requires_grad_(False)
    for lowest, source in ((None, '2'), ('2', None), ('0', '1'), ('1', '1'), ('2.1', '3')):
        check_trainable(model, lowest, source)
    for lowest, source in (('1', '2'), ('2', '2'), ('2.0', '2.1')):
        with pytest.raises(ConfigError, match=f"^source='{source}', lowest='{lowest}': .* every parameter is frozen"):
            check_trainable(model, lowest, source)


def test_a_misspelt_head_of_mmgb_is_refused_with_the_close_names():
    with pytest.raises(ConfigError, match=r"^head\.type='mmgb\.AuxiliaryClsHed': .* such as mmgb\.AuxiliaryClsHead"):
        registered_class(dict(type='mmgb.AuxiliaryClsHed'), 'head')
