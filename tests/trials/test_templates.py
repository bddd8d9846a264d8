"""Templates expand into one mapping of fields per run."""

import pytest

from mmgb.functional.errors import ConfigError
from mmgb.trials.templates import expand, fill, for_device, make_rows, merge_fields


def test_a_mapping_of_lists_gives_every_combination_in_order():
    rows = make_rows({'network': ['a', 'b'], 'loss': ['softmax', {'exp-gb': {'seeds': '8'}}]}, 'for')
    assert rows == [
        {'network': 'a', 'loss': 'softmax'},
        {'network': 'a', 'loss': 'exp-gb', 'seeds': '8'},
        {'network': 'b', 'loss': 'softmax'},
        {'network': 'b', 'loss': 'exp-gb', 'seeds': '8'},
    ]


def test_a_list_gives_one_run_per_row():
    assert make_rows([{'loss': 'a', 'rate': '1'}, {'loss': 'b'}], 'for') == [{'loss': 'a', 'rate': '1'}, {'loss': 'b'}]


def test_overrides_are_merged_and_other_fields_replaced():
    merged = merge_fields({'seeds': '1', 'overrides': {'x': '1', 'y': '2'}}, {'seeds': '3', 'overrides': {'y': '4'}})
    assert merged == {'seeds': '3', 'overrides': {'x': '1', 'y': '4'}}


def test_fields_of_the_device_take_precedence_over_a_rows_and_those_over_the_templates():
    template = {
        'for': {'loss': [{'a': {'seeds': '8', 'metric': 'mIoU'}}, 'b']},
        'seeds': '5',
        'overrides': {'x': '1'},
        'gpu': {'seeds': '20', 'overrides': {'z': '3'}},
        'cpu': {'overrides': {'y': '2'}},
    }
    assert expand(template, gpu=False, where='') == [
        {'loss': 'a', 'seeds': '8', 'metric': 'mIoU', 'overrides': {'x': '1', 'y': '2'}},
        {'loss': 'b', 'seeds': '5', 'overrides': {'x': '1', 'y': '2'}},
    ]
    assert expand(template, gpu=True, where='') == [
        {'loss': 'a', 'seeds': '20', 'metric': 'mIoU', 'overrides': {'x': '1', 'z': '3'}},
        {'loss': 'b', 'seeds': '20', 'overrides': {'x': '1', 'z': '3'}},
    ]
    assert for_device({'needs': ['a'], 'gpu': {'needs': ['b']}}, gpu=True) == {'needs': ['b']}
    assert for_device({'needs': ['a'], 'gpu': {'needs': ['b']}}, gpu=False) == {'needs': ['a']}


def test_variables_are_filled_into_every_text_below_a_field():
    content = {'lr': '{rate}', 'list': ['{loss}', '{{{rate}}}']}
    assert fill(content, {'rate': '0.1', 'loss': 'a'}, '') == {'lr': '0.1', 'list': ['a', '{0.1}']}


@pytest.mark.parametrize(
    'call, message',
    [
        (lambda: make_rows('softmax', 'x.for'), "x.for='softmax': expected a list of mappings, or a mapping of lists"),
        (lambda: make_rows({'loss': 'a'}, 'x.for'), 'expected a list of mappings, or a mapping of lists'),
        (lambda: make_rows({'loss': [{'a': '1'}]}, 'x.for'), 'x.for.loss: expected values or VALUE: '),
        (lambda: fill('{los}', {'loss': 'a'}, 'x'), "x='{los}': expected variables among loss, got {los}"),
        (lambda: fill('{loss', {'loss': 'a'}, 'x'), "x='{loss': expected balanced braces around names"),
        (lambda: fill('{}', {'loss': 'a'}, 'x'), "x='{}': expected balanced braces around names"),
    ],
)
def test_another_form_is_refused(call, message):
    with pytest.raises(ConfigError) as refusal:
        call()
    assert message in str(refusal.value)
